//! A client that connects once: what becomes of calls when its link breaks.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use glue::testing::{Direction, Network};
use glue::{Client, CloseReason, ErrorKind, Server};
use tokio::sync::mpsc;

use super::book::{Book, Ledger as _, LedgerClient, seeds, settled, soon};
use crate::virtual_time::pass;

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
    for seed in seeds(100) {
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
    for seed in seeds(60) {
        let book = Book::new();
        let network = Network::with_seed(&book.server(), seed);
        let direction = [Direction::ToServer, Direction::ToClient, Direction::Both][seed as usize % 3];
        network.set_latency(Direction::Both, Duration::from_millis(5));

        let losing = async {
            let link = network.connected(1).await;
            pass(Duration::from_millis(seed % 60 * 2)).await;
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
