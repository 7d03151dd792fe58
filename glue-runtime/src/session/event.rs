//! What a session tells its driver.

use std::sync::Arc;
use std::time::Duration;

use crate::proto::init::Auth;
use crate::proto::refusal::Refusal;
use crate::proto::resume::Former;
use crate::proto::text::Text;
use crate::session::Cause;

/// A turn in the life of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A client wants to be accepted: [`Session::accept`](super::Session::accept) or
    /// [`Session::refuse`](super::Session::refuse), at any time.
    Asked {
        auth: Option<Auth>,
        /// Set where it wants to go on with a session that it says it has had.
        former: Option<Former>,
    },
    /// The server's application doesn't accept the client; told on both sides, and the end follows.
    Refused(Refusal),
    /// The init exchange is done; channel data may follow.
    Opened { socket_id: Arc<str> },
    /// The link is lost and the session is kept.
    Detached(CloseReason),
    /// The session goes on over another link.
    Resumed,
    /// At a client: the session is over, and another one opens on the same link. What the application has sent
    /// and has never left comes with it.
    Renewed { unsent: Vec<(Text, Cause)> },
    /// At a client: the server goes, and asks it to leave within this time: [`Session::leave_in`](super::Session::leave_in).
    AskedToLeave { within: Duration },
    /// The session has ended.
    Closed(CloseReason),
}

/// Why a socket was closed.
///
/// Where its session could have gone on ([`ServerBuilder::resume`](crate::ServerBuilder::resume)), [`LinkLost`](Self::LinkLost),
/// [`KeepAlive`](Self::KeepAlive) and at times [`Peer`](Self::Peer) mean that the client has not come back in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it, here.
    Local,
    /// The server is shutting down, or lets all its sockets go.
    Shutdown,
    /// The peer ended the session in due form.
    Peer,
    /// The connection broke or was closed without a farewell.
    LinkLost,
    /// The peer answered no ping in time.
    KeepAlive,
    /// The init exchange was not done in time: the peer was too slow, or the application that decides whether it is accepted.
    InitTimeout,
    /// The peer's init could not be read.
    BadInit,
    /// The server has not accepted the client: the versions don't fit, or the application doesn't want it. At a client also
    /// when it was dismissed later; at a server also when the client came back, and the application refused it for good or gave it a fresh
    /// socket.
    Refused,
    /// The peer sent too much channel data before its init.
    DataBeforeInit,
    /// The peer sent a message over the size limit.
    TooLarge,
    /// The peer sent something that is not UTF-8.
    NotText,
    /// The peer broke the rules of the transport, WebSocket for one.
    TransportViolation,
    /// The peer sent too many malformed messages.
    TooManyFaults,
    /// The peer broke the rules by which sessions outlive their connections: it acknowledged what was never sent, or sent more
    /// than may be unacknowledged.
    ResumeViolation,
    /// A channel was full for too long: nobody read it.
    ChannelOverflow,
    /// The peer took a broadcast too slowly, and the policy of the broadcast was to close.
    SlowConsumer,
    /// A handler of the application panicked.
    Panicked,
}

impl CloseReason {
    /// Returns the reason for the end of a task that is dropped where it stands: a panic, or `otherwise` when its runtime
    /// ends.
    #[cfg(any(feature = "server", feature = "client"))]
    pub(crate) fn of_dropped(otherwise: Self) -> Self {
        if std::thread::panicking() {
            Self::Panicked
        } else {
            otherwise
        }
    }

    /// Returns whether the peer did what no peer may do.
    pub(crate) fn is_misbehaviour(self) -> bool {
        matches!(
            self,
            Self::BadInit
                | Self::DataBeforeInit
                | Self::TooLarge
                | Self::NotText
                | Self::TransportViolation
                | Self::TooManyFaults
                | Self::ResumeViolation
        )
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Local => "closed by this side",
            Self::Shutdown => "server lets its sockets go",
            Self::Peer => "closed by the peer",
            Self::LinkLost => "connection lost",
            Self::KeepAlive => "no answer to a ping",
            Self::InitTimeout => "no init in time",
            Self::BadInit => "unreadable init",
            Self::Refused => "refused by the server",
            Self::DataBeforeInit => "too much data before init",
            Self::TooLarge => "message over the size limit",
            Self::NotText => "message is not UTF-8",
            Self::TransportViolation => "transport rules broken",
            Self::TooManyFaults => "too many malformed messages",
            Self::ResumeViolation => "rules of resumption broken",
            Self::ChannelOverflow => "a channel that nobody reads is full",
            Self::SlowConsumer => "broadcasts taken too slowly",
            Self::Panicked => "handler panicked",
        })
    }
}
