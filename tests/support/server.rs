//! A server on a free port of this machine.

use std::net::SocketAddr;

use glue::{Server, ServerBuilder};
use tokio::task::JoinHandle;

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct TestServer {
    server: Server,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TestServer {
    /// Builds the server and lets it accept connections.
    ///
    /// # Panics
    /// When the options are wrong or there is no free port.
    pub async fn start(builder: ServerBuilder) -> Self {
        let server = builder.build().expect("the options fit");
        let listener = server.bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("the port is known");
        Self {
            server,
            address,
            accepting: tokio::spawn(listener.serve()),
        }
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server itself.
    pub fn server(&self) -> &Server {
        &self.server
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
