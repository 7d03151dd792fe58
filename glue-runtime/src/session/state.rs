//! Where a session stands.

use crate::proto::init::ClientInit;

/// What a client can do, as its `in` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    pub(crate) batch: bool,
    pub(crate) errors: bool,
    /// Whether its session outlives its link, which both sides have to want.
    pub(crate) resume: bool,
    /// Whether it can be told to leave.
    pub(crate) drain: bool,
}

impl Announced {
    /// `resumes` says whether the server does.
    pub(super) fn of(init: &ClientInit, resumes: bool) -> Self {
        Self {
            batch: init.batch,
            errors: init.errors,
            resume: init.resume.is_some() && resumes,
            drain: init.drain,
        }
    }
}

/// States in their order; none is entered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The link is up, the init exchange is not done.
    Opening,
    /// The client has asked to be accepted and waits for a decision.
    Deciding(Announced),
    /// The server has refused this client, and may yet say that it is for good.
    Refused,
    /// Channel data flows.
    Open,
    /// The client's version was refused with `dr`; the link stays for a moment so that it gets there.
    Refusing,
    /// The session has ended; what is queued is still transmitted.
    Closing,
    /// The time for that has run out as well.
    Closed,
}

impl State {
    /// Returns whether messages of the peer still count.
    pub(crate) const fn can_receive(self) -> bool {
        matches!(
            self,
            Self::Opening | Self::Deciding(_) | Self::Refused | Self::Open
        )
    }

    /// Returns whether the end has been decided.
    pub(crate) const fn is_closing(self) -> bool {
        matches!(self, Self::Closing | Self::Closed)
    }
}
