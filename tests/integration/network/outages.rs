//! What the client does about outages, one by one.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join;
use glue::testing::{Arrivals, Direction, Network};
use glue::{Client, ClientEvent, ClientState, CloseReason, ErrorKind};
use glue_tests::deadline::within;

use super::book::{Book, LedgerClient, LedgerEvent, pass, settled, soon};

/// A client that works, and its network.
async fn connected(book: &Book) -> (Network, Client) {
    let network = Network::new(&book.server());
    let client = network.connect().await.unwrap();
    (network, client)
}

/// Waits until the client stands there.
async fn becomes(client: &Client, state: ClientState) {
    let mut events = Box::pin(client.events());
    let change = async {
        while client.state() != state {
            events.next().await;
        }
    };
    within("another state", change).await;
}

/// Reads until the server has got these texts.
async fn assert_texts(book: &Book, client: &Client, expected: &[u32]) {
    while book.texts().len() < expected.len() {
        soon(client.recv()).await.unwrap();
    }
    assert_eq!(book.texts(), expected);
}

/// [K-2]
#[tokio::test(start_paused = true)]
async fn a_half_open_link_is_found_and_replaced() {
    for direction in [Direction::ToServer, Direction::ToClient, Direction::Both] {
        let book = Book::new();
        let (network, client) = connected(&book).await;
        let ledger = LedgerClient::open(&client).unwrap();
        let first = client.socket_id();

        network.lose(direction);

        // Nobody knows whether it has run, so it fails as soon as the link is known to be dead.
        assert_eq!(settled(soon(ledger.enter(1)).await), None);
        assert_eq!(client.state(), ClientState::Reconnecting);
        assert_eq!(soon(ledger.enter(2)).await.unwrap(), 1);
        assert_ne!(client.socket_id(), first);
        assert_eq!(network.connections().len(), 2);
        assert!(book.times(1) <= 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_during_an_outage_arrives_in_order_and_once() {
    let book = Book::new();
    let (network, client) = connected(&book).await;
    let ledger = LedgerClient::open(&client).unwrap();

    network.set_arrivals(Arrivals::Refuse);
    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;
    for number in 0..100 {
        client.send(number.to_string()).await.unwrap();
    }
    let entered = ledger.enter(7);
    let back = async {
        pass(Duration::from_secs(3)).await;
        network.set_arrivals(Arrivals::Accept);
    };
    let (entered, ()) = join(entered, back).await;

    assert_eq!(entered.unwrap(), 1);
    assert_texts(&book, &client, &Vec::from_iter(0..100)).await;
    assert!(network.attempts() > 2);
}

#[tokio::test(start_paused = true)]
async fn what_waits_too_long_is_told_to_be_lost() {
    let book = Book::new();
    let (network, client) = connected(&book).await;
    let mut events = Box::pin(client.events());

    network.set_arrivals(Arrivals::Ignore);
    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;
    client.send("1").await.unwrap();
    client.channel("other").send("two").await.unwrap();
    let discarded = async {
        loop {
            if let Some(ClientEvent::Discarded(messages)) = events.next().await {
                return messages;
            }
        }
    };
    let discarded = soon(discarded).await;
    let too_late = client.send("late").await.unwrap_err();
    assert_eq!(too_late.kind(), ErrorKind::NotConnected);
    network.set_arrivals(Arrivals::Accept);
    soon(client.ready()).await.unwrap();
    client.send("3").await.unwrap();

    let discarded = discarded
        .iter()
        .map(|message| (&*message.channel, &*message.text));
    assert_eq!(Vec::from_iter(discarded), [("m", "1"), ("other", "two")]);
    assert_texts(&book, &client, &[3]).await;
}

/// What was written when the link broke is lost, what there was no room for is not.
#[tokio::test(start_paused = true)]
async fn what_had_not_left_goes_out_in_the_next_session() {
    let book = Book::new();
    let (network, client) = connected(&book).await;
    network.set_buffer(Direction::ToServer, 64);
    network.stall(Direction::ToServer);
    for number in 0..60 {
        client.send(format!("{number:01000}")).await.unwrap();
    }
    pass(Duration::from_secs(1)).await;

    network.cut_all();
    network.resume(Direction::ToServer);
    while book.texts().last() != Some(&59) {
        soon(client.recv()).await.unwrap();
    }

    let first = book.texts()[0];
    assert!(first < 30, "more than a buffer is lost: {first}");
    assert_eq!(book.texts(), Vec::from_iter(first..60));
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_told_to_be_lost() {
    let (network, client) = connected(&Book::new()).await;
    let events = client.events();
    network.set_arrivals(Arrivals::Ignore);
    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;
    client.send("1").await.unwrap();

    client.close();

    let events: Vec<_> = soon(events.collect()).await;
    let [
        ..,
        ClientEvent::Discarded(messages),
        ClientEvent::Closed { reason, .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*reason, CloseReason::Local);
    assert_eq!((messages.len(), &*messages[0].text), (1, "1"));
}

#[tokio::test(start_paused = true)]
async fn closing_sticks_wherever_it_comes() {
    for (arrivals, time) in [
        // Between two attempts, and within one.
        (Arrivals::Refuse, 100),
        (Arrivals::Refuse, 20_000),
        (Arrivals::Ignore, 3_000),
        // In the handshake: the bytes wait.
        (Arrivals::Accept, 3_000),
    ] {
        let book = Book::new();
        let (network, client) = connected(&book).await;
        network.set_arrivals(arrivals);
        network.cut_all();
        network.stall(Direction::ToClient);
        pass(Duration::from_millis(time)).await;
        assert_ne!(client.state(), ClientState::Connected);

        client.close();

        assert_eq!(soon(client.closed()).await, CloseReason::Local);
        let attempts = network.attempts();
        network.set_arrivals(Arrivals::Accept);
        network.resume(Direction::Both);
        pass(Duration::from_secs(3600)).await;
        assert_eq!(network.attempts(), attempts);
        assert_eq!(client.state(), ClientState::Closed);
        assert!(
            network
                .connections()
                .iter()
                .all(|connection| !connection.is_open())
        );
        assert!(client.send("late").await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_holds_stops_trying() {
    let (network, client) = connected(&Book::new()).await;
    network.set_arrivals(Arrivals::Refuse);
    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;

    drop(client);

    pass(Duration::from_secs(10)).await;
    let attempts = network.attempts();
    pass(Duration::from_secs(3600)).await;
    assert_eq!(network.attempts(), attempts);
}

#[tokio::test(start_paused = true)]
async fn a_client_gives_up_after_the_attempts_that_it_has() {
    let book = Book::new();
    let network = Network::new(&book.server());
    let client = network.client().reconnect_attempts(4).connect().await.unwrap();
    let ledger = LedgerClient::open(&client).unwrap();

    network.set_arrivals(Arrivals::Refuse);
    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;
    let waiting = ledger.enter(1);

    assert_eq!(settled(soon(waiting).await), None);
    assert_eq!(soon(client.closed()).await, CloseReason::LinkLost);
    assert_eq!(network.attempts(), 1 + 4);
    assert_eq!(soon(client.ready()).await.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(book.times(1), 0);
}

#[tokio::test(start_paused = true)]
async fn events_are_heard_in_the_next_session_too() {
    let book = Book::new();
    let (network, client) = connected(&book).await;
    let ledger = LedgerClient::open(&client).unwrap();
    let mut events = Box::pin(ledger.events());
    ledger.note(1).await.unwrap();
    let heard = soon(events.next()).await;
    assert!(
        matches!(heard, Some(Ok(LedgerEvent::Noted { number: 1 }))),
        "{heard:?}"
    );

    network.cut_all();
    becomes(&client, ClientState::Reconnecting).await;
    ledger.note(2).await.unwrap();

    let heard = soon(events.next()).await;
    assert!(
        matches!(heard, Some(Ok(LedgerEvent::Noted { number: 2 }))),
        "{heard:?}"
    );
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
