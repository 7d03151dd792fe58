//! Peers that cost a server as much as they can.

use std::net::SocketAddr;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use glue_tests::raw_ajax::Endpoint;
use glue_tests::raw_http::RawConnection;
use glue_tests::raw_ws::{CONTINUATION, FIN, RawFrame, RawPeer, Received, TEXT};

/// Makes one kind of trouble, and returns how many peers or requests have met which end; `None` if the name is unknown.
pub(crate) async fn make(name: &str, number: usize, address: SocketAddr) -> Option<String> {
    // Somebody who was there before, and behaves.
    let (mut bystander, _) = RawPeer::open(address).await;
    let answer = match name {
        "half-requests" => half_requests(number, address).await,
        "inits" => inits(number, address).await,
        "neglected" => neglected(number, address).await,
        "stuck" => stuck(number, address, &mut bystander).await,
        "giants" => giants(number, address).await,
        "fragments" => fragments(number, address).await,
        _ => return None,
    };
    bystander.assert_echo("undisturbed").await;
    Some(answer)
}

/// Requests whose heads or bodies stop half way. The server ends their connections.
async fn half_requests(number: usize, address: SocketAddr) -> String {
    let half = |n| async move {
        let mut connection = RawConnection::dial(address).await;
        connection
            .send(if n % 2 == 0 { HALF_HEAD } else { HALF_BODY })
            .await;
        while connection.try_answer().await.is_some() {}
    };
    all(0..number, half).await;
    format!(r#"{{"ended":{number}}}"#)
}

/// Ajax sessions that are started and left alone, 32 at a time.
async fn inits(number: usize, address: SocketAddr) -> String {
    let endpoint = &Endpoint::new(address);
    let share = |_| async move {
        let mut connection = endpoint.dial().await;
        let (mut started, mut refused) = (0, 0);
        for _ in 0..number / CONNECTIONS {
            connection.send(&endpoint.request("i")).await;
            let answer = connection.answer().await;
            match answer.status {
                200 => started += 1,
                503 => refused += 1,
                _ => panic!("an init is answered {answer:?}"),
            }
            if answer.header("connection") == Some("close") {
                connection = endpoint.dial().await;
            }
        }
        (started, refused)
    };
    let shares = all(0..CONNECTIONS, share).await;
    let started: usize = shares.iter().map(|(started, _)| started).sum();
    let refused: usize = shares.iter().map(|(_, refused)| refused).sum();
    format!(r#"{{"started":{started},"refused":{refused}}}"#)
}

/// Peers that send 2 MB to a channel that nobody reads. The server ends their sessions.
async fn neglected(number: usize, address: SocketAddr) -> String {
    let message = format!("cd6&unread{}", "x".repeat(10_000));
    let message = &frame(FIN | TEXT, message.as_bytes());
    let neglected = |mut peer: RawPeer| async move {
        peer.assert_echo("neglect unread").await;
        for _ in 0..200 {
            peer.send_bytes(message).await;
        }
        is_over(&mut peer).await;
    };
    all(open(number, address).await, neglected).await;
    format!(r#"{{"ended":{number}}}"#)
}

/// Peers that ask for 10 MB each and read nothing of it.
async fn stuck(number: usize, address: SocketAddr, bystander: &mut RawPeer) -> String {
    let ask = |mut peer: RawPeer| async move {
        peer.send("cd1&mflood 10000000").await;
        peer
    };
    let peers = all(open(number, address).await, ask).await;
    // Nothing tells that the server is stuck with all of them. Each echo gives it a turn.
    for turn in 0..1000 {
        bystander.assert_echo(&format!("turn {turn}")).await;
    }
    drop(peers);
    format!(r#"{{"stuck":{number}}}"#)
}

/// Peers that announce a message of 64 MiB and send half of it.
async fn giants(number: usize, address: SocketAddr) -> String {
    let megabyte = &"x".repeat(1 << 20);
    let giant = |mut peer: RawPeer| async move {
        let head = [
            &[FIN | TEXT, 0x80 | 127][..],
            &(64_u64 << 20).to_be_bytes(),
            &[0; 4],
        ];
        peer.send_bytes(&head.concat()).await;
        for _ in 0..32 {
            peer.send_bytes(megabyte.as_bytes()).await;
        }
        is_over(&mut peer).await;
    };
    all(open(number, address).await, giant).await;
    format!(r#"{{"ended":{number}}}"#)
}

/// Peers that send one message in 100,000 fragments of no byte and of one byte.
async fn fragments(number: usize, address: SocketAddr) -> String {
    let mut bytes = frame(TEXT, b"cd1&m");
    let pair = [frame(CONTINUATION, b""), frame(CONTINUATION, b"x")].concat();
    bytes.extend(pair.repeat(50_000));
    bytes.extend(frame(FIN | CONTINUATION, b""));
    let (bytes, whole) = (&bytes, &format!("cd1&m{}", "x".repeat(50_000)));

    let fragmented = |mut peer: RawPeer| async move {
        peer.send_bytes(bytes).await;
        match peer.next().await {
            Received::Text(text) => assert_eq!(&text, whole),
            Received::Close(_) | Received::End => return false,
            other => panic!("an echo or the end was expected, not {other:?}"),
        }
        true
    };
    let echoed = all(open(number, address).await, fragmented).await;
    let echoed = echoed.into_iter().filter(|echoed| *echoed).count();
    format!(r#"{{"echoed":{echoed},"ended":{}}}"#, number - echoed)
}

/// Opens all sockets before the trouble begins: who waits for his turn could miss the time for his `in`.
async fn open(number: usize, address: SocketAddr) -> Vec<RawPeer> {
    let open = |_| async move { RawPeer::open(address).await.0 };
    all(0..number, open).await
}

/// Does something with all of these at the same time.
async fn all<P, T, F: Future<Output = T>>(
    these: impl IntoIterator<Item = P>,
    one: impl FnMut(P) -> F,
) -> Vec<T> {
    let running: FuturesUnordered<_> = these.into_iter().map(one).collect();
    running.collect().await
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let frame = RawFrame {
        first,
        masked: true,
        payload,
    };
    frame.encode()
}

/// Waits for the end of a connection, of which the Close frame can be lost where bytes were under way.
async fn is_over(peer: &mut RawPeer) {
    while peer.next().await != Received::End {}
}

const HALF_HEAD: &[u8] = b"POST /glue/ajax HTTP/1.1\r\nHost: localhost\r\nContent-Le";
const HALF_BODY: &[u8] =
    b"POST /glue/ajax HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nuabcdefghij&";

/// Connections that carry the inits.
const CONNECTIONS: usize = 32;
