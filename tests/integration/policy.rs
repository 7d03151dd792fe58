//! Who may read answers, and whose word counts on where a client is.

use std::net::SocketAddr;

use glue::{ForwardedHeader, Origins, Server, ServerBuilder, Socket, TrustedProxies};
use glue_tests::bystander::Bystander;
use glue_tests::raw_http::{RawResponse, request};
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;

const APP: &str = "https://app.example";

async fn admitting(origins: Origins) -> TestServer {
    TestServer::start(recorded_app::serve(Server::builder().origins(origins))).await
}

async fn ask(server: SocketAddr, line: &str, headers: &str) -> RawResponse {
    request(
        server,
        &format!("{line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"),
    )
    .await
}

/// [H-7]
#[tokio::test]
async fn admitted_pages_may_read_errors_too() {
    let server = admitting(Origins::List(vec![APP.to_owned()])).await;

    for (line, status) in [
        ("GET /glue/ws", 400),
        ("PUT /glue/ws", 405),
        ("GET /glue/ajax", 400),
        ("GET /glue/x", 400),
    ] {
        let answer = ask(server.address(), line, &format!("Origin: {APP}\r\n")).await;
        assert_eq!(answer.status, status, "{line}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{line}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(APP), "{line}");
    }
}

/// [H-7]
#[tokio::test]
async fn others_are_not_told_what_they_may_read() {
    let server = admitting(Origins::Any).await;
    let strict = admitting(Origins::SameHost).await;

    let own = ask(server.address(), "GET /glue/ws", "Origin: http://localhost\r\n").await;
    let none = ask(server.address(), "GET /glue/ws", "").await;
    let refused = ask(strict.address(), "GET /glue/ws", &format!("Origin: {APP}\r\n")).await;
    let elsewhere = ask(server.address(), "GET /", &format!("Origin: {APP}\r\n")).await;

    assert_eq!(
        [own.status, none.status, refused.status, elsewhere.status],
        [400, 400, 403, 404]
    );
    for answer in [&own, &none, &refused, &elsewhere] {
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    for answer in [&own, &none, &refused] {
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    assert_eq!(elsewhere.header("vary"), None);
}

/// [H-7]
#[tokio::test]
async fn an_upgrade_for_another_page_names_no_origin() {
    let server = admitting(Origins::matching(|origin| origin == APP)).await;

    let upgrade = upgrade_request(&format!("Origin: {APP}\r\n"));
    let (mut peer, answer) = RawPeer::upgrade(server.address(), &upgrade).await;

    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    peer.init().await;
    peer.assert_echo("hello").await;
}

/// [H-8]
#[tokio::test]
async fn preflights_of_admitted_pages_are_granted() {
    let server = admitting(Origins::List(vec![APP.to_owned()])).await;

    for path in ["/glue/ajax", "/glue/ws"] {
        let headers = format!(
            "Origin: {APP}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n"
        );
        let answer = ask(server.address(), &format!("OPTIONS {path}"), &headers).await;

        assert_eq!(answer.status, 204, "{path}");
        for (name, value) in [
            ("vary", "Origin"),
            ("access-control-allow-origin", APP),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-headers", "content-type"),
            ("access-control-max-age", "600"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
    }
}

/// [H-8]
#[tokio::test]
async fn other_options_requests_are_refused() {
    let server = admitting(Origins::List(vec![APP.to_owned()])).await;
    let evil = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
    let cases = [
        ("/glue/ajax", evil, 403),
        ("/glue/ajax", "Access-Control-Request-Method: POST\r\n", 400),
        ("/glue/ajax", "", 400),
        ("/glue/ws", "", 405),
    ];

    for (path, headers, status) in cases {
        let answer = ask(server.address(), &format!("OPTIONS {path}"), headers).await;
        assert_eq!(answer.status, status, "{path} {headers}");
        assert_eq!(
            answer.header("access-control-allow-methods"),
            None,
            "{path} {headers}"
        );
    }
}

/// [H-3]
#[tokio::test]
async fn doubled_headers_are_refused() {
    let server = admitting(Origins::Any).await;
    let bystander = Bystander::open(server.address()).await;

    for headers in [
        "Origin: http://localhost\r\nOrigin: http://localhost\r\n",
        "Host: localhost\r\n",
        "Host: evil.example\r\nOrigin: http://evil.example\r\n",
    ] {
        let answer = RawPeer::upgrade(server.address(), &upgrade_request(headers))
            .await
            .1;
        assert_eq!(answer.status, 403, "{headers}");
        assert_eq!(answer.body, b"", "{headers}");
    }

    bystander.assert_undisturbed(server.address()).await;
}

/// Sends each socket its own address.
fn telling(builder: ServerBuilder) -> ServerBuilder {
    builder.on_socket(|socket: Socket| async move {
        let address = socket.remote_addr().map(|address| address.to_string());
        let _ = socket.send(address.unwrap_or_default()).await;
    })
}

async fn told(server: &TestServer, headers: &str) -> String {
    let (mut peer, answer) = RawPeer::upgrade(server.address(), &upgrade_request(headers)).await;
    assert_eq!(answer.status, 101, "{headers}");
    peer.init().await;
    let text = peer.text().await;
    let address = text.strip_prefix("cd1&m");
    address
        .unwrap_or_else(|| panic!("the main channel, not {text}"))
        .to_owned()
}

/// [H-10]
#[tokio::test]
async fn forwarded_addresses_are_not_believed_from_anybody() {
    let server = TestServer::start(telling(Server::builder())).await;

    for headers in [
        "",
        "X-Forwarded-For: 203.0.113.7\r\n",
        "X-Real-Ip: 203.0.113.7\r\n",
        "Forwarded: for=203.0.113.7\r\n",
        "X-Forwarded-For: <script>alert(1)</script>\r\n",
    ] {
        assert_eq!(told(&server, headers).await, "127.0.0.1", "{headers}");
    }
}

/// [H-10]
#[tokio::test]
async fn a_trusted_proxy_tells_the_address_in_its_header() {
    let proxies = TrustedProxies::new(["127.0.0.0/8", "10.0.0.0/8"]).unwrap();
    let by_default = TestServer::start(telling(Server::builder().trusted_proxies(proxies.clone()))).await;
    let forwarded = proxies.header(ForwardedHeader::Forwarded);
    let forwarded = TestServer::start(telling(Server::builder().trusted_proxies(forwarded))).await;

    for (headers, expected) in [
        (
            "X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.2\r\n",
            "203.0.113.7",
        ),
        (
            "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: [2001:db8::7]:443\r\n",
            "2001:db8::7",
        ),
        ("X-Forwarded-For: <script>alert(1)</script>\r\n", "127.0.0.1"),
        ("X-Real-Ip: 203.0.113.7\r\n", "127.0.0.1"),
        ("", "127.0.0.1"),
    ] {
        assert_eq!(told(&by_default, headers).await, expected, "{headers}");
    }
    let headers = "X-Forwarded-For: 198.51.100.1\r\nForwarded: for=\"203.0.113.7:4711\";proto=https\r\n";
    assert_eq!(told(&forwarded, headers).await, "203.0.113.7");
}
