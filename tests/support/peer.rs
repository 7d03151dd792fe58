//! A raw peer over whichever transport, for what must not depend on it.

use std::net::SocketAddr;

use crate::raw_ajax::{AjaxPeer, Endpoint, Polled};
use crate::raw_ws::{RawPeer, upgrade_request};

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// One WebSocket.
    WebSocket,
    /// Polls and pushes.
    Ajax,
}

/// A raw peer.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a handful in each test
pub enum Peer {
    /// Over a WebSocket.
    WebSocket(RawPeer),
    /// Over long polling.
    Ajax(AjaxPeer),
}

impl Peer {
    /// Connects and does the init exchange; returns the socket id as well.
    pub async fn open(carrier: Carrier, address: SocketAddr) -> (Self, String) {
        match carrier {
            Carrier::WebSocket => {
                let (peer, id) = RawPeer::open(address).await;
                (Self::WebSocket(peer), id)
            }
            Carrier::Ajax => {
                let (peer, id) = AjaxPeer::open(address).await;
                (Self::Ajax(peer), id)
            }
        }
    }

    /// Connects, without an `in`.
    pub async fn connect(carrier: Carrier, address: SocketAddr) -> Self {
        Self::connect_with(carrier, address, "").await
    }

    /// Connects with additional header lines, each ended by CRLF, in all requests; without an `in`.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn connect_with(carrier: Carrier, address: SocketAddr, headers: &str) -> Self {
        match carrier {
            Carrier::WebSocket => {
                let (peer, response) = RawPeer::upgrade(address, &upgrade_request(headers)).await;
                assert_eq!(response.status, 101, "the server accepts the upgrade");
                Self::WebSocket(peer)
            }
            Carrier::Ajax => {
                let endpoint = Endpoint::new(address).headers(headers);
                Self::Ajax(AjaxPeer::connect(endpoint).await)
            }
        }
    }

    /// Does the init exchange and returns the socket id.
    ///
    /// # Panics
    /// When the server does not accept it.
    pub async fn init(&mut self) -> String {
        match self {
            Self::WebSocket(peer) => peer.init().await,
            Self::Ajax(peer) => peer.init().await,
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, text: &str) {
        match self {
            Self::WebSocket(peer) => peer.send(text).await,
            Self::Ajax(peer) => peer.send(text).await,
        }
    }

    /// Waits for a message.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn text(&mut self) -> String {
        match self {
            Self::WebSocket(peer) => peer.text().await,
            Self::Ajax(peer) => peer.text().await,
        }
    }

    /// Waits for the end of the session, for no fault of the transport.
    ///
    /// # Panics
    /// When anything comes before it.
    pub async fn closed(&mut self) {
        match self {
            Self::WebSocket(peer) => assert_eq!(peer.closed().await, None, "a close without a code"),
            Self::Ajax(peer) => assert_eq!(peer.poll().await, Polled::Closed),
        }
    }

    /// Shows that the session goes on and that nothing else has come: an echo on the main channel is next.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_echo(&mut self, text: &str) {
        match self {
            Self::WebSocket(peer) => peer.assert_echo(text).await,
            Self::Ajax(peer) => peer.assert_echo(text).await,
        }
    }

    /// Shows that the session goes on and that nothing else has come: a ping is answered next. Works before init too.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_alive(&mut self) {
        self.send("pi").await;
        assert_eq!(
            self.text().await,
            "po",
            "the session goes on, and nothing came before"
        );
    }
}

/// Makes tests of functions that take a [`Carrier`]: each once per transport. One that is left out is unused code.
#[macro_export]
macro_rules! on_each_transport {
    ($($test:ident),* $(,)?) => {
        mod over_websocket {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::peer::Carrier::WebSocket).await;
                }
            )*
        }

        mod over_ajax {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::peer::Carrier::Ajax).await;
                }
            )*
        }
    };
}
