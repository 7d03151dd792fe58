//! A well-behaved socket that shows that nothing else on its server disturbs it.

use std::net::SocketAddr;

use crate::raw_http::RawConnection;
use crate::raw_ws::RawPeer;

/// A socket that was there before the trouble began.
#[derive(Debug)]
pub struct Bystander {
    peer: RawPeer,
}

impl Bystander {
    /// Opens a session on a server that echoes its main channel.
    pub async fn open(address: SocketAddr) -> Self {
        let (peer, _) = RawPeer::open(address).await;
        Self { peer }
    }

    /// Sends `bytes` to the server over and over, until it reads `peer` no more; returns how many bytes went out.
    ///
    /// The server and `peer` must share the test's only thread: then each echo shows that the server had its turn.
    ///
    /// # Panics
    /// When the server goes on reading past all that the system's own buffers could hold.
    pub async fn fill(&mut self, peer: &RawPeer, bytes: &[u8]) -> usize {
        let mut sent = 0;
        let mut turns = 0;
        while turns < TURNS {
            match peer.try_send_bytes(&bytes[sent % bytes.len()..]) {
                0 => {
                    turns += 1;
                    self.peer.assert_echo("your turn").await;
                }
                length => {
                    turns = 0;
                    sent += length;
                }
            }
            assert!(sent < FLOOD, "the server reads what it has no room for");
        }
        sent
    }

    /// Shows that the socket works, has received nothing in between, and that new ones are accepted.
    ///
    /// # Panics
    /// When that is not so.
    pub async fn assert_undisturbed(mut self, address: SocketAddr) {
        self.peer.assert_echo("undisturbed").await;
        let (mut newcomer, _) = RawPeer::open(address).await;
        newcomer.assert_echo("newcomer").await;
    }
}

/// Shows that a server that shares the test's only thread has had its turn. It is no socket: nothing of the server's sees it.
#[derive(Debug)]
pub struct Witness {
    connection: RawConnection,
}

impl Witness {
    /// Connects.
    pub async fn new(address: SocketAddr) -> Self {
        Self {
            connection: RawConnection::dial(address).await,
        }
    }

    /// Waits until the server has dealt with all that was sent so far, so that what is sent next on another connection comes
    /// later for the server too.
    ///
    /// Each answer to the witness means that all tasks that were ready had their turn, and a request needs a few of them: its
    /// connection is accepted, it is read, the session is told, the session answers.
    ///
    /// # Panics
    /// When the server answers otherwise than to an unknown path.
    pub async fn settle(&mut self) {
        for _ in 0..REQUEST_TURNS {
            self.connection
                .send(b"GET /glue/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .await;
            assert_eq!(self.connection.answer().await.status, 400);
        }
    }
}

/// More turns than any request needs.
const REQUEST_TURNS: usize = 8;

/// Turns without progress after which a server counts as not reading. Fewer could only mistake a pause for the end, which
/// makes a test too kind and never too strict.
const TURNS: usize = 100;

/// More bytes than fit between a peer and a server that doesn't read.
const FLOOD: usize = 256 << 20;
