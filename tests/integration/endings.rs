//! Ends of sockets, calls and servers, when something else goes on at the same moment.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use glue::{CallError, Client, CloseReason, Code, ErrorKind, Limits, RpcChannel, Server, Socket};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Polled};
use glue_tests::raw_ws::{RawPeer, Received};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};

/// Calls that end in all ways.
#[glue::channel]
trait Fate {
    /// Adds one.
    async fn next(&self, number: u32) -> u32;
    /// Waits until the test says so.
    async fn wait(&self);
    /// Never ends, and panics when it is dropped.
    async fn spoil(&self);
}

#[derive(Clone, Default)]
struct Served {
    gate: Arc<Notify>,
}

impl Fate for Served {
    async fn next(&self, number: u32) -> u32 {
        number + 1
    }

    async fn wait(&self) {
        self.gate.notified().await;
    }

    async fn spoil(&self) {
        let _spoiler = PanicsInDrop;
        std::future::pending().await
    }
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

/// Tells of its end.
struct SaysWhenDropped(mpsc::UnboundedSender<Option<CloseReason>>);

impl Drop for SaysWhenDropped {
    fn drop(&mut self) {
        let _ = self.0.send(None);
    }
}

/// Calls the server in its destructor, which runs while the socket is being taken down.
struct CallsInDrop {
    fate: FateClient<RpcChannel>,
    calls: mpsc::UnboundedSender<LateCall>,
}

type LateCall = MaybeDone<BoxFuture<'static, Result<u32, CallError>>>;

impl Drop for CallsInDrop {
    fn drop(&mut self) {
        let fate = self.fate.clone();
        let call: BoxFuture<'static, _> = Box::pin(async move { fate.next(1).await });
        let mut call = maybe_done(call);
        // The request is made here and now; the test waits for what becomes of it.
        let _ = Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop()));
        let _ = self.calls.send(call);
    }
}

/// [R-11] [R-12]
#[tokio::test]
async fn a_call_that_races_with_the_end_of_its_socket_settles() {
    let server = TestServer::start(Server::builder().channel(Served::default().into_channel())).await;
    let client = connect(server.address()).await;
    let fate = FateClient::open(&client).unwrap();
    let (calls, mut late) = mpsc::unbounded_channel();
    let late_caller = CallsInDrop {
        fate: FateClient::open(&client).unwrap(),
        calls,
    };
    client.on_message(move |_| {
        let _ = &late_caller;
        async {}
    });
    assert_eq!(fate.next(1).await.unwrap(), 2);

    client.close();

    let mut call = within("the end of the handler", late.recv()).await.unwrap();
    within("the late call to settle", &mut call).await;
    let error = Pin::new(&mut call).take_output().unwrap().unwrap_err();
    assert!(
        matches!(&error, CallError::Rpc(error) if error.code() == Code::Unavailable),
        "{error:?}"
    );
    assert_eq!(within("the end", client.closed()).await, CloseReason::Local);
}

/// [X-2]: here the program ends as soon as `closed` says so.
#[tokio::test]
async fn what_was_sent_is_delivered_when_closed_resolves() {
    let change = |limits: &mut Limits| limits.message_bytes = 2 * HUGE;
    let (heard, mut hears) = mpsc::unbounded_channel();
    let builder = Server::builder().limits(limits(change)).on_socket(move |socket| {
        let heard = heard.clone();
        async move {
            while let Some(text) = socket.recv().await {
                heard.send(text.len()).unwrap();
            }
        }
    });
    let server = TestServer::start(builder).await;
    let address = server.address();

    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let reason = runtime.block_on(async {
            let limits = limits(|limits| limits.close = Duration::from_secs(600));
            let client = Client::builder(format!("http://{address}")).limits(limits);
            let client = client.connect().await.unwrap();
            client.send("x".repeat(HUGE)).await.unwrap();
            client.close();
            client.closed().await
        });
        drop(runtime);
        ended.send(reason)
    });

    assert_eq!(within("the end of the client", end).await, Ok(CloseReason::Local));
    assert_eq!(within("the message", hears.recv()).await, Some(HUGE));
}

/// [X-4]
#[tokio::test]
async fn a_client_sees_a_close_frame_while_the_connection_stays_open() {
    let server = recorded_app::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let builder = Client::builder(format!("http://{address}")).reconnect(false);
    let connecting = tokio::spawn(async move { within("the client", builder.connect()).await.unwrap() });
    let (mut near, _) = within("the client", listener.accept()).await.unwrap();
    let mut far = TcpStream::connect(server.address()).await.unwrap();
    // The server only does the handshakes. Then the test speaks in its place.
    let client = tokio::select! {
        client = connecting => client.unwrap(),
        copied = tokio::io::copy_bidirectional(&mut near, &mut far) => panic!("{copied:?}"),
    };

    near.write_all(&[0x88, 0]).await.unwrap();

    assert_eq!(within("the end", client.closed()).await, CloseReason::Peer);
    assert_eq!(client.send("late").await.unwrap_err().kind(), ErrorKind::Closed);
    let mut answer = [0; 2];
    within("the answer", near.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, [0x88, 0x80], "a masked Close frame without code");
}

/// [Q-4] [R-4] [X-1]
#[tokio::test]
async fn a_destructor_that_panics_ends_nothing_but_its_call() {
    let service = Served::default();
    let gate = service.gate.clone();
    let builder = Server::builder().channel(service.into_channel());
    let server = TestServer::start(recorded_app::serve(builder)).await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = RawPeer::open(server.address()).await;

    for envelope in [
        "rq1&wait&{}",
        "rq3&spoil&{}",
        "rq5&spoil&{}",
        "ca3&",
        r#"rq7&next&{"number":1}"#,
    ] {
        peer.send(&format!("cd4&fate{envelope}")).await;
    }
    assert_eq!(peer.text().await, "cd4&fateok7&2");
    gate.notify_one();
    assert_eq!(peer.text().await, "cd4&fateok1&null");
    peer.assert_echo("the socket goes on").await;

    // One of those calls is still there.
    peer.send("cl").await;
    assert_eq!(peer.closed().await, None);
    bystander.assert_undisturbed(server.address()).await;
}

/// [A-8] [X-1]: a page that is left says goodbye behind the end of its poll, and must not stay for the time of a farewell.
#[tokio::test]
async fn a_client_that_says_goodbye_and_does_not_poll_has_gone_at_once() {
    let patient = limits(|limits| limits.close = Duration::from_secs(3600));
    let server = TestServer::start(recorded_app::serve(Server::builder().limits(patient))).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();
    // It waits for a poll as well.
    socket.send("too late").await.unwrap();

    peer.send("cl").await;

    assert_eq!(within("the end", socket.closed()).await, CloseReason::Peer);
    assert_eq!(socket.undelivered(), Some(1));
    peer.closed().await;
}

/// [X-2] [X-5]: what the application leaves behind is dropped at the end, and may do anything then.
#[tokio::test]
async fn destructors_that_panic_at_the_end_of_a_socket_keep_nothing_from_its_end() {
    let (events, mut heard) = mpsc::unbounded_channel();
    let server = TestServer::start(Server::builder().on_socket(move |socket: Socket| {
        let events = events.clone();
        async move {
            // The registry holds the last handle, and so this.
            socket.set_value(Arc::new(PanicsInDrop));
            let closed = events.clone();
            socket.on_close(move |reason| closed.send(Some(reason)).unwrap());
            let spoiler = PanicsInDrop;
            socket.channel("side").on_message(move |_| {
                let _ = &spoiler;
                async {}
            });
            let _guard = SaysWhenDropped(events);
            while let Some(text) = socket.recv().await {
                if text == "close" {
                    // Asked for, and never done.
                    let spoiler = PanicsInDrop;
                    socket.on_message(move |_| {
                        let _ = &spoiler;
                        async {}
                    });
                    socket.close();
                }
            }
        }
    }))
    .await;
    let (mut peer, id) = RawPeer::open(server.address()).await;
    let main = server.server().socket(&id).unwrap().channel("m");
    main.send("last words").await.unwrap();
    peer.send("cd1&mclose").await;

    assert_eq!(peer.text().await, "cd1&mlast words");
    assert_eq!(peer.closed().await, None);
    assert_eq!(within("the guard", heard.recv()).await, Some(None));
    assert_eq!(
        within("the end", heard.recv()).await,
        Some(Some(CloseReason::Local))
    );
}

/// [X-3]
#[tokio::test]
async fn a_shutdown_that_a_socket_asks_for_ends_the_server() {
    let running: Arc<OnceLock<Server>> = Arc::default();
    let server = Server::builder().on_socket({
        let running = running.clone();
        move |socket: Socket| {
            let running = running.clone();
            async move {
                while socket.recv().await.is_some() {
                    running.get().unwrap().shutdown().await;
                }
            }
        }
    });
    let server = server.build().unwrap();
    running.set(server.clone()).unwrap();
    let listener = server.bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(listener.serve());
    let (mut peer, _) = RawPeer::open(address).await;

    peer.send("cd1&mshut down").await;

    assert_eq!(peer.closed().await, None);
    drop(peer);
    tokio::time::pause();
    within("the end of the listener", serving).await.unwrap();
}

/// [L-8]
#[tokio::test]
async fn a_shutdown_does_not_wait_for_the_rest_of_a_request() {
    let server = brief().await;
    let bystander = Bystander::open(server.address()).await;
    let mut peer = RawPeer::dial(server.address()).await;

    peer.send_bytes(b"GET / HTTP/1.1\r\nHost: x\r\n").await;
    // Whoever connects later is served later, so the half request has been seen.
    bystander.assert_undisturbed(server.address()).await;

    assert_shutdown_ends(&server).await;
    assert_eq!(peer.next().await, Received::End);
}

/// [L-8]
#[tokio::test]
async fn a_shutdown_does_not_wait_for_answers_that_nobody_reads() {
    let server = brief().await;
    let mut bystander = Bystander::open(server.address()).await;
    let peer = RawPeer::dial(server.address()).await;

    let requests = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    bystander.fill(&peer, &requests).await;
    bystander.assert_undisturbed(server.address()).await;

    assert_shutdown_ends(&server).await;
}

/// Shows that a shutdown takes no more than the close time, in virtual time: it passes only when nothing else can be done.
async fn assert_shutdown_ends(server: &TestServer) {
    tokio::time::pause();
    let shutdown = tokio::time::timeout(2 * CLOSE, server.server().shutdown()).await;
    tokio::time::resume();

    assert!(shutdown.is_ok(), "the shutdown has an end");
}

/// Starts a server that spends little time on goodbyes.
async fn brief() -> TestServer {
    let builder = Server::builder().limits(limits(|limits| limits.close = CLOSE));
    TestServer::start(recorded_app::serve(builder)).await
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

async fn connect(address: std::net::SocketAddr) -> Client {
    within("the client", Client::connect(format!("http://{address}")))
        .await
        .unwrap()
}

/// Far below the time for the head of a request, which would end some shutdowns as well.
const CLOSE: Duration = Duration::from_secs(1);

/// Bytes of one message that no buffer takes whole.
const HUGE: usize = 16 << 20;

/// [A-8] [X-2]: who polls needs new connections to take what is left.
#[tokio::test]
async fn a_signal_to_end_leaves_the_last_words_to_a_client_that_polls() {
    let server = Server::builder().build().unwrap();
    let listener = server.bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve_until(stopped));
    let (mut peer, id) = AjaxPeer::open(address).await;
    let socket = server.socket(&id).unwrap();

    socket.send("last words").await.unwrap();
    stop.send(()).unwrap();
    // Fails once the end was asked for.
    while socket.send("too many").await.is_ok() {
        tokio::task::yield_now().await;
    }
    peer.hang_up();

    assert_eq!(peer.text().await, "cd1&mlast words");
    while let Polled::Message(_) = peer.poll().await {}
    within("the end", serving).await.unwrap();
}

#[tokio::test]
async fn whoever_has_awaited_the_shutdown_can_listen_again() {
    let mut address = "127.0.0.1:0".to_owned();
    for _ in 0..50 {
        let server = Server::builder().build().unwrap();
        let listener = server.bind(&address).await.unwrap();
        address = listener.local_addr().unwrap().to_string();
        let serving = tokio::spawn(listener.serve());
        tokio::task::yield_now().await;

        within("the end", server.shutdown()).await;

        let error = server.bind(&address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
        drop(serving);
    }
}

/// The end of every test with an open socket.
#[test]
fn a_runtime_that_ends_is_no_panic() {
    let (tell, told) = std::sync::mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = runtime.block_on(async {
        let (opened, open) = oneshot::channel();
        let opened = Arc::new(std::sync::Mutex::new(Some(opened)));
        let at_server = tell.clone();
        let server = Server::builder()
            .on_socket(move |socket| {
                let tell = at_server.clone();
                socket.on_close(move |reason| tell.send(("server", reason)).unwrap());
                if let Some(opened) = opened.lock().unwrap().take() {
                    opened.send(()).unwrap();
                }
                std::future::pending()
            })
            .build()
            .unwrap();
        let client = glue::testing::connect(&server).await.unwrap();
        client.on_close(move |reason| tell.send(("client", reason)).unwrap());
        within("the socket", open).await.unwrap();
        client
    });

    drop(runtime);
    drop(client);

    let mut reasons: Vec<_> = told.try_iter().collect();
    reasons.sort_by_key(|(side, _)| *side);
    assert_eq!(
        reasons,
        [("client", CloseReason::Local), ("server", CloseReason::Shutdown)]
    );
}
