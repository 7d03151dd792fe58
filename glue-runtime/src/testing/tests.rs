//! Every fault by itself, on bare pipes and under a client.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::*;
use crate::clock::now;
use crate::error::ErrorKind;
use crate::proto::limits::ServerLimits;
use crate::server::{Server, Socket};
use crate::session::CloseReason;

const SECOND: Duration = Duration::from_secs(1);

/// A connection with its two ends.
struct Ends {
    network: Network,
    link: Connection,
    client: Pipe,
    server: Pipe,
}

impl Ends {
    async fn new() -> Self {
        let (network, mut accepted) = bare();
        let client = network.open().await.unwrap();
        Self {
            link: network.connections().remove(0),
            server: accepted.recv().await.unwrap(),
            network,
            client,
        }
    }
}

/// A network whose connections nobody serves.
fn bare() -> (Network, mpsc::UnboundedReceiver<Pipe>) {
    let (accept, accepted) = mpsc::unbounded_channel();
    // Nobody may want it.
    let network = Network::custom(move |pipe| drop(accept.send(pipe)));
    (network, accepted)
}

fn echo() -> Server {
    let handler = |socket: Socket| async move {
        while let Some(text) = socket.recv().await {
            let _ = socket.send(text).await;
        }
    };
    Server::builder().on_socket(handler).build().unwrap()
}

async fn write(pipe: &mut Pipe, text: &str) {
    pipe.write_all(text.as_bytes()).await.unwrap();
}

/// Reads this many bytes.
async fn read(pipe: &mut Pipe, bytes: usize) -> String {
    let mut text = vec![0; bytes];
    pipe.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

/// Reads to the end, whatever it is.
async fn read_all(pipe: &mut Pipe) -> (String, Option<io::ErrorKind>) {
    let mut text = Vec::new();
    let result = pipe.read_to_end(&mut text).await;
    let error = result.err().map(|error| error.kind());
    (String::from_utf8(text).unwrap(), error)
}

/// Asserts that an hour changes nothing.
async fn assert_never(event: impl Future) {
    assert!(tokio::time::timeout(3600 * SECOND, event).await.is_err());
}

fn since(start: Instant) -> Duration {
    now() - start
}

#[tokio::test(start_paused = true)]
async fn bytes_arrive_in_order_and_then_the_end() {
    let mut ends = Ends::new().await;
    let text: String = ('a'..='z').cycle().take(200 << 10).collect();

    let sender = async {
        write(&mut ends.client, &text).await;
        ends.client.shutdown().await.unwrap();
    };
    let (received, ()) = tokio::join!(read_all(&mut ends.server), sender);

    assert_eq!(received, (text, None));
    let late = ends.client.write_all(b"late").await.unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::BrokenPipe);
    // The other way is open still.
    write(&mut ends.server, "bye").await;
    assert_eq!(read(&mut ends.client, 3).await, "bye");
    assert_eq!(ends.link.bytes(Direction::ToServer), 200 << 10);
    assert_eq!(ends.link.bytes(Direction::ToClient), 3);
    assert_eq!(ends.network.bytes(Direction::Both), (200 << 10) + 3);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_dropped_shows_at_the_other() {
    let mut ends = Ends::new().await;

    write(&mut ends.client, "last").await;
    drop(ends.client);

    assert_eq!(read_all(&mut ends.server).await, ("last".to_owned(), None));
    let error = ends.server.write_all(b"x").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert!(ends.link.is_open());
    drop(ends.server);
    ends.link.closed().await;
    assert!(!ends.link.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_while_the_buffer_is_full() {
    let mut ends = Ends::new().await;
    ends.link.set_buffer(Direction::ToServer, 4);

    write(&mut ends.client, "1234").await;
    assert_never(ends.client.write_all(b"5")).await;
    assert_eq!(read(&mut ends.server, 1).await, "1");
    write(&mut ends.client, "5").await;

    assert_eq!(read(&mut ends.server, 4).await, "2345");
}

#[tokio::test(start_paused = true)]
async fn a_cut_fails_both_ends_at_once_and_wakes_them() {
    let mut ends = Ends::new().await;
    write(&mut ends.client, "on its way").await;

    let link = ends.link.clone();
    let reader = async { ends.client.read_u8().await };
    let cut = async { link.cut() };
    let (read, ()) = tokio::join!(reader, cut);

    let reset = io::ErrorKind::ConnectionReset;
    assert_eq!(read.unwrap_err().kind(), reset);
    assert_eq!(read_all(&mut ends.server).await, (String::new(), Some(reset)));
    assert_eq!(ends.client.write_all(b"x").await.unwrap_err().kind(), reset);
    assert!(!ends.link.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_cut_wakes_a_writer_that_waits() {
    let mut ends = Ends::new().await;
    ends.link.set_buffer(Direction::ToServer, 1);

    let link = ends.link.clone();
    let cut = async { link.cut() };
    let (written, ()) = tokio::join!(ends.client.write_all(b"12"), cut);

    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn a_cut_comes_behind_the_byte_that_was_named() {
    let reset = Some(io::ErrorKind::ConnectionReset);
    for bytes in 0..=5 {
        let mut ends = Ends::new().await;
        write(&mut ends.server, "to come").await;
        read(&mut ends.client, 7).await;

        ends.link.cut_after(Direction::ToClient, bytes);
        let _ = ends.server.write_all(b"hello").await;

        let left = "hello"[..usize::try_from(bytes).unwrap()].to_owned();
        assert_eq!(read_all(&mut ends.client).await, (left, reset));
        assert!(!ends.link.is_open());
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_in_due_form_comes_behind_what_was_written() {
    let mut ends = Ends::new().await;
    write(&mut ends.client, "last").await;

    ends.link.end(Direction::ToServer);

    assert_eq!(read_all(&mut ends.server).await, ("last".to_owned(), None));
    let error = ends.client.write_all(b"x").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    write(&mut ends.server, "this way is open").await;
    assert_eq!(read(&mut ends.client, 4).await, "this");
}

#[tokio::test(start_paused = true)]
async fn random_cuts_come_in_both_directions() {
    let (network, mut accepted) = bare();
    network.cut_new(Direction::Both, 1..=1);
    let mut was_cut = [false; 2];
    for _ in 0..32 {
        let mut client = network.open().await.unwrap();
        let mut server = accepted.recv().await.unwrap();
        write(&mut client, "12").await;
        // Only bytes to the server travel.
        let end = tokio::time::timeout(SECOND, read_all(&mut server)).await;
        was_cut[usize::from(end.is_ok())] = true;
    }

    assert_eq!(was_cut, [true; 2]);
}

#[tokio::test(start_paused = true)]
async fn random_cuts_repeat_with_their_seed() {
    async fn cuts(seed: u64) -> Vec<(u64, u64)> {
        let network = Network::with_seed(&echo(), seed);
        network.cut_new(Direction::Both, 1..=1000);
        for _ in 0..8 {
            let _ = network.connect().await;
        }
        let connections = network.connections();
        let cut = connections
            .iter()
            .filter(|link| !link.is_open())
            .map(|link| (link.bytes(Direction::ToServer), link.bytes(Direction::ToClient)));
        cut.collect()
    }

    let (first, again, other) = (cuts(1).await, cuts(1).await, cuts(2).await);

    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(!first.is_empty());
}

#[tokio::test(start_paused = true)]
async fn delays_repeat_with_their_seed() {
    async fn outage(seed: u64) -> Duration {
        let network = Network::with_seed(&echo(), seed);
        let client = network.client().reconnect_attempts(5).connect().await.unwrap();
        let start = now();
        network.set_arrivals(Arrivals::Refuse);
        network.cut_all();
        client.closed().await;
        since(start)
    }

    assert_eq!(outage(1).await, outage(1).await);
    assert_ne!(outage(1).await, outage(2).await);
}

#[tokio::test(start_paused = true)]
async fn spared_connections_live() {
    let network = Network::new(&echo());
    network.cut_new(Direction::ToClient, 10..=10);
    assert_eq!(network.connect().await.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(network.bytes(Direction::ToClient), 10);

    network.spare_new();

    assert!(network.connect().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_half_open_link_tells_nobody() {
    let mut ends = Ends::new().await;
    ends.link.set_buffer(Direction::ToServer, 8);
    write(&mut ends.client, "lost").await;

    ends.link.lose(Direction::ToServer);

    assert_never(ends.server.read_u8()).await;
    write(&mut ends.server, "there").await;
    assert_eq!(read(&mut ends.client, 5).await, "there");
    // The kernel takes what its buffer holds, and then no more.
    write(&mut ends.client, "lost").await;
    assert_never(ends.client.write_all(b"x")).await;
    drop(ends.client);
    assert_never(ends.server.read_u8()).await;
    write(&mut ends.server, "nobody says no").await;
    assert!(ends.link.is_open());
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_comes_later_and_the_end_behind_it() {
    let mut ends = Ends::new().await;

    ends.link.stall(Direction::ToServer);
    write(&mut ends.client, "later").await;
    drop(ends.client);
    assert_never(ends.server.read_u8()).await;
    ends.link.resume(Direction::ToServer);

    assert_eq!(read_all(&mut ends.server).await, ("later".to_owned(), None));
}

#[tokio::test(start_paused = true)]
async fn latency_delays_without_slowing() {
    let mut ends = Ends::new().await;
    ends.link.set_latency(Direction::ToServer, 3 * SECOND);
    let start = now();

    write(&mut ends.client, "a").await;
    assert_eq!(since(start), Duration::ZERO);
    tokio::time::timeout(SECOND, std::future::pending::<()>())
        .await
        .unwrap_err();
    write(&mut ends.client, "b").await;
    ends.client.shutdown().await.unwrap();

    assert_eq!(read(&mut ends.server, 1).await, "a");
    assert_eq!(since(start), 3 * SECOND);
    assert_eq!(read(&mut ends.server, 1).await, "b");
    assert_eq!(since(start), 4 * SECOND);
    // Shorter now; but nothing overtakes.
    write(&mut ends.server, "c").await;
    assert_eq!(read(&mut ends.client, 1).await, "c");
    assert_eq!(read_all(&mut ends.server).await.0, "");
    assert_eq!(since(start), 4 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_shorter_latency_lets_nothing_overtake() {
    let mut ends = Ends::new().await;
    ends.link.set_latency(Direction::ToServer, 3 * SECOND);
    write(&mut ends.client, "a").await;

    ends.link.set_latency(Direction::ToServer, Duration::ZERO);
    write(&mut ends.client, "b").await;
    drop(ends.client);

    assert_eq!(read_all(&mut ends.server).await, ("ab".to_owned(), None));
}

#[tokio::test(start_paused = true)]
async fn connecting_takes_the_way_there_and_back() {
    let (network, _accepted) = bare();
    network.set_latency(Direction::ToServer, SECOND);
    network.set_latency(Direction::ToClient, 2 * SECOND);
    let start = now();

    network.open().await.unwrap();

    assert_eq!(since(start), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_thin_link_brings_bytes_one_by_one() {
    let mut ends = Ends::new().await;
    ends.link.set_bandwidth(Direction::ToServer, 10);
    let start = now();

    write(&mut ends.client, "0123456789").await;

    for bytes in 1..=10 {
        ends.server.read_u8().await.unwrap();
        assert_eq!(since(start), bytes * SECOND / 10);
    }
    ends.link.set_bandwidth(Direction::ToServer, None);
    write(&mut ends.client, "!").await;
    assert_eq!(read(&mut ends.server, 1).await, "!");
    assert_eq!(since(start), SECOND);
}

#[tokio::test(start_paused = true)]
async fn chunks_are_as_small_as_asked() {
    let mut ends = Ends::new().await;
    ends.link.set_chunk(Direction::ToServer, 2);

    assert_eq!(ends.client.write(b"hello").await.unwrap(), 2);
    write(&mut ends.client, "llo").await;

    let mut buffer = [0; 16];
    assert_eq!(ends.server.read(&mut buffer).await.unwrap(), 2);
    ends.link.set_chunk(Direction::ToServer, None);
    assert_eq!(ends.server.read(&mut buffer).await.unwrap(), 3);
    assert_eq!(&buffer[..3], b"llo");
}

#[tokio::test(start_paused = true)]
async fn what_is_set_for_the_network_holds_for_old_and_new_connections() {
    let (network, mut accepted) = bare();
    let mut old = network.open().await.unwrap();
    network.stall(Direction::ToServer);
    network.set_chunk(Direction::ToServer, 1);
    let mut new = network.open().await.unwrap();

    for pipe in [&mut old, &mut new] {
        assert_eq!(pipe.write(b"hello").await.unwrap(), 1);
        let mut server = accepted.recv().await.unwrap();
        assert_never(server.read_u8()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn arrivals_are_refused_or_wait() {
    let network = Network::new(&echo());

    network.set_arrivals(Arrivals::Refuse);
    let refused = network.open().await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    network.set_arrivals(Arrivals::Ignore);
    let start = now();
    assert_eq!(network.connect().await.unwrap_err().kind(), ErrorKind::Connect);
    assert_eq!(since(start), 10 * SECOND, "the time for connecting");
    let (connected, ()) = tokio::join!(network.connect(), async {
        network.set_arrivals(Arrivals::Accept)
    });

    assert!(connected.is_ok());
    assert_eq!(network.attempts(), 3);
    assert_eq!(network.connections().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_connection_gets_it() {
    let (network, _accepted) = bare();

    let (second, ()) = tokio::join!(network.connected(2), async {
        let _first = network.open().await.unwrap();
        let _second = network.at(Ipv4Addr::new(10, 0, 0, 2)).open().await.unwrap();
    });

    assert_eq!(second.remote_addr(), IpAddr::from([10, 0, 0, 2]));
}

#[tokio::test(start_paused = true)]
async fn the_server_knows_the_addresses_that_clients_seem_to_have() {
    let limits = ServerLimits {
        sockets_per_address: 1,
        ..ServerLimits::default()
    };
    let server = Server::builder().server_limits(limits).build().unwrap();
    let network = Network::new(&server);

    let client = network.connect().await.unwrap();
    let elsewhere = network.at([10, 0, 0, 2]).connect().await.unwrap();

    let address = |id: &str| server.socket(id).unwrap().remote_addr().unwrap().to_string();
    assert_eq!(address(&client.socket_id().unwrap()), "127.0.0.1");
    assert_eq!(address(&elsewhere.socket_id().unwrap()), "10.0.0.2");
    assert_eq!(network.connect().await.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_ended_is_not_there_and_another_takes_its_place() {
    let server = echo();
    let network = Network::new(&server);
    let client = network.client().reconnect(false).connect().await.unwrap();

    server.shutdown().await;
    assert_eq!(client.closed().await, CloseReason::Peer);
    let refused = network.open().await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    network.replace_server(&echo());

    let client = network.connect().await.unwrap();
    client.send("hello").await.unwrap();
    assert_eq!(client.recv().await.as_deref(), Some("hello"));
}

#[tokio::test(start_paused = true)]
async fn the_base_url_is_known() {
    let server = Server::builder().base_url("/live/").build().unwrap();

    assert!(connect(&server).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_texts_keep_their_order_over_a_bad_link() {
    let network = Network::new(&echo());
    network.set_latency(Direction::Both, Duration::from_millis(70));
    network.set_bandwidth(Direction::Both, 20_000);
    network.set_chunk(Direction::Both, 3);
    network.set_buffer(Direction::Both, 500);
    let client = network.connect().await.unwrap();

    let sender = async {
        for number in 0..1000 {
            client.send(number.to_string()).await.unwrap();
        }
    };
    let receiver = async {
        for number in 0..1000 {
            assert_eq!(client.recv().await, Some(number.to_string()));
        }
    };
    tokio::join!(sender, receiver);
}

#[tokio::test(start_paused = true)]
async fn both_sides_find_a_half_open_link_by_their_keep_alive() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let server = Server::builder().resume(None).on_socket(move |socket| {
        let ended = ended.clone();
        socket.on_close(move |reason| ended.send((reason, now())).unwrap());
        async {}
    });
    let network = Network::new(&server.build().unwrap());
    let client = network.client().reconnect(false).connect().await.unwrap();
    let start = now();

    network.lose(Direction::Both);

    let (reason, time) = ends.recv().await.unwrap();
    assert_eq!((reason, time - start), (CloseReason::KeepAlive, 37 * SECOND));
    assert_eq!(client.closed().await, CloseReason::KeepAlive);
    // 35 s and 5 s; the farewell waits for room that it has.
    assert_eq!(since(start), 40 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_session_outlives_its_link() {
    let network = Network::new(&echo());
    let client = network.connect().await.unwrap();
    let socket_id = client.socket_id();
    client.send("before").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), "before");

    for number in 0..5 {
        client.send(number.to_string()).await.unwrap();
        network.cut_all();
        assert_eq!(client.recv().await.unwrap(), number.to_string());
    }

    assert_eq!(client.socket_id(), socket_id);
    assert_eq!(network.connections().len(), 6);
}
