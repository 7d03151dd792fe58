//! What a driver asks of the side that it drives for, and tells it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};

use crate::channel::Inbound;
use crate::mailbox::Mailbox;
use crate::proto::code::Code;
use crate::proto::init::Auth;
use crate::proto::refusal::Refusal;
use crate::proto::resume::ResumeTerms;
use crate::proto::text::Text;
use crate::session::{CloseReason, Former, Verdict};
use crate::transport::TransportKind;

/// What a side of the conversation does at the turns of a socket's life.
pub(crate) trait Hooks: Send {
    /// A client asks to be accepted; asked only where the session's role says that somebody decides.
    ///
    /// `claim` is the session with which it wants to go on, and may.
    fn authorize(&mut self, _auth: Option<Auth>, _claim: Option<&Claim>) -> Decision {
        nobody_decides()
    }

    /// Returns the session that a client proves to have had, if it does.
    fn claim(&mut self, _former: Former) -> Result<Option<Claim>, Outdated> {
        Ok(None)
    }

    /// Returns whether the client has come by a later link since it made this claim.
    fn is_outdated(&self, _claim: &Claim) -> bool {
        false
    }

    /// The session is kept without a link for now.
    fn detached(&mut self, _reason: CloseReason) {}

    /// Returns whether a session without a link may be kept, which now weighs this.
    fn keeps(&mut self, _weight: usize) -> bool {
        true
    }

    /// The session goes on over a link of this kind.
    fn resumed(&mut self, _transport: TransportKind) {}

    /// The server wants its client to leave within this time; returns when it does.
    fn choose_moment(&mut self, within: Duration) -> Duration {
        within
    }

    /// The link has gone to the session with which its client goes on, or was dropped: nothing more happens here.
    fn handed_over(&mut self) {}

    /// The client is not accepted, on either side; the end follows.
    fn refused(&mut self, _refusal: Refusal) {}

    /// The socket is open; the returned future is polled with it, first before any message is delivered.
    fn opened(&mut self, socket_id: Arc<str>) -> Option<BoxFuture<'static, ()>>;

    /// Returns whether a channel carries typed calls that are served here.
    fn serves(&self, name: &str) -> bool;

    /// Starts serving such a channel.
    fn service(&mut self, name: &str) -> Option<Box<dyn Inbound>>;

    /// So much has moved since the last call; called once a turn, if anything has.
    fn moved(&mut self, _traffic: Traffic) {}

    /// A message of the application is longer than the peer takes, and is not sent.
    fn unsendable(&mut self, _text: Text) {}

    /// The socket has ended: nothing is delivered any more, but what waits is still sent.
    fn closed(&mut self, reason: CloseReason);
}

/// Whether a client is accepted, and goes on with the session that it claims.
pub(crate) type Decision = BoxFuture<'static, Result<Verdict, Refusal>>;

/// A client has come by a later link since, so nobody is at this one any more.
pub(crate) struct Outdated;

/// A session that a client has proved to be its own.
pub(crate) struct Claim {
    /// Leads to the session's driver.
    pub(crate) mailbox: Arc<Mailbox>,
    /// Number of the last message that the client has taken in.
    pub(crate) received: u64,
    /// With a token that is new.
    pub(crate) terms: ResumeTerms,
    /// How often the session was claimed.
    pub(crate) generation: u64,
}

/// Returns the decision where there is nobody to make one: nobody gets in.
pub(crate) fn nobody_decides() -> Decision {
    Box::pin(ready(Err(Refusal::new(Code::Internal, "nobody decides"))))
}

/// What went over a link, as the link carries it: a container is one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) messages_in: u64,
    pub(crate) messages_out: u64,
    /// Bytes of the messages' texts.
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Traffic {
    pub(super) fn receive(&mut self, text: &Text) {
        self.messages_in += 1;
        self.bytes_in += u64::try_from(text.len()).unwrap_or_default();
    }

    pub(super) fn send(&mut self, text: &str) {
        self.messages_out += 1;
        self.bytes_out += u64::try_from(text.len()).unwrap_or_default();
    }
}
