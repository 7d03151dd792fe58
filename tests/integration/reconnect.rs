//! The Rust client when its connection breaks and the session with it, in virtual time over a network in memory.

mod resume;

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use glue::testing::{Arrivals, Direction, Network};
use glue::{
    Client, ClientEvent, ClientState, CloseReason, Code, Context, Error, ErrorKind, KeepAlive, Limits,
    LinkError, Refusal, Server, ServerBuilder, Socket, SocketRequest,
};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::outcome::{NOT_SENT, UNKNOWN, outcome};
use crate::virtual_time::{HOUR, SECOND, eventually, now, pass};

#[glue::channel]
trait Desk {
    async fn add(&self, number: u32) -> u32;
    /// Never returns.
    async fn wait(&self) -> u32;
    /// Never returns, and notes when it is dropped.
    async fn hold(&self, number: u32);
    fn count(&self, from: u32) -> impl Stream<Item = u32>;
    async fn ring(&self, cx: &Context);
    #[notification]
    async fn note(&self, number: u32);
    #[event]
    fn rung();
}

/// What has been asked of the desks of all sessions.
#[derive(Clone)]
struct Service {
    asked: watch::Sender<Vec<String>>,
}

impl Desk for Service {
    async fn add(&self, number: u32) -> u32 {
        self.ask(format!("add {number}"));
        number + 1
    }

    async fn wait(&self) -> u32 {
        self.ask("wait".to_owned());
        std::future::pending().await
    }

    async fn hold(&self, number: u32) {
        self.ask(format!("hold {number}"));
        let _held = Held(self.clone(), number);
        std::future::pending().await
    }

    fn count(&self, from: u32) -> impl Stream<Item = u32> {
        self.ask(format!("count {from}"));
        futures_util::stream::iter(from..from + 2).chain(futures_util::stream::pending())
    }

    async fn ring(&self, cx: &Context) {
        cx.emit(&DeskEvent::Rung {}).await.unwrap();
    }

    async fn note(&self, number: u32) {
        self.ask(format!("note {number}"));
    }
}

struct Held(Service, u32);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.ask(format!("let go {}", self.1));
    }
}

impl Service {
    fn ask(&self, what: String) {
        self.asked.send_modify(|asked| asked.push(what));
    }
}

/// A server that notes what it hears on its main channels and echoes it, in a network.
struct World {
    network: Network,
    server: Server,
    service: Service,
    heard: mpsc::UnboundedReceiver<String>,
}

impl World {
    fn new() -> Self {
        Self::with(Server::builder())
    }

    /// A world in which sessions end with their links.
    fn with(builder: ServerBuilder) -> Self {
        Self::of(builder.resume(None))
    }

    fn of(builder: ServerBuilder) -> Self {
        let (hear, heard) = mpsc::unbounded_channel();
        let service = Service {
            asked: watch::Sender::new(Vec::new()),
        };
        let builder = builder.channel(service.clone().into_channel());
        let server = builder.on_socket(move |socket| note_and_echo(socket, hear.clone()));
        let server = server.build().unwrap();
        Self {
            network: Network::new(&server),
            server,
            service,
            heard,
        }
    }

    async fn client(&self) -> Client {
        self.network.connect().await.unwrap()
    }

    /// Ends the connection, and lets nobody back.
    async fn cut_off(&self, client: &Client) {
        self.network.set_arrivals(Arrivals::Refuse);
        self.network.cut_all();
        let mut events = events(client);
        while client.state() == ClientState::Connected {
            next(&mut events).await;
        }
    }

    async fn let_back(&self, client: &Client) {
        self.network.set_arrivals(Arrivals::Accept);
        eventually(client.ready()).await.unwrap();
    }

    async fn hear(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(eventually(self.heard.recv()).await.unwrap());
        }
        texts
    }

    async fn asked(&self, count: usize) -> Vec<String> {
        let mut asked = self.service.asked.subscribe();
        eventually(asked.wait_for(|asked| asked.len() >= count))
            .await
            .unwrap()
            .clone()
    }
}

async fn note_and_echo(socket: Socket, heard: mpsc::UnboundedSender<String>) {
    while let Some(text) = socket.recv().await {
        heard.send(text.clone()).unwrap();
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

type Events = Pin<Box<dyn Stream<Item = ClientEvent> + Send>>;

fn events(client: &Client) -> Events {
    Box::pin(client.events())
}

async fn next(events: &mut Events) -> ClientEvent {
    eventually(events.next()).await.unwrap()
}

/// Waits for an event that is told of.
async fn until(events: &mut Events, is_it: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
    loop {
        let event = next(events).await;
        if is_it(&event) {
            return event;
        }
    }
}

/// Returns what happened to the link.
async fn lost(events: &mut Events) -> Error {
    match until(events, |event| matches!(event, ClientEvent::Reconnecting { .. })).await {
        ClientEvent::Reconnecting { error, .. } => error,
        event => panic!("{event:?}"),
    }
}

async fn discarded(events: &mut Events) -> Vec<String> {
    match until(events, |event| matches!(event, ClientEvent::Discarded(_))).await {
        ClientEvent::Discarded(messages) => messages.iter().map(|message| message.text.clone()).collect(),
        event => panic!("{event:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn handles_work_on_in_the_next_session() {
    let mut world = World::new();
    let client = world.client().await;
    let main = client.channel("m");
    let (handled, mut handles) = mpsc::unbounded_channel();
    client.on_message(move |text| {
        let handled = handled.clone();
        async move { handled.send(text).unwrap() }
    });
    let desk = DeskClient::open(&client).unwrap();
    let mut rung = Box::pin(desk.events());
    let first = client.socket_id().unwrap();

    world.cut_off(&client).await;
    assert_eq!(client.state(), ClientState::Reconnecting);
    assert_eq!(client.socket_id(), None);
    assert!(client.last_error().is_some());
    world.let_back(&client).await;

    assert_ne!(client.socket_id().unwrap(), first);
    main.send("hello").await.unwrap();
    assert_eq!(world.hear(1).await, ["hello"]);
    assert_eq!(eventually(handles.recv()).await.as_deref(), Some("hello"));
    assert_eq!(desk.add(1).await.unwrap(), 2);
    desk.ring().await.unwrap();
    assert!(matches!(
        eventually(rung.next()).await,
        Some(Ok(DeskEvent::Rung {}))
    ));
    assert_eq!(world.server.sockets().len(), 1);
}

/// [T-5]: in the original, what was sent first in the new session overtook it.
#[tokio::test(start_paused = true)]
async fn what_is_sent_without_a_session_goes_out_in_order_ahead_of_what_is_newer() {
    let mut world = World::new();
    let client = world.client().await;
    let mut told = events(&client);
    world.cut_off(&client).await;

    for text in ["1", "2", "3"] {
        client.send(text).await.unwrap();
    }
    client.try_send("4").unwrap();
    world.network.set_arrivals(Arrivals::Accept);
    until(&mut told, |event| matches!(event, ClientEvent::Connected { .. })).await;
    until(&mut told, |event| matches!(event, ClientEvent::Connected { .. })).await;
    client.send("5").await.unwrap();

    assert_eq!(world.hear(5).await, ["1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_and_makes_senders_wait() {
    let mut world = World::new();
    let mut limits = Limits::default();
    limits.send_bytes = 1000;
    let client = world.network.client().limits(limits);
    let client = client.connect().await.unwrap();
    world.cut_off(&client).await;

    let mut count = 0;
    let full = loop {
        match client.try_send("x".repeat(50)) {
            Ok(()) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full.kind(), ErrorKind::Full);
    assert!((1..20).contains(&count), "{count}");
    let text = "y".repeat(50);
    let mut late = Box::pin(client.send(&text));
    assert!(late.as_mut().now_or_never().is_none());
    world.let_back(&client).await;

    eventually(late).await.unwrap();
    assert_eq!(world.hear(count + 1).await.last().unwrap(), &text);
}

/// [T-6]
#[tokio::test(start_paused = true)]
async fn what_waits_too_long_is_handed_back_and_nothing_more_is_taken() {
    let mut world = World::new();
    let client = world.network.client().reconnect_attempts(0);
    let client = client.connect().await.unwrap();
    let desk = DeskClient::open(&client).unwrap();
    world.cut_off(&client).await;
    let mut told = events(&client);
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.add(1).await }
    });

    // The time begins with the first text, not with the loss.
    pass(30 * SECOND).await;
    let begin = now();
    client.send("a").await.unwrap();
    pass(9 * SECOND).await;
    client.channel("x").send("b").await.unwrap();
    assert_eq!(discarded(&mut told).await, ["a", "b"]);
    assert_eq!(begin.elapsed(), 10 * SECOND);

    assert_eq!(
        client.send("c").await.unwrap_err().kind(),
        ErrorKind::NotConnected
    );
    assert_eq!(client.try_send("c").unwrap_err().kind(), ErrorKind::NotConnected);
    assert!(!call.is_finished(), "calls wait to the end");
    world.let_back(&client).await;

    assert_eq!(call.await.unwrap().unwrap(), 2);
    client.send("d").await.unwrap();
    assert_eq!(world.hear(1).await, ["d"]);
}

/// What a link has taken may be lost with it. The rest goes out, once.
#[tokio::test(start_paused = true)]
async fn what_had_not_left_goes_out_in_the_next_session_once() {
    for taken in (0..6_000).step_by(197) {
        let mut world = World::new();
        let client = world.client().await;
        let link = world.network.connected(1).await;
        link.set_buffer(Direction::ToServer, 500);
        link.cut_after(Direction::ToServer, taken);

        for number in 0..200 {
            client.send(format!("{number:01000}")).await.unwrap();
        }

        let mut numbers = Vec::new();
        while numbers.last() != Some(&199) {
            numbers.push(world.hear(1).await[0].parse::<u32>().unwrap());
        }
        assert!(
            numbers.is_sorted_by(|one, next| one < next),
            "{taken}: {numbers:?}"
        );
        let lost = 200 - numbers.len();
        // The WebSocket library buffers 16 KiB.
        assert!(lost < 30, "{taken}: only what was on its way is lost, not {lost}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_over_links_that_break_all_the_time_keeps_its_order() {
    let mut world = World::new();
    world
        .network
        .set_latency(Direction::Both, Duration::from_millis(20));
    world.network.set_buffer(Direction::Both, 1_000);
    world.network.cut_new(Direction::Both, 300..=8_000);
    let client = world.network.client().reconnect_attempts(0).start().unwrap();
    client.discard();

    for number in 0..5_000 {
        client.send(number.to_string()).await.unwrap();
    }
    client.send("end").await.unwrap();

    let mut last = None;
    let mut count = 0;
    loop {
        let text = tokio::select! {
            text = world.heard.recv() => text.unwrap(),
            // What is lost on its way may be the last.
            () = pass(100 * SECOND) => { client.send("end").await.unwrap(); continue }
        };
        if text == "end" {
            break;
        }
        let number = text.parse::<u32>().unwrap();
        assert!(last < Some(number), "{number} behind {last:?}");
        last = Some(number);
        count += 1;
    }
    assert!(count > 1_000, "{count} of 5,000 arrived");
    assert!(world.network.connections().len() > 5);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_started_keeps_trying_and_tells_of_each_attempt() {
    let mut world = World::new();
    world.network.set_arrivals(Arrivals::Refuse);

    let client = world.network.client().start().unwrap();
    let mut told = events(&client);
    assert_eq!(client.state(), ClientState::Connecting);
    client.send("early").await.unwrap();
    assert!(matches!(next(&mut told).await, ClientEvent::Connecting));
    for limit in 1..=3 {
        match next(&mut told).await {
            ClientEvent::Reconnecting { error, delay } => {
                assert!(
                    matches!(error.link(), Some(LinkError::Unreachable(_))),
                    "{error:?}"
                );
                assert!(
                    (limit * SECOND / 2..=limit * SECOND).contains(&delay),
                    "{delay:?}"
                );
            }
            event => panic!("{event:?}"),
        }
    }
    world.network.set_arrivals(Arrivals::Accept);

    match next(&mut told).await {
        ClientEvent::Connected { socket_id } => assert_eq!(client.socket_id(), Some(socket_id)),
        event => panic!("{event:?}"),
    }
    assert_eq!(client.state(), ClientState::Connected);
    assert!(client.last_error().is_none());
    assert_eq!(world.hear(1).await, ["early"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_attempt_decides_for_who_waits_for_it() {
    let world = World::new();
    world.network.set_arrivals(Arrivals::Refuse);

    let error = world.network.connect().await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(matches!(error.link(), Some(LinkError::Unreachable(_))));
    pass(HOUR).await;
    assert_eq!(world.network.attempts(), 1);
}

/// [T-2]
#[tokio::test(start_paused = true)]
async fn a_client_gives_up_after_so_many_attempts() {
    let world = World::new();
    let client = world.network.client().reconnect_attempts(3);
    let client = client.connect().await.unwrap();
    let mut told = events(&client);
    world.cut_off(&client).await;
    client.send("never").await.unwrap();

    let closed = until(&mut told, |event| matches!(event, ClientEvent::Closed { .. })).await;

    let ClientEvent::Closed { reason, error } = closed else {
        panic!("{closed:?}");
    };
    assert_eq!(reason, CloseReason::LinkLost);
    assert!(matches!(error.unwrap().link(), Some(LinkError::Unreachable(_))));
    assert!(told.next().await.is_none(), "nothing follows");
    assert_eq!(world.network.attempts(), 4);
    assert_eq!(client.closed().await, CloseReason::LinkLost);
    assert_eq!(client.ready().await.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(client.send("x").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.recv().await, None);
    assert_eq!(client.state(), ClientState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_handed_back_at_the_end() {
    let world = World::new();
    let client = world.client().await;
    world.cut_off(&client).await;
    let mut told = events(&client);
    client.channel("x").send("never").await.unwrap();

    client.close();

    assert_eq!(discarded(&mut told).await, ["never"]);
    let last = next(&mut told).await;
    assert!(
        matches!(
            last,
            ClientEvent::Closed {
                reason: CloseReason::Local,
                error: None
            }
        ),
        "{last:?}"
    );
}

/// [T-2]: the original asked a server that accepts and closes for ever, once a second.
#[tokio::test(start_paused = true)]
async fn an_accepted_session_starts_the_count_anew() {
    let world = World::new();
    let client = world.network.client().reconnect_attempts(1);
    let client = client.connect().await.unwrap();
    let mut told = events(&client);

    for _ in 0..10 {
        until(&mut told, |event| matches!(event, ClientEvent::Connected { .. })).await;
        world.network.cut_all();
    }

    until(&mut told, |event| matches!(event, ClientEvent::Connected { .. })).await;
    assert_eq!(client.state(), ClientState::Connected);
}

/// [T-8]
#[tokio::test(start_paused = true)]
async fn closing_sticks_while_connecting_and_during_the_delay() {
    let world = World::new();
    for arrivals in [Arrivals::Ignore, Arrivals::Refuse] {
        world.network.set_arrivals(arrivals);
        let client = world.network.client().start().unwrap();
        pass(SECOND / 10).await;
        let attempts = world.network.attempts();

        client.close();

        assert_eq!(eventually(client.closed()).await, CloseReason::Local);
        assert_eq!(client.state(), ClientState::Closed);
        assert_eq!(client.ready().await.unwrap_err().kind(), ErrorKind::Closed);
        world.network.set_arrivals(Arrivals::Accept);
        pass(HOUR).await;
        assert_eq!(world.network.attempts(), attempts);
        assert!(world.server.sockets().is_empty());
    }
}

/// [T-8]
#[tokio::test(start_paused = true)]
async fn closing_sticks_before_anything_and_before_the_servers_in() {
    let world = World::with(Server::builder().authorize(|_: SocketRequest| std::future::pending()));
    let (at_once, waiting) = (world.network.client(), world.network.client());

    let client = at_once.start().unwrap();
    client.close();
    assert_eq!(eventually(client.closed()).await, CloseReason::Local);
    assert_eq!(world.network.attempts(), 0);

    let client = waiting.start().unwrap();
    pass(SECOND).await;
    client.close();
    assert_eq!(eventually(client.closed()).await, CloseReason::Local);
    pass(HOUR).await;
    assert_eq!(world.network.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_a_client_without_a_session() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    world.cut_off(&client).await;
    let mut told = events(&client);

    drop(client);
    lost(&mut told).await;
    drop(desk);

    until(&mut told, |event| matches!(event, ClientEvent::Closed { .. })).await;
    let attempts = world.network.attempts();
    pass(HOUR).await;
    assert_eq!(world.network.attempts(), attempts);
}

#[tokio::test(start_paused = true)]
async fn connecting_that_is_given_up_leaves_nothing_behind() {
    let world = World::new();
    world.network.set_arrivals(Arrivals::Ignore);

    let given_up = tokio::time::timeout(SECOND, world.network.connect()).await;

    assert!(given_up.is_err());
    world.network.set_arrivals(Arrivals::Accept);
    pass(HOUR).await;
    assert_eq!(world.network.attempts(), 1);
    assert!(world.server.sockets().is_empty());
}

/// [T-8]
#[tokio::test(start_paused = true)]
async fn a_client_that_is_dismissed_does_not_come_back() {
    let world = World::new();
    let client = world.client().await;
    let mut told = events(&client);

    world.server.sockets()[0].dismiss();

    assert_eq!(eventually(client.closed()).await, CloseReason::Refused);
    until(&mut told, |event| matches!(event, ClientEvent::Closed { .. })).await;
    assert_eq!(client.ready().await.unwrap_err().kind(), ErrorKind::Refused);
    pass(HOUR).await;
    assert_eq!(world.network.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_is_asked_again() {
    let mut world = World::new();
    let client = world.client().await;
    let mut told = events(&client);

    world.server.sockets()[0].close();

    let error = lost(&mut told).await;
    assert!(
        matches!(
            error.link(),
            Some(LinkError::Ended {
                reason: CloseReason::Peer,
                ..
            })
        ),
        "{error:?}"
    );
    client.send("again").await.unwrap();
    assert_eq!(world.hear(1).await, ["again"]);
}

/// [K-2]
#[tokio::test(start_paused = true)]
async fn a_half_open_link_is_found_and_replaced() {
    let mut world = World::new();
    let builder = world.network.client().keep_alive(KeepAlive {
        interval: 20 * SECOND,
        timeout: 3 * SECOND,
    });
    let client = builder.connect().await.unwrap();
    let mut told = events(&client);
    let begin = now();

    world.network.connected(1).await.lose(Direction::Both);

    let error = lost(&mut told).await;
    assert_eq!(begin.elapsed(), 23 * SECOND);
    assert!(
        matches!(
            error.link(),
            Some(LinkError::Ended {
                reason: CloseReason::KeepAlive,
                code: None
            })
        ),
        "{error:?}"
    );
    eventually(client.ready()).await.unwrap();
    assert!(
        begin.elapsed() <= 24 * SECOND,
        "nothing is waited for but the delay"
    );
    client.send("hello").await.unwrap();
    assert_eq!(world.hear(1).await, ["hello"]);
}

///
#[tokio::test(start_paused = true)]
async fn calls_and_streams_under_way_fail_when_the_connection_breaks() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    let mut items = Box::pin(desk.count(5));
    assert_eq!(items.next().await.unwrap().unwrap(), 5);
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    world.asked(2).await;

    world.network.cut_all();

    assert_eq!(outcome(eventually(call).await.unwrap()), UNKNOWN);
    assert_eq!(items.next().await.unwrap().unwrap(), 6, "it had arrived");
    assert_eq!(outcome(eventually(items.next()).await.unwrap()), UNKNOWN);
    assert!(items.next().await.is_none());
    eventually(client.ready()).await.unwrap();
    assert_eq!(desk.add(1).await.unwrap(), 2);
    assert_eq!(
        world.asked(3).await,
        ["count 5", "wait", "add 1"],
        "nothing is sent twice"
    );
}

///
#[tokio::test(start_paused = true)]
async fn calls_without_a_session_wait_for_the_next_in_order() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    desk.add(0).await.unwrap();
    world.cut_off(&client).await;

    let calls: Vec<_> = (1..=20)
        .map(|number| {
            let desk = desk.clone();
            tokio::spawn(async move {
                if number % 5 == 0 {
                    desk.note(number).await.unwrap();
                } else {
                    assert_eq!(desk.add(number).await.unwrap(), number + 1);
                }
            })
        })
        .collect();
    pass(SECOND / 10).await;
    world.let_back(&client).await;

    for call in calls {
        eventually(call).await.unwrap();
    }
    let asked = world.asked(21).await;
    let numbers: Vec<u32> = asked
        .iter()
        .map(|asked| asked[4..].trim().parse().unwrap())
        .collect();
    let expected: Vec<u32> = asked
        .iter()
        .enumerate()
        .map(|(number, _)| u32::try_from(number).unwrap())
        .collect();
    assert_eq!(
        numbers
            .iter()
            .filter(|number| *number % 5 != 0)
            .collect::<Vec<_>>(),
        expected
            .iter()
            .filter(|number| *number % 5 != 0)
            .collect::<Vec<_>>()
    );
}

///
#[tokio::test(start_paused = true)]
async fn calls_that_wait_when_the_client_ends_were_not_sent() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    world.cut_off(&client).await;
    let waiting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.add(1).await }
    });
    let mut items = Box::pin(desk.count(1));
    assert!(items.next().now_or_never().is_none());
    pass(SECOND / 10).await;

    client.close();

    assert_eq!(outcome(eventually(waiting).await.unwrap()), NOT_SENT);
    assert_eq!(outcome(eventually(items.next()).await.unwrap()), NOT_SENT);
    assert_eq!(outcome(desk.add(2).await), NOT_SENT);
    assert!(world.service.asked.borrow().is_empty());
}

///
#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_it_waits_is_never_sent_and_takes_no_room() {
    let world = World::new();
    let mut limits = Limits::default();
    limits.send_bytes = 1000;
    let client = world.network.client().limits(limits);
    let client = client.connect().await.unwrap();
    let desk = DeskClient::open(&client).unwrap();
    world.cut_off(&client).await;

    for number in 0..100 {
        let given_up = desk.add(number).now_or_never();
        assert!(given_up.is_none(), "{number}");
    }
    client.try_send("x".repeat(500)).unwrap();
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.add(100).await }
    });
    pass(SECOND / 10).await;
    world.let_back(&client).await;

    assert_eq!(eventually(call).await.unwrap().unwrap(), 101);
    assert_eq!(world.asked(1).await, ["add 100"]);
}

/// What is cancelled belongs to its session: the number means another call in the next.
#[tokio::test(start_paused = true)]
async fn no_cancellation_reaches_another_session() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    let mut waiting = Box::pin(desk.hold(1));
    let mut later = Box::pin(desk.hold(2));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert!(later.as_mut().now_or_never().is_none());
    world.asked(2).await;
    // The first cancellation waits behind texts that don't leave, the second comes after the loss.
    world.network.stall(Direction::ToServer);
    client.discard();
    let texts = client.clone();
    tokio::spawn(async move {
        for _ in 0..30 {
            texts.send("x".repeat(10_000)).await.unwrap();
        }
    });
    pass(SECOND).await;
    drop(waiting);
    world.cut_off(&client).await;
    drop(later);
    world.network.resume(Direction::ToServer);
    world.let_back(&client).await;

    let mut calls = [3, 4].map(|number| Box::pin(desk.hold(number)));
    for call in &mut calls {
        assert!(call.as_mut().now_or_never().is_none());
    }
    assert_eq!(eventually(desk.add(1)).await.unwrap(), 2);
    pass(SECOND).await;

    let asked = world.asked(5).await;
    assert!(asked.contains(&"hold 4".to_owned()), "{asked:?}");
    assert!(
        !asked
            .iter()
            .any(|asked| asked == "let go 3" || asked == "let go 4"),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_are_asked_for_anew_for_each_attempt() {
    let (asked, mut asks) = mpsc::unbounded_channel();
    let world = World::with(Server::builder().authorize(move |request: SocketRequest| {
        let asked = asked.clone();
        async move {
            let token: Option<u32> = request.auth().unwrap();
            asked.send(token).unwrap();
            match token {
                Some(2) => Err(Refusal::new(Code::ResourceExhausted, "later")),
                Some(4) => Err(Refusal::new(Code::PermissionDenied, "never").for_good()),
                _ => Ok(()),
            }
        }
    }));
    let count = Arc::new(AtomicU32::new(0));
    let client = world.network.client().auth_with(move || {
        let token = count.fetch_add(1, Ordering::Relaxed);
        async move {
            if token == 0 {
                Err("no token yet")
            } else {
                Ok(token)
            }
        }
    });

    let client = client.start().unwrap();
    let mut told = events(&client);
    let error = lost(&mut told).await;
    assert!(matches!(error.link(), Some(LinkError::Auth(_))), "{error:?}");
    eventually(client.ready()).await.unwrap();
    world.network.cut_all();
    lost(&mut told).await;
    let refused = lost(&mut told).await;
    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert_eq!(refused.refusal().unwrap().code(), Code::ResourceExhausted);
    eventually(client.ready()).await.unwrap();
    world.network.cut_all();

    assert_eq!(eventually(client.closed()).await, CloseReason::Refused);
    let last = client.last_error().unwrap();
    let refusal = last.refusal().unwrap();
    assert_eq!(
        (refusal.code(), refusal.message()),
        (Code::PermissionDenied, "never")
    );
    for token in 1..=4 {
        assert_eq!(asks.recv().await, Some(Some(token)));
    }
    pass(HOUR).await;
    assert!(asks.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_first_session_learns_of_a_refusal() {
    let world = World::with(Server::builder().authorize(|request: SocketRequest| async move {
        let token: Option<String> = request.auth().unwrap();
        match token.as_deref() {
            Some("hx7") => Ok(()),
            _ => Err(Refusal::new(Code::Unauthenticated, "unknown token")),
        }
    }));

    let refused = world.network.client().auth("wrong").connect().await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert_eq!(refused.refusal().unwrap().message(), "unknown token");
    assert!(world.network.client().auth("hx7").connect().await.is_ok());
}

/// [T-7] [I-17]
#[tokio::test(start_paused = true)]
async fn a_message_over_the_servers_limit_is_refused_here_and_costs_nothing_else() {
    let mut limits = Limits::default();
    limits.message_bytes = 2_000;
    let mut world = World::with(Server::builder().limits(limits));
    let client = world.network.client().start().unwrap();
    let mut told = events(&client);
    let huge = "x".repeat(2_000);
    // Nobody knows the limit yet.
    client.send(&huge).await.unwrap();

    assert_eq!(discarded(&mut told).await, [huge.as_str()]);
    assert_eq!(client.send(&huge).await.unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(client.try_send(&huge).unwrap_err().kind(), ErrorKind::TooLarge);
    client.send("small").await.unwrap();

    assert_eq!(world.hear(1).await, ["small"]);
    assert_eq!(world.network.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_behind_the_end_is_not_left_waiting() {
    let world = World::new();
    let client = world.client().await;
    let mut first = events(&client);
    client.close();
    eventually(client.closed()).await;

    let mut second = events(&client);

    until(&mut first, |event| matches!(event, ClientEvent::Closed { .. })).await;
    assert!(eventually(first.next()).await.is_none());
    assert!(eventually(second.next()).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn notifications_that_were_never_sent_are_handed_back_in_order() {
    let world = World::new();
    let client = world.client().await;
    let desk = DeskClient::open(&client).unwrap();
    let mut told = events(&client);
    world.cut_off(&client).await;

    client.send("a").await.unwrap();
    desk.note(1).await.unwrap();
    client.send("b").await.unwrap();
    client.close();
    let back = discarded(&mut told).await;

    let [first, second, third] = &back[..] else {
        panic!("{back:?}");
    };
    assert_eq!((first.as_str(), third.as_str()), ("a", "b"));
    assert!(second.contains("note"), "{second}");
}

#[tokio::test(start_paused = true)]
async fn all_that_turns_out_to_be_too_long_is_handed_back() {
    let world = World::new();
    let client = world.client().await;
    let mut told = events(&client);
    world.cut_off(&client).await;
    let mut limits = Limits::default();
    limits.message_bytes = 100;
    let strict = Server::builder().limits(limits).build().unwrap();
    world.network.replace_server(&strict);
    for number in 0..150 {
        client.send(format!("{number:0120}")).await.unwrap();
    }

    world.let_back(&client).await;
    pass(SECOND).await;
    client.close();
    let mut back = Vec::new();
    while let Some(event) = eventually(told.next()).await {
        if let ClientEvent::Discarded(messages) = event {
            back.extend(
                messages
                    .iter()
                    .map(|message| message.text.parse::<u32>().unwrap()),
            );
        }
    }

    assert_eq!(back, Vec::from_iter(0..150));
}

/// A refused client may keep its end of the link open for a while.
#[tokio::test(start_paused = true)]
async fn values_of_a_refused_client_go_with_the_refusal() {
    struct Value(mpsc::UnboundedSender<Instant>);

    impl Drop for Value {
        fn drop(&mut self) {
            self.0.send(now()).unwrap();
        }
    }

    let (gone, mut goes) = mpsc::unbounded_channel();
    let way: Arc<OnceLock<Network>> = Arc::default();
    let stalls = way.clone();
    let world = World::with(Server::builder().authorize(move |request: SocketRequest| {
        request.set_value(Arc::new(Value(gone.clone())));
        stalls.get().unwrap().stall(Direction::ToServer);
        async { Err(Refusal::new(Code::Unavailable, "full")) }
    }));
    way.set(world.network.clone()).unwrap();
    let begin = now();

    let client = world.network.client().start().unwrap();
    eventually(goes.recv()).await.unwrap();

    assert_eq!(begin.elapsed(), Duration::ZERO);
    drop(client);
}

///
#[tokio::test(start_paused = true)]
async fn credentials_that_json_cannot_hold_are_never_sent() {
    let world = World::new();
    let client = || world.network.client();

    let fixed = client().auth(f64::NAN).start().unwrap_err();
    let asked = client().auth_with(|| async { Ok::<_, Error>(u64::MAX) });
    let asked = asked.connect().await.unwrap_err();

    assert_eq!(fixed.kind(), ErrorKind::Config);
    assert!(matches!(asked.link(), Some(LinkError::Auth(_))), "{asked:?}");
}
