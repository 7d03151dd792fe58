//! Where a session stands.

/// States in their order; none is entered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The link is up, the init exchange is not done.
    Opening,
    /// The client has asked to be accepted, with these announcements, and waits for the application's decision.
    Deciding { batch: bool, errors: bool },
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
            Self::Opening | Self::Deciding { .. } | Self::Refused | Self::Open
        )
    }

    /// Returns whether the end has been decided.
    pub(crate) const fn is_closing(self) -> bool {
        matches!(self, Self::Closing | Self::Closed)
    }
}
