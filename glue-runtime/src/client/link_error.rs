//! Why there is no link to the server.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use thiserror::Error;

use crate::error::{Error, ErrorKind};
use crate::proto::refusal::Refusal;
use crate::session::CloseReason;

/// Why an attempt to connect has failed, or why a session was lost: the source of the errors of which a client tells;
/// see [`Error::link`](crate::Error::link).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// There was no way to the server: no such name, nobody who listens, or whatever the connector says.
    #[error("no way to the server")]
    Unreachable(#[source] io::Error),
    /// TLS was not agreed on, as the certificate can't be verified for one.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// The server answered with this HTTP status instead of opening a WebSocket. Redirects are not followed.
    #[error("HTTP status {0}")]
    Status(StatusCode),
    /// What the server answered is no WebSocket handshake, or the connection broke within it.
    #[error("no WebSocket handshake")]
    Handshake(#[source] Box<dyn StdError + Send + Sync>),
    /// There was no session within the time for connecting.
    #[error("no session in time")]
    TimedOut,
    /// The application could not say who it is: what [`ClientBuilder::auth_with`](crate::ClientBuilder::auth_with) failed
    /// with.
    #[error("no credentials")]
    Auth(#[source] Box<dyn StdError + Send + Sync>),
    /// The server's application doesn't want this client.
    #[error("refused by the application, {0}")]
    Refused(Refusal),
    /// The session, or what should have become one, has ended.
    #[error("{reason}")]
    Ended {
        /// Who ended it, and why.
        reason: CloseReason,
        /// The code of the server's Close frame, if it told one: 1009 says that a message was over its limit.
        code: Option<u16>,
    },
}

impl LinkError {
    const fn kind(&self) -> ErrorKind {
        match self {
            Self::Status(_)
            | Self::Refused(_)
            | Self::Ended {
                reason: CloseReason::Refused,
                ..
            } => ErrorKind::Refused,
            _ => ErrorKind::Connect,
        }
    }

    /// Returns the reason for which the socket ends, if this is the last that happens to it.
    pub(super) const fn reason(&self) -> CloseReason {
        match self {
            Self::Ended { reason, .. } => *reason,
            Self::Refused(_) => CloseReason::Refused,
            _ => CloseReason::LinkLost,
        }
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Self {
        Self::new(error.kind(), error)
    }
}

impl Error {
    /// Returns what happened to a client's link, if the error tells of that.
    pub fn link(&self) -> Option<&LinkError> {
        self.source()?.downcast_ref()
    }

    /// Returns what the server's application has said against this client, if that is the error.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.link()? {
            LinkError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
