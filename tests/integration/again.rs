//! What generated clients do when a session ends for good: calls that may run twice, and streams with cursors, in virtual time
//! over a network in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use glue::testing::{Arrivals, Direction, Network};
use glue::{CallError, CallOptions, Client, ClientState, Code, Server, Stream, Tracked};
use tokio::sync::watch;

use crate::outcome::UNKNOWN;
use crate::virtual_time::eventually;

#[glue::channel]
trait Feed {
    /// Waits for the gate; not to be run twice.
    async fn pay(&self, serial: u32) -> u32;
    /// Waits for the gate.
    #[glue(idempotent)]
    async fn set(&self, serial: u32) -> u32;
    /// The numbers behind `after`, as they come.
    #[glue(resume_from = after)]
    fn numbers(&self, after: Option<u64>) -> impl Stream<Item = Tracked<u64, String>>;
    /// The same, for those who remember nothing.
    fn plain(&self) -> impl Stream<Item = Tracked<u64, String>>;
}

/// What all servers know.
#[derive(Clone)]
struct House {
    /// How often a serial number was handled, by method.
    runs: Arc<Mutex<HashMap<(&'static str, u32), usize>>>,
    /// Counts runs.
    ran: watch::Sender<usize>,
    gate: watch::Sender<bool>,
    /// What is known of the numbers: those from the first on, up to the last.
    history: watch::Sender<(u64, u64)>,
    /// With which arguments the stream was opened.
    opened: watch::Sender<Vec<Option<u64>>>,
}

impl House {
    fn new(last: u64) -> Self {
        Self {
            runs: Arc::default(),
            ran: watch::Sender::new(0),
            gate: watch::Sender::new(true),
            history: watch::Sender::new((1, last)),
            opened: watch::Sender::new(Vec::new()),
        }
    }

    fn server(&self) -> Server {
        let builder = Server::builder().resume(None);
        builder.channel(self.clone().into_channel()).build().unwrap()
    }

    async fn run(&self, method: &'static str, serial: u32) -> u32 {
        *self.runs.lock().unwrap().entry((method, serial)).or_default() += 1;
        self.ran.send_modify(|ran| *ran += 1);
        let mut gate = self.gate.subscribe();
        gate.wait_for(|is_open| *is_open).await.unwrap();
        serial
    }

    fn runs(&self, method: &'static str, serial: u32) -> usize {
        let runs = self.runs.lock().unwrap();
        runs.get(&(method, serial)).copied().unwrap_or_default()
    }

    /// Waits until so many calls have run.
    async fn ran(&self, count: usize) {
        let mut ran = self.ran.subscribe();
        eventually(ran.wait_for(|ran| *ran >= count)).await.unwrap();
    }

    fn numbers_from(&self, after: u64) -> impl Stream<Item = Tracked<u64, String>> + use<> {
        let is_gap = after + 1 < self.history.borrow().0;
        let gap = stream::iter(is_gap.then_some(Tracked::Gap));
        let history = self.history.subscribe();
        let items = stream::unfold((history, after + 1), |(mut history, wanted)| async move {
            let known = history.wait_for(|(_, last)| *last >= wanted).await.unwrap();
            let number = wanted.max(known.0);
            drop(known);
            let item = Tracked::item(number, format!("number {number}"));
            Some((item, (history, number + 1)))
        });
        gap.chain(items)
    }
}

impl Feed for House {
    async fn pay(&self, serial: u32) -> u32 {
        self.run("pay", serial).await
    }

    async fn set(&self, serial: u32) -> u32 {
        self.run("set", serial).await
    }

    fn numbers(&self, after: Option<u64>) -> impl Stream<Item = Tracked<u64, String>> {
        self.opened.send_modify(|opened| opened.push(after));
        self.numbers_from(after.unwrap_or(0))
    }

    fn plain(&self) -> impl Stream<Item = Tracked<u64, String>> {
        self.numbers_from(0)
    }
}

fn outcome<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Option<String> {
    match answer {
        Ok(_) => None,
        Err(CallError::Rpc(error)) if error.code() == Code::Unavailable => {
            Some(error.data().unwrap_or_default().to_owned())
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn connect(network: &Network) -> Client {
    let client = network.client().reconnect_attempts(u32::MAX);
    client.connect().await.unwrap()
}

/// Ends all sessions, and waits until the client is back.
async fn cut(network: &Network, client: &Client) {
    network.set_arrivals(Arrivals::Refuse);
    network.cut_all();
    eventually(async {
        let mut events = std::pin::pin!(client.events());
        while client.state() == ClientState::Connected {
            events.next().await;
        }
    })
    .await;
    network.set_arrivals(Arrivals::Accept);
    eventually(client.ready()).await.unwrap();
}

///
#[tokio::test(start_paused = true)]
async fn a_call_that_may_run_twice_is_run_again_and_no_other_is() {
    let house = House::new(0);
    house.gate.send_replace(false);
    let network = Network::new(&house.server());
    let client = connect(&network).await;
    let feed = FeedClient::open(&client).unwrap();
    let [pay, set] = [feed.clone(), feed].map(Arc::new);
    let pay = tokio::spawn(async move { pay.pay(1).await });
    let set = tokio::spawn(async move { set.set(1).await });
    house.ran(2).await;

    cut(&network, &client).await;
    house.ran(3).await;
    cut(&network, &client).await;
    house.ran(4).await;
    house.gate.send_replace(true);

    assert_eq!(outcome(pay.await.unwrap()).as_deref(), Some(UNKNOWN));
    assert_eq!(eventually(set).await.unwrap().unwrap(), 1);
    assert_eq!((house.runs("pay", 1), house.runs("set", 1)), (1, 3));
}

///
#[tokio::test(start_paused = true)]
async fn all_attempts_have_one_time_and_end_with_the_client() {
    let house = House::new(0);
    house.gate.send_replace(false);
    let network = Network::new(&house.server());
    let client = connect(&network).await;
    let feed = FeedClient::open(&client).unwrap();
    let timed = feed.with(CallOptions::default().timeout(Duration::from_secs(60)));
    let timed = tokio::spawn(async move { timed.set(1).await });
    let endless = tokio::spawn(async move { feed.set(2).await });
    house.ran(2).await;

    cut(&network, &client).await;
    house.ran(4).await;
    let Err(CallError::Rpc(error)) = eventually(timed).await.unwrap() else {
        panic!("its time is over");
    };
    client.close();

    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(
        outcome(eventually(endless).await.unwrap()).as_deref(),
        Some(UNKNOWN)
    );
}

/// [S-14]
#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_at_another_server_behind_the_last_item() {
    let house = House::new(3);
    let network = Network::new(&house.server());
    let client = connect(&network).await;
    let feed = FeedClient::open(&client).unwrap();
    let (mut numbers, mut plain) = (feed.numbers(None), feed.plain());
    for number in 1..=3 {
        let item = Tracked::item(number, format!("number {number}"));
        assert_eq!(eventually(numbers.next()).await.unwrap().unwrap(), item);
        assert_eq!(eventually(plain.next()).await.unwrap().unwrap(), item);
    }

    network.replace_server(&house.server());
    cut(&network, &client).await;
    house.history.send_replace((1, 5));

    for number in 4..=5 {
        let item = Tracked::item(number, format!("number {number}"));
        assert_eq!(eventually(numbers.next()).await.unwrap().unwrap(), item);
    }
    assert_eq!(*house.opened.borrow(), [None, Some(3)]);
    assert_eq!(outcome(plain.next().await.unwrap()).as_deref(), Some(UNKNOWN));
}

/// [S-13] [S-14]
#[tokio::test(start_paused = true)]
async fn a_server_that_has_dropped_what_is_missing_says_so() {
    let house = House::new(2);
    let network = Network::new(&house.server());
    let client = connect(&network).await;
    let mut numbers = FeedClient::open(&client).unwrap().numbers(None);
    for _ in 0..2 {
        eventually(numbers.next()).await.unwrap().unwrap();
    }

    house.history.send_replace((7, 8));
    cut(&network, &client).await;

    for expected in [
        Tracked::Gap,
        Tracked::item(7, "number 7".to_owned()),
        Tracked::item(8, "number 8".to_owned()),
    ] {
        assert_eq!(eventually(numbers.next()).await.unwrap().unwrap(), expected);
    }
}

/// [R-11] [R-12] [R-18] [S-14]: connections break at any byte, and no session survives.
#[tokio::test(start_paused = true)]
async fn wherever_connections_break_nothing_is_missing_and_nothing_runs_twice_that_must_not() {
    const NUMBERS: u64 = 200;
    let mut resumed = 0;
    for seed in 0..20 {
        let house = House::new(NUMBERS);
        let network = Network::with_seed(&house.server(), seed);
        let client = connect(&network).await;
        network.cut_new(Direction::Both, 300..=1_500);
        network.cut_all();
        let feed = Arc::new(FeedClient::open(&client).unwrap());

        let reading = async {
            let mut numbers = feed.numbers(None);
            for number in 1..=NUMBERS {
                let item = Tracked::item(number, format!("number {number}"));
                assert_eq!(
                    eventually(numbers.next()).await.unwrap().unwrap(),
                    item,
                    "seed {seed}"
                );
            }
        };
        let calling = async {
            for serial in 0..50 {
                assert_eq!(eventually(feed.set(serial)).await.unwrap(), serial, "seed {seed}");
                let paid = outcome(eventually(feed.pay(serial)).await);
                assert!(paid.is_none_or(|outcome| outcome == UNKNOWN), "seed {seed}");
            }
        };
        tokio::join!(reading, calling);

        resumed += house.opened.borrow().len() - 1;
        for serial in 0..50 {
            assert!(house.runs("set", serial) >= 1, "seed {seed}");
            assert!(house.runs("pay", serial) <= 1, "seed {seed}");
        }
    }
    assert!(resumed > 20, "{resumed}: hardly anything broke");
}
