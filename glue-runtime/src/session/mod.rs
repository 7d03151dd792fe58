//! The state machine of one socket, without clock and without I/O; one machine for both roles.
//!
//! Feed it what came in ([`Session::handle_text`]) and the time ([`Session::handle_timeout`]); then take what must
//! happen: [`Session::poll_event`], [`Session::poll_transmit`] until `None`, and wake up at [`Session::poll_timeout`].

mod drain;
mod event;
mod keepalive;
mod kept;
mod outbox;
mod replay;
mod resume;
mod state;
mod timer;

#[cfg(test)]
mod tests;

pub use event::CloseReason;
pub(crate) use event::Event;
pub(crate) use outbox::{Cause, Outbox};
pub(crate) use resume::{Former, Verdict};

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use semver::Version;

use self::drain::Departure;
use self::keepalive::{KeepAliveAction, KeepAliveTimer};
use self::replay::Replay;
use self::resume::LinkState;
use self::state::{Announced, State};
use self::timer::{Timer, TimerTable};
use crate::proto::batch;
use crate::proto::frame::Frame;
use crate::proto::init::{Accepted, Auth, ClientInit, ServerInit, is_compatible};
use crate::proto::limits::{KeepAlive, Limits, REFUSAL_PAUSE};
use crate::proto::messages::Piece;
use crate::proto::number;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::refusal::Refusal;
use crate::proto::resume::{ResumeTerms, ResumeWish};
use crate::proto::text::Text;
use crate::proto::{MAIN_CHANNEL, VERSION};

/// Which side of the conversation a session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sends `in` first, and says there whether it reads containers and refusals, and who it is.
    Client {
        batch: bool,
        errors: bool,
        auth: Option<Auth>,
        /// Whether its sessions are to outlive their links.
        resume: bool,
    },
    /// Answers `in` with this socket id; at once, or when the application has decided that it may.
    Server {
        socket_id: Arc<str>,
        decides: bool,
        /// What it offers to clients that want their sessions to outlive their links.
        resume: Option<Box<ResumeTerms>>,
    },
}

/// What a message holds for others than the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// Channel data for the application.
    ChannelData(&'a str),
    /// The data of a well-formed container, to be handled message by message.
    Batch(&'a str),
}

/// Protocol state of one socket.
#[derive(Debug)]
pub(crate) struct Session {
    role: Role,
    limits: Arc<Limits>,
    state: State,
    keep_alive: KeepAliveTimer,
    timers: TimerTable,
    outbox: Outbox,
    events: VecDeque<Event>,
    /// Main-channel messages that came before `in`; empty once the session is open.
    early: Vec<Text>,
    /// Whether both sides read containers.
    batch: bool,
    /// Why the server doesn't accept this client, until it is known whether for good.
    refusal: Option<Refusal>,
    /// Bytes of the longest message that the peer takes, as far as it has told.
    peer_limit: usize,
    /// Malformed messages so far.
    faults: u32,
    /// Whether it is time to give back what is kept for more to come; told once, by [`take_rest`](Self::take_rest).
    rests: bool,
    /// What carries the session; always up where that ends with its link.
    link: LinkState,
    /// At a client: what it needs to go on with the session over another link.
    former: Option<Box<Former>>,
    /// How long the session is kept without a link; set where that was agreed on.
    window: Option<Duration>,
    /// Weight that each side keeps unacknowledged, likewise.
    buffer: Option<usize>,
    /// Whether both sides know how a server sends its clients away.
    drains: bool,
    departure: Departure,
    /// At a server that goes: how long it waits for calls under way of a client that leaves.
    finish_time: Duration,
}

impl Session {
    /// Starts a session on a fresh link; a client's `in` is ready to be transmitted.
    pub(crate) fn new(
        role: Role,
        keep_alive: KeepAlive,
        limits: impl Into<Arc<Limits>>,
        now: Instant,
    ) -> Self {
        let limits = limits.into();
        let mut outbox = Outbox::default();
        if let Role::Client { auth, .. } = &role {
            let init = client_init(&role, auth.clone(), ResumeWish::New);
            outbox.push_control(Frame::Init(&init.encode()));
        }
        let mut timers = TimerTable::default();
        timers.set(Timer::Init, now, limits.init);

        let mut session = Self {
            role,
            limits,
            state: State::Opening,
            keep_alive: KeepAliveTimer::new(keep_alive),
            timers,
            outbox,
            events: VecDeque::new(),
            early: Vec::new(),
            batch: false,
            refusal: None,
            peer_limit: usize::MAX,
            faults: 0,
            rests: false,
            link: LinkState::Up,
            former: None,
            window: None,
            buffer: None,
            drains: false,
            departure: Departure::None,
            finish_time: Duration::ZERO,
        };
        session.note_life(now);
        session
    }

    /// Takes one message of the peer and returns what is left to do with it.
    pub(crate) fn handle_text<'a>(&mut self, now: Instant, text: &'a str) -> Option<Content<'a>> {
        if !self.can_receive() {
            return None;
        }
        self.note_life(now);

        match Frame::decode(text) {
            Ok(Frame::ChannelData(_) | Frame::Batch(_) | Frame::Ack(_) | Frame::Number(_))
                if self.link == LinkState::Opening =>
            {
                self.reject(now);
            }
            Ok(Frame::ChannelData(data)) => {
                if self.outbox.replay().is_some_and(Replay::skips) {
                    return None;
                }
                return self.handle_channel_data(now, data).map(Content::ChannelData);
            }
            Ok(Frame::Ack(digits)) if self.window.is_some() => self.handle_ack(now, digits),
            Ok(Frame::Number(digits)) if self.window.is_some() && !self.is_client() => {
                self.handle_number(now, digits);
            }
            Ok(Frame::Drain(digits)) if self.drains => {
                if !self.handle_drain(now, digits) {
                    self.reject(now);
                }
            }
            Ok(Frame::Init(json)) => self.handle_init(now, json),
            Ok(Frame::Ping) => self.outbox.push_control(Frame::Pong),
            Ok(Frame::Pong) => {}
            Ok(Frame::Close) => self.close(now, CloseReason::Peer),
            Ok(Frame::DontReconnect) if self.is_client() => {
                self.refusal = self.refusal.take().map(Refusal::for_good);
                self.close(now, CloseReason::Refused);
            }
            Ok(Frame::Batch(data)) if self.batch => match batch::check(data, self.limits.batch_messages) {
                Ok(()) => return Some(Content::Batch(data)),
                Err(_) => self.reject(now),
            },
            Ok(
                Frame::Invalid
                | Frame::DontReconnect
                | Frame::Batch(_)
                | Frame::Ack(_)
                | Frame::Number(_)
                | Frame::Drain(_),
            )
            | Err(_) => self.reject(now),
        }
        None
    }

    /// Does what is due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_expired(now) {
            match timer {
                Timer::Init => self.lose_link(now, CloseReason::InitTimeout),
                Timer::KeepAlive => match self.keep_alive.handle_timeout() {
                    KeepAliveAction::Ping { timeout } => {
                        self.rest();
                        self.outbox.push_control(Frame::Ping);
                        self.timers.set(Timer::KeepAlive, now, timeout);
                    }
                    KeepAliveAction::Dead => self.lose_link(now, CloseReason::KeepAlive),
                },
                Timer::Stall => self.close(now, CloseReason::ChannelOverflow),
                Timer::Absence => self.lose_link(now, CloseReason::LinkLost),
                Timer::Ack => {
                    if let Some(replay) = self.outbox.replay() {
                        replay.handle_ack_time();
                    }
                    self.rest();
                }
                Timer::Window => self.end_window(now),
                Timer::Leave => self.handle_leave_time(now),
                Timer::Finish => self.close(now, CloseReason::Shutdown),
                Timer::Refusal => self.finish(now, CloseReason::Refused),
                Timer::Close => self.state = State::Closed,
            }
        }
    }

    /// Returns whether it is time to give back what is kept for more to come: when nothing was said for a while, and where sessions
    /// outlive their links now and then, so that one that has just become idle holds it no longer than a busy one needs it.
    pub(crate) fn take_rest(&mut self) -> bool {
        std::mem::take(&mut self.rests)
    }

    fn rest(&mut self) {
        self.rests = true;
        if let Some(replay) = self.outbox.replay() {
            replay.rest();
        }
    }

    /// Ends the session: nothing more is taken in, what is queued is still transmitted until the close time runs out.
    ///
    /// The first reason stays; a client announces the end with `cl`.
    pub(crate) fn close(&mut self, now: Instant, reason: CloseReason) {
        if self.state.is_closing() {
            return;
        }
        // A peer that could come back is told that there is nothing to come back to, unless it has ended the session itself.
        let is_announced = match reason {
            CloseReason::Peer => false,
            CloseReason::Local => self.is_client() || self.window.is_some(),
            _ => self.window.is_some() || (reason == CloseReason::Shutdown && self.is_told_to_leave()),
        };
        if self.state == State::Open && is_announced {
            match self.link {
                LinkState::Up => self
                    .outbox
                    .push_data(Text::from_static(Frame::Close.command()), Cause::Handle),
                // The server may have the session already, or look for it.
                LinkState::Opening => self.outbox.push_control(Frame::Close),
                LinkState::Down(_) => {}
            }
        }
        self.finish(now, reason);
    }

    /// Accepts the client, whose [`Event::Asked`] was told; too late, it has no effect.
    pub(crate) fn accept(&mut self) {
        if let State::Deciding(announced) = self.state {
            self.welcome(announced);
        }
    }

    /// Refuses the client, whose [`Event::Asked`] was told; too late, it has no effect.
    pub(crate) fn refuse(&mut self, now: Instant, refusal: Refusal) {
        let State::Deciding(Announced { errors, .. }) = self.state else {
            return;
        };
        let is_final = refusal.is_final();
        self.refusal = Some(refusal.clone());
        if errors {
            let answer = ServerInit::Refused(refusal).encode();
            self.outbox.push_control(Frame::Init(&answer));
        }
        if is_final {
            self.outbox.push_control(Frame::DontReconnect);
        }
        self.finish(now, CloseReason::Refused);
    }

    /// Ends a server's session for good: behind what is queued the client is told not to come back by itself.
    pub(crate) fn dismiss(&mut self, now: Instant) {
        if self.state.is_closing() {
            return;
        }
        self.outbox
            .push_data(Text::from_static(Frame::DontReconnect.command()), Cause::Handle);
        self.finish(now, CloseReason::Local);
    }

    /// Takes note that bytes move on the link: a peer that was pinged gets more time to answer, as its answer or our question
    /// may wait behind them. It is no sign of life otherwise: that is asked for when no message has come for a while.
    pub(crate) fn handle_progress(&mut self, now: Instant) {
        if !self.timers.is_set(Timer::KeepAlive) {
            return;
        }
        if self.is_flooded() {
            // While it is not read, nothing else shows that it lives.
            self.note_life(now);
        } else if let Some(timeout) = self.keep_alive.handle_progress() {
            self.timers.set(Timer::KeepAlive, now, timeout);
        }
    }

    /// Counts a malformed message of the peer; too many end the session.
    pub(crate) fn fault(&mut self, now: Instant) {
        self.faults = self.faults.saturating_add(1);
        if self.faults > self.limits.faults {
            self.close(now, CloseReason::TooManyFaults);
        }
    }

    /// Takes note of data for a channel that isn't open: a fault of a client, while a server may speak on channels that a
    /// client doesn't open.
    pub(crate) fn handle_unopened(&mut self, now: Instant) {
        if !self.is_client() {
            self.fault(now);
        }
    }

    /// Starts the time that a full channel may keep the socket from being read, unless it runs already.
    pub(crate) fn stall(&mut self, now: Instant) {
        if !self.timers.is_set(Timer::Stall) {
            self.timers.set(Timer::Stall, now, self.limits.stall);
        }
        // Signs of life are not seen while nothing is read; the message that waits is one each time it is offered.
        self.timers.stop(Timer::KeepAlive);
    }

    /// Ends a stall: the channel took its message.
    pub(crate) fn end_stall(&mut self, now: Instant) {
        if self.timers.is_set(Timer::Stall) {
            self.timers.stop(Timer::Stall);
            self.note_life(now);
        }
    }

    /// Takes note that the peer is between two requests, and should be back in time.
    pub(crate) fn note_away(&mut self, now: Instant, grace: Duration) {
        if !self.state.is_closing() && !self.is_detached() {
            self.timers.set(Timer::Absence, now, grace);
        }
    }

    /// Takes note that the peer is back.
    pub(crate) fn note_here(&mut self) {
        self.timers.stop(Timer::Absence);
    }

    /// Returns the oldest event that was not taken yet.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        if self.events.is_empty() {
            // There are a handful in all of a session's life.
            self.events = VecDeque::new();
        }
        Some(event)
    }

    /// Returns the next text for the link; where the link `joins`, all that waits in one, if the peer reads that.
    pub(crate) fn poll_transmit(&mut self, joins: bool) -> Option<Piece<'_>> {
        if joins {
            self.outbox.pop_joined().map(Piece::Long)
        } else {
            self.outbox.pop()
        }
    }

    /// Returns the main-channel messages that came before `in`, once; they are to be handled again.
    pub(crate) fn take_early(&mut self) -> Vec<Text> {
        std::mem::take(&mut self.early)
    }

    /// Returns where outgoing channel data is queued.
    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// Returns when [`Session::handle_timeout`] must be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Returns whether handles and streams must wait, for what waits already or for the peer's `in`.
    pub(crate) fn is_congested(&self) -> bool {
        self.outbox.total() >= self.limits.send_bytes || self.is_awaited()
    }

    /// Returns how many bytes a message may have.
    pub(crate) fn peer_limit(&self) -> usize {
        self.peer_limit
    }

    /// Returns whether a client has no answer to its `in` yet: until then it says nothing else of its own accord.
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.state, State::Opening | State::Refused) && self.is_client()
    }

    /// Returns whether the peer must acknowledge something before anything else can be sent.
    pub(crate) fn is_full(&self) -> bool {
        self.outbox.is_full()
    }

    /// Returns whether the peer has caused so much that it must not be read until it takes some of it.
    ///
    /// Two peers that both wait so for an acknowledgement of the other would do it for ever, so a client, which has chosen its server,
    /// gives way.
    pub(crate) fn is_flooded(&self) -> bool {
        let caused = self.outbox.caused();
        // Until the server has answered on a link, its answer is all there is to read, and nothing leaves before.
        caused >= self.limits.send_bytes
            && self.link != LinkState::Opening
            && (!self.is_client()
                || !self.is_full()
                || caused >= self.limits.send_bytes.saturating_mul(CLIENT_PATIENCE))
    }

    /// Returns whether the link must be cut, be there something left to transmit or not.
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Returns whether a full channel keeps the socket from being read.
    pub(crate) fn is_stalled(&self) -> bool {
        self.timers.is_set(Timer::Stall)
    }

    /// Returns whether the application decides on clients.
    pub(crate) fn decides(&self) -> bool {
        matches!(self.role, Role::Server { decides: true, .. })
    }

    /// Returns whether channel data flows.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Returns whether input is wanted.
    pub(crate) fn can_receive(&self) -> bool {
        // What comes behind the loss of a link, in the same container for one, comes again.
        self.state.can_receive() && self.has_link()
    }

    fn handle_init(&mut self, now: Instant, json: &str) {
        match (&self.role, self.state) {
            (Role::Server { decides, resume, .. }, State::Opening) => match ClientInit::decode(json) {
                Ok(init) if is_compatible(&init.version, &own_version()) => {
                    let decides = *decides;
                    let announced = Announced::of(&init, resume.is_some());
                    let former = match init.resume {
                        Some(ResumeWish::Former(former)) if announced.resume => Some(former),
                        _ => None,
                    };
                    if decides || former.is_some() {
                        self.state = State::Deciding(announced);
                        self.events.push_back(Event::Asked {
                            auth: init.auth,
                            former,
                        });
                    } else {
                        self.welcome(announced);
                    }
                }
                Ok(_) => {
                    self.outbox.push_control(Frame::DontReconnect);
                    self.state = State::Refusing;
                    self.timers.stop(Timer::Init);
                    self.timers.stop(Timer::KeepAlive);
                    self.timers.set(Timer::Refusal, now, REFUSAL_PAUSE);
                }
                Err(_) => self.close(now, CloseReason::BadInit),
            },
            (&Role::Client { errors, .. }, State::Opening) => match ServerInit::decode(json) {
                Ok(ServerInit::Accepted(init)) => self.settle(init),
                Ok(ServerInit::Refused(refusal)) if errors => {
                    self.refusal = Some(refusal);
                    self.state = State::Refused;
                }
                Ok(ServerInit::Refused(_)) | Err(_) => self.close(now, CloseReason::BadInit),
            },
            (Role::Client { .. }, State::Open) if self.link == LinkState::Opening => {
                self.handle_answer(now, json);
            }
            _ => self.reject(now),
        }
    }

    fn handle_channel_data<'a>(&mut self, now: Instant, data: &'a str) -> Option<&'a str> {
        if self.state == State::Open {
            return Some(data);
        }
        match pair::decode(data, LengthUnit::Bytes) {
            Ok((MAIN_CHANNEL, _)) => {
                let bytes = self.early.iter().map(|early| early.len()).sum::<usize>() + data.len();
                if self.early.len() >= self.limits.early_messages || bytes > self.limits.channel_bytes {
                    self.close(now, CloseReason::DataBeforeInit);
                } else {
                    self.early.push(Frame::ChannelData(data).encode().into());
                }
            }
            Ok(_) | Err(_) => self.fault(now),
        }
        None
    }

    /// Answers a client that is accepted.
    fn welcome(&mut self, announced: Announced) {
        let Role::Server {
            socket_id, resume, ..
        } = &mut self.role
        else {
            return;
        };
        let socket_id = socket_id.clone();
        // For other links there are others.
        let resume = resume.take().filter(|_| announced.resume);
        self.drains = announced.drain;
        self.push_welcome(socket_id.clone(), announced.batch, resume.as_deref().cloned());
        self.open(socket_id, announced.batch, resume.as_deref());
    }

    fn push_welcome(&mut self, socket_id: Arc<str>, batch: bool, resume: Option<ResumeTerms>) {
        let limit = u64::try_from(self.limits.message_bytes).ok();
        let accepted = Accepted {
            socket_id,
            batch,
            limit: limit.filter(|_| batch),
            resume,
            drain: self.drains,
        };
        self.outbox
            .push_control(Frame::Init(&ServerInit::Accepted(accepted).encode()));
    }

    fn open(&mut self, socket_id: Arc<str>, batch: bool, resume: Option<&ResumeTerms>) {
        self.state = State::Open;
        self.batch = batch;
        if batch {
            self.outbox.allow_joining();
        }
        self.window = resume.map(|terms| terms.window);
        self.buffer = resume.map(|terms| terms.buffer_bytes);
        if let Some(terms) = resume {
            self.outbox.keep(Replay::new(self.most_kept(terms)));
        }
        self.timers.stop(Timer::Init);
        self.events.push_back(Event::Opened { socket_id });
    }

    /// The peer's last message was not understood: a server says so with `iv`. A client answers nothing that it doesn't
    /// know, or two peers could answer each other for ever.
    fn reject(&mut self, now: Instant) {
        if !self.is_client() {
            self.outbox.push_control(Frame::Invalid);
        }
        self.fault(now);
    }

    fn is_client(&self) -> bool {
        matches!(self.role, Role::Client { .. })
    }

    fn finish(&mut self, now: Instant, reason: CloseReason) {
        self.state = State::Closing;
        self.outbox.finish();
        self.timers.clear();
        self.timers.set(Timer::Close, now, self.limits.close);
        self.early.clear();
        let reason = match self.refusal.take() {
            Some(refusal) => {
                self.events.push_back(Event::Refused(refusal));
                // However the server ends it, unless we did.
                match reason {
                    CloseReason::Local | CloseReason::Panicked => reason,
                    _ => CloseReason::Refused,
                }
            }
            None => reason,
        };
        self.events.push_back(Event::Closed(reason));
    }

    /// Any message is a sign of life.
    fn note_life(&mut self, now: Instant) {
        self.timers
            .set(Timer::KeepAlive, now, self.keep_alive.handle_life());
    }
}

/// Returns how a client introduces itself.
fn client_init(role: &Role, auth: Option<Auth>, wish: ResumeWish) -> ClientInit {
    let (batch, errors, resume) = match role {
        &Role::Client {
            batch,
            errors,
            resume,
            ..
        } => (batch, errors, resume),
        Role::Server { .. } => (false, false, false),
    };
    ClientInit {
        version: own_version(),
        batch,
        errors,
        auth,
        resume: resume.then_some(wish),
        drain: true,
    }
}

/// How often as much as a server's peer may have caused, a client takes while its server acknowledges nothing: 4 MiB by default.
const CLIENT_PATIENCE: usize = 64;

fn own_version() -> Version {
    Version::parse(VERSION).expect("the protocol version is a semantic version")
}
