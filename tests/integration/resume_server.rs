//! Sessions that outlive their links (docs/PROTOCOL.md, part 21), as a raw peer sees the server.

mod ajax;
mod asked;
mod bounds;
mod endings;
mod takeover;

use std::net::SocketAddr;
use std::time::Duration;

use glue::{CloseReason, Resume, ResumeStats, Server, ServerBuilder, Socket};
use glue_tests::deadline::within;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ajax::Polled;
use glue_tests::raw_ws::Received;
use glue_tests::server::TestServer;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A server that echoes on the main channel and tells of its sockets.
struct Stage {
    server: TestServer,
    opened: UnboundedReceiver<Socket>,
    ended: UnboundedReceiver<(String, CloseReason)>,
}

impl Stage {
    async fn start(builder: ServerBuilder) -> Self {
        let (open, opened) = unbounded_channel();
        let (end, ended) = unbounded_channel();
        let builder = builder.on_socket(move |socket: Socket| {
            let (id, end) = (socket.id().to_owned(), end.clone());
            socket.on_close(move |reason| drop(end.send((id, reason))));
            drop(open.send(socket.clone()));
            async move {
                while let Some(text) = socket.recv().await {
                    let _ = socket.send(text).await;
                }
            }
        });
        Self {
            server: TestServer::start(builder).await,
            opened,
            ended,
        }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn server(&self) -> &Server {
        self.server.server()
    }

    fn stats(&self) -> ResumeStats {
        self.server().stats().resume
    }

    /// Waits for the next socket.
    async fn socket(&mut self) -> Socket {
        within("a socket", self.opened.recv()).await.unwrap()
    }

    /// Waits for the next end of a socket.
    async fn end(&mut self) -> (String, CloseReason) {
        within("the end of a socket", self.ended.recv()).await.unwrap()
    }

    /// Shows that no socket has ended since the last one that was waited for.
    fn assert_none_ended(&mut self) {
        assert!(self.ended.try_recv().is_err(), "none has ended");
    }

    /// Shows that no socket has opened or ended since the last one that was waited for.
    fn assert_nothing_told(&mut self) {
        assert!(self.opened.try_recv().is_err(), "no socket has opened");
        assert!(self.ended.try_recv().is_err(), "none has ended");
    }

    /// Waits until so many sessions are without a link.
    async fn detached(&self, sessions: u64) {
        let detached = async {
            while self.stats().detached != sessions {
                tokio::task::yield_now().await;
            }
        };
        within("links to be lost", detached).await;
    }
}

/// A server whose sessions are kept for so long.
fn kept_for(window: Duration) -> ServerBuilder {
    let mut resume = Resume::default();
    resume.window = window;
    Server::builder().resume(resume)
}

/// Loses a link without a word.
fn lose(peer: Peer) {
    match peer {
        Peer::WebSocket(peer) => drop(peer),
        Peer::Ajax(mut peer) => peer.hang_up(),
    }
}

/// Shows that the server has let go of a link without a word.
async fn assert_let_go(peer: Peer) {
    match peer {
        Peer::WebSocket(mut peer) => assert_eq!(peer.next().await, Received::End),
        Peer::Ajax(mut peer) => {
            assert_eq!(peer.poll().await, Polled::Refused);
            peer.assert_unknown().await;
        }
    }
}

const BOTH: [Carrier; 2] = [Carrier::WebSocket, Carrier::Ajax];
