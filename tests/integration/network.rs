//! The network in memory, as applications use it: whole programs in virtual time, over links that fail.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use glue::testing::{Direction, Network, connect};
use glue::{CallError, Client, CloseReason, Code, Context, ErrorKind, Server, Socket, Stream};
use glue_tests::deadline::within;
use tokio::sync::{Semaphore, mpsc};

#[glue::channel]
trait Ledger {
    /// Enters a number, and returns how often it stands there now.
    async fn enter(&self, number: u32) -> u32;
    /// Enters a number once `pace` lets it.
    async fn enter_late(&self, number: u32) -> u32;
    #[notification]
    async fn note(&self, cx: &Context, number: u32);
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    #[event]
    fn noted(number: u32);
}

/// What was entered, and how often.
#[derive(Clone)]
struct Book {
    entries: Arc<Mutex<BTreeMap<u32, u32>>>,
    pace: Arc<Semaphore>,
}

impl Book {
    fn new() -> Self {
        Self {
            entries: Arc::default(),
            pace: Arc::new(Semaphore::new(2)),
        }
    }

    fn server(&self) -> Server {
        let builder = Server::builder().channel(self.clone().into_channel());
        builder.on_socket(echo).build().unwrap()
    }

    fn write(&self, number: u32) -> u32 {
        let mut entries = self.entries.lock().unwrap();
        let entry = entries.entry(number).or_default();
        *entry += 1;
        *entry
    }

    fn times(&self, number: u32) -> u32 {
        let entries = self.entries.lock().unwrap();
        entries.get(&number).copied().unwrap_or_default()
    }
}

impl Ledger for Book {
    async fn enter(&self, number: u32) -> u32 {
        self.write(number)
    }

    async fn enter_late(&self, number: u32) -> u32 {
        let _turn = self.pace.acquire().await.unwrap();
        tokio::task::yield_now().await;
        self.write(number)
    }

    async fn note(&self, cx: &Context, number: u32) {
        self.write(number);
        let _ = cx.emitter().emit(&LedgerEvent::Noted { number }).await;
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..to)
    }
}

async fn echo(socket: Socket) {
    while let Some(text) = socket.recv().await {
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

async fn soon<T>(event: impl Future<Output = T>) -> T {
    within("the other side", event).await
}

#[tokio::test(start_paused = true)]
async fn all_that_a_client_does_works_in_memory() {
    let client = connect(&Book::new().server()).await.unwrap();

    assert_everything_works(&client).await;
}

#[tokio::test(start_paused = true)]
async fn all_that_a_client_does_works_over_a_miserable_link() {
    let network = Network::new(&Book::new().server());
    network.set_latency(Direction::ToServer, Duration::from_millis(1));
    network.set_bandwidth(Direction::ToClient, 3_000);
    let client = network.connect().await.unwrap();
    network.set_chunk(Direction::Both, 1);
    network.set_buffer(Direction::Both, 7);

    assert_everything_works(&client).await;
}

async fn assert_everything_works(client: &Client) {
    let ledger = LedgerClient::open(client).unwrap();
    let mut events = Box::pin(ledger.events());

    let answers = join_all((0..20).map(|number| ledger.enter_late(number))).await;
    let counted: Vec<_> = ledger.count(100).map(Result::unwrap).collect().await;
    ledger.note(7).await.unwrap();
    client.send("raw").await.unwrap();

    assert!(
        answers.iter().all(|answer| matches!(answer, Ok(1))),
        "{answers:?}"
    );
    assert_eq!(counted, Vec::from_iter(0..100));
    let event = soon(events.next()).await;
    assert!(
        matches!(event, Some(Ok(LedgerEvent::Noted { number: 7 }))),
        "{event:?}"
    );
    assert_eq!(ledger.enter(7).await.unwrap(), 3);
    assert_eq!(soon(client.recv()).await.as_deref(), Some("raw"));
}

/// What a call came to, where it may fail because of the network only.
fn settled<T: std::fmt::Debug>(result: Result<T, CallError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(CallError::Rpc(error)) if error.code() == Code::Unavailable => None,
        other => panic!("{other:?}"),
    }
}

/// Calls until the client ends; every call settles, and none ran twice.
async fn work(client: &Client, book: &Book, worker: u32) {
    let Ok(ledger) = LedgerClient::open(client) else {
        return;
    };
    for number in (worker..).step_by(8) {
        let answer = if number % 2 == 0 {
            settled(ledger.enter(number).await)
        } else {
            settled(ledger.enter_late(number).await)
        };
        assert!(
            book.times(number) <= 1,
            "{number} ran {} times",
            book.times(number)
        );
        let Some(times) = answer else {
            return;
        };
        assert_eq!((times, book.times(number)), (1, 1), "{number}");
        let mut counted = Box::pin(ledger.count(number % 50));
        for expected in 0..number % 50 {
            match settled(counted.next().await.expect("all or an error")) {
                Some(item) => assert_eq!(item, expected),
                None => return,
            }
        }
        assert!(counted.next().await.is_none_or(|end| settled(end).is_none()));
    }
}

/// Lets workers call over a link until that breaks, and returns how it ended.
async fn work_until_the_end(seed: u64, network: &Network, book: &Book) -> Option<CloseReason> {
    let client = match soon(network.client().reconnect(false).connect()).await {
        Ok(client) => client,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Connect, "seed {seed}");
            return None;
        }
    };
    soon(join_all((0..8).map(|worker| work(&client, book, worker)))).await;
    Some(soon(client.closed()).await)
}

#[tokio::test(start_paused = true)]
async fn calls_settle_wherever_a_link_is_cut() {
    for seed in 0..200 {
        let book = Book::new();
        let (ended, mut ends) = mpsc::unbounded_channel();
        let server = Server::builder()
            .channel(book.clone().into_channel())
            .on_socket(move |socket| {
                let ended = ended.clone();
                socket.on_close(move |reason| ended.send(reason).unwrap());
                async {}
            })
            .build()
            .unwrap();
        let network = Network::with_seed(&server, seed);
        network.set_chunk(Direction::Both, [None, Some(4), Some(99)][seed as usize % 3]);
        network.cut_new(Direction::Both, 1..=8_000);

        let reason = work_until_the_end(seed, &network, &book).await;

        assert_eq!(reason.unwrap_or(CloseReason::LinkLost), CloseReason::LinkLost);
        assert!(!network.connections()[0].is_open());
        if reason.is_some() {
            // The server too knows: it may not have been told of an init that came last.
            assert_eq!(
                soon(ends.recv()).await,
                Some(CloseReason::LinkLost),
                "seed {seed}"
            );
        }
        soon(server.shutdown()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_settle_wherever_a_link_becomes_half_open() {
    for seed in 0..60 {
        let book = Book::new();
        let network = Network::with_seed(&book.server(), seed);
        let direction = [Direction::ToServer, Direction::ToClient, Direction::Both][seed as usize % 3];
        network.set_latency(Direction::Both, Duration::from_millis(5));

        let losing = async {
            let link = network.connected(1).await;
            tokio::time::timeout(Duration::from_millis(seed * 2), link.closed())
                .await
                .unwrap_err();
            link.lose(direction);
        };
        let (reason, ()) = tokio::join!(work_until_the_end(seed, &network, &book), losing);

        let expected = match direction {
            // The server is the first to find out, and its farewell arrives.
            Direction::ToServer => CloseReason::Peer,
            _ => CloseReason::KeepAlive,
        };
        // Before it has connected, it is the time for connecting that ends.
        assert_eq!(reason.unwrap_or(expected), expected, "seed {seed}");
    }
}
