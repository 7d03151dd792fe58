//! Servers that go, and send their clients away [D-1] to [D-5]; both roles.

use std::time::{Duration, Instant};

use super::event::{CloseReason, Event};
use super::outbox::Cause;
use super::state::State;
use super::timer::Timer;
use super::{Session, number};
use crate::proto::frame::Frame;
use crate::proto::limits::{Leave, MAX_DRAIN};

/// How far a session is on its way to an end that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Departure {
    /// Nobody has asked for it.
    #[default]
    None,
    /// The server goes within this time, and the client stays a while.
    Asked { within: Duration },
    /// At a client: it leaves now, behind what waits.
    Due,
    /// The client begins nothing any more; or, if it was not to be told, the time has come for it to go.
    Leaving,
}

impl Session {
    /// Server: lets the client go, in the course of a time; another call can only make that shorter.
    pub(crate) fn drain(&mut self, now: Instant, leave: Leave) {
        let Leave {
            spread,
            moment,
            finish,
        } = leave;
        if self.state != State::Open || self.is_detached() {
            // Nobody is there to finish anything.
            return self.close(now, CloseReason::Shutdown);
        }
        match self.departure {
            Departure::Leaving => self.timers.advance(Timer::Finish, now, finish),
            Departure::None | Departure::Asked { .. } | Departure::Due => {
                let within = spread.min(MAX_DRAIN);
                self.finish_time = match self.departure {
                    Departure::None => finish,
                    _ => finish.min(self.finish_time),
                };
                self.departure = Departure::Asked { within };
                if self.drains {
                    self.ask_to_leave(within);
                    // One that doesn't answer is not waited for any longer than one that answers at the last moment.
                    self.timers
                        .advance(Timer::Finish, now, within.saturating_add(finish));
                } else {
                    self.timers.advance(Timer::Leave, now, moment);
                    self.timers
                        .advance(Timer::Finish, now, moment.saturating_add(finish));
                }
            }
        }
    }

    /// Client: leaves when this time has passed, if it doesn't before.
    pub(crate) fn leave_in(&mut self, now: Instant, time: Duration) {
        if matches!(self.departure, Departure::Asked { .. }) {
            self.timers.advance(Timer::Leave, now, time);
        }
    }

    /// Client: begins nothing any more; what waits to be sent was queued before.
    pub(crate) fn leave(&mut self) {
        if self.must_leave() {
            self.departure = Departure::Leaving;
            self.push_leave();
        }
    }

    /// Returns whether the moment has come for [`Session::leave`].
    pub(crate) fn must_leave(&self) -> bool {
        self.departure == Departure::Due && self.state == State::Open
    }

    /// Returns whether a client begins nothing any more in this session.
    pub(crate) fn holds_back(&self) -> bool {
        self.departure == Departure::Leaving && self.is_client()
    }

    /// Returns whether a server ends the session as soon as no call is under way.
    pub(crate) fn may_end(&self) -> bool {
        self.departure == Departure::Leaving && self.state == State::Open && !self.is_client()
    }

    /// Returns whether a server's session is about to end, so that it makes no sense to keep it without a link.
    pub(super) fn is_sent_away(&self) -> bool {
        self.departure != Departure::None && !self.is_client()
    }

    /// Returns whether the peer was told that the end comes on purpose, or is to be.
    pub(super) fn is_told_to_leave(&self) -> bool {
        self.drains && self.departure != Departure::None
    }

    /// Takes `dn` of a peer with which it was agreed on; returns whether it makes sense.
    pub(super) fn handle_drain(&mut self, now: Instant, digits: &str) -> bool {
        if self.is_client() {
            return self.handle_request_to_leave(digits);
        }
        match self.departure {
            Departure::None | Departure::Due => return false,
            Departure::Asked { .. } => self.begin_to_leave(now),
            // Once more, over another link.
            Departure::Leaving => {}
        }
        true
    }

    /// The moment has come.
    pub(super) fn handle_leave_time(&mut self, now: Instant) {
        if self.is_client() {
            self.departure = Departure::Due;
        } else {
            self.begin_to_leave(now);
        }
    }

    /// Says on another link what may have been lost with the last.
    pub(super) fn repeat_departure(&mut self) {
        match self.departure {
            Departure::Asked { within } if !self.is_client() && self.drains => self.ask_to_leave(within),
            Departure::Leaving if self.is_client() => self.push_leave(),
            _ => {}
        }
    }

    fn handle_request_to_leave(&mut self, digits: &str) -> bool {
        let within = number::decode(digits).map(Duration::from_millis);
        let Some(within) = within.filter(|&within| within <= MAX_DRAIN) else {
            return false;
        };
        if matches!(self.departure, Departure::None | Departure::Asked { .. }) {
            self.departure = Departure::Asked { within };
            self.events.push_back(Event::AskedToLeave { within });
        }
        true
    }

    fn begin_to_leave(&mut self, now: Instant) {
        self.departure = Departure::Leaving;
        self.timers.stop(Timer::Leave);
        self.timers.advance(Timer::Finish, now, self.finish_time);
    }

    fn ask_to_leave(&mut self, within: Duration) {
        let digits = within.as_millis().to_string();
        self.outbox.push_control(Frame::Drain(&digits));
    }

    fn push_leave(&mut self) {
        self.outbox
            .push_data(Frame::Drain("").encode().into(), Cause::Handle);
    }
}
