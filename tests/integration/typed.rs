//! Typed calls from the generated Rust client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use glue::{CallError, CallRequest, Caller, Client, Code, Context, Emitter, RpcError, Server, Stream};
use glue_tests::deadline::within;
use glue_tests::server::TestServer;
use tokio::sync::{Notify, watch};

/// A shape with something of everything.
#[glue::model]
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: u32,
    label: Option<String>,
    tags: Vec<String>,
    scores: BTreeMap<String, f64>,
    kind: Kind,
}

#[glue::model]
#[derive(Clone, Debug, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind {
    Plain,
    Sized { width: u8, height: u8 },
}

#[glue::model]
#[derive(Clone, Debug, PartialEq)]
enum Refusal {
    TooLong { limit: u32 },
    Empty,
}

#[glue::channel]
trait Probe {
    async fn echo(&self, item: Item) -> Item;
    async fn add(&self, a: u32, b: Option<u32>) -> u32;
    async fn unit(&self);
    async fn check(&self, text: String) -> Result<u32, Refusal>;
    async fn whoami(&self, cx: &Context) -> String;
    async fn big(&self) -> u64;
    async fn panic(&self) -> u32;
    /// Never ends; how many such calls are alive is seen by `alive`.
    async fn wait(&self);
    async fn alive(&self) -> u32;
    #[notification]
    async fn note(&self, cx: &Context, text: String);
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    fn checked(&self) -> impl Stream<Item = Result<u32, Refusal>>;
    fn endless(&self) -> impl Stream<Item = String>;
    #[event]
    fn noted(text: String, times: u32);
}

#[derive(Default)]
struct State {
    alive: watch::Sender<u32>,
    polled: AtomicUsize,
    notes: AtomicUsize,
    noted: Notify,
}

#[derive(Clone, Default)]
struct Service(Arc<State>);

/// Counts a call as long as it lives.
struct Alive(Arc<State>);

impl Alive {
    fn new(state: &Arc<State>) -> Self {
        state.alive.send_modify(|alive| *alive += 1);
        Self(state.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.send_modify(|alive| *alive -= 1);
    }
}

impl Probe for Service {
    async fn echo(&self, item: Item) -> Item {
        item
    }

    async fn add(&self, a: u32, b: Option<u32>) -> u32 {
        a + b.unwrap_or(1)
    }

    async fn unit(&self) {}

    async fn check(&self, text: String) -> Result<u32, Refusal> {
        match text.len() {
            0 => Err(Refusal::Empty),
            length @ 1..=5 => Ok(length as u32),
            _ => Err(Refusal::TooLong { limit: 5 }),
        }
    }

    async fn whoami(&self, cx: &Context) -> String {
        cx.socket_id().to_owned()
    }

    async fn big(&self) -> u64 {
        u64::MAX
    }

    async fn panic(&self) -> u32 {
        panic!("on purpose")
    }

    async fn wait(&self) {
        let _alive = Alive::new(&self.0);
        std::future::pending::<()>().await;
    }

    async fn alive(&self) -> u32 {
        *self.0.alive.borrow()
    }

    async fn note(&self, cx: &Context, text: String) {
        let times = self.0.notes.fetch_add(1, Ordering::SeqCst) as u32 + 1;
        let emitter: Emitter = cx.emitter();
        emitter.emit(&ProbeEvent::Noted { text, times }).await.unwrap();
        self.0.noted.notify_one();
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(0..to).inspect(|_| {
            self.0.polled.fetch_add(1, Ordering::SeqCst);
        })
    }

    fn checked(&self) -> impl Stream<Item = Result<u32, Refusal>> {
        stream::iter([Ok(1), Err(Refusal::Empty), Ok(2)])
    }

    fn endless(&self) -> impl Stream<Item = String> {
        let alive = Alive::new(&self.0);
        stream::repeat_with(move || {
            let _ = &alive;
            "x".repeat(100)
        })
    }
}

struct World {
    server: TestServer,
    state: Arc<State>,
    client: Client,
    probe: ProbeClient<glue::RpcChannel>,
}

impl World {
    async fn new() -> Self {
        let service = Service::default();
        let state = service.0.clone();
        let server = TestServer::start(Server::builder().channel(service.into_channel())).await;
        let client = Client::builder(format!("http://{}", server.address()))
            .reconnect(false)
            .connect()
            .await
            .unwrap();
        let probe = ProbeClient::open(&client).unwrap();
        Self {
            server,
            state,
            client,
            probe,
        }
    }

    /// Waits until so many never-ending calls are alive.
    async fn alive(&self, count: u32) {
        let mut alive = self.state.alive.subscribe();
        within("the calls", alive.wait_for(|alive| *alive == count))
            .await
            .unwrap();
    }
}

fn code<T, E>(result: Result<T, CallError<E>>) -> Code {
    match result {
        Err(CallError::Rpc(error)) => error.code(),
        Err(CallError::Application(_)) => Code::Application,
        Ok(_) => panic!("the call went well"),
    }
}

#[tokio::test]
async fn values_of_every_shape_come_back_as_they_were_sent() {
    let world = World::new().await;
    let item = Item {
        id: u32::MAX,
        label: Some("äöü \u{1F600} \"\\ & ; cd1&m \u{0}".to_owned()),
        tags: vec![String::new(), "b".to_owned()],
        scores: BTreeMap::from([("x".to_owned(), -0.5), ("y".to_owned(), 1e300)]),
        kind: Kind::Sized {
            width: 0,
            height: 255,
        },
    };

    let echoed = world.probe.echo(item.clone()).await.unwrap();

    assert_eq!(echoed, item);
    assert_eq!(world.probe.add(1, None).await.unwrap(), 2);
    assert_eq!(world.probe.add(1, Some(5)).await.unwrap(), 6);
    world.probe.unit().await.unwrap();
    assert_eq!(
        world.probe.whoami().await.unwrap(),
        world.client.socket_id().unwrap()
    );
}

/// [Q-2]
#[tokio::test]
async fn errors_of_a_method_keep_their_type() {
    let world = World::new().await;

    assert_eq!(world.probe.check("abc".to_owned()).await.unwrap(), 3);
    assert!(matches!(
        world.probe.check("abcdef".to_owned()).await,
        Err(CallError::Application(Refusal::TooLong { limit: 5 }))
    ));
}

/// [Q-4]
#[tokio::test]
async fn panics_and_numbers_that_would_be_rounded_are_internal_errors() {
    let world = World::new().await;

    assert_eq!(code(world.probe.panic().await), Code::Internal);
    assert_eq!(code(world.probe.big().await), Code::Internal);
    assert_eq!(world.probe.add(1, None).await.unwrap(), 2);
}

/// [R-3]
#[tokio::test]
async fn a_thousand_calls_at_once_are_all_answered() {
    let world = World::new().await;

    let calls = (0..1000).map(|n| world.probe.add(n, Some(n)));
    let sums = within("the sums", futures_util::future::join_all(calls)).await;

    for (n, sum) in (0..1000).zip(sums) {
        assert_eq!(sum.unwrap(), 2 * n);
    }
}

/// [R-4]
#[tokio::test]
async fn a_dropped_call_is_dropped_on_the_server() {
    let world = World::new().await;
    let call = tokio::spawn({
        let probe = world.probe.clone();
        async move { probe.wait().await }
    });
    world.alive(1).await;

    call.abort();

    world.alive(0).await;
}

/// [X-5] [R-11]
#[tokio::test]
async fn the_end_of_a_socket_settles_its_calls_on_both_sides() {
    let world = World::new().await;
    let call = tokio::spawn({
        let probe = world.probe.clone();
        async move { probe.wait().await }
    });
    world.alive(1).await;

    world.server.server().shutdown().await;

    let error = match within("the call", call).await.unwrap() {
        Err(CallError::Rpc(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(error.data(), Some(r#"{"outcome":"unknown"}"#));
    world.alive(0).await;
    let late = world.probe.add(1, None).await;
    assert!(
        matches!(&late, Err(CallError::Rpc(error)) if error.data() == Some(r#"{"outcome":"not_sent"}"#)),
        "{late:?}"
    );
}

/// [S-4]
#[tokio::test]
async fn a_stream_delivers_all_its_items_in_order_and_ends() {
    let world = World::new().await;

    let items: Vec<_> = within("the stream", world.probe.count(10_000).collect()).await;

    let numbers: Vec<u32> = items.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, (0..10_000).collect::<Vec<_>>());
}

/// [S-1]
#[tokio::test]
async fn a_slow_reader_keeps_the_stream_from_being_polled() {
    let world = World::new().await;
    let mut stream = Box::pin(world.probe.count(1_000_000));

    within("an item", stream.next()).await.unwrap().unwrap();
    // A call behind it has been answered: what the server does on its own, it has done.
    world.probe.add(1, None).await.unwrap();

    assert!(world.state.polled.load(Ordering::SeqCst) < 100);
    drop(stream);
}

/// [S-5]
#[tokio::test]
async fn a_stream_of_results_ends_with_its_first_error() {
    let world = World::new().await;

    let items: Vec<_> = within("the stream", world.probe.checked().collect()).await;

    assert!(
        matches!(&items[..], [Ok(1), Err(CallError::Application(Refusal::Empty))]),
        "{items:?}"
    );
}

/// [S-6]
#[tokio::test]
async fn a_stream_that_is_left_is_dropped_on_the_server() {
    let world = World::new().await;
    let mut stream = Box::pin(world.probe.endless());
    for _ in 0..100 {
        within("an item", stream.next()).await.unwrap().unwrap();
    }
    world.alive(1).await;

    drop(stream);

    world.alive(0).await;
}

#[tokio::test]
async fn events_reach_the_client_in_order_with_what_the_caller_said() {
    let world = World::new().await;
    let mut events = Box::pin(world.probe.events());

    for n in 1..=500 {
        world.probe.note(format!("note {n}")).await.unwrap();
    }

    for n in 1..=500 {
        let ProbeEvent::Noted { text, times } = within("an event", events.next()).await.unwrap().unwrap();
        assert_eq!((text, times), (format!("note {n}"), n));
    }
}

/// A server that breaks its word.
struct Liar;

impl Caller for Liar {
    async fn call(&self, _request: CallRequest) -> Result<String, RpcError> {
        Ok(r#""no number""#.to_owned())
    }

    async fn notify(&self, _request: CallRequest) -> Result<(), RpcError> {
        Ok(())
    }

    fn stream(&self, _request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        let items = stream::iter(["1", "{", "2"]).map(|json| Ok(json.to_owned()));
        items.chain(stream::pending())
    }

    fn events(&self) -> impl Stream<Item = (String, String)> + Send + 'static {
        stream::iter([
            ("unheard_of", "{}"),
            ("noted", "[]"),
            ("noted", r#"{"text":"x","times":1}"#),
        ])
        .map(|(name, json)| (name.to_owned(), json.to_owned()))
    }
}

/// [Q-5]
#[tokio::test]
async fn answers_that_do_not_fit_are_errors_and_end_their_stream() {
    let probe = ProbeClient::new(Liar);

    assert_eq!(code(probe.add(1, None).await), Code::Internal);
    let items: Vec<_> = within("the stream", probe.count(3).collect()).await;
    assert!(
        matches!(&items[..], [Ok(1), Err(CallError::Rpc(error))] if error.code() == Code::Internal),
        "{items:?}"
    );
    let events: Vec<_> = probe.events().collect().await;
    assert!(
        matches!(&events[..], [Err(_), Ok(ProbeEvent::Noted { times: 1, .. })]),
        "{events:?}"
    );
}
