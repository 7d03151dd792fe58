//! The Rust client over TLS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::future::BoxFuture;
use glue::{Client, ClientBuilder, Connect, ErrorKind, Io, LinkError, Server};
use glue_example_mounted::{echo, tls};
use glue_tests::deadline::within;
use glue_tests::server::TestServer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::peers::tls::{Certificate, HOST};

/// An echo behind TLS, for [`HOST`].
struct World {
    certificate: Certificate,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl World {
    async fn new() -> Self {
        let certificate = Certificate::make();
        let config = tls::config(&certificate.path(), &certificate.key_path()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder().on_socket(echo).build().unwrap();
        Self {
            certificate,
            address,
            serving: tokio::spawn(tls::serve(listener, config, server)),
        }
    }

    fn client(&self, host: &str) -> ClientBuilder {
        Client::builder(host).connector(Detour(self.address))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Knows one address for all names.
struct Detour(SocketAddr);

impl Connect for Detour {
    fn connect(&self, _uri: &http::Uri) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let address = self.0;
        Box::pin(async move { Ok(Box::new(TcpStream::connect(address).await?) as Box<dyn Io>) })
    }
}

async fn failure(builder: ClientBuilder) -> glue::Error {
    let error = within("the failure", builder.connect()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    error
}

#[tokio::test]
async fn a_client_talks_over_tls_to_a_server_that_it_trusts() {
    let world = World::new().await;
    let host = format!("https://{HOST}");
    let client = world
        .client(&host)
        .tls(world.certificate.client_config(&[]))
        .connect();
    let client = within("the client", client).await.unwrap();

    client.send("x".repeat(100_000)).await.unwrap();
    assert_eq!(within("the echo", client.recv()).await.unwrap().len(), 100_000);

    client.close();
    within("the end", client.closed()).await;
}

#[tokio::test]
async fn what_tls_does_not_agree_on_is_told() {
    let world = World::new().await;
    let trusting = world.certificate.client_config(&[]);

    // The roots of the operating system, where there are any, don't know it.
    let unknown = within("the failure", world.client(&format!("https://{HOST}")).connect());
    let unknown = unknown.await.unwrap_err();
    assert!(
        unknown.kind() == ErrorKind::Config || matches!(unknown.link(), Some(LinkError::Tls(_))),
        "{unknown:?}"
    );
    let other_name = world.client("https://other.example").tls(trusting.clone());
    let other_name = failure(other_name).await;
    assert!(
        matches!(other_name.link(), Some(LinkError::Tls(_))),
        "{other_name:?}"
    );
    let without = failure(world.client(&format!("http://{HOST}"))).await;
    assert!(
        matches!(without.link(), Some(LinkError::Handshake(_))),
        "{without:?}"
    );
    let plain = TestServer::start(Server::builder()).await;
    let plain = Client::builder(format!("https://{}", plain.address())).tls(trusting);
    let plain = failure(plain).await;
    assert!(matches!(plain.link(), Some(LinkError::Tls(_))), "{plain:?}");
}
