//! The same load in virtual time, over links in memory that fail at every byte: what a seed shows, it shows again.

use std::time::Duration;

use glue::testing::{Arrivals, Direction, Network};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::{self, Report, impatient};
use crate::load::{Load as _, LoadClient, Server};
use crate::log::Log;
use crate::random::Random;
use crate::time::{now, pause};

/// One client, its server, and the network between them.
struct World {
    seed: u64,
    server: Server,
    network: Network,
    log: Log,
}

impl World {
    fn new(seed: u64) -> Self {
        let log = Log::new(now());
        let server = Server::new(std::slice::from_ref(&log), seed);
        let network = Network::with_seed(&server.build().unwrap(), seed);
        network.set_chunk(
            Direction::Both,
            [None, Some(999), Some(20_000)][seed as usize % 3],
        );
        Self {
            seed,
            server,
            network,
            log,
        }
    }

    /// Lets the client work while this happens to its links; in the end nothing may be missing.
    async fn survive(&self, trouble: impl Future<Output = ()>) -> Report {
        let over = watch::Sender::new(false);
        let builder = impatient(self.network.client(), 0);
        let trouble = async {
            self.server.account(0).begun().await;
            trouble.await;
            self.mend();
            self.log.add("network: no more faults");
            over.send_replace(true);
        };
        let work = client::run(builder, self.log.clone(), over.subscribe(), self.seed);
        let both = async { tokio::join!(work, trouble).0 };
        let end = timeout(Duration::from_secs(3600), both).await;
        let report = end.unwrap_or_else(|_| self.fail("the client hangs"));

        let account = self.server.account(0);
        let faults = [&*report.outcome.faults, &*account.records().outcome().faults].concat();
        if !faults.is_empty() || account.sessions() != 1 || report.fresh > 0 {
            self.fail(&faults.join("\n"));
        }
        report
    }

    fn mend(&self) {
        let network = &self.network;
        network.spare_new();
        network.set_arrivals(Arrivals::Accept);
        network.resume(Direction::Both);
        network.set_latency(Direction::Both, Duration::ZERO);
        network.set_bandwidth(Direction::Both, None);
        // Those that have drawn their byte already.
        network.cut_all();
    }

    fn fail(&self, what: &str) -> ! {
        let events = self.log.events().join("\n");
        panic!("seed {}: {what}\nthe last events:\n{events}", self.seed);
    }

    /// Lets one thing happen.
    async fn disturb(&self, random: &mut Random) {
        let network = &self.network;
        let direction = random.choose(&[
            (1, Direction::ToServer),
            (1, Direction::ToClient),
            (1, Direction::Both),
        ]);
        let time = random.choose(&[(3, 1..100), (3, 100..1000), (1, 1000..4000)]);
        let time = random.millis(time);
        let kind = random.below(9);
        self.log.add(&format!("network: {kind}, {direction:?}, {time:?}"));
        match kind {
            0 => network.cut_all(),
            1 => network.lose(direction),
            // The client comes back while the server holds the old link, whose bytes arrive at last.
            2 => {
                let held = network.connections();
                for link in &held {
                    link.stall(direction);
                }
                pause(time).await;
                for link in &held {
                    link.resume(Direction::Both);
                }
            }
            3 => {
                network.set_arrivals(Arrivals::Refuse);
                network.cut_all();
                pause(time).await;
                network.set_arrivals(Arrivals::Accept);
            }
            4 => {
                network.set_arrivals(Arrivals::Ignore);
                network.lose(direction);
                pause(time).await;
                network.set_arrivals(Arrivals::Accept);
            }
            5 => {
                for link in network.connections() {
                    link.end(direction);
                }
            }
            6 => network.set_latency(direction, time / 300),
            7 => network.set_bandwidth(direction, 100_000 + u64::from(random.below(900_000))),
            // Among them what a link begins with.
            _ => {
                let bytes: u64 = random.choose(&[(1, 400), (1, 2_000), (1, 30_000)]);
                network.cut_new(direction, 1..=bytes);
                network.cut_all();
                pause(time).await;
                network.spare_new();
            }
        }
    }
}

/// [U-2] [U-3] [U-4] [U-13]
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_wherever_links_are_cut() {
    for seed in seeds(4) {
        let world = World::new(seed);
        world.network.cut_new(Direction::Both, 1..=60_000);

        let report = world.survive(pause(Duration::from_secs(3))).await;

        assert!(
            report.resumed > 2,
            "seed {seed}: {} times resumed",
            report.resumed
        );
    }
}

/// [U-10] [U-11] [U-12] [U-13] [U-14]
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_whatever_happens_to_links() {
    for seed in seeds(6) {
        let world = World::new(seed);
        let mut random = Random::new(seed, 77);

        let trouble = async {
            for _ in 0..12 {
                pause(random.millis(0..600)).await;
                world.disturb(&mut random).await;
            }
        };
        let report = world.survive(trouble).await;

        assert!(
            report.resumed > 2,
            "seed {seed}: {} times resumed",
            report.resumed
        );
    }
}

/// Where both sides are told of a loss, nobody has to wait until a keep-alive finds out: a link that has come about carries.
#[tokio::test(start_paused = true)]
async fn a_client_goes_on_at_once_where_both_sides_are_told() {
    for seed in seeds(30) {
        let log = Log::new(now());
        let server = Server::new(&[log], seed);
        let built = glue::Server::builder()
            .channel(server.clone().into_channel())
            .build()
            .unwrap();
        let network = Network::with_seed(&built, seed);
        let client = network.client().reconnect_attempts(0).start().unwrap();
        let load = LoadClient::open(&client).unwrap();
        let mut random = Random::new(seed, 5);

        load.call(1, 0).await.unwrap();
        for round in 2..40 {
            let bytes: u64 = random.choose(&[(1, 300), (2, 900), (1, 2000)]);
            network.cut_new(Direction::Both, 1..=bytes);
            if random.percent(50) {
                network.cut_all();
            }
            let wait = random.choose(&[(2, 0), (1, 40)]);
            let call = load.call(round, wait);
            let peace = async {
                pause(random.millis(0..3000)).await;
                network.spare_new();
            };
            // Attempts that fail are followed by others after some seconds; a keep-alive would need 40.
            let both = timeout(Duration::from_secs(30), async { tokio::join!(call, peace).0 });

            let answer = both.await;

            assert!(
                matches!(answer, Ok(Ok(number)) if number == round),
                "seed {seed}, round {round}: {answer:?}, {network:?}"
            );
        }
    }
}

/// Seeds of a test that tries many; `GLUE_SEEDS=500` tries more of them.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("GLUE_SEEDS").ok();
    0..asked.map_or(count, |asked| asked.parse().unwrap())
}
