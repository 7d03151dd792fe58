//! Clients that come back again and again, while everything fails that can: every call settles, and nothing hangs.

use std::future::{Future, pending};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{join, join_all};
use glue::testing::{Arrivals, Direction, Network};
use glue::{CallError, Client, CloseReason, ErrorKind, Limits, Server};
use tokio::time::timeout;

use super::book::{Book, LedgerClient, seeds, settled, soon};
use crate::virtual_time::pass;

/// Numbers from a seed.
struct Dice(Mutex<u64>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn roll(&self, sides: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % sides
    }

    fn time(&self, limit: Duration) -> Duration {
        limit * u32::try_from(self.roll(1000)).unwrap() / 1000
    }

    fn direction(&self) -> Direction {
        [Direction::ToServer, Direction::ToClient, Direction::Both][self.roll(3) as usize]
    }
}

/// A server of which there is always one more, and a network to it that fails.
struct World {
    seed: u64,
    book: Book,
    limits: Limits,
    server: Mutex<Server>,
    network: Network,
}

impl World {
    fn new(seed: u64, limits: Limits) -> Self {
        let book = Book::new();
        let server = book.server_with(limits.clone());
        Self {
            seed,
            network: Network::with_seed(&server, seed),
            server: Mutex::new(server),
            book,
            limits,
        }
    }

    /// Starts a client that never gives up.
    fn client(&self) -> Client {
        let builder = self.network.client().limits(self.limits.clone());
        builder.reconnect_attempts(0).start().unwrap()
    }

    fn server(&self) -> Server {
        self.server.lock().unwrap().clone()
    }

    /// Lets twenty things happen, and mends them.
    async fn disturb(&self) {
        let dice = Dice::new(self.seed);
        for _ in 0..20 {
            pass(dice.time(Duration::from_secs(2))).await;
            let time = dice.time(Duration::from_secs(20));
            self.disturb_once(dice.roll(10), dice.direction(), time).await;
        }
        self.network.set_latency(Direction::Both, Duration::ZERO);
        self.network.set_bandwidth(Direction::Both, None);
    }

    async fn disturb_once(&self, kind: u64, direction: Direction, time: Duration) {
        let network = &self.network;
        match kind {
            0 => network.cut_all(),
            1 => network.lose(direction),
            2 => {
                network.stall(direction);
                pass(time).await;
                network.resume(Direction::Both);
            }
            3 => {
                network.set_arrivals(Arrivals::Refuse);
                network.cut_all();
                pass(time).await;
                network.set_arrivals(Arrivals::Accept);
            }
            4 => {
                network.set_arrivals(Arrivals::Ignore);
                network.lose(direction);
                pass(time).await;
                network.set_arrivals(Arrivals::Accept);
            }
            5 => {
                let next = self.book.server_with(self.limits.clone());
                network.replace_server(&next);
                let last = std::mem::replace(&mut *self.server.lock().unwrap(), next);
                last.shutdown().await;
            }
            6 => {
                let server = self.server();
                server.release().await;
                pass(time).await;
                server.unblock();
            }
            7 => {
                for connection in network.connections() {
                    connection.end(direction);
                }
            }
            8 => network.set_latency(direction, time / 100),
            _ => network.set_bandwidth(direction, 500 + time.as_secs() * 300),
        }
    }

    /// Waits in virtual time, a hundred hours at most.
    async fn finish<T>(&self, client: &Client, work: impl Future<Output = T>) -> T {
        let end = timeout(Duration::from_secs(360_000), work).await;
        end.unwrap_or_else(|_| panic!("seed {} hangs: {client:?}, {:?}", self.seed, self.network))
    }

    /// The client works now that the network does, and when it is closed nothing is left of it.
    async fn assert_well(&self, client: &Client) {
        let ledger = LedgerClient::open(client).unwrap();
        let last = async { while settled(ledger.enter(1000).await).is_none() {} };
        self.finish(client, last).await;
        client.close();
        assert_eq!(soon(client.closed()).await, CloseReason::Local);
        self.assert_deserted().await;
    }

    async fn assert_deserted(&self) {
        for connection in self.network.connections() {
            soon(connection.closed()).await;
        }
        soon(self.server().shutdown()).await;
    }
}

/// Does a bit of everything; no call runs twice. Returns how many were answered.
async fn work(client: &Client, book: &Book, worker: u32) -> u32 {
    let ledger = LedgerClient::open(client).unwrap();
    let mut answered = 0;
    for number in (worker..300).step_by(6) {
        let answer = match number % 3 {
            0 => ledger.enter(number).await,
            1 => ledger.enter_late(number).await,
            _ => {
                let noted = ledger.note(number).await;
                pass(Duration::from_millis(20)).await;
                noted.map(|()| 1).map_err(CallError::from)
            }
        };
        if let Some(times) = settled(answer) {
            assert_eq!(times, 1, "{number}");
            answered += 1;
        }
        assert!(
            book.times(number) <= 1,
            "{number} ran {} times",
            book.times(number)
        );
        let mut counted = Box::pin(ledger.count(number % 50));
        for expected in 0..=number % 50 {
            match counted.next().await.map(settled) {
                Some(Some(item)) => assert_eq!(item, expected),
                Some(None) => break,
                None => assert_eq!(expected, number % 50),
            }
        }
    }
    answered
}

/// Sends numbers and reads what comes back: some may be lost, none comes twice or out of order.
async fn talk(client: &Client) {
    let mut last = 0;
    for number in 1..200 {
        if let Err(error) = client.send(number.to_string()).await {
            assert_eq!(error.kind(), ErrorKind::NotConnected);
        }
        while let Ok(text) = client.recv_timeout(Duration::from_millis(30)).await {
            let echo: u32 = text.parse().unwrap();
            assert!(last < echo && echo <= number, "{echo} behind {last}");
            last = echo;
        }
    }
}

async fn survive(world: &World, disturbance: impl Future<Output = ()>) {
    let client = world.client();

    let working = join_all((0..6).map(|worker| work(&client, &world.book, worker)));
    let all = join(join(working, talk(&client)), disturbance);
    let ((answered, ()), ()) = world.finish(&client, all).await;

    let texts = world.book.texts();
    assert!(texts.is_sorted_by(|a, b| a < b), "seed {}: {texts:?}", world.seed);
    assert!(
        answered.iter().sum::<u32>() > 30,
        "seed {}: {answered:?}",
        world.seed
    );
    world.assert_well(&client).await;
}

#[tokio::test(start_paused = true)]
async fn calls_settle_however_often_links_are_cut() {
    for seed in seeds(10) {
        let world = World::new(seed, Limits::default());
        let chunk = [None, Some(4), Some(99)][seed as usize % 3];
        world.network.set_chunk(Direction::Both, chunk);
        world.network.cut_new(Direction::Both, 1..=6_000);

        survive(&world, async {}).await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_settle_whatever_happens() {
    for seed in seeds(10) {
        let world = World::new(seed, Limits::default());

        survive(&world, world.disturb()).await;
    }
}

/// Every byte of the handshake, of init and of the first calls.
#[tokio::test(start_paused = true)]
async fn a_client_comes_back_wherever_its_first_connection_is_cut() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        for bytes in 0.. {
            let book = Book::new();
            let network = Network::new(&book.server());
            network.cut_new(direction, bytes..=bytes);
            let client = network.client().start().unwrap();
            let ledger = LedgerClient::open(&client).unwrap();

            let first = async {
                let first = network.connected(1).await;
                network.spare_new();
                first
            };
            let (answer, first) = soon(join(ledger.enter(0), first)).await;
            let mut failed = settled(answer).is_none() as u32;
            for number in 1..=2 {
                failed += settled(soon(ledger.enter(number)).await).is_none() as u32;
            }

            assert!(failed <= 1, "{bytes} bytes {direction:?}");
            if first.is_open() {
                assert!(bytes > 300);
                break;
            }
            assert_eq!(soon(ledger.enter(3)).await.unwrap(), 1);
            assert_eq!(network.connections().len(), 2, "{bytes} bytes {direction:?}");
        }
    }
}

/// Begins calls and streams and gives them up, sends faster than anything can leave.
async fn fidget(client: &Client, dice: &Dice) {
    let Ok(ledger) = LedgerClient::open(client) else {
        return;
    };
    for _ in 0..100 {
        let time = dice.time(Duration::from_millis(300));
        match dice.roll(5) {
            0 => drop(timeout(time, ledger.enter(5)).await),
            1 => drop(timeout(time, ledger.enter_late(5)).await),
            2 => drop(timeout(time, ledger.note(7)).await),
            3 => drop(timeout(time, client.send("1".repeat(8))).await),
            _ => {
                let mut items = Box::pin(ledger.count(10_000));
                for _ in 0..dice.roll(400) {
                    match timeout(time, items.next()).await {
                        Ok(Some(item)) => drop(settled(item)),
                        _ => break,
                    }
                    if dice.roll(20) == 0 {
                        pass(time).await;
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_leaves_nothing_behind() {
    for seed in seeds(20) {
        let mut limits = Limits::default();
        if seed % 2 == 0 {
            limits.send_bytes = 256;
            limits.channel_messages = 8;
            limits.channel_bytes = 600;
            // How slow the network is, is not the application's fault.
            limits.stall = Duration::from_secs(100_000);
        }
        let world = World::new(seed, limits);
        if seed % 3 == 0 {
            world.network.set_buffer(Direction::Both, 50);
        }
        let client = world.client();
        client.discard();
        let mut events = Box::pin(LedgerClient::open(&client).unwrap().events());
        let listening = async {
            while events.next().await.is_some() {}
            pending::<()>().await;
        };
        let dice = Dice::new(seed);

        let fidgeting = join_all((0..8).map(|_| fidget(&client, &dice)));
        let closing = async {
            if seed % 4 == 1 {
                pass(dice.time(Duration::from_secs(20))).await;
                client.close();
            }
        };
        let all = join(join(fidgeting, closing), world.disturb());
        let all = async {
            tokio::select! {
                _ = all => {}
                () = listening => {}
            }
        };
        world.finish(&client, all).await;
        drop(events);

        match seed % 4 {
            1 => {
                assert_eq!(soon(client.closed()).await, CloseReason::Local);
                world.assert_deserted().await;
            }
            2 => {
                drop(client);
                world.assert_deserted().await;
            }
            _ => world.assert_well(&client).await,
        }
    }
}
