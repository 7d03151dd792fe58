//! Who is accepted: the application decides before there is a socket.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use glue::{
    CloseReason, Code, Context, Limits, Refusal, RefusalReason, Server, ServerBuilder, ServerStats, Socket,
    SocketRequest, TransportKind,
};
use glue_example_mounted::axum_app;
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::log::Log;
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ws::RawPeer;
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::peers::http2::{Http2, VERSION};

on_each_transport!(
    an_accepted_client_has_its_values_from_the_start,
    a_refused_client_learns_why_and_may_come_back,
    a_client_that_is_refused_for_good_is_told_so,
    an_original_client_is_told_what_it_knows,
    what_comes_while_the_application_thinks_is_not_lost,
    a_client_that_goes_is_forgotten,
    a_decision_has_the_time_of_the_init_exchange,
    a_panic_ends_one_socket_only,
    a_server_that_is_released_accepts_nobody_any_more,
    cookies_and_other_headers_decide_as_well,
    every_connection_is_asked_about_anew,
    auth_of_another_shape_is_refused_with_the_place,
    auth_is_bounded_as_every_message_is,
    no_secret_is_logged,
);

#[derive(Clone, Debug)]
struct User(String);

#[derive(serde::Deserialize)]
struct Credentials {
    token: String,
}

/// Lets in who says a token that begins with `u-`, as the user of this name, and echoes.
fn guarded() -> ServerBuilder {
    recorded_app::serve(Server::builder()).authorize(|request| async move {
        let Credentials { token } = request.auth()?;
        match token.strip_prefix("u-") {
            Some(name) => {
                request.set_value(User(name.to_owned()));
                Ok(())
            }
            None if token == "banned" => Err(Refusal::new(Code::PermissionDenied, "no more").for_good()),
            None => {
                let refusal = Refusal::new(Code::Unauthenticated, "unknown token");
                Err(refusal.with_data(&HashMap::from([("renew", true)])).unwrap())
            }
        }
    })
}

fn init(token: &str) -> String {
    format!(r#"in{{"version":"1.9.1","errors":true,"auth":{{"token":"{token}"}}}}"#)
}

fn assert_accepted(answer: &str) {
    assert!(answer.starts_with(r#"in{"socketID":""#), "{answer}");
}

/// Returns the numbers of a transport's sockets that have opened, and that have ended for this reason.
fn counted(stats: &ServerStats, carrier: Carrier, reason: CloseReason) -> (u64, u64) {
    let transport = match carrier {
        Carrier::WebSocket => &stats.websocket,
        Carrier::Ajax => &stats.ajax,
    };
    (transport.opened, transport.closed(reason))
}

/// Waits until so many sockets have ended for this reason; none has opened.
async fn ended_unopened(server: &TestServer, carrier: Carrier, reason: CloseReason) {
    let ended = async {
        while counted(&server.server().stats(), carrier, reason).1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    within("the end of the socket", ended).await;
    assert_eq!(counted(&server.server().stats(), carrier, reason), (0, 1));
    assert!(server.server().sockets().is_empty());
}

#[glue::channel]
trait Mirror {
    /// Returns who calls, as the server knows them.
    async fn who_am_i(&self, cx: &Context) -> String;
    /// Is somebody else from now on, and returns who that was before.
    async fn become_another(&self, cx: &Context, name: String) -> String;
}

struct Looks;

impl Mirror for Looks {
    async fn who_am_i(&self, cx: &Context) -> String {
        cx.value::<User>().unwrap().0
    }
    async fn become_another(&self, cx: &Context, name: String) -> String {
        cx.set_value(User(name)).unwrap().0
    }
}

/// [I-13] [I-14]
async fn an_accepted_client_has_its_values_from_the_start(carrier: Carrier) {
    let builder = guarded()
        .channel(Looks.into_channel())
        .on_socket(|socket: Socket| async move {
            let User(name) = socket.value().unwrap();
            socket.send(format!("hello {name}")).await.unwrap();
        });
    let server = TestServer::start(builder).await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("u-ann")).await;
    assert_accepted(&peer.text().await);
    assert_eq!(peer.text().await, "cd1&mhello ann");
    peer.send("cd6&mirrorrq1&who_am_i&{}").await;
    assert_eq!(peer.text().await, r#"cd6&mirrorok1&"ann""#);
    peer.send(r#"cd6&mirrorrq3&become_another&{"name":"eve"}"#).await;
    assert_eq!(peer.text().await, r#"cd6&mirrorok3&"ann""#);
    peer.send("cd6&mirrorrq5&who_am_i&{}").await;
    assert_eq!(peer.text().await, r#"cd6&mirrorok5&"eve""#);
    let [socket] = &server.server().sockets()[..] else {
        panic!("there is one");
    };
    assert_eq!(socket.remove_value::<User>().unwrap().0, "eve");
}

/// [I-15]
async fn a_refused_client_learns_why_and_may_come_back(carrier: Carrier) {
    let server = TestServer::start(guarded()).await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("old")).await;
    assert_eq!(
        peer.text().await,
        r#"in{"error":{"code":"unauthenticated","message":"unknown token","data":{"renew":true}}}"#
    );
    peer.closed().await;

    ended_unopened(&server, carrier, CloseReason::Refused).await;
    let stats = server.server().stats();
    assert_eq!(stats.refused(RefusalReason::Unauthorized), 1);
}

/// [I-15]
async fn a_client_that_is_refused_for_good_is_told_so(carrier: Carrier) {
    let server = TestServer::start(guarded()).await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("banned")).await;

    let error = r#"in{"error":{"code":"permission_denied","message":"no more"}}"#;
    assert_eq!(peer.text().await, error);
    assert_eq!(peer.text().await, "dr");
    peer.closed().await;
}

/// [I-15]: glue.js neither says anything of itself nor knows refusals.
async fn an_original_client_is_told_what_it_knows(carrier: Carrier) {
    let asked = AtomicUsize::new(0);
    let server = TestServer::start(Server::builder().authorize(move |request| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert_eq!(request.auth_json(), None);
            let refusal = Refusal::new(Code::ResourceExhausted, "full");
            Err(if is_first { refusal.for_good() } else { refusal })
        }
    }))
    .await;

    let mut for_good = Peer::connect(carrier, server.address()).await;
    for_good.send(r#"in{"version":"1.9.1"}"#).await;
    assert_eq!(for_good.text().await, "dr");
    for_good.closed().await;

    let mut for_now = Peer::connect(carrier, server.address()).await;
    for_now.send(r#"in{"version":"1.9.1"}"#).await;
    for_now.closed().await;
}

/// [I-9] [I-11] [I-14]
async fn what_comes_while_the_application_thinks_is_not_lost(carrier: Carrier) {
    let (decide, decision) = watch::channel(false);
    let server = TestServer::start(recorded_app::serve(Server::builder()).authorize(move |_| {
        let mut decision = decision.clone();
        async move {
            decision.wait_for(|is_made| *is_made).await.unwrap();
            Ok(())
        }
    }))
    .await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("u-ann")).await;
    peer.assert_alive().await;
    peer.send("cd1&mearly").await;
    peer.send(&init("u-bob")).await;
    assert_eq!(peer.text().await, "iv");
    assert!(server.server().sockets().is_empty());
    decide.send(true).unwrap();

    assert_accepted(&peer.text().await);
    assert_eq!(peer.text().await, "cd1&mearly");
    peer.assert_echo("later").await;
}

/// A handler that never decides; tells when it is asked and when it is dropped.
fn undecided(builder: ServerBuilder) -> (ServerBuilder, mpsc::UnboundedReceiver<&'static str>) {
    struct Guard(mpsc::UnboundedSender<&'static str>);

    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send("dropped");
        }
    }

    let (tell, told) = mpsc::unbounded_channel();
    let builder = builder.authorize(move |_| {
        let tell = tell.clone();
        async move {
            tell.send("asked").unwrap();
            let _guard = Guard(tell);
            pending().await
        }
    });
    (builder, told)
}

/// [I-14]
async fn a_client_that_goes_is_forgotten(carrier: Carrier) {
    let (builder, mut told) = undecided(Server::builder());
    let server = TestServer::start(builder).await;
    let mut peer = Peer::connect(carrier, server.address()).await;
    peer.send(&init("u-ann")).await;
    assert_eq!(within("the question", told.recv()).await, Some("asked"));

    peer.send("cl").await;

    assert_eq!(within("the end of it", told.recv()).await, Some("dropped"));
    peer.closed().await;
    ended_unopened(&server, carrier, CloseReason::Peer).await;
}

/// [I-10] [I-14]
async fn a_decision_has_the_time_of_the_init_exchange(carrier: Carrier) {
    let mut limits = Limits::default();
    limits.init = Duration::from_millis(500);
    let (builder, mut told) = undecided(Server::builder().limits(limits));
    let server = TestServer::start(builder).await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("u-ann")).await;

    assert_eq!(within("the question", told.recv()).await, Some("asked"));
    assert_eq!(within("the end of it", told.recv()).await, Some("dropped"));
    peer.closed().await;
    ended_unopened(&server, carrier, CloseReason::InitTimeout).await;
}

/// [I-14] [X-6]
async fn a_panic_ends_one_socket_only(carrier: Carrier) {
    let panics = Arc::new(AtomicUsize::new(0));
    let panicking = panics.clone();
    let builder = recorded_app::serve(Server::builder()).authorize(move |request| {
        let panics = panicking.clone();
        async move {
            if request.auth_json().is_some() {
                panics.fetch_add(1, Ordering::SeqCst);
                panic!("on purpose");
            }
            Ok(())
        }
    });
    let server = TestServer::start(builder).await;
    let bystander = Bystander::open(server.address()).await;
    let mut peer = Peer::connect(carrier, server.address()).await;

    peer.send(&init("u-ann")).await;
    peer.closed().await;

    assert_eq!(panics.load(Ordering::SeqCst), 1);
    bystander.assert_undisturbed(server.address()).await;
}

/// [I-14]
async fn a_server_that_is_released_accepts_nobody_any_more(carrier: Carrier) {
    let (builder, mut told) = undecided(Server::builder());
    let server = TestServer::start(builder).await;
    let mut peer = Peer::connect(carrier, server.address()).await;
    peer.send(&init("u-ann")).await;
    assert_eq!(within("the question", told.recv()).await, Some("asked"));

    tokio::join!(within("the release", server.server().release()), peer.closed());

    assert_eq!(within("the end of it", told.recv()).await, Some("dropped"));
}

/// Lets in by cookie, and greets with what was known of the client.
fn by_cookie() -> ServerBuilder {
    Server::builder()
        .authorize(|request: SocketRequest| async move {
            let cookies = request
                .headers()
                .get("cookie")
                .and_then(|cookie| cookie.to_str().ok());
            let name = cookies.and_then(|cookies| cookies.strip_prefix("session="));
            let name = name.ok_or_else(|| Refusal::new(Code::Unauthenticated, "no cookie"))?;
            let transport = match request.transport() {
                TransportKind::WebSocket => "websocket",
                _ => "ajax",
            };
            let (path, address) = (request.head().uri.path(), request.remote_addr().unwrap());
            request.set_value(User(format!("{name} {transport} {path} {address}")));
            Ok(())
        })
        .on_socket(|socket: Socket| async move {
            let User(name) = socket.value().unwrap();
            socket.send(name).await.unwrap();
        })
}

async fn cookies_and_other_headers_decide_as_well(carrier: Carrier) {
    let server = TestServer::start(by_cookie()).await;
    let known = "Cookie: session=ann\r\n";

    let mut peer = Peer::connect_with(carrier, server.address(), known).await;
    peer.init().await;
    let greeting = match carrier {
        Carrier::WebSocket => "cd1&mann websocket /glue/ws 127.0.0.1",
        Carrier::Ajax => "cd1&mann ajax /glue/ajax 127.0.0.1",
    };
    assert_eq!(peer.text().await, greeting);

    let mut stranger = Peer::connect(carrier, server.address()).await;
    stranger.send(r#"in{"version":"1.9.1","errors":true}"#).await;
    let error = r#"in{"error":{"code":"unauthenticated","message":"no cookie"}}"#;
    assert_eq!(stranger.text().await, error);
    stranger.closed().await;
}

/// [H-11]
#[tokio::test]
async fn headers_decide_over_http2_as_well() {
    let server = by_cookie().build().unwrap();
    let admin = Server::builder().base_url("/admin/live/").build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum_app::serve(listener, axum_app::router(&server, &admin)));
    let client = Http2::dial(address).await;

    let cookie = ("cookie", "session=ann");
    let mut known = client.tunnel_with(&[VERSION, cookie]).await;
    let mut stranger = client.tunnel().await;
    known.peer.init().await;
    stranger.peer.send(r#"in{"version":"1.9.1"}"#).await;

    assert_eq!(known.peer.text().await, "cd1&mann websocket /glue/ws 127.0.0.1");
    assert_eq!(stranger.peer.closed().await, None);
}

/// [I-14]
async fn every_connection_is_asked_about_anew(carrier: Carrier) {
    let server = TestServer::start(guarded()).await;

    for token in ["u-ann", "old", "u-ann"] {
        let mut peer = Peer::connect(carrier, server.address()).await;
        peer.send(&init(token)).await;
        let answer = peer.text().await;
        assert_eq!(
            answer.starts_with(r#"in{"socketID":"#),
            token == "u-ann",
            "{answer}"
        );
    }

    assert_eq!(
        counted(&server.server().stats(), carrier, CloseReason::Refused).0,
        2
    );
}

/// [I-15] [Q-3]
async fn auth_of_another_shape_is_refused_with_the_place(carrier: Carrier) {
    let server = TestServer::start(guarded()).await;
    let cases = [
        (r#","auth":{"token":{"x":[1]}}"#, "at `auth.token`", true),
        (r#","auth":"t""#, "at `auth`", true),
        (r#","auth":{}"#, "missing field `token` at `auth`", true),
        (r#","auth":null"#, "`auth` is missing", false),
        ("", "`auth` is missing", false),
    ];
    for (member, told, is_final) in cases {
        let mut peer = Peer::connect(carrier, server.address()).await;
        peer.send(&format!(r#"in{{"version":"1.9.1","errors":true{member}}}"#))
            .await;

        let answer = peer.text().await;
        let code = if is_final {
            "invalid_argument"
        } else {
            "unauthenticated"
        };
        assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
        assert!(answer.contains(&format!(r#"{told}"}}}}"#)), "{answer}");
        if is_final {
            assert_eq!(peer.text().await, "dr");
        }
        peer.closed().await;
    }
}

/// [L-1]
async fn auth_is_bounded_as_every_message_is(carrier: Carrier) {
    let mut limits = Limits::default();
    limits.message_bytes = 1 << 10;
    let (builder, mut told) = undecided(Server::builder().limits(limits));
    let server = TestServer::start(builder).await;
    let mut peer = Peer::connect(carrier, server.address()).await;
    let long = init(&"x".repeat(1 << 10));

    match &mut peer {
        Peer::WebSocket(peer) => {
            peer.send(&long).await;
            assert_eq!(peer.closed().await, Some(1009));
        }
        Peer::Ajax(peer) => assert_eq!(peer.push(&long).await.status, 413),
    }

    ended_unopened(&server, carrier, CloseReason::TooLarge).await;
    assert!(told.try_recv().is_err(), "nobody was asked");
}

/// [I-13]
async fn no_secret_is_logged(carrier: Carrier) {
    let (log, _capture) = Log::capture();
    let server = TestServer::start(guarded()).await;
    let cookie = "Cookie: session=hunter3\r\n";

    for token in ["u-hunter2", "hunter2"] {
        let mut peer = Peer::connect_with(carrier, server.address(), cookie).await;
        peer.send(&init(token)).await;
        peer.text().await;
        peer.send("cl").await;
        peer.closed().await;
    }
    let mut peer = Peer::connect_with(carrier, server.address(), cookie).await;
    peer.send(r#"in{"version":"1.9.1","auth":{"token":["hunter2"]}}"#)
        .await;
    assert_eq!(peer.text().await, "dr");
    peer.closed().await;

    assert_eq!(
        log.lines_with(&["DEBUG", "client refused by the application"])
            .len(),
        2
    );
    assert!(!log.lines_with(&["TRACE", "received text=\"in…\""]).is_empty());
    assert_eq!(log.lines_with(&["hunter"]), [""; 0]);
}

/// A client that goes without a word while the application thinks.
#[tokio::test]
async fn a_lost_client_is_forgotten() {
    let (builder, mut told) = undecided(Server::builder());
    let server = TestServer::start(builder).await;
    let mut peer = RawPeer::connect(server.address()).await;
    peer.send(&init("u-ann")).await;
    assert_eq!(within("the question", told.recv()).await, Some("asked"));

    drop(peer);

    assert_eq!(within("the end of it", told.recv()).await, Some("dropped"));
    ended_unopened(&server, Carrier::WebSocket, CloseReason::LinkLost).await;
}
