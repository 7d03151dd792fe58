//! What a driver does when its server goes: a client leaves, behind what it has begun, and the server lets it [D-3] [D-4].

use std::time::Instant;

use super::{Driver, Hooks};
use crate::mailbox::Outgoing;
use crate::session::CloseReason;

impl<H: Hooks> Driver<H> {
    /// Client: when its moment has come, what is asked for waits from here on for the next session; what was asked for before goes out in this one.
    pub(super) fn leave_if_due(&mut self) {
        if self.session.must_leave() {
            self.take_urgent();
            self.take_all_messages();
            self.session.leave();
        }
    }

    /// Client: returns whether the session was ended because the server goes, as both sides knew.
    #[cfg(feature = "client")]
    pub(crate) fn has_left(&self) -> bool {
        self.session.holds_back()
    }

    /// Server: ends the session of a client that leaves, if there is nothing to wait for any more.
    pub(super) fn end_if_left(&mut self, now: Instant) {
        if !self.session.may_end() || self.is_busy() {
            return;
        }
        // What handles have sent before goes out first, be it a call of ours: then that is waited for as well.
        self.take_urgent();
        self.take_all_messages();
        if !self.is_busy() {
            self.session.close(now, CloseReason::Shutdown);
        }
    }

    /// Takes the next message that handles have sent, and that may leave in this session.
    pub(super) fn take_message(&self) -> Option<Outgoing> {
        if self.holds_back() {
            self.mailbox.take_part()
        } else {
            self.mailbox.take_message()
        }
    }

    /// Returns whether handles have asked for something that can be done in this session.
    pub(super) fn has_mail(&self) -> bool {
        if self.holds_back() {
            self.mailbox.has_parts()
        } else {
            !self.mailbox.is_empty()
        }
    }

    /// What waits when the application closes the socket has no other session to wait for.
    fn holds_back(&self) -> bool {
        self.session.holds_back() && self.mailbox.end_request().is_none()
    }

    /// Returns whether something that has come, or was asked of the peer, is not done yet.
    fn is_busy(&self) -> bool {
        !self.stalled.is_empty() || self.residents.channels.values().any(|inbound| inbound.is_busy())
    }
}
