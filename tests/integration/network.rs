//! The network in memory, as applications use it: whole programs in virtual time, over links that fail.

mod book;
mod chaos;
mod once;

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use glue::Client;
use glue::testing::{Direction, Network, connect};

use self::book::{Book, LedgerClient, LedgerEvent, soon};

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
    client.send("42").await.unwrap();

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
    assert_eq!(soon(client.recv()).await.as_deref(), Some("42"));
}
