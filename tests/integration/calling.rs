//! What a Rust client's calls say on the wire, before a raw server in memory and in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use glue::testing::{Direction, Network, Pipe};
use glue::{
    CallOptions, CallRequest, Caller as _, Client, Code, Contract, Hashes, OpenRpc as _, RpcChannel, RpcError,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::peers::server;
use crate::virtual_time::eventually;

/// A client with a channel `desk`, and the server's end of its connection.
struct World {
    network: Network,
    connections: mpsc::UnboundedReceiver<Pipe>,
    _client: Client,
    desk: RpcChannel,
    peer: server::Peer,
}

impl World {
    async fn new() -> Self {
        Self::with("desk".into()).await
    }

    /// A client that was generated from this.
    async fn with(contract: Contract) -> Self {
        let (accept, mut connections) = mpsc::unbounded_channel();
        let network = Network::custom(move |pipe| accept.send(pipe).unwrap());
        let client = network.client().start().unwrap();
        let desk = client.open_rpc(contract).unwrap();
        let peer = server::open(eventually(connections.recv()).await.unwrap()).await;
        let mut world = Self {
            network,
            connections,
            _client: client,
            desk,
            peer,
        };
        let hello = world.hear().await;
        assert!(hello.starts_with("hi&{"), "{hello}");
        world
    }

    async fn say(&mut self, envelope: &str) {
        server::say(&mut self.peer, &format!("cd4&desk{envelope}")).await;
    }

    /// Waits for the client's next envelope.
    async fn hear(&mut self) -> String {
        loop {
            let Message::Text(text) = eventually(self.peer.next()).await.unwrap().unwrap() else {
                continue;
            };
            if let Some(envelope) = text.strip_prefix("cd4&desk") {
                return envelope.to_owned();
            }
        }
    }

    /// Shows that the client has said nothing else.
    async fn assert_quiet(&mut self) {
        self.desk.notify(CallRequest::new("quiet", "{}")).await.unwrap();
        assert_eq!(self.hear().await, "nt&quiet&{}");
    }

    fn call(&self, request: CallRequest) -> JoinHandle<Result<String, RpcError>> {
        let desk = self.desk.clone();
        tokio::spawn(async move { desk.call(request).await })
    }

    /// Ends the connection, and waits for the next one's greeting.
    async fn come_back(&mut self) {
        self.network.cut_all();
        self.peer = server::open(eventually(self.connections.recv()).await.unwrap()).await;
        assert!(self.hear().await.starts_with("hi&{"));
    }
}

async fn answer(call: JoinHandle<Result<String, RpcError>>) -> Result<String, Code> {
    let answer = eventually(call).await.unwrap();
    answer.map_err(|error| error.code())
}

/// Items that know how many of them were asked for, and that tell when they are dropped.
struct Source {
    asked: Arc<AtomicUsize>,
    dropped: mpsc::UnboundedReceiver<()>,
}

impl Source {
    /// Returns a request that streams these.
    fn of(
        method: &'static str,
        items: impl Stream<Item = Result<String, RpcError>> + Send + 'static,
    ) -> (CallRequest, Self) {
        let asked = Arc::new(AtomicUsize::new(0));
        let (alive, dropped) = mpsc::unbounded_channel::<()>();
        let counter = asked.clone();
        let items: BoxStream<'static, _> = items
            .inspect(move |_| {
                let _alive = &alive;
                counter.fetch_add(1, Ordering::Relaxed);
            })
            .boxed();
        let mut request = CallRequest::new(method, "{}");
        request.items = Some(items);
        (request, Self { asked, dropped })
    }

    /// Returns a request that streams so many numbers.
    fn numbers(method: &'static str, count: usize) -> (CallRequest, Self) {
        Self::of(
            method,
            stream::iter(0..count).map(|number| Ok(number.to_string())),
        )
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn dropped(&mut self) {
        assert!(eventually(self.dropped.recv()).await.is_none());
    }
}

fn timed(method: &'static str, timeout: Duration) -> CallRequest {
    let mut request = CallRequest::new(method, "{}");
    request.options = CallOptions::default().timeout(timeout);
    request
}

/// [S-1] [S-2] [S-4] [S-9]
#[tokio::test(start_paused = true)]
async fn items_leave_as_the_callee_grants_them_and_then_the_end() {
    let mut world = World::new().await;
    let (request, source) = Source::numbers("upload", 3);
    let call = world.call(request);

    assert_eq!(world.hear().await, "rq1&upload&{}");
    world.assert_quiet().await;
    assert_eq!(source.asked(), 0, "nothing is asked for without credit");
    world.say("cr1&2").await;
    assert_eq!(world.hear().await, "it1&0");
    assert_eq!(world.hear().await, "it1&1");
    world.assert_quiet().await;
    assert_eq!(source.asked(), 2);
    world.say("cr1&8").await;
    assert_eq!(world.hear().await, "it1&2");
    assert_eq!(world.hear().await, "en1&");
    world.say("ok1&3").await;

    assert_eq!(answer(call).await.unwrap(), "3");
    world.assert_quiet().await;
}

/// [S-11]
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_cancels_its_call() {
    let mut world = World::new().await;
    let error = RpcError::new(Code::InvalidArgument, "no number");
    let (request, _source) = Source::of("upload", stream::iter([Ok("1".to_owned()), Err(error)]));
    let call = world.call(request);

    world.hear().await;
    world.say("cr1&8").await;

    assert_eq!(answer(call).await, Err(Code::InvalidArgument));
    // What waited to be sent is needless.
    assert_eq!(world.hear().await, "ca1&");
    world.assert_quiet().await;
}

/// The callee's `ca` asks for no more items; the answer is still to come. [S-10]
#[tokio::test(start_paused = true)]
async fn a_callee_that_wants_no_more_items_still_answers() {
    let mut world = World::new().await;
    let (request, mut source) = Source::numbers("upload", 1_000_000);
    let call = world.call(request);

    world.hear().await;
    world.say("cr1&1").await;
    assert_eq!(world.hear().await, "it1&0");
    world.say("ca1&").await;
    source.dropped().await;
    world.say("cr1&8").await;
    world.assert_quiet().await;
    world.say("ok1&1").await;

    assert_eq!(answer(call).await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn an_answer_before_the_end_of_the_items_ends_them() {
    for (said, expected) in [
        ("ok1&1", Ok("1".to_owned())),
        (
            r#"er1&{"code":"resource_exhausted","message":""}"#,
            Err(Code::ResourceExhausted),
        ),
    ] {
        let mut world = World::new().await;
        let (request, mut source) = Source::of("upload", stream::pending());
        let call = world.call(request);

        world.hear().await;
        world.say("cr1&8").await;
        world.say(said).await;

        assert_eq!(answer(call).await, expected);
        source.dropped().await;
        world.assert_quiet().await;
    }
}

/// [R-13]
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_takes_its_source_along() {
    let mut world = World::new().await;
    let (request, mut source) = Source::of("upload", stream::pending());
    let call = world.call(request);
    world.hear().await;

    call.abort();

    assert_eq!(world.hear().await, "ca1&");
    source.dropped().await;
    world.say("cr1&8").await;
    world.say("ok1&1").await;
    world.assert_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_larger_than_the_server_takes_fails_the_call() {
    let (accept, mut connections) = mpsc::unbounded_channel();
    let network = Network::custom(move |pipe| accept.send(pipe).unwrap());
    let client = network.client().start().unwrap();
    let desk = client.open_rpc("desk").unwrap();
    let mut peer = server::upgrade(eventually(connections.recv()).await.unwrap()).await;
    peer.next().await;
    server::say(
        &mut peer,
        r#"in{"socketID":"6ZW6uQTwo8apxm11ta3p","batch":true,"limit":100}"#,
    )
    .await;
    let (request, _source) = Source::of("upload", stream::iter([Ok(format!("{:?}", "x".repeat(100)))]));
    let call = tokio::spawn(async move { desk.call(request).await });

    for expected in ["cd4&deskhi", "cd4&deskrq1"] {
        let text = eventually(peer.next())
            .await
            .unwrap()
            .unwrap()
            .into_text()
            .unwrap();
        assert!(text.starts_with(expected), "{text}");
    }
    server::say(&mut peer, "cd4&deskcr1&8").await;

    assert_eq!(answer(call).await, Err(Code::ResourceExhausted));
    let text = eventually(peer.next())
        .await
        .unwrap()
        .unwrap()
        .into_text()
        .unwrap();
    assert_eq!(text, "cd4&deskca1&");
}

/// Polling what comes down moves what goes up.
#[tokio::test(start_paused = true)]
async fn a_two_way_stream_moves_both_ways() {
    let mut world = World::new().await;
    let (request, _source) = Source::numbers("translate", 2);
    let items = world.desk.stream(request);
    let all = tokio::spawn(
        items
            .map(|item| item.map_err(|error| error.code()))
            .collect::<Vec<_>>(),
    );

    assert_eq!(world.hear().await, "rq1;c=8&translate&{}");
    world.say(r#"it1&"before""#).await;
    assert_eq!(world.hear().await, "cr1&25", "[S-7]");
    world.say("cr1&1").await;
    assert_eq!(world.hear().await, "it1&0");
    world.say(r#"it1&"0""#).await;
    world.say("cr1&1").await;
    assert_eq!(world.hear().await, "it1&1");
    world.say("cr1&1").await;
    assert_eq!(world.hear().await, "en1&");
    world.say(r#"it1&"1""#).await;
    world.say("en1&").await;

    let all = eventually(all).await.unwrap();
    assert_eq!(
        all,
        [r#""before""#, r#""0""#, r#""1""#].map(|item| Ok(item.to_owned()))
    );
    world.assert_quiet().await;
}

/// A source that always has something, and an answer that always has: neither starves the other.
#[tokio::test(start_paused = true)]
async fn neither_way_of_a_stream_starves_the_other() {
    let mut world = World::new().await;
    let (request, source) = Source::of("translate", stream::repeat_with(|| Ok("1".to_owned())));
    let mut items = Box::pin(world.desk.stream(request));
    assert!(items.next().now_or_never().is_none());
    world.hear().await;
    world.say("cr1&2147483647").await;
    for _ in 0..8 {
        world.say("it1&2").await;
    }

    for _ in 0..8 {
        assert_eq!(eventually(items.next()).await.unwrap().unwrap(), "2");
    }

    assert!(source.asked() > 0);
    drop(items);
    while world.hear().await != "ca1&" {}
}

/// [E-12]: what is left of the time when the request is written, rounded up. [R-15]
#[tokio::test(start_paused = true)]
async fn a_request_says_how_long_its_caller_waits() {
    let mut world = World::new().await;

    for (timeout, expected) in [
        (Duration::from_millis(1500), "rq1;t=1500&wait&{}"),
        (Duration::from_micros(1_100), "rq3;t=2&wait&{}"),
        (Duration::MAX, "rq5;t=2147483647&wait&{}"),
    ] {
        let call = world.call(timed("wait", timeout));
        assert_eq!(world.hear().await, expected);
        call.abort();
        world.hear().await;
    }
    let stream = world.desk.stream(timed("wait", Duration::from_secs(1)));
    let stream = tokio::spawn(stream.count());
    assert_eq!(world.hear().await, "rq7;c=8;t=1000&wait&{}");
    stream.abort();
}

/// [R-15]
#[tokio::test(start_paused = true)]
async fn a_call_whose_time_runs_out_fails_and_is_cancelled() {
    let mut world = World::new().await;
    let call = world.call(timed("wait", Duration::from_secs(5)));
    let (mut request, mut source) = Source::of("upload", stream::pending());
    request.options = CallOptions::default().timeout(Duration::from_secs(6));
    world.hear().await;
    let upload = world.call(request);
    world.hear().await;

    assert_eq!(answer(call).await, Err(Code::DeadlineExceeded));
    assert_eq!(world.hear().await, "ca1&");
    assert_eq!(answer(upload).await, Err(Code::DeadlineExceeded));
    assert_eq!(world.hear().await, "ca3&");
    source.dropped().await;
    world.say("ok1&1").await;
    world.assert_quiet().await;
}

/// The time is that of the whole stream.
#[tokio::test(start_paused = true)]
async fn a_stream_whose_time_runs_out_ends_behind_the_items_that_came() {
    let mut world = World::new().await;
    let mut items = Box::pin(world.desk.stream(timed("watch", Duration::from_secs(5))));
    assert!(items.next().now_or_never().is_none());
    world.hear().await;
    world.say("it1&1").await;
    world.say("it1&2").await;
    assert_eq!(eventually(items.next()).await.unwrap().unwrap(), "1");
    assert_eq!(world.hear().await, "cr1&25");

    let pause = tokio::time::timeout(Duration::from_secs(6), std::future::pending::<()>());
    assert!(pause.await.is_err());

    assert_eq!(eventually(items.next()).await.unwrap().unwrap(), "2");
    let error = eventually(items.next()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert!(eventually(items.next()).await.is_none());
    assert_eq!(world.hear().await, "ca1&");
}

/// [R-12]
#[tokio::test(start_paused = true)]
async fn time_runs_while_a_call_waits_for_a_connection() {
    let mut world = World::new().await;
    world.network.cut_all();
    let short = world.call(timed("short", Duration::from_millis(1)));
    let long = world.call(timed("long", Duration::from_secs(60)));

    assert_eq!(answer(short).await, Err(Code::DeadlineExceeded));
    world.peer = server::open(eventually(world.connections.recv()).await.unwrap()).await;

    assert!(world.hear().await.starts_with("hi&{"));
    let request = world.hear().await;
    let left = request
        .strip_prefix("rq1;t=")
        .unwrap()
        .strip_suffix("&long&{}")
        .unwrap();
    let left: u64 = left.parse().unwrap();
    assert!((1..60_000).contains(&left), "{left}: the wait counts");
    long.abort();
}

/// [E-13]
#[tokio::test(start_paused = true)]
async fn calls_and_notifications_say_where_they_belong() {
    let mut world = World::new().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = || {
        let mut request = CallRequest::new("post", "{}");
        request.options = CallOptions::default().trace(trace.parse().unwrap());
        request
    };

    let call = world.call(request());
    assert_eq!(world.hear().await, format!("rq1;tp={trace}&post&{{}}"));
    world.desk.notify(request()).await.unwrap();
    assert_eq!(world.hear().await, format!("nt;tp={trace}&post&{{}}"));
    call.abort();
}

fn hashes() -> &'static Hashes {
    static HASHES: std::sync::LazyLock<Hashes> = std::sync::LazyLock::new(|| Hashes {
        schema: "0000000000000001".to_owned(),
        methods: [("same", "a"), ("changed", "b"), ("gone", "c")]
            .map(|(name, hash)| (name.to_owned(), hash.repeat(16)))
            .into(),
    });
    &HASHES
}

const DESK: Contract = Contract {
    channel: "desk",
    hashes: Some(hashes),
};

/// [R-7]: calls of methods that the server has otherwise fail, others work. [R-14]
#[tokio::test(start_paused = true)]
async fn methods_that_have_changed_since_are_told_by_the_greeting() {
    let mut world = World::with(DESK).await;
    let same = world.call(CallRequest::new("same", "{}"));
    assert_eq!(world.hear().await, "rq1&same&{}");
    let changed = world.call(CallRequest::new("changed", "{}"));
    assert_eq!(world.hear().await, "rq3&changed&{}");

    let other = "d".repeat(16);
    let same_hash = "a".repeat(16);
    world
        .say(&format!(
            r#"hi&{{"schema":"0000000000000002","peer":"rust/9","methods":{{"same":"{same_hash}","changed":"{other}"}}}}"#
        ))
        .await;

    let error = eventually(changed).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::StaleClient);
    let client = "b".repeat(16);
    assert_eq!(
        error.data().unwrap(),
        format!(r#"{{"method":"changed","client":"{client}","server":"{other}"}}"#)
    );
    assert_eq!(world.hear().await, "ca3&");
    let error = world.desk.call(CallRequest::new("gone", "{}")).await.unwrap_err();
    assert_eq!(error.code(), Code::StaleClient);
    let client = "c".repeat(16);
    assert_eq!(
        error.data().unwrap(),
        format!(r#"{{"method":"gone","client":"{client}","server":null}}"#)
    );
    let error = world
        .desk
        .notify(CallRequest::new("changed", "{}"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::StaleClient);
    let mut items = Box::pin(world.desk.stream(CallRequest::new("changed", "{}")));
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.code(), Code::StaleClient);
    world.say("ok1&1").await;
    assert_eq!(answer(same).await.unwrap(), "1");
    world.assert_quiet().await;

    // The next session is with a server that may be another.
    world.come_back().await;
    let changed = world.call(CallRequest::new("changed", "{}"));
    assert_eq!(world.hear().await, "rq1&changed&{}");
    world.say("ok1&1").await;
    assert_eq!(answer(changed).await.unwrap(), "1");
}

#[tokio::test(start_paused = true)]
async fn a_greeting_that_does_not_tell_of_a_change_changes_nothing() {
    for greeting in [
        "{}",
        "[]",
        "null",
        r#"{"schema":"0000000000000002"}"#,
        r#"{"schema":2,"methods":{}}"#,
        r#"{"methods":{}}"#,
        r#"{"schema":"0000000000000001","methods":{}}"#,
        "{",
    ] {
        let mut world = World::with(DESK).await;
        world.say(&format!("hi&{greeting}")).await;

        let call = world.call(CallRequest::new("changed", "{}"));
        assert_eq!(world.hear().await, "rq1&changed&{}", "{greeting}");
        world.say("ok1&1").await;

        assert_eq!(answer(call).await.unwrap(), "1", "{greeting}");
    }
}

/// Credit and cancellations are never stuck behind data. [R-17]
#[tokio::test(start_paused = true)]
async fn a_reader_grants_credit_though_its_own_socket_is_full() {
    let mut world = World::new().await;
    let mut items = Box::pin(world.desk.stream(CallRequest::new("watch", "{}")));
    assert!(items.next().now_or_never().is_none());
    world.hear().await;
    world.network.stall(Direction::ToServer);
    let client = world._client.clone();
    let filled = tokio::spawn(async move {
        for _ in 0..30 {
            client.send("x".repeat(10_000)).await.unwrap();
        }
    });
    for _ in 0..8 {
        world.say("it1&1").await;
    }
    for _ in 0..8 {
        eventually(items.next()).await.unwrap().unwrap();
    }
    drop(items);
    world.network.resume(Direction::ToServer);

    let mut order = Vec::new();
    while order.len() < 32 {
        let text = eventually(world.peer.next())
            .await
            .unwrap()
            .unwrap()
            .into_text()
            .unwrap();
        order.push(text.chars().take(10).collect::<String>());
    }

    let place = |start: &str| order.iter().position(|text| text.starts_with(start)).unwrap();
    let (credit, cancel) = (place("cd4&deskcr"), place("cd4&deskca"));
    assert!(credit < cancel, "{order:?}");
    assert!(cancel < 25, "ahead of what the session held: {order:?}");
    eventually(filled).await.unwrap();
}

/// [R-9] [R-10]: without a handler a server's call is refused, and what is wrong is a fault. [R-16]
#[tokio::test(start_paused = true)]
async fn a_server_that_calls_a_client_without_a_handler_is_told_so() {
    let mut world = World::new().await;

    world.say("nt&confirm&{}").await;
    world.say("rq2&confirm&{}").await;
    assert!(world.hear().await.starts_with(r#"er2&{"code":"unimplemented""#));
    world.say("rq2&confirm&{}").await;
    world.say("rq3&confirm&{}").await;
    world.say("ca2&").await;
    world.say("ca4&").await;
    world.say("it2&1").await;
    world.say("rq4&confirm&{}").await;

    assert!(world.hear().await.starts_with(r#"er4&{"code":"unimplemented""#));
    world.assert_quiet().await;
}
