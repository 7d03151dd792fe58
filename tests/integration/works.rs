//! Typed calls of every kind, from a generated client to the service of its trait: over real sockets, and in memory where
//! time counts.

mod callbacks;
mod endings;
mod limits;
mod local;
mod observing;
mod stale;
mod streams;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, stream};
use glue::{
    CallError, ChannelService, Client, Code, Context, Incoming, Limits, RpcChannel, RpcError, Server, Stream,
};
use glue_tests::deadline::within;
use glue_tests::server::TestServer;
use tokio::sync::{mpsc, watch};

/// Why something was not done.
#[glue::model]
#[derive(Clone, Debug, PartialEq)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum Denied {
    TooMuch { limit: u32 },
    NotAllowed,
}

/// Something of everything.
#[glue::channel]
trait Works {
    async fn whoami(&self, cx: &Context) -> Option<String>;
    async fn check(&self, number: u32) -> Result<u32, Denied>;
    /// Never ends by itself.
    async fn wait(&self);
    /// Waits for the gate, whoever leaves.
    #[glue(no_cancel)]
    async fn pay(&self, cents: u32) -> u32;
    #[notification]
    async fn note(&self, cx: &Context, text: String);
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    /// Items of 64 KiB without an end.
    fn chunks(&self) -> impl Stream<Item = String>;
    /// Items that JSON can't hold in the end.
    fn spoil(&self) -> impl Stream<Item = u64>;
    async fn sum(&self, start: u32, numbers: Incoming<u32>) -> Result<u32, Denied>;
    /// Takes this many, and answers only then.
    async fn take(&self, count: u32, texts: Incoming<String>) -> u32;
    /// Panics at the first item.
    async fn stumble(&self, numbers: Incoming<u64>) -> u32;
    fn echo(&self, texts: Incoming<String>) -> impl Stream<Item = Result<String, Denied>>;
    /// Asks the client.
    async fn ask(&self, cx: &Context, question: String) -> Result<bool, String>;
    /// Asks the client, whoever leaves, and keeps the answer.
    #[glue(no_cancel)]
    async fn insist(&self, cx: &Context);
    #[event]
    fn noted(text: String);
    #[client]
    async fn confirm(question: String) -> Result<bool, Denied>;
}

#[derive(Default)]
struct State {
    /// Methods that are alive.
    alive: watch::Sender<usize>,
    /// Whether those that wait for it may go on.
    gate: watch::Sender<bool>,
    paid: watch::Sender<u32>,
    /// Items that were asked for.
    produced: AtomicUsize,
    /// What the clients said that were insisted on.
    answers: watch::Sender<Option<Result<bool, String>>>,
}

impl State {
    /// Waits until so many methods are alive.
    async fn alive(&self, count: usize) {
        let mut alive = self.alive.subscribe();
        within("methods", alive.wait_for(|alive| *alive == count))
            .await
            .unwrap();
    }
}

/// The service.
#[derive(Clone, Default)]
struct Factory(Arc<State>);

/// Counts a method as long as it lives.
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

impl Works for Factory {
    async fn whoami(&self, cx: &Context) -> Option<String> {
        cx.value::<User>().map(|user| user.0.to_owned())
    }

    async fn check(&self, number: u32) -> Result<u32, Denied> {
        if number > LIMIT {
            return Err(Denied::TooMuch { limit: LIMIT });
        }
        Ok(number)
    }

    async fn wait(&self) {
        let _alive = Alive::new(&self.0);
        std::future::pending::<()>().await;
    }

    async fn pay(&self, cents: u32) -> u32 {
        let _alive = Alive::new(&self.0);
        let mut gate = self.0.gate.subscribe();
        let _ = gate.wait_for(|is_open| *is_open).await;
        self.0.paid.send_modify(|paid| *paid += cents);
        cents
    }

    async fn note(&self, cx: &Context, text: String) {
        let _ = cx.emit(&WorksEvent::Noted { text }).await;
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    fn chunks(&self) -> impl Stream<Item = String> {
        let state = &self.0;
        stream::repeat_with(move || {
            state.produced.fetch_add(1, Ordering::Relaxed);
            "x".repeat(CHUNK)
        })
    }

    fn spoil(&self) -> impl Stream<Item = u64> {
        stream::iter([1, u64::MAX, 2])
    }

    async fn sum(&self, start: u32, mut numbers: Incoming<u32>) -> Result<u32, Denied> {
        let _alive = Alive::new(&self.0);
        let mut sum = start;
        while let Some(number) = numbers.next().await {
            sum += number;
            if sum > LIMIT {
                return Err(Denied::TooMuch { limit: LIMIT });
            }
        }
        Ok(sum)
    }

    async fn take(&self, count: u32, texts: Incoming<String>) -> u32 {
        let taken = texts.take(count as usize).count().await;
        // They were dropped: what waits for the gate wants no more of them.
        let mut gate = self.0.gate.subscribe();
        let _ = gate.wait_for(|is_open| *is_open).await;
        taken as u32
    }

    async fn stumble(&self, mut numbers: Incoming<u64>) -> u32 {
        let _alive = Alive::new(&self.0);
        match numbers.next().await {
            Some(_) => panic!("on purpose"),
            None => 0,
        }
    }

    fn echo(&self, texts: Incoming<String>) -> impl Stream<Item = Result<String, Denied>> {
        texts.map(|text| match text.as_str() {
            "secret" => Err(Denied::NotAllowed),
            _ => Ok(text),
        })
    }

    async fn ask(&self, cx: &Context, question: String) -> Result<bool, String> {
        let _alive = Alive::new(&self.0);
        ask(cx, question).await
    }

    async fn insist(&self, cx: &Context) {
        let _alive = Alive::new(&self.0);
        let answer = ask(cx, "really?".to_owned()).await;
        self.0.answers.send_replace(Some(answer));
    }
}

/// Asks the client and writes down how that fails.
async fn ask(cx: &Context, question: String) -> Result<bool, String> {
    match WorksCallback::of(cx).confirm(question).await {
        Ok(answer) => Ok(answer),
        Err(CallError::Application(denied)) => Err(format!("{denied:?}")),
        Err(CallError::Rpc(error)) => Err(error.code().to_string()),
    }
}

/// Who calls.
#[derive(Clone)]
struct User(&'static str);

/// The service, and a client of it.
struct World {
    state: Arc<State>,
    server: TestServer,
    client: Client,
    works: WorksClient<RpcChannel>,
}

impl World {
    async fn new() -> Self {
        Self::with(Limits::default(), |service| service).await
    }

    async fn with(limits: Limits, layers: impl FnOnce(ChannelService) -> ChannelService) -> Self {
        let factory = Factory::default();
        let state = factory.0.clone();
        let service = layers(factory.into_channel());
        let server = TestServer::start(Server::builder().limits(limits).channel(service)).await;
        let client = Client::connect(format!("http://{}", server.address()))
            .await
            .unwrap();
        let works = WorksClient::open(&client).unwrap();
        Self {
            state,
            server,
            client,
            works,
        }
    }
}

/// Items that tell when their source is dropped.
fn telling<S>(
    items: S,
) -> (
    impl Stream<Item = S::Item> + Send + 'static,
    mpsc::UnboundedReceiver<()>,
)
where
    S: Stream + Send + 'static,
{
    let (alive, dropped) = mpsc::unbounded_channel();
    let items = items.inspect(move |_| {
        let _alive: &mpsc::UnboundedSender<()> = &alive;
    });
    (items, dropped)
}

/// Waits for the end of a source.
async fn dropped(mut source: mpsc::UnboundedReceiver<()>) {
    assert!(within("the source's end", source.recv()).await.is_none());
}

fn code<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, CallError<E>>) -> Code {
    failure(answer).code()
}

fn failure<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, CallError<E>>) -> RpcError {
    match answer {
        Err(CallError::Rpc(error)) => error,
        other => panic!("a failure was expected, not {other:?}"),
    }
}

const LIMIT: u32 = 1_000_000;

/// As large as the items of the figure.
const CHUNK: usize = 64 << 10;
