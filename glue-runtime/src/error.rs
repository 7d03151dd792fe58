//! Errors of the public API.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// An error of a socket, a server or a client.
///
/// Look at [`Error::kind`]; the text and the source are for people and may change. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Returns what kind of error this is.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }
}

/// What went wrong, and so what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The socket has ended; nothing can be sent on it any more. Or the server has, and can't listen.
    Closed,
    /// The socket has too much to send at the moment; wait, drop the message or close the socket.
    Full,
    /// An option has a value that can't work; the source says which.
    Config,
    /// The server could not be reached; try again later.
    Connect,
    /// The server answered, but did not accept the connection; trying again will hardly help.
    Refused,
    /// Listening or accepting failed.
    Io,
    /// The channel is already open for another use.
    ChannelInUse,
    /// Nothing came in the time that was given.
    TimedOut,
    /// The message is longer than the server takes, and was not sent; send it in parts.
    TooLarge,
    /// A client has been without a session for so long that it keeps nothing for the next one; wait for that
    /// (`Client::ready`).
    NotConnected,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Closed => "socket has ended",
            ErrorKind::Full => "socket has too much to send",
            ErrorKind::Config => "bad option",
            ErrorKind::Connect => "cannot connect",
            ErrorKind::Refused => "refused by the server",
            ErrorKind::Io => "input or output failed",
            ErrorKind::ChannelInUse => "channel is open for another use",
            ErrorKind::TimedOut => "nothing came in time",
            ErrorKind::TooLarge => "message is too long for the server",
            ErrorKind::NotConnected => "no connection for too long",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }
}
