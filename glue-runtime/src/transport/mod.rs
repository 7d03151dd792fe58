//! How texts travel; knows nothing of frames.

#[cfg(feature = "server")]
pub(crate) mod ajax;
#[cfg(any(feature = "client", feature = "server"))]
mod metered;
mod websocket;

#[cfg(feature = "client")]
pub(crate) use metered::Metered;
#[cfg(feature = "server")]
pub(crate) use websocket::ServerWebSocket;
#[cfg(feature = "__bench")]
pub(crate) use websocket::bench;
#[cfg(feature = "client")]
pub(crate) use websocket::{ClientWebSocket, config as websocket_config};

use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;

use crate::proto::messages::Piece;
use crate::proto::text::Text;

/// Carrier of the texts of one link, polled by one driver.
pub(crate) trait Transport: Send + Unpin {
    /// Returns which it is, for those who watch the server.
    fn kind(&self) -> TransportKind;

    /// Takes the next text of the peer; `None` when the peer has ended the link in due form.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>>;

    /// Returns ready when [`Transport::send`] may be called.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Buffers a message; it is written by [`Transport::poll_flush`], or earlier when much has piled up.
    fn send(&mut self, message: Piece<'_>) -> Result<(), TransportError>;

    /// Writes what is buffered.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Returns whether bytes have moved since the last call, of whole messages or not: bytes of the peer, or ours that the
    /// peer has made room for. So it is alive, if slow.
    fn take_progress(&mut self) -> bool;

    /// Returns what has become of the peer since the last call, for a link that is more than one connection.
    fn take_presence(&mut self, _cx: &mut Context<'_>) -> Option<Presence> {
        None
    }

    /// Returns whether the peer takes what is sent now, for a link on which it has to ask for it.
    fn is_awaited(&self) -> bool {
        true
    }

    /// Returns whether each unit of the link carries one message, so that joining what waits saves round trips.
    fn joins(&self) -> bool;

    /// Returns the code with which the peer has ended the link, where it has told one.
    fn close_code(&self) -> Option<u16> {
        None
    }

    /// Another driver polls it from now on: what it has to know of the peer is told anew.
    fn change_hands(&mut self) {}

    /// The turn is over: gives back what is only needed by one at work. Also when nothing is at hand, by itself.
    fn rest(&mut self) {}

    /// Says goodbye, for `fault` if that was the cause; ready when that is written and our side is shut down.
    fn poll_close(&mut self, cx: &mut Context<'_>, fault: Option<TransportError>) -> Poll<()>;

    /// Drops what the peer still says; ready when it has nothing more to say.
    ///
    /// Reading on keeps the kernel from answering late data with a reset that would overtake what the peer has not read.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What carries a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportKind {
    /// One WebSocket connection.
    WebSocket,
    /// Long polling.
    #[cfg_attr(not(feature = "server"), allow(dead_code))] // only servers speak it
    Ajax,
}

impl TransportKind {
    /// Returns its name, as logs and counters have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Ajax => "ajax",
        }
    }
}

/// Whether the peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It waits for messages.
    Here,
    /// It has gone, as it does after each answer, and should be back within this time.
    Away { grace: Duration },
    /// It will not be back: what it has sent can't be taken.
    Broken(TransportError),
}

/// Why a link broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum TransportError {
    /// The peer sent a message over the size limit.
    #[error("message over the size limit")]
    TooLarge,
    /// The peer sent something that is not UTF-8.
    #[error("message is not UTF-8")]
    NotText,
    /// The peer broke the transport's own rules.
    #[error("transport rules broken")]
    Violation,
    /// The peer sent more than may wait, on a link that can't slow it down.
    #[error("too much waits to be handled")]
    Overflow,
    /// The connection is gone.
    #[error("connection lost")]
    Lost,
}
