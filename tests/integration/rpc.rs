//! Typed calls as a raw peer sees them: what is right is answered, and what is wrong does no harm.

use std::sync::Arc;

use glue::{Context, Limits, Server, Stream};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::server::TestServer;
use glue_tests::{on_each_transport, recorded_app, vectors};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

/// Methods of every kind.
#[glue::channel]
trait Probe {
    /// Adds two numbers.
    async fn add(&self, left: u32, right: Option<u32>) -> u32;
    /// Divides, or says why not.
    async fn divide(&self, dividend: u32, divisor: u32) -> Result<u32, Undivided>;
    /// Panics.
    async fn panic(&self);
    /// Waits until the test says so.
    async fn wait(&self) -> u32;
    /// Takes note of a text, and tells the page so.
    #[notification]
    async fn note(&self, cx: &Context, text: String);
    /// Counts.
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    /// Has no item, ever.
    fn never(&self) -> impl Stream<Item = u32>;
    /// A text was noted.
    #[event]
    fn noted(text: String);
}

/// Why there is no quotient.
#[glue::model]
enum Undivided {
    /// The divisor is zero.
    ByZero,
}

#[derive(Clone)]
struct Served {
    gate: Arc<Notify>,
    /// Hears of each future of `wait` that is dropped.
    dropped: mpsc::UnboundedSender<()>,
}

struct TellDrop(mpsc::UnboundedSender<()>);

impl Drop for TellDrop {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

impl Probe for Served {
    async fn add(&self, left: u32, right: Option<u32>) -> u32 {
        left + right.unwrap_or(1)
    }

    async fn divide(&self, dividend: u32, divisor: u32) -> Result<u32, Undivided> {
        dividend.checked_div(divisor).ok_or(Undivided::ByZero)
    }

    async fn panic(&self) {
        panic!("a secret of the server");
    }

    async fn wait(&self) -> u32 {
        let _told = TellDrop(self.dropped.clone());
        self.gate.notified().await;
        7
    }

    async fn note(&self, cx: &Context, text: String) {
        let _ = cx.emit(&ProbeEvent::Noted { text }).await;
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..to)
    }

    fn never(&self) -> impl Stream<Item = u32> {
        futures_util::stream::pending()
    }
}

struct World {
    carrier: Carrier,
    server: TestServer,
    gate: Arc<Notify>,
    dropped: mpsc::UnboundedReceiver<()>,
}

impl World {
    async fn new(carrier: Carrier) -> Self {
        Self::with(carrier, Limits::default()).await
    }

    async fn with(carrier: Carrier, limits: Limits) -> Self {
        let gate = Arc::new(Notify::new());
        let (sender, dropped) = mpsc::unbounded_channel();
        let service = Served {
            gate: gate.clone(),
            dropped: sender,
        };
        let builder = Server::builder().limits(limits).channel(service.into_channel());
        let server = TestServer::start(recorded_app::serve(builder)).await;
        Self {
            carrier,
            server,
            gate,
            dropped,
        }
    }

    async fn forgiving_nothing(carrier: Carrier) -> Self {
        let mut limits = Limits::default();
        limits.faults = 0;
        Self::with(carrier, limits).await
    }

    async fn peer(&self) -> Caller {
        Caller {
            peer: Peer::open(self.carrier, self.server.address()).await.0,
        }
    }

    async fn bystander(&self) -> Bystander {
        Bystander::open(self.server.address()).await
    }
}

/// A raw peer on the channel `probe`.
struct Caller {
    peer: Peer,
}

impl Caller {
    async fn say(&mut self, envelope: &str) {
        self.peer.send(&format!("cd5&probe{envelope}")).await;
    }

    async fn hear(&mut self) -> String {
        let text = self.peer.text().await;
        text.strip_prefix("cd5&probe")
            .unwrap_or_else(|| panic!("{text}"))
            .to_owned()
    }

    async fn ask(&mut self, envelope: &str) -> String {
        self.say(envelope).await;
        self.hear().await
    }

    /// Asks for an error and returns its object.
    async fn ask_error(&mut self, id: u64, call: &str) -> Value {
        let answer = self.ask(&format!("rq{id}&{call}")).await;
        let json = answer
            .strip_prefix(&format!("er{id}&"))
            .unwrap_or_else(|| panic!("{answer}"));
        serde_json::from_str(json).unwrap()
    }

    /// Shows that the session goes on and that nothing has been said on the channel.
    async fn assert_silence(&mut self, about: &str) {
        self.peer.assert_echo(about).await;
    }
}

on_each_transport!(
    calls_are_answered_and_the_server_speaks_second,
    a_call_that_waits_holds_nobody_up,
    a_cancelled_call_is_dropped_and_late_messages_are_no_fault,
    calls_under_way_are_dropped_with_their_socket,
    notifications_are_never_answered,
    unreadable_envelopes_are_dropped_and_counted,
    ids_that_are_even_or_do_not_rise_are_not_answered,
    unknown_methods_and_unfit_arguments_are_errors_with_a_reason,
    errors_of_a_method_are_data_and_panics_tell_nothing,
    a_stream_sends_no_more_than_it_was_granted,
    credit_past_its_end_is_a_fault,
    a_cancelled_stream_sends_nothing_more,
    a_call_past_the_limit_is_refused_and_those_under_way_go_on,
);

/// [R-2] [R-6] [R-7] [R-8]
async fn calls_are_answered_and_the_server_speaks_second(carrier: Carrier) {
    let world = World::new(carrier).await;
    let mut caller = world.peer().await;
    let mut stranger = world.peer().await;

    caller
        .assert_silence("nothing is said before the client speaks")
        .await;
    let greeting = caller.ask(r#"hi&{"schema":"0","peer":"test/1","x":[1]}"#).await;
    assert!(greeting.starts_with("hi&{"), "{greeting}");
    assert_eq!(caller.ask(r#"rq1&add&{"left":1,"right":2}"#).await, "ok1&3");
    assert_eq!(
        caller.ask(r#"rq3&add&{"right":null,"x":{},"left":1}"#).await,
        "ok3&2"
    );
    assert_eq!(
        caller
            .ask(r#"rq5;t=5000;tp=x;q=1&divide&{"dividend":6,"divisor":3}"#)
            .await,
        "ok5&2"
    );

    assert_eq!(
        stranger.ask(r#"rq1&add&{"left":1}"#).await,
        "ok1&2",
        "served without a greeting"
    );
}

/// [R-3]
async fn a_call_that_waits_holds_nobody_up(carrier: Carrier) {
    let world = World::new(carrier).await;
    let mut caller = world.peer().await;

    caller.say("rq1&wait&{}").await;
    assert_eq!(caller.ask(r#"rq3&add&{"left":1}"#).await, "ok3&2");
    world.gate.notify_one();

    assert_eq!(caller.hear().await, "ok1&7");
}

/// [R-4]
async fn a_cancelled_call_is_dropped_and_late_messages_are_no_fault(carrier: Carrier) {
    let mut world = World::forgiving_nothing(carrier).await;
    let mut caller = world.peer().await;

    caller.say("rq1&wait&{}").await;
    caller.say("ca1&").await;
    within("the drop", world.dropped.recv()).await.unwrap();
    assert_eq!(caller.ask(r#"rq3;c=1&add&{"left":1}"#).await, "ok3&2");
    for late in ["ca1&", "ca3&", "cr3&1", "ca3&junk"] {
        caller.say(late).await;
    }

    caller.assert_silence("nothing is answered").await;
}

/// [X-5] [R-4]
async fn calls_under_way_are_dropped_with_their_socket(carrier: Carrier) {
    let mut world = World::new(carrier).await;
    let mut caller = world.peer().await;

    caller.say("rq1&wait&{}").await;
    caller.assert_silence("it waits").await;
    caller.peer.send("cl").await;

    within("the drop", world.dropped.recv()).await.unwrap();
}

/// [R-5]
async fn notifications_are_never_answered(carrier: Carrier) {
    let world = World::new(carrier).await;
    let mut caller = world.peer().await;

    assert_eq!(
        caller.ask(r#"nt&note&{"text":"&?"}"#).await,
        r#"ev&noted&{"text":"&?"}"#
    );
    for wrong in [
        "nt&note&{}",
        "nt&nothing&{}",
        "nt&note&[]",
        "nt&panic&{}",
        "nt&count&{\"to\":3}",
        r#"nt&add&{"left":1}"#,
    ] {
        caller.say(wrong).await;
        caller.assert_silence(wrong).await;
    }
}

/// [R-9] [E-2] [E-3] [E-4] [E-5] [E-6] [E-7] [E-8] [E-9]
async fn unreadable_envelopes_are_dropped_and_counted(carrier: Carrier) {
    let mut limits = Limits::default();
    limits.faults = 10_000;
    let world = World::with(carrier, limits).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;

    for vector in vectors::read("envelopes.json")
        .iter()
        .filter(|vector| vector.error.is_some())
    {
        caller.say(&vector.text).await;
        caller.assert_silence(&vector.id).await;
    }

    assert_eq!(caller.ask(r#"rq1&add&{"left":1}"#).await, "ok1&2");
    bystander.assert_undisturbed(world.server.address()).await;

    let strict = World::forgiving_nothing(carrier).await;
    for fault in [
        "rq1",
        "rq2&add&{}",
        "ok1&1",
        "er1&{}",
        "it1&1",
        "en1&",
        "ev&noted&{}",
        "ca1&",
        "cr1&1",
        "xx1&",
    ] {
        let mut caller = strict.peer().await;
        caller.say(fault).await;
        caller.peer.closed().await;
    }
}

/// [R-1] [R-9]
async fn ids_that_are_even_or_do_not_rise_are_not_answered(carrier: Carrier) {
    let world = World::new(carrier).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;

    assert_eq!(caller.ask(r#"rq7&add&{"left":1}"#).await, "ok7&2");
    for id in [7, 1, 5, 6, 8, 2] {
        caller.say(&format!(r#"rq{id}&add&{{"left":1}}"#)).await;
        caller.assert_silence(&id.to_string()).await;
    }
    assert_eq!(
        caller.ask(r#"rq9007199254740991&add&{"left":1}"#).await,
        "ok9007199254740991&2"
    );

    bystander.assert_undisturbed(world.server.address()).await;
}

/// [R-10] [Q-3]
async fn unknown_methods_and_unfit_arguments_are_errors_with_a_reason(carrier: Carrier) {
    let world = World::forgiving_nothing(carrier).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;

    let error = caller.ask_error(1, "subtract&{}").await;
    assert_eq!(error["code"], "unimplemented");

    for (id, arguments) in [
        (3, "{}"),
        (5, r#"{"left":"1"}"#),
        (7, r#"{"left":-1}"#),
        (9, r#"{"left":1.5}"#),
        (11, r#"{"left":null}"#),
    ] {
        let error = caller.ask_error(id, &format!("add&{arguments}")).await;
        assert_eq!(error["code"], "invalid_argument", "{arguments}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("add") && message.contains("left"),
            "{arguments}: {message}"
        );
    }
    for (id, arguments) in [
        (13, "[1]"),
        (15, "1"),
        (17, "null"),
        (19, "{"),
        (21, "{}x"),
        (23, "nonsense"),
    ] {
        let error = caller.ask_error(id, &format!("add&{arguments}")).await;
        assert_eq!(error["code"], "invalid_argument", "{arguments}");
        assert!(error["message"].as_str().unwrap().contains("add"));
    }

    bystander.assert_undisturbed(world.server.address()).await;
}

/// [Q-2] [Q-4]
async fn errors_of_a_method_are_data_and_panics_tell_nothing(carrier: Carrier) {
    let world = World::new(carrier).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;

    let error = caller.ask_error(1, r#"divide&{"dividend":1,"divisor":0}"#).await;
    assert_eq!(
        (&error["code"], &error["data"]),
        (&"application".into(), &"ByZero".into())
    );

    let error = caller.ask_error(3, "panic&{}").await;
    assert_eq!(error["code"], "internal");
    assert!(!error.to_string().contains("secret"), "{error}");

    assert_eq!(
        caller.ask(r#"rq5&add&{"left":1}"#).await,
        "ok5&2",
        "other calls go on"
    );
    bystander.assert_undisturbed(world.server.address()).await;
}

/// [S-1] [S-2] [S-4]
async fn a_stream_sends_no_more_than_it_was_granted(carrier: Carrier) {
    let world = World::forgiving_nothing(carrier).await;
    let mut caller = world.peer().await;

    assert_eq!(caller.ask(r#"rq1;c=2&count&{"to":4}"#).await, "it1&0");
    assert_eq!(caller.hear().await, "it1&1");
    caller.assert_silence("the credit is used up").await;
    assert_eq!(caller.ask("cr1&1").await, "it1&2");
    caller.assert_silence("again").await;
    caller.say("cr1&1").await;
    caller.say("cr1&5").await;

    assert_eq!(caller.hear().await, "it1&3");
    assert_eq!(caller.hear().await, "en1&");
    caller
        .assert_silence("credit that crosses with the end is no fault")
        .await;

    caller.say(r#"rq3&count&{"to":1}"#).await;
    caller.assert_silence("no first credit").await;
    assert_eq!(caller.ask("cr3&2147483647").await, "it3&0");
    assert_eq!(caller.hear().await, "en3&");
}

/// [S-3]
async fn credit_past_its_end_is_a_fault(carrier: Carrier) {
    let world = World::new(carrier).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;
    let strict = World::forgiving_nothing(carrier).await;
    let mut strict_caller = strict.peer().await;

    for caller in [&mut caller, &mut strict_caller] {
        // A stream that has no item yet keeps its credit.
        caller.say("rq1;c=2147483647&never&{}").await;
        caller.say("cr1&1").await;
    }

    strict_caller.peer.closed().await;
    caller.assert_silence("forgiven").await;
    bystander.assert_undisturbed(world.server.address()).await;
}

/// [S-6] [R-4]
async fn a_cancelled_stream_sends_nothing_more(carrier: Carrier) {
    let world = World::forgiving_nothing(carrier).await;
    let mut caller = world.peer().await;

    assert_eq!(caller.ask(r#"rq1;c=1&count&{"to":4}"#).await, "it1&0");
    caller.say("ca1&").await;
    caller.say("cr1&3").await;

    caller.assert_silence("cancelled").await;
}

/// [L-7]
async fn a_call_past_the_limit_is_refused_and_those_under_way_go_on(carrier: Carrier) {
    let mut limits = Limits::default();
    limits.in_flight = 2;
    let world = World::with(carrier, limits).await;
    let bystander = world.bystander().await;
    let mut caller = world.peer().await;

    caller.say("rq1&wait&{}").await;
    caller.say("rq3&wait&{}").await;
    let error = caller.ask_error(5, r#"add&{"left":1}"#).await;
    assert_eq!(error["code"], "resource_exhausted");
    world.gate.notify_one();
    assert_eq!(caller.hear().await, "ok1&7");
    assert_eq!(caller.ask(r#"rq7&add&{"left":1}"#).await, "ok7&2");

    bystander.assert_undisturbed(world.server.address()).await;
}
