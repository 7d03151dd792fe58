//! The Ajax transport in virtual time: requests go straight to the service.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Body, Frame};
use tokio::task::JoinHandle;
use tokio::time::advance;
use tower_service::Service as _;

use super::super::builder::ServerBuilder;
use super::super::handle::Server;
use crate::clock::now;
use crate::proto::limits::ServerLimits;
use crate::session::CloseReason;

/// A client that does as the transport asks.
struct Client {
    server: Server,
    uid: String,
    token: String,
}

type Answer = (u16, String);

async fn post(server: &Server, body: String) -> Answer {
    send(server, Full::new(Bytes::from(body))).await
}

/// Posts a body that comes in parts.
async fn post_parts(server: &Server, parts: Vec<std::io::Result<Bytes>>) -> Answer {
    let parts = parts.into_iter().map(|part| part.map(Frame::data));
    send(server, StreamBody::new(futures_util::stream::iter(parts))).await
}

async fn send<B>(server: &Server, body: B) -> Answer
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let request = Request::post("http://chat.example/glue/ajax").body(body);
    let response = server.service().call(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

impl Client {
    async fn init(server: &Server) -> Self {
        let (status, answer) = post(server, "i".to_owned()).await;
        assert_eq!(status, 200);
        let (uid, token) = answer.split_once('&').unwrap();
        Self {
            server: server.clone(),
            uid: uid.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Does the `in` exchange as well.
    async fn open(server: &Server) -> Self {
        let mut client = Self::init(server).await;
        client.push(r#"in{"version":"1.9.1"}"#).await;
        assert!(client.next().await.starts_with("in{"));
        client
    }

    async fn push(&self, message: &str) {
        let pushed = post(&self.server, format!("u{}&{message}", self.uid)).await;
        assert_eq!(pushed, (200, String::new()), "{message}");
    }

    async fn poll(&self) -> Answer {
        post(&self.server, format!("o{}&{}", self.uid, self.token)).await
    }

    /// Polls in a task of its own.
    fn start_poll(&self) -> JoinHandle<Answer> {
        let (server, body) = (self.server.clone(), format!("o{}&{}", self.uid, self.token));
        tokio::spawn(async move { post(&server, body).await })
    }

    /// Polls until there is a message, and takes note of its token.
    async fn next(&mut self) -> String {
        let (status, answer) = self.poll().await;
        assert_eq!(status, 200, "{answer}");
        self.take(&answer)
    }

    fn take(&mut self, answer: &str) -> String {
        let (token, message) = answer.split_once('&').unwrap();
        token.clone_into(&mut self.token);
        message.to_owned()
    }
}

fn echo() -> Server {
    let builder = ServerBuilder::default().on_socket(|socket| async move {
        let echo = socket.clone();
        socket.on_message(move |text| {
            let echo = echo.clone();
            async move { echo.send(text).await.unwrap() }
        });
    });
    builder.build().unwrap()
}

/// Waits for the end of the only socket, and returns how long that took.
async fn until_it_ends(server: &Server) -> (CloseReason, Duration) {
    let start = now();
    let socket = server.sockets().pop().unwrap();
    let reason = socket.closed().await;
    (reason, now() - start)
}

fn gone() -> Answer {
    (400, "Bad Request\n".to_owned())
}

/// [A-12] B13, and the recording never-polls: the original forgot it after 37 s.
#[tokio::test(start_paused = true)]
async fn a_client_that_never_polls_is_forgotten_after_10_s() {
    let server = echo();
    let client = Client::init(&server).await;
    client.push(r#"in{"version":"1.9.1"}"#).await;
    tokio::task::yield_now().await;

    let (reason, time) = until_it_ends(&server).await;

    assert_eq!(reason, CloseReason::LinkLost);
    assert_eq!(time.as_secs(), 10);
    assert_eq!(client.poll().await, gone());
}

/// [A-12]
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_come_back_is_forgotten_10_s_after_its_last_answer() {
    let server = echo();
    let mut client = Client::open(&server).await;
    advance(Duration::from_secs(9)).await;
    client.push("cd1&mhello").await;
    assert_eq!(client.next().await, "cd1&mhello");

    let (reason, time) = until_it_ends(&server).await;

    assert_eq!(reason, CloseReason::LinkLost);
    assert_eq!(time.as_secs(), 10);
}

/// [A-12] B10: an answer takes as long as the client's line needs for it.
#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_large_answer_slowly_is_not_forgotten() {
    let server = echo();
    let mut client = Client::open(&server).await;
    let large = format!("cd1&m{}", "x".repeat(400 << 10));
    client.push(&large).await;
    assert_eq!(client.next().await, large);

    // 400 KiB at 4 KiB a second, and 10 s: the server asks with `pi` meanwhile, which waits for the next poll.
    for _ in 0..109 {
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(client.next().await, "pi");
    client.push("cd1&mback").await;

    assert_eq!(client.next().await, "cd1&mback");
}

/// [A-7] B4, and the recordings poll-timeout-35s, ping-client-35s: the original lost the session.
#[tokio::test(start_paused = true)]
async fn a_poll_without_a_message_ends_after_35_s_and_its_token_stays_good() {
    let server = Server::builder().build().unwrap();
    let mut client = Client::open(&server).await;
    let start = now();
    let poll = client.start_poll();
    tokio::task::yield_now().await;
    // A client that keeps sending is not pinged.
    advance(Duration::from_secs(20)).await;
    client.push("po").await;

    let answer = poll.await.unwrap();
    let time = now() - start;
    client.push("pi").await;

    assert_eq!(answer, (200, "t".to_owned()));
    assert_eq!(time.as_secs(), 35);
    assert_eq!(client.next().await, "po", "the token is still good");
}

/// [K-1] [K-2], and the recordings ping-server-30s, ping-timeout-server.
#[tokio::test(start_paused = true)]
async fn a_silent_client_is_pinged_after_30_s_and_closed_at_37() {
    let server = echo();
    let mut client = Client::open(&server).await;
    let start = now();

    assert_eq!(client.next().await, "pi");
    assert_eq!((now() - start).as_secs(), 30);
    client.push("po").await;
    let second = client.next().await;
    assert_eq!((now() - start).as_secs(), 60);
    let end = client.poll().await;

    assert_eq!(second, "pi");
    assert_eq!(end, (200, "c".to_owned()));
    assert_eq!((now() - start).as_secs(), 67);
    assert_eq!(client.poll().await, gone());
}

/// [I-10] A5: without `in` there is no session, whatever else comes.
#[tokio::test(start_paused = true)]
async fn a_client_that_never_says_in_is_closed_after_10_s() {
    let server = echo();
    let client = Client::init(&server).await;
    let start = now();

    let answer = client.poll().await;

    assert_eq!(answer, (200, "c".to_owned()));
    assert_eq!((now() - start).as_secs(), 10);
    assert!(server.sockets().is_empty());
}

/// [A-8] [X-2] B1: what was sent before the end comes first, each message at its poll, then `c`.
#[tokio::test(start_paused = true)]
async fn what_is_queued_is_delivered_before_the_end() {
    let server = echo();
    let mut client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();

    for text in ["one", "two", "three"] {
        socket.send(text).await.unwrap();
    }
    socket.close();

    for text in ["one", "two", "three"] {
        assert_eq!(client.next().await, format!("cd1&m{text}"));
    }
    assert_eq!(client.poll().await, (200, "c".to_owned()));
    assert_eq!(client.poll().await, gone());
}

/// [A-8] [L-8]
#[tokio::test(start_paused = true)]
async fn an_end_that_nobody_polls_for_is_not_kept_for_longer_than_the_close_time() {
    let server = echo();
    let client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    let start = now();
    socket.send("unheard").await.unwrap();
    socket.close();

    assert_eq!(socket.closed().await, CloseReason::Local);

    assert_eq!((now() - start).as_secs(), 5);
    assert_eq!(client.poll().await, gone());
}

/// [L-5] and the recording push-blocks-when-unread: the original took 13 pushes and answered no more.
#[tokio::test(start_paused = true)]
async fn pushes_to_a_channel_that_nobody_reads_are_answered_until_the_session_ends() {
    let server = ServerBuilder::default()
        .on_socket(|socket| async move { drop(socket.channel("unread")) })
        .build()
        .unwrap();
    let client = Client::open(&server).await;
    let poll = client.start_poll();

    // One more than the channel holds.
    for _ in 0..=1024 {
        client.push("cd6&unreadx").await;
    }
    let (reason, time) = until_it_ends(&server).await;

    assert_eq!(reason, CloseReason::ChannelOverflow);
    assert_eq!(time.as_secs(), 5);
    assert_eq!(poll.await.unwrap(), (200, "c".to_owned()));
}

/// [A-9] B2: what waits is bounded in bytes.
#[tokio::test(start_paused = true)]
async fn more_than_may_wait_ends_the_session_at_once() {
    let limits = ServerLimits {
        push_bytes: 10_000,
        ..ServerLimits::default()
    };
    let server = ServerBuilder::default()
        .server_limits(limits)
        .on_socket(|socket| async move { drop(socket.channel("unread")) })
        .build()
        .unwrap();
    let client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    let poll = client.start_poll();
    tokio::task::yield_now().await;

    // The channel fills up first, then the link.
    let message = format!("u{}&cd6&unread{}", client.uid, "x".repeat(4_000));
    let mut refused = (200, String::new());
    for _ in 0..1000 {
        refused = post(&server, message.clone()).await;
        if refused.0 != 200 {
            break;
        }
    }

    assert_eq!(refused, gone());
    assert_eq!(socket.closed().await, CloseReason::ChannelOverflow);
    assert_eq!(poll.await.unwrap(), (200, "c".to_owned()));
}

/// [A-5] [A-6] B3: a poll that is gone has taken nothing.
#[tokio::test(start_paused = true)]
async fn a_poll_whose_connection_breaks_takes_no_message() {
    let server = echo();
    let mut client = Client::open(&server).await;

    let aborted = client.start_poll();
    tokio::task::yield_now().await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    client.push("cd1&mkept").await;

    assert_eq!(client.next().await, "cd1&mkept");
}

/// [A-11] A3: half a push holds its place for a bounded time, and nothing is delivered behind it.
#[tokio::test(start_paused = true)]
async fn a_push_that_stops_coming_ends_the_session_after_10_s() {
    let server = echo();
    let client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    let poll = client.start_poll();
    let start = now();

    let head = format!("u{}&cd1&mhalf", client.uid);
    let stuck = futures_util::stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from(head)))]);
    let stuck = futures_util::StreamExt::chain(stuck, futures_util::stream::pending());
    let body = StreamBody::new(stuck);
    let request = Request::post("/glue/ajax").body(body).unwrap();
    let pushed = tokio::spawn(server.service().call(request));
    tokio::task::yield_now().await;
    client.push("cd1&mbehind").await;

    assert_eq!(
        pushed.await.unwrap().unwrap().status(),
        StatusCode::REQUEST_TIMEOUT
    );
    assert_eq!((now() - start).as_secs(), 10);
    assert_eq!(socket.closed().await, CloseReason::LinkLost);
    assert_eq!(poll.await.unwrap(), gone(), "nothing came of what was behind");
}

/// [A-12] Also where nothing but the answer tells the driver that its client has gone.
#[tokio::test(start_paused = true)]
async fn the_time_without_a_poll_begins_with_the_answer() {
    let server = Server::builder().build().unwrap();
    let mut client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    advance(Duration::from_secs(9)).await;
    socket.send("one").await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(client.next().await, "cd1&mone");

    let (reason, time) = until_it_ends(&server).await;

    assert_eq!(reason, CloseReason::LinkLost);
    assert_eq!(time.as_secs(), 10);
}

/// [A-9] What broke the link is not forgotten for a poll that comes right behind.
#[tokio::test(start_paused = true)]
async fn a_poll_behind_one_push_too_many_does_not_put_off_the_end() {
    let limits = ServerLimits {
        push_bytes: 10_000,
        ..ServerLimits::default()
    };
    let server = ServerBuilder::default()
        .server_limits(limits)
        .on_socket(|socket| async move { drop(socket.channel("unread")) })
        .build()
        .unwrap();
    let client = Client::open(&server).await;
    let message = format!("u{}&cd6&unread{}", client.uid, "x".repeat(4_000));
    while post(&server, message.clone()).await.0 == 200 {
        tokio::task::yield_now().await;
    }

    let end = now();
    let answer = client.poll().await;

    assert_eq!(answer, (200, "c".to_owned()));
    assert_eq!((now() - end).as_secs(), 0);
}

/// [A-8] [A-13]
#[tokio::test(start_paused = true)]
async fn a_push_that_is_too_large_takes_nothing_of_what_is_queued() {
    let server = echo();
    let mut client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    for text in ["one", "two"] {
        socket.send(text).await.unwrap();
    }

    let large = format!("u{}&cd1&m{}", client.uid, "x".repeat(2 << 20));
    let refused = post(&server, large).await.0;
    tokio::task::yield_now().await;
    advance(Duration::from_secs(1)).await;

    assert_eq!(refused, 413);
    assert_eq!(client.next().await, "cd1&mone");
    assert_eq!(client.next().await, "cd1&mtwo");
    assert_eq!(client.poll().await, (200, "c".to_owned()));
}

/// [A-11] Behind the end as well: nobody waits for one who is gone.
#[tokio::test(start_paused = true)]
async fn a_push_that_breaks_off_behind_the_end_is_no_reason_to_wait() {
    let server = echo();
    let client = Client::open(&server).await;
    let socket = server.sockets().pop().unwrap();
    socket.send("unheard").await.unwrap();
    socket.close();
    tokio::task::yield_now().await;

    let start = now();
    let broken = post_parts(
        &server,
        vec![
            Ok(format!("u{}&cd1&mhalf", client.uid).into()),
            Err(std::io::ErrorKind::ConnectionReset.into()),
        ],
    )
    .await;
    assert_ne!(broken.0, 200);
    socket.closed().await;

    assert_eq!((now() - start).as_secs(), 0);
}

/// [A-9] What waits is counted by its bytes, so nothing else may be kept with it.
#[tokio::test(start_paused = true)]
async fn a_push_that_waits_keeps_nothing_of_the_buffer_that_it_came_in() {
    let server = ServerBuilder::default()
        .on_socket(|socket| async move { drop(socket.channel("unread")) })
        .build()
        .unwrap();
    let client = Client::open(&server).await;
    for _ in 0..=1024 {
        client.push("cd6&unreadx").await;
    }
    tokio::task::yield_now().await;

    let mut buffer = format!("u{}&cd6&unreadx", client.uid).into_bytes();
    let length = buffer.len();
    buffer.resize(64 << 10, 0);
    let buffer = Bytes::from(buffer);
    let pushed = post_parts(&server, vec![Ok(buffer.slice(..length))]).await;

    assert_eq!(pushed.0, 200);
    assert!(buffer.is_unique());
}

/// [A-2]
#[tokio::test(start_paused = true)]
async fn what_stands_behind_an_init_is_ignored_up_to_a_bound() {
    let server = echo();

    let (short, _) = post(&server, format!("i{}", "x".repeat(1023))).await;
    let (long, _) = post(&server, format!("i{}", "x".repeat(1024))).await;

    assert_eq!((short, long), (200, 413));
}
