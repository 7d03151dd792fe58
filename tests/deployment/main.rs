//! The configurations of docs/DEPLOYMENT.md, run by nginx and Caddy as they stand there.

#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

#[allow(dead_code, unreachable_pub)] // integration/ uses the rest
#[path = "../integration/peers/mod.rs"]
mod peers;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use glue::{Server, ServerBuilder, ServerLimits, TrustedProxies};
use glue_tests::bridge::Bridge;
use glue_tests::deadline::within;
use glue_tests::raw_ajax::{AjaxPeer, Endpoint, Polled};
use glue_tests::raw_http::RawConnection;
use glue_tests::raw_ws::{RawPeer, Received, upgrade_request};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::process::{Child, Command};

use crate::peers::http2::Http2;
use crate::peers::tls::{Certificate, HOST, dial_tls};

/// A running nginx or Caddy.
struct Proxy {
    address: SocketAddr,
    certificate: Certificate,
    _folder: TempDir,
    _child: Child,
}

impl Proxy {
    /// Starts nginx with what stands in its folder for sites.
    async fn nginx(site: &str) -> Self {
        let (address, certificate, folder) =
            (free_address(), Certificate::make(), tempfile::tempdir().unwrap());
        let site = put(site, "listen 443", &format!("listen {address}"));
        let site = put(&site, "/etc/ssl/app/fullchain.pem", &shown(&certificate.path()));
        let site = put(&site, "/etc/ssl/app/key.pem", &shown(&certificate.key_path()));
        std::fs::write(folder.path().join("site.conf"), site).unwrap();
        std::fs::write(folder.path().join("nginx.conf"), NGINX).unwrap();

        let mut command = Command::new(program("NGINX", "nginx"));
        command
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "stderr"]);
        Self {
            _child: start(&mut command, "nginx/").await,
            address,
            certificate,
            _folder: folder,
        }
    }

    /// Starts Caddy with this file.
    async fn caddy(file: &str) -> Self {
        let (address, certificate, folder) =
            (free_address(), Certificate::make(), tempfile::tempdir().unwrap());
        let (host, port) = (address.ip(), address.port());
        let [path, key] = [certificate.path(), certificate.key_path()].map(|path| shown(&path));
        let site = format!(":{port} {{\n bind {host}\n tls {path} {key}\n");
        let file = put(file, "app.example.org {", &site);
        std::fs::write(folder.path().join("Caddyfile"), format!("{CADDY}{file}")).unwrap();

        let mut command = Command::new(program("CADDY", "caddy"));
        command
            .args(["run", "--config", "Caddyfile"])
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .current_dir(folder.path());
        Self {
            _child: start(&mut command, "serving initial configuration").await,
            address,
            certificate,
            _folder: folder,
        }
    }

    /// Lets peers reach the proxy by HTTP/1.1 inside TLS, from [`CLIENT`].
    async fn bridge(&self) -> Bridge {
        let (address, connector) = (self.address, self.certificate.connector(&["http/1.1"]));
        Bridge::start(move || dial_tls(connector.clone(), dial_from(CLIENT, address))).await
    }

    async fn http2(&self) -> Http2 {
        let connector = self.certificate.connector(&["h2"]);
        Http2::over(
            dial_tls(connector, TcpStream::connect(self.address))
                .await
                .unwrap(),
        )
        .await
    }
}

async fn dial_from(client: &str, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(client.parse().unwrap(), 0))?;
    socket.connect(address).await
}

fn program(variable: &str, name: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| name.to_owned())
}

/// Starts a program, and waits until it says this. It ends with the value.
async fn start(command: &mut Command, ready: &str) -> Child {
    let child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = within("a line of its log", lines.next_line()).await.unwrap();
        let line = line.unwrap_or_else(|| panic!("{command:?} ended"));
        eprintln!("{line}");
        if line.contains(ready) {
            break;
        }
    }
    // The rest is read, or the pipe would be full one day.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

/// Returns an address on which nobody else listens: no other test uses its host.
fn free_address() -> SocketAddr {
    static HOSTS: AtomicU8 = AtomicU8::new(1);
    let host = IpAddr::from([127, 77, 0, HOSTS.fetch_add(1, Ordering::Relaxed)]);
    let listener = std::net::TcpListener::bind((host, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// Returns the blocks of the document in this language.
fn blocks(language: &str) -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/DEPLOYMENT.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block.to_owned())
        .collect()
}

/// Replaces what must be there.
fn put(config: &str, what: &str, with: &str) -> String {
    assert!(config.contains(what), "{what} in\n{config}");
    config.replace(what, with)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The options of the document, and polls that a test can wait for.
fn behind_a_proxy() -> ServerBuilder {
    let mut server_limits = ServerLimits::default();
    server_limits.poll = Duration::from_secs(1);
    let builder = Server::builder()
        .server_limits(server_limits)
        .trusted_proxies(TrustedProxies::new(["127.0.0.1", "::1"]).unwrap());
    recorded_app::serve(builder)
}

fn upgrade(headers: &str) -> Vec<u8> {
    let request = String::from_utf8(upgrade_request(headers)).unwrap();
    request
        .replace("Host: localhost", &format!("Host: {HOST}:8443"))
        .into()
}

/// Shows that the proxy does all that the document asks of it.
async fn assert_carries(proxy: &Proxy, server: &Server) {
    let bridge = proxy.bridge().await;
    let origin = |origin: &str| format!("Origin: https://{origin}\r\nX-Forwarded-For: 203.0.113.7\r\n");

    let own = upgrade(&origin(&format!("{HOST}:8443")));
    let (mut websocket, answer) = RawPeer::upgrade(bridge.address(), &own).await;
    assert_eq!(answer.status, 101);
    let id = websocket.init().await;
    websocket.assert_echo("by WebSocket").await;
    websocket.assert_echo(&"x".repeat(1_000_000)).await;
    let evil = upgrade(&origin("evil.example"));
    assert_eq!(RawPeer::upgrade(bridge.address(), &evil).await.1.status, 403);

    let own = origin(&bridge.address().to_string());
    let endpoint = Endpoint::new(bridge.address()).headers(&own);
    let (mut ajax, ajax_id) = AjaxPeer::open_at(endpoint).await;
    assert_eq!(
        ajax.poll().await,
        Polled::Timeout,
        "a poll that waits its whole time"
    );
    ajax.start_poll().await;
    ajax.assert_echo("to a poll that waits").await;
    let largest = "x".repeat((1 << 20) - "cd1&m".len());
    ajax.assert_echo(&largest).await;

    for id in [id, ajax_id] {
        let address = server.socket(&id).unwrap().remote_addr();
        assert_eq!(address.unwrap().to_string(), CLIENT);
    }
    let unknown = proxy.http2().await.posted("o0123456789&0123456".to_owned()).await;
    assert_eq!(
        unknown,
        (400, "Bad Request\n".to_owned()),
        "the page's origin is not refused"
    );

    let ended = async move {
        assert!(matches!(websocket.next().await, Received::Close(_)));
        drop(websocket);
        assert_eq!(ajax.poll().await, Polled::Closed);
    };
    within("the end", async { tokio::join!(server.shutdown(), ended) }).await;
}

#[tokio::test]
async fn nginx_carries_both_transports() {
    let server = TestServer::start(behind_a_proxy()).await;
    let site = put(
        &blocks("nginx")[0],
        "127.0.0.1:8080",
        &server.address().to_string(),
    );

    let proxy = Proxy::nginx(&site).await;

    assert_carries(&proxy, server.server()).await;
}

#[tokio::test]
async fn caddy_carries_both_transports() {
    let server = TestServer::start(behind_a_proxy()).await;
    let file = put(
        &blocks("caddyfile")[0],
        "127.0.0.1:8080",
        &server.address().to_string(),
    );

    let proxy = Proxy::caddy(&file).await;

    assert_carries(&proxy, server.server()).await;
}

#[tokio::test]
async fn both_carry_both_transports_to_a_unix_socket() {
    for is_caddy in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glue.sock");
        let proxies = TrustedProxies::default().unix_socket(true);
        let server = behind_a_proxy().trusted_proxies(proxies).build().unwrap();
        tokio::spawn(server.bind_unix(&path).await.unwrap().serve());

        let proxy = if is_caddy {
            let upstream = format!("unix/{}", shown(&path));
            Proxy::caddy(&put(&blocks("caddyfile")[0], "127.0.0.1:8080", &upstream)).await
        } else {
            let upstream = format!("unix:{}", shown(&path));
            Proxy::nginx(&put(&blocks("nginx")[0], "127.0.0.1:8080", &upstream)).await
        };

        assert_carries(&proxy, &server).await;
    }
}

/// Or a small push would overtake a large one.
#[tokio::test]
async fn a_push_arrives_while_it_is_still_being_sent() {
    for is_caddy in [false, true] {
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = upstream.local_addr().unwrap().to_string();
        let proxy = if is_caddy {
            Proxy::caddy(&put(&blocks("caddyfile")[0], "127.0.0.1:8080", &address)).await
        } else {
            Proxy::nginx(&put(&blocks("nginx")[0], "127.0.0.1:8080", &address)).await
        };
        let bridge = proxy.bridge().await;

        let mut push = RawConnection::dial(bridge.address()).await;
        push.send(&Endpoint::new(bridge.address()).head(1000)).await;
        push.send(b"u0123456789&begun").await;

        let (mut stream, _) = within("the request", upstream.accept()).await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"u0123456789&begun") {
            let read = within("the first bytes", stream.read_buf(&mut request)).await;
            assert_ne!(read.unwrap(), 0, "the push goes on");
        }
    }
}

#[tokio::test]
async fn nginx_leaves_clients_at_their_instance_and_sends_new_ones_on() {
    let [site, upstream, line] = blocks("nginx").try_into().unwrap();
    let instances = [
        TestServer::start(behind_a_proxy()).await,
        TestServer::start(behind_a_proxy()).await,
    ];
    let mut upstream = upstream;
    for (name, instance) in ["10.0.0.1:8080", "10.0.0.2:8080"].iter().zip(&instances) {
        upstream = put(&upstream, name, &instance.address().to_string());
    }
    let (_, rest) = site.split_once("}\n").unwrap();
    let site = put(
        &format!("{upstream}{rest}"),
        "client_max_body_size",
        &format!("{line}client_max_body_size"),
    );
    let proxy = Proxy::nginx(&site).await;
    let bridge = proxy.bridge().await;

    let (mut ajax, id) = AjaxPeer::open(bridge.address()).await;
    let (mut websocket, _) = RawPeer::open(bridge.address()).await;
    let [its, other] = match instances[0].server().socket(&id) {
        Some(_) => [&instances[0], &instances[1]],
        None => [&instances[1], &instances[0]],
    };
    assert_eq!(its.server().sockets().len(), 2, "one address, one instance");
    its.server().block();

    for _ in 0..3 {
        let (mut newcomer, id) = RawPeer::open(bridge.address()).await;
        newcomer.assert_echo("at the other one").await;
        assert!(other.server().socket(&id).is_some());
        // Each of its requests has its own connection, and its own choice of instance.
        ajax.assert_echo("by Ajax").await;
        websocket.assert_echo("by WebSocket").await;
    }
}

#[tokio::test]
async fn caddy_leaves_clients_at_their_instance() {
    let instances = [
        TestServer::start(behind_a_proxy()).await,
        TestServer::start(behind_a_proxy()).await,
    ];
    let mut file = blocks("caddyfile")[1].clone();
    for (name, instance) in ["10.0.0.1:8080", "10.0.0.2:8080"].iter().zip(&instances) {
        file = put(&file, name, &instance.address().to_string());
    }
    let proxy = Proxy::caddy(&file).await;
    let bridge = proxy.bridge().await;

    for _ in 0..3 {
        let (mut ajax, _) = AjaxPeer::open(bridge.address()).await;
        ajax.assert_echo("by Ajax").await;
    }

    let mut counts = instances
        .each_ref()
        .map(|instance| instance.server().sockets().len());
    counts.sort_unstable();
    assert_eq!(counts, [0, 3], "one address, one instance");
}

/// Where clients call from: an address of this machine that no proxy has.
const CLIENT: &str = "127.0.0.2";

/// What stands around a site, with nothing outside of its folder.
const NGINX: &str = "\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
";

const CADDY: &str = "\
{
    admin off
    auto_https disable_redirects
}
";
