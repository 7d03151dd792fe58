//! What the init exchange says of sessions that outlive their links (docs/PROTOCOL.md, part 21).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResumeWish {
    /// A session that outlives its link.
    New,
    /// To go on with a session that it has had.
    Former(Former),
}

/// A session as its client remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Former {
    pub(crate) socket_id: String,
    pub(crate) token: ResumeToken,
    /// Number of the last channel message that the client has taken in.
    pub(crate) received: u64,
}

/// What a server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResumeTerms {
    /// Proves on the next link that this is the same client.
    pub(crate) token: ResumeToken,
    /// How long a session without a link is kept.
    pub(crate) window: Duration,
    /// Weight of unacknowledged messages that each side keeps at most.
    pub(crate) buffer_bytes: usize,
    /// Set where a session goes on: number of the last channel message that the server has taken in.
    pub(crate) received: Option<u64>,
}

/// The secret that a session is resumed with; it shows itself to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ResumeToken(Arc<str>);

impl ResumeToken {
    pub(crate) fn new(token: String) -> Self {
        Self(token.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(..)")
    }
}
