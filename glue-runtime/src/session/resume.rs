//! Sessions that outlive their links [U-1] to [U-16]; both roles.

use std::time::{Duration, Instant};

use super::drain::Departure;
use super::event::{CloseReason, Event};
use super::outbox::Outbox;
use super::replay::Due;
use super::state::State;
use super::timer::Timer;
use super::{Session, client_init, number};
use crate::proto::frame::Frame;
use crate::proto::init::{Accepted, Auth, ServerInit};
pub(crate) use crate::proto::resume::Former;
use crate::proto::resume::{ResumeTerms, ResumeWish};

/// What carries a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    Up,
    /// At a client: the server has not answered on it.
    Opening,
    /// There is none; the last was lost for this reason.
    Down(CloseReason),
}

/// What becomes of a client that wants to go on with a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does.
    Resume,
    /// It gets another one.
    Fresh,
}

impl Session {
    /// Takes note that the link is of no use any more: the session is kept if that was agreed on, otherwise it ends.
    pub(crate) fn lose_link(&mut self, now: Instant, reason: CloseReason) {
        let is_kept = self.state == State::Open && !self.is_sent_away();
        let Some(window) = self.window.filter(|_| is_kept) else {
            return self.close(now, reason);
        };
        if let LinkState::Down(_) = self.link {
            return;
        }
        self.link = LinkState::Down(reason);
        for timer in [
            Timer::Init,
            Timer::KeepAlive,
            Timer::Stall,
            Timer::Absence,
            Timer::Ack,
        ] {
            self.timers.stop(timer);
        }
        // An attempt that fails is part of the same loss.
        if !self.timers.is_set(Timer::Window) {
            self.timers.set(Timer::Window, now, window);
        }
        self.outbox.leave_link();
        if let Some(refusal) = self.refusal.take() {
            self.events.push_back(Event::Refused(refusal));
        }
        self.events.push_back(Event::Detached(reason));
    }

    /// Server: goes on over a link whose client has taken in all through `received`; `terms` has a token that is new.
    ///
    /// The link may be dropped if the session has none afterwards.
    pub(crate) fn resume(&mut self, now: Instant, received: u64, mut terms: ResumeTerms) {
        let super::Role::Server { socket_id, .. } = &self.role else {
            return;
        };
        let socket_id = socket_id.clone();
        self.outbox.leave_link();
        let Some(replay) = self.outbox.replay() else {
            return;
        };
        if replay.handle_link(received).is_err() {
            self.link = LinkState::Down(CloseReason::ResumeViolation);
            return self.close(now, CloseReason::ResumeViolation);
        }
        terms.received = Some(replay.received());
        self.push_welcome(socket_id, self.batch, Some(terms));
        self.go_on(now);
    }

    /// Server: returns whether a client can have taken in all through this number, and no more.
    pub(crate) fn can_resume(&mut self, received: u64) -> bool {
        let replay = self.outbox.replay();
        replay.is_some_and(|replay| replay.can_resume(received))
    }

    /// Client: introduces itself on another link, where the server must answer within `time`.
    pub(crate) fn reopen(&mut self, now: Instant, auth: Option<Auth>, time: Duration) {
        let (Some(former), Some(replay)) = (&self.former, self.outbox.replay()) else {
            return;
        };
        let wish = ResumeWish::Former(Former {
            received: replay.received(),
            ..(**former).clone()
        });
        let init = client_init(&self.role, auth, wish);
        self.outbox.push_control(Frame::Init(&init.encode()));
        self.link = LinkState::Opening;
        self.timers.set(Timer::Init, now, time);
        self.note_life(now);
    }

    /// Returns whether the session is kept without a link, or with one on which the server has not answered.
    pub(crate) fn is_detached(&self) -> bool {
        self.link != LinkState::Up && self.state == State::Open
    }

    /// Returns whether there is a link, be it one on which the server has not answered.
    pub(crate) fn has_link(&self) -> bool {
        !matches!(self.link, LinkState::Down(_))
    }

    /// Returns why there is no link, if the session is kept without one.
    pub(crate) fn lost(&self) -> Option<CloseReason> {
        match self.link {
            LinkState::Down(reason) if self.state == State::Open => Some(reason),
            _ => None,
        }
    }

    /// Returns the weight of all that the session keeps for its peer.
    pub(crate) fn weight(&self) -> usize {
        self.outbox.total() + self.outbox.kept()
    }

    /// Ends a session that is kept without a link, as if its time had run out.
    pub(crate) fn give_up(&mut self, now: Instant) {
        self.end_window(now);
    }

    /// The peer has ended the link in due form; only some forms of that end the session as well [U-10].
    pub(crate) fn handle_farewell(&mut self, now: Instant, close_code: Option<u16>) {
        if self.is_end(close_code) {
            self.close(now, CloseReason::Peer);
        } else {
            self.farewell_of_link(now);
        }
    }

    /// Returns whether a peer that closes its link with this code ends the session as well, wherever that is.
    pub(crate) fn is_end(&self, close_code: Option<u16>) -> bool {
        !self.is_client() && matches!(close_code, Some(GOING | DONE))
    }

    fn farewell_of_link(&mut self, now: Instant) {
        if self.window.is_some() {
            self.lose_link(now, CloseReason::LinkLost);
        } else {
            self.close(now, CloseReason::Peer);
        }
    }

    /// Takes note of channel data, a message of so many bytes, that needs nothing more from the session.
    pub(crate) fn take_in(&mut self, now: Instant, bytes: usize) {
        let Some(replay) = self.outbox.replay() else {
            return;
        };
        match replay.take_in(bytes) {
            Due::Now => self.timers.stop(Timer::Ack),
            Due::Soon => self.timers.set(Timer::Ack, now, ACK_TIME),
            Due::Already => {}
        }
    }

    /// Returns whether a message that has arrived is for the session alone, and heeds it: where nothing else is read, as the peer has
    /// to acknowledge what was sent before [U-6].
    pub(crate) fn heed(&mut self, now: Instant, text: &str) -> bool {
        let is_own = matches!(Frame::decode(text), Ok(Frame::Ack(_) | Frame::Ping | Frame::Pong));
        if is_own {
            let _ = self.handle_text(now, text);
        } else {
            self.note_life(now);
        }
        is_own
    }

    /// Returns the weight of messages that may wait unread where [`Session::heed`] is asked.
    pub(crate) fn most_unread(&self) -> usize {
        let buffer = self.buffer.unwrap_or_default();
        buffer.saturating_mul(2).saturating_add(self.limits.message_bytes)
    }

    /// Returns the weight that this side keeps unacknowledged: as much as was agreed on, as far as that is good for a client.
    pub(super) fn most_kept(&self, terms: &ResumeTerms) -> usize {
        if self.is_client() {
            terms.buffer_bytes.min(CLIENT_BUFFER)
        } else {
            terms.buffer_bytes
        }
    }

    pub(super) fn handle_ack(&mut self, now: Instant, digits: &str) {
        let is_server = !self.is_client();
        let acked = number::decode(digits).zip(self.outbox.replay());
        if is_server && matches!(&acked, Some((number, replay)) if replay.is_outdated(*number)) {
            // What carries it has come twice, and the second time late.
            return;
        }
        if acked.is_none_or(|(number, replay)| replay.handle_ack(number).is_err()) {
            self.close(now, CloseReason::ResumeViolation);
        }
    }

    pub(super) fn handle_number(&mut self, now: Instant, digits: &str) {
        let Some((number, replay)) = number::decode(digits).zip(self.outbox.replay()) else {
            return self.close(now, CloseReason::ResumeViolation);
        };
        if replay.handle_number(number).is_err() {
            self.lose_link(now, CloseReason::LinkLost);
        }
    }

    /// Nobody has come back in time.
    pub(super) fn end_window(&mut self, now: Instant) {
        let reason = match self.link {
            LinkState::Down(reason) => reason,
            LinkState::Up | LinkState::Opening => CloseReason::InitTimeout,
        };
        self.close(now, reason);
    }

    /// Client: takes the terms of a session that begins.
    pub(super) fn settle(&mut self, init: Accepted) {
        let super::Role::Client { batch, resume, .. } = self.role else {
            return;
        };
        let limit = init.limit.and_then(|limit| usize::try_from(limit).ok());
        self.peer_limit = limit.unwrap_or(usize::MAX);
        let batch = batch && init.batch;
        let terms = init.resume.filter(|_| resume && batch);
        self.former = terms.as_ref().map(|terms| {
            Box::new(Former {
                socket_id: init.socket_id.to_string(),
                token: terms.token.clone(),
                received: 0,
            })
        });
        self.drains = init.drain;
        self.departure = Departure::None;
        self.timers.stop(Timer::Leave);
        self.open(init.socket_id, batch, terms.as_ref());
    }

    /// Client: takes the server's answer on another link.
    pub(super) fn handle_answer(&mut self, now: Instant, json: &str) {
        match ServerInit::decode(json) {
            Ok(ServerInit::Accepted(init)) => match self.received_by(&init) {
                Some(received) => self.take_answer(now, received, init),
                None => self.renew(init),
            },
            Ok(ServerInit::Refused(refusal)) => self.refusal = Some(refusal),
            Err(_) => self.lose_link(now, CloseReason::BadInit),
        }
    }

    /// Returns what the server has taken in, if the session goes on.
    fn received_by(&self, init: &Accepted) -> Option<u64> {
        let former = self.former.as_ref()?;
        let terms = init.resume.as_ref()?;
        terms.received.filter(|_| *former.socket_id == *init.socket_id)
    }

    fn take_answer(&mut self, now: Instant, received: u64, init: Accepted) {
        let known = self.outbox.replay().map(|replay| replay.handle_link(received));
        let (Some(Ok(())), Some(terms)) = (known, init.resume) else {
            self.link = LinkState::Down(CloseReason::ResumeViolation);
            return self.close(now, CloseReason::ResumeViolation);
        };
        let limit = init.limit.and_then(|limit| usize::try_from(limit).ok());
        self.peer_limit = limit.unwrap_or(usize::MAX);
        if let Some(former) = &mut self.former {
            former.token = terms.token;
        }
        self.window = Some(terms.window);
        self.go_on(now);
    }

    /// Client: the server has begun another session on this link.
    fn renew(&mut self, init: Accepted) {
        let unsent = self.outbox.take_unsent();
        self.outbox = Outbox::default();
        self.events.push_back(Event::Renewed { unsent });
        self.link = LinkState::Up;
        self.faults = 0;
        self.timers.stop(Timer::Window);
        self.settle(init);
    }

    /// Both sides know what the other has.
    fn go_on(&mut self, now: Instant) {
        self.link = LinkState::Up;
        self.outbox.take_link();
        if self.batch {
            self.outbox.allow_joining();
        }
        for timer in [
            Timer::Init,
            Timer::Window,
            Timer::Stall,
            Timer::Absence,
            Timer::Ack,
        ] {
            self.timers.stop(timer);
        }
        self.note_life(now);
        self.repeat_departure();
        self.events.push_back(Event::Resumed);
    }
}

/// Time after which what was taken in is acknowledged, however little it is.
const ACK_TIME: Duration = Duration::from_secs(1);

/// Weight that a client keeps at most, whatever its server offers: 64 times the default.
const CLIENT_BUFFER: usize = 16 << 20;

/// Close codes of a browser that closes a WebSocket because it is done with it, or with the page (RFC 6455, 7.4.1).
const DONE: u16 = 1000;
const GOING: u16 = 1001;
