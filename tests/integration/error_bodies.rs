//! The error answers of both endpoints, one test per row of the table in which the original's are listed, and those that only
//! ours gives. No row touches another socket.

use std::net::SocketAddr;
use std::time::Duration;

use glue::{CloseReason, Limits, Server, ServerBuilder, ServerLimits};
use glue_tests::bystander::Bystander;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint};
use glue_tests::raw_http::{RawConnection, RawResponse, request};
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;

/// [H-3] An origin is refused: 403, empty body.
#[tokio::test]
async fn origin_refused() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for (method, path) in ENDPOINTS {
        for origin in ["http://evil.example", "null", ""] {
            let response = ask(&server, method, path, &format!("Origin: {origin}\r\n")).await;
            assert_answer(&response, 403, "", &[]);
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-2] Unknown path: 400, empty body. (CORS is no option here, so that requests without `Origin` pass [H-7].)
#[tokio::test]
async fn cors_without_origin_or_unknown_path() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for path in [
        "/glue/",
        "/glue/x",
        "/glue/ws/",
        "/glue/WS",
        "/glue/ajax/",
        "/glue/Ajax",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let response = ask(&server, method, path, "").await;
            assert_answer(&response, 400, "", &[]);
        }
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-4] 405.
#[tokio::test]
async fn ws_method_other_than_get() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    let with_allow: Vec<_> = [("allow", "GET")].iter().chain(TEXT).copied().collect();

    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let response = ask(&server, method, "/glue/ws", "").await;
        assert_answer(&response, 405, "Method not allowed\n", &with_allow);
    }
    let response = ask(&server, "HEAD", "/glue/ws", "").await;
    assert_eq!(
        judged(&response, 19),
        headers(19, &with_allow),
        "HEAD has the same head"
    );
    assert_eq!((response.status, response.text()), (405, ""));

    bystander.assert_undisturbed(server.address()).await;
}

/// [H-5] 400, with the version that would do.
#[tokio::test]
async fn ws_get_that_is_not_a_valid_upgrade() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let proper = String::from_utf8(upgrade_request("")).unwrap();
    let spoilt = [
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Version: 13", "Version: 8"),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key:"),
        ("Sec-WebSocket-Key: ", "X-Key: "),
    ];

    for (part, instead) in spoilt {
        let response = request(server.address(), &proper.replace(part, instead)).await;
        let expected = [TEXT, &[("sec-websocket-version", "13")]].concat();
        assert_answer(&response, 400, "Bad Request\n", &expected);
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// 400.
#[tokio::test]
async fn ajax_method_other_than_post() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let response = ask(&server, method, "/glue/ajax", "").await;
        assert_answer(&response, 400, "Bad Request\n", TEXT);
    }
    let response = ask(&server, "HEAD", "/glue/ajax", "").await;
    assert_eq!(judged(&response, 12), headers(12, TEXT), "HEAD has the same head");
    assert_eq!((response.status, response.text()), (400, ""));

    bystander.assert_undisturbed(server.address()).await;
}

/// 400, whatever was wrong.
#[tokio::test]
async fn ajax_any_refused_request() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (peer, _) = AjaxPeer::open(server.address()).await;
    let (uid, token) = (peer.uid(), peer.token());

    for body in [
        "",
        "&",
        "&x",
        "I",
        "é",
        "zfoo&bar",
        "u",
        "o",
        "u&pi",
        "o&",
        "uAAAAAAAAAA&pi",
        "oAAAAAAAAAA&AAAAAAA",
        &format!("u{uid}"),
        &format!("u{uid}&"),
        &format!("u{uid}x&pi"),
        &format!("o{uid}"),
        &format!("o{uid}&"),
        &format!("o{uid}&AAAAAAA"),
        &format!("o{uid}&{token}x"),
        &format!("o{uid}&{token}&"),
        &format!("o{uid}x&{token}"),
    ] {
        let response = peer.endpoint().post(body).await;
        assert_answer(&response, 400, "Bad Request\n", TEXT);
    }

    // None of it had an effect.
    let mut peer = peer;
    peer.assert_echo("the session goes on").await;
    bystander.assert_undisturbed(server.address()).await;
}

/// 500.
#[tokio::test]
async fn ajax_body_could_not_be_read() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;

    let mut connection = RawConnection::dial(server.address()).await;
    connection
        .send(b"POST /glue/ajax HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n")
        .await;
    let response = connection.answer().await;

    assert_answer(&response, 500, "Internal Server Error\n", TEXT);
    bystander.assert_undisturbed(server.address()).await;
}

/// 408: what is sent of a body doesn't come fast enough.
#[tokio::test]
async fn ajax_body_too_slow() {
    let change = |limits: &mut ServerLimits| limits.body = Duration::from_millis(100);
    let server = TestServer::start(with(change)).await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();

    let mut connection = peer.endpoint().dial().await;
    connection.send(&peer.endpoint().head(1000)).await;
    connection
        .send(peer.push_body("cd1&mhalf a mess").as_bytes())
        .await;
    let response = connection.answer().await;

    assert_answer(&response, 408, "Request Timeout\n", TEXT);
    assert_eq!(within("the end", socket.closed()).await, CloseReason::LinkLost);
    peer.assert_unknown().await;
    bystander.assert_undisturbed(server.address()).await;
}

/// 413, before the message is there.
#[tokio::test]
async fn ajax_message_over_the_size_limit() {
    let mut limits = Limits::default();
    limits.message_bytes = 1000;
    let builder = recorded_app::serve(Server::builder().limits(limits));
    let server = TestServer::start(builder).await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, id) = AjaxPeer::open(server.address()).await;
    let socket = server.server().socket(&id).unwrap();
    let largest = format!("cd1&m{}", "x".repeat(995));
    peer.send(&largest).await;
    assert_eq!(peer.text().await, largest);

    let mut connection = peer.endpoint().dial().await;
    let body = peer.push_body("cd1&mx");
    connection.send(&peer.endpoint().head(1 << 30)).await;
    connection.send(body.as_bytes()).await;
    let response = connection.answer().await;

    assert_answer(&response, 413, "Payload Too Large\n", TEXT);
    peer.closed().await;
    assert_eq!(within("the end", socket.closed()).await, CloseReason::TooLarge);
    bystander.assert_undisturbed(server.address()).await;
}

/// [H-9] 503 on both endpoints while there is no room.
#[tokio::test]
async fn no_room_for_another_socket() {
    let changes: [fn(&mut ServerLimits); 2] = [
        |limits| limits.sockets = 2,
        |limits| limits.sockets_per_address = 2,
    ];
    for change in changes {
        let server = TestServer::start(with(change)).await;
        let bystander = Bystander::open(server.address()).await;
        let (mut last, id) = AjaxPeer::open(server.address()).await;
        let socket = server.server().socket(&id).unwrap();

        assert_unavailable(server.address()).await;
        last.assert_echo("those that are there go on").await;

        last.send("cl").await;
        last.closed().await;
        within("the end", socket.closed()).await;
        bystander.assert_undisturbed(server.address()).await;
    }
}

/// [H-9] 503 on both endpoints until the server is unblocked.
#[tokio::test]
async fn blocked_server() {
    let server = recorded_app::start().await;
    let bystander = Bystander::open(server.address()).await;
    let (mut peer, _) = AjaxPeer::open(server.address()).await;

    server.server().block();
    assert_unavailable(server.address()).await;
    peer.assert_echo("those that are there go on").await;

    server.server().unblock();
    bystander.assert_undisturbed(server.address()).await;
}

async fn assert_unavailable(address: SocketAddr) {
    let expected = [TEXT, &[("retry-after", "5")]].concat();
    let (_, upgrade) = RawPeer::upgrade(address, &upgrade_request("")).await;
    assert_answer(&upgrade, 503, "Service Unavailable\n", &expected);
    let init = Endpoint::new(address).post("i").await;
    assert_answer(&init, 503, "Service Unavailable\n", &expected);
}

fn with(change: impl FnOnce(&mut ServerLimits)) -> ServerBuilder {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    recorded_app::serve(Server::builder().server_limits(limits))
}

async fn ask(server: &TestServer, method: &str, path: &str, headers: &str) -> RawResponse {
    let body = if method == "POST" { "i" } else { "" };
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    request(server.address(), &text).await
}

fn assert_answer(response: &RawResponse, status: u16, body: &str, expected: &[(&str, &str)]) {
    assert_eq!((response.status, response.text()), (status, body));
    assert_eq!(
        judged(response, body.len()),
        headers(body.len(), expected),
        "{status}"
    );
}

/// Returns the headers that must be there, in order of their names.
fn headers(length: usize, expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let common = [
        ("content-length".to_owned(), length.to_string()),
        named(&("vary", "Origin")),
    ];
    let mut headers: Vec<_> = expected.iter().map(named).chain(common).collect();
    headers.sort();
    headers
}

fn named((name, value): &(&str, &str)) -> (String, String) {
    ((*name).to_owned(), (*value).to_owned())
}

/// Returns the headers of an answer but those of the connection, which HTTP itself brings along.
fn judged(response: &RawResponse, length: usize) -> Vec<(String, String)> {
    let headers = response.headers.iter();
    let mut headers: Vec<_> = headers
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "connection"))
        .cloned()
        .collect();
    if length == 0 && response.header("content-length").is_none() {
        headers.push(("content-length".to_owned(), "0".to_owned()));
    }
    headers.sort();
    headers
}

/// What is asked at both endpoints.
const ENDPOINTS: [(&str, &str); 3] = [
    ("GET", "/glue/ws"),
    ("POST", "/glue/ajax"),
    ("OPTIONS", "/glue/ajax"),
];

/// Headers of an error with a body.
const TEXT: &[(&str, &str)] = &[
    ("content-type", "text/plain; charset=utf-8"),
    ("x-content-type-options", "nosniff"),
];
