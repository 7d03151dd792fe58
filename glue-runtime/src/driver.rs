//! The task of one socket: one session, one transport, one mailbox. The only reader of the clock.
//!
//! Each wake-up takes all that is at hand (commands, messages, results of calls), and then writes once. A call is polled
//! where its message was read; what is pending stays in its channel's own set. So there is no task per call and no
//! hop to a writer.

mod alarm;
mod channels;
mod delivery;
mod farewell;
mod hooks;
mod leaving;
mod relink;
mod residents;

#[cfg(test)]
mod tests;

pub(crate) use hooks::{Claim, Decision, Hooks, Outdated, Traffic, nobody_decides};
pub(crate) use residents::{Residents, Unfinished};

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::future::{FutureExt as _, poll_fn, ready};
use futures_util::stream::StreamExt as _;

use self::alarm::Alarm;
use self::delivery::{Reading, Stalled};
use crate::channel::Turn;
use crate::clock::now;
use crate::mailbox::{Bond, Ending, Mailbox, Outgoing, Place, Request, Task};
use crate::proto::frame::Frame;
use crate::proto::refusal::Refusal;
use crate::proto::text::Text;
use crate::session::{Cause, CloseReason, Event, Session, Verdict};
use crate::transport::{Presence, Transport, TransportError};

/// Drives one socket from its first byte to its last.
pub(crate) struct Driver<H> {
    session: Session,
    /// `None` while the session is kept without a link.
    transport: Option<Box<dyn Transport>>,
    /// Code with which the peer has closed the last link.
    close_code: Option<u16>,
    /// What the link has taken of others' room; given back with it.
    place: Option<Place>,
    mailbox: Arc<Mailbox>,
    hooks: H,
    residents: Residents,
    /// Whether the client is accepted, as long as the application has not decided.
    decision: Option<Task<Result<Verdict, Refusal>>>,
    /// The session with which the client wants to go on, as long as that isn't decided.
    claim: Option<Claim>,
    /// Whether the link has gone to that session.
    is_handed_over: bool,
    /// The latest of the links that were taken over.
    generation: u64,
    /// What was received and not yet delivered: the first had no room in its channel, it is a container of which more was
    /// in it than one turn takes, or they came before `in`. While there is some, nothing is read.
    stalled: Stalled,
    /// What calls have produced in this turn that goes ahead of all else.
    urgent: Vec<Text>,
    /// What has moved in this turn.
    traffic: Traffic,
    /// Whether channels were not polled for want of room.
    work_waits: bool,
    /// Whether the transport holds something that was not flushed.
    unflushed: bool,
    /// What broke the transport, if anything has.
    fault: Option<TransportError>,
    /// Why the session has ended, once it has.
    closed: Option<CloseReason>,
    alarm: Alarm,
}

impl<H: Hooks> Driver<H> {
    pub(crate) fn new(
        session: Session,
        transport: impl Transport + 'static,
        mailbox: Arc<Mailbox>,
        hooks: H,
    ) -> Self {
        Self {
            session,
            transport: Some(Box::new(transport)),
            close_code: None,
            place: None,
            mailbox,
            hooks,
            residents: Residents::default(),
            decision: None,
            claim: None,
            is_handed_over: false,
            generation: 0,
            stalled: Stalled::default(),
            urgent: Vec::new(),
            traffic: Traffic::default(),
            work_waits: false,
            unflushed: false,
            fault: None,
            closed: None,
            alarm: Alarm::default(),
        }
    }

    /// Takes in what has outlived an earlier session.
    pub(crate) fn with_residents(self, residents: Residents) -> Self {
        Self { residents, ..self }
    }

    /// Holds this as long as the link.
    #[cfg(feature = "server")]
    pub(crate) fn with_place(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// Runs the socket to its end, and returns what goes on behind that.
    pub(crate) async fn run(&mut self) -> Unfinished {
        let reason = self.run_session().await;
        if self.is_handed_over {
            // Another driver has the link, and the application has never seen this socket.
            return Unfinished::default();
        }

        // First no handle can ask for anything any more, then calls and tasks are dropped, so that their guards have run
        // when the application hears of the end.
        self.mailbox.refuse();
        let mut unfinished = self.residents.clear();
        self.decision = None;
        self.hooks.closed(reason);

        let mut goodbye = pin!(async {
            self.run_farewell().await;
            self.end(reason);
            self.run_drain().await;
        });
        // The peer may take its time for that, and what must run to its end doesn't wait for it.
        poll_fn(|cx| {
            while unfinished.poll_next_unpin(cx) == Poll::Ready(Some(())) {}
            goodbye.as_mut().poll(cx)
        })
        .await;
        unfinished
    }

    /// Runs the session to its end; what was sent before may be left to transmit.
    async fn run_session(&mut self) -> CloseReason {
        poll_fn(|cx| self.poll_session(cx)).await
    }

    /// Goes on with the session up to its end; what was sent before may be left to transmit.
    pub(crate) fn poll_session(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        self.mailbox.begin_turn();
        let ended = self.poll_open(cx);
        self.mailbox.end_turn(cx.waker());
        self.report_traffic();
        if let Poll::Ready(reason) = ended
            && !self.is_handed_over
        {
            if reason.is_misbehaviour() {
                tracing::warn!(%reason, "socket ended, its peer broke the rules");
            } else {
                tracing::debug!(%reason, "socket ended");
            }
        }
        ended
    }

    /// Takes out what outlives the session, where no other follows: what calls would have sent again is settled.
    pub(crate) fn take_residents(&mut self) -> Residents {
        let mut residents = std::mem::take(&mut self.residents);
        drop(residents.lose());
        residents
    }

    /// Takes out what outlives the session, and what is to be sent in the next: first what may have arrived and does no harm when
    /// it arrives twice, then what was not handed to the link.
    pub(crate) fn take_leave(&mut self) -> (Residents, Vec<Outgoing>) {
        let mut residents = std::mem::take(&mut self.residents);
        let left = residents.carry_over(self.session.outbox().take_unsent());
        (residents, left)
    }

    pub(crate) fn hooks(&mut self) -> &mut H {
        &mut self.hooks
    }

    /// Takes out what was not handed to the link and is as good in another session.
    pub(crate) fn take_unsent(&mut self) -> Vec<Text> {
        self.session.outbox().take_free()
    }

    /// Returns the code with which the peer has closed the link, if it has told one.
    pub(crate) fn close_code(&self) -> Option<u16> {
        self.close_code.or_else(|| {
            self.transport
                .as_ref()
                .and_then(|transport| transport.close_code())
        })
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let now = now();
        self.note_presence(now, cx);
        let mut budget = STEPS_PER_TURN;
        // A channel that has made room just in time is not full any more.
        self.deliver_stalled(now, &mut budget, cx);
        self.note_progress(now);
        self.session.handle_timeout(now);
        if self.session.take_rest() {
            self.residents.rest();
        }
        if self.decision.is_some() {
            self.decide(now, cx);
            // What came before `in` is there to be delivered then.
            self.handle_events(now, cx);
        }

        loop {
            self.mailbox.heed();
            if !self.mailbox.is_empty() {
                self.take_requests(now, cx);
                self.take_urgent();
                self.take_messages();
            }
            // Calls that were read earlier go on before new ones begin.
            self.work(now, cx);
            let reading = self.read(now, &mut budget, cx);
            self.work(now, cx);
            self.leave_if_due();
            self.end_if_left(now);
            self.close_if_asked(now);
            self.transmit(now, cx);
            self.handle_events(now, cx);

            if let Some(reason) = self.closed {
                return Poll::Ready(reason);
            }
            if budget == 0 {
                // Other sockets' turn.
                cx.waker().wake_by_ref();
                break;
            }
            let is_free = !self.session.is_stalled() && !self.session.is_flooded();
            let can_read = match reading {
                Reading::Done => false,
                Reading::Waits => is_free || self.session.is_full(),
                Reading::Heeds => is_free,
            };
            // What has been woken and was not polled wakes nobody again.
            let can_go_on = !self.session.is_congested() && (self.work_waits || self.has_mail());
            if !can_read && !can_go_on {
                break;
            }
            budget -= 1;
        }

        self.note_unsent();
        self.flush(now, cx);
        // Who has just been answered has gone, and nothing else would wake us for it.
        self.note_presence(now, cx);
        self.handle_events(now, cx);
        if let Some(reason) = self.closed {
            return Poll::Ready(reason);
        }
        self.note_progress(now);
        self.rest();
        if self.session.is_detached() && !self.hooks.keeps(self.weight()) {
            self.session.give_up(now);
            cx.waker().wake_by_ref();
        }
        if let Some(transport) = &mut self.transport {
            transport.rest();
        }
        self.arm_timer(cx);
        Poll::Pending
    }

    /// Does what handles have asked for; never put off, or a channel would be opened behind its first messages.
    fn take_requests(&mut self, now: Instant, cx: &mut Context<'_>) {
        for request in self.mailbox.take_requests() {
            match request {
                Request::Attach(link) => {
                    // A loss that nobody has dealt with would take the new link.
                    self.handle_events(now, cx);
                    self.attach(now, link);
                }
                Request::HandedOver => self.give_way(),
                Request::GiveBack(link) => self.take_back(*link),
                Request::Open { name, inbound } => self.open_channel(name, inbound, cx),
                Request::Spawn(task) => self.residents.spawn(task),
                Request::Drain(leave) => self.session.drain(now, leave),
            }
        }
    }

    /// Takes what must not wait for room.
    fn take_urgent(&mut self) {
        if self.session.is_awaited() {
            return;
        }
        for late in self.mailbox.take_urgent() {
            let outbox = self.session.outbox();
            // Each follows from what the peer has sent, room or not: one that takes none must not go on sending.
            late.write(usize::MAX, &mut |text, _| outbox.push_urgent(text, Cause::Peer));
        }
    }

    /// Takes what handles have sent, as far as there is room.
    fn take_messages(&mut self) {
        while !self.session.is_congested()
            && let Some(message) = self.take_message()
        {
            self.push(message);
        }
    }

    fn push(&mut self, message: Outgoing) {
        let limit = self.session.peer_limit();
        let outbox = self.session.outbox();
        let mut push = |text: Text, bond| match bond {
            Bond::Session => outbox.push_data(text, Cause::Call),
            Bond::Free if text.len() <= limit => outbox.push_data(text, Cause::Handle),
            Bond::Free => self.hooks.unsendable(text),
        };
        match message {
            Outgoing::Text(text) => push(text, Bond::Free),
            Outgoing::Late(late) => late.write(limit, &mut push),
        }
    }

    /// Takes what handles have sent up to now, room or not; what may wait in the mailbox bounds it.
    fn take_all_messages(&mut self) {
        for _ in 0..self.mailbox.messages() {
            let Some(message) = self.take_message() else {
                break;
            };
            self.push(message);
        }
    }

    fn note_unsent(&mut self) {
        self.mailbox.note_unsent(self.session.outbox().total());
    }

    /// Ends the session if a handle asks for it, behind what was sent before.
    fn close_if_asked(&mut self, now: Instant) {
        let Some(ending) = self.mailbox.end_request() else {
            return;
        };
        if !self.session.is_awaited() {
            self.take_urgent();
            self.take_all_messages();
        }
        match ending {
            Ending::Close(reason) => self.session.close(now, reason),
            Ending::Dismiss => self.session.dismiss(now),
        }
    }

    /// Goes on with calls, streams and the application's own futures.
    fn work(&mut self, now: Instant, cx: &mut Context<'_>) {
        self.work_waits = false;
        for inbound in self.residents.channels.values_mut() {
            inbound.settle(&mut Turn {
                cx,
                out: self.session.outbox().written(),
                urgent: &mut self.urgent,
            });
        }
        // These answer the peer, each a call of its: one that takes none must not go on calling.
        self.collect(Cause::Peer);
        for inbound in self.residents.channels.values_mut() {
            if self.session.is_congested() {
                // Streams are not polled when their items can't leave.
                self.work_waits = true;
                break;
            }
            inbound.poll(&mut Turn {
                cx,
                out: self.session.outbox().written(),
                urgent: &mut self.urgent,
            });
        }
        // Nothing is polled past the mark, so this needs not stop the reading.
        self.collect(Cause::Call);
        self.poll_tasks(now, cx);
    }

    fn poll_tasks(&mut self, now: Instant, cx: &mut Context<'_>) {
        if self.residents.poll_tasks(cx).is_err() {
            self.session.close(now, CloseReason::Panicked);
        }
    }

    /// Moves what calls have produced to the outbox, behind what was sent through handles before a call ended.
    fn collect(&mut self, cause: Cause) {
        if !self.urgent.is_empty() {
            for text in self.urgent.drain(..) {
                self.session.outbox().push_urgent(text, cause);
            }
        }
        let outbox = self.session.outbox();
        if !outbox.has_written() {
            return;
        }
        if self.mailbox.is_empty() {
            outbox.take_written(cause);
        } else {
            let written = outbox.take_back_written();
            self.take_all_messages();
            self.session.outbox().append(written, cause);
        }
        // Now, as a turn may read many calls, each of which may broadcast.
        self.note_unsent();
    }

    /// Leaves no room behind that this turn has needed.
    fn rest(&mut self) {
        if self.urgent.capacity() > 0 {
            self.urgent = Vec::new();
        }
        self.session.outbox().rest();
    }

    /// Takes note of a peer that comes and goes.
    fn note_presence(&mut self, now: Instant, cx: &mut Context<'_>) {
        let Some(transport) = &mut self.transport else {
            return;
        };
        match transport.take_presence(cx) {
            None => {}
            Some(Presence::Here) => self.session.note_here(),
            Some(Presence::Away { grace }) => self.session.note_away(now, grace),
            Some(Presence::Broken(error)) => self.break_link(now, error),
        }
    }

    /// Takes note of bytes that have moved, before anybody is given up for silence.
    fn note_progress(&mut self, now: Instant) {
        if let Some(transport) = &mut self.transport
            && transport.take_progress()
        {
            self.session.handle_progress(now);
        }
    }

    fn handle_events(&mut self, now: Instant, cx: &mut Context<'_>) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Asked { auth, former } => {
                    match former.map(|former| self.hooks.claim(former)).transpose() {
                        Ok(claim) => self.claim = claim.flatten(),
                        Err(Outdated) => return self.abandon(),
                    }
                    self.decision = Some(Task::new(if self.session.decides() {
                        self.hooks.authorize(auth, self.claim.as_ref())
                    } else {
                        Box::pin(ready(Ok(Verdict::Resume)))
                    }));
                    self.decide(now, cx);
                }
                Event::Detached(reason) => self.detach(now, reason),
                Event::Resumed => self.resume(),
                Event::AskedToLeave { within } => {
                    let moment = self.hooks.choose_moment(within);
                    self.session.leave_in(now, moment);
                }
                Event::Renewed { unsent } => self.renew(unsent),
                Event::Refused(refusal) => self.hooks.refused(refusal),
                Event::Opened { socket_id } => {
                    self.mailbox.bound_texts(self.session.peer_limit());
                    self.open(now, socket_id, cx);
                }
                Event::Closed(reason) => {
                    if reason == CloseReason::LinkLost || !self.session.has_link() {
                        // There is nobody to take what is left.
                        self.fault = Some(TransportError::Lost);
                    }
                    if reason == CloseReason::Peer {
                        self.forgo();
                    }
                    self.closed = Some(reason);
                }
            }
        }
    }

    /// Goes on with the decision whether the client is accepted.
    fn decide(&mut self, now: Instant, cx: &mut Context<'_>) {
        let Some(decision) = &mut self.decision else {
            return;
        };
        match catch_unwind(AssertUnwindSafe(|| decision.poll_unpin(cx))) {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(Ok(verdict))) => self.accept(verdict),
            Ok(Poll::Ready(Err(refusal))) => self.refuse(now, refusal),
            Err(_) => {
                tracing::error!("the handler that authorizes panicked");
                self.session.close(now, CloseReason::Panicked);
            }
        }
        self.decision = None;
    }

    /// Moves what waits in the outbox to the transport, as far as it takes it.
    fn transmit(&mut self, now: Instant, cx: &mut Context<'_>) {
        while self.fault != Some(TransportError::Lost) && !self.session.outbox().is_empty() {
            let Some(transport) = &mut self.transport else {
                return;
            };
            match transport.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return self.break_link(now, TransportError::Lost),
                Poll::Pending => return,
            }
            let Some(message) = self.session.poll_transmit(transport.joins()) else {
                return;
            };
            tracing::trace!(text = Frame::loggable(message.as_str()), "sent");
            self.unflushed = true;
            self.traffic.send(message.as_str());
            if transport.send(message).is_err() {
                return self.break_link(now, TransportError::Lost);
            }
        }
    }

    fn flush(&mut self, now: Instant, cx: &mut Context<'_>) {
        if !self.unflushed || self.fault.is_some() {
            return;
        }
        let Some(transport) = &mut self.transport else {
            return;
        };
        match transport.poll_flush(cx) {
            Poll::Ready(Ok(())) => self.unflushed = false,
            Poll::Ready(Err(_)) => self.break_link(now, TransportError::Lost),
            Poll::Pending => {}
        }
    }

    /// Ends the session for what happened to its link; writing that fails means that the link is gone.
    fn break_link(&mut self, now: Instant, error: TransportError) {
        self.fault = Some(error);
        let reason = match error {
            TransportError::TooLarge => CloseReason::TooLarge,
            TransportError::NotText => CloseReason::NotText,
            TransportError::Violation => CloseReason::TransportViolation,
            TransportError::Overflow => CloseReason::ChannelOverflow,
            TransportError::Lost => return self.session.lose_link(now, CloseReason::LinkLost),
        };
        self.session.close(now, reason);
    }

    fn report_traffic(&mut self) {
        let traffic = std::mem::take(&mut self.traffic);
        if traffic != Traffic::default() {
            self.hooks.moved(traffic);
        }
    }

    /// Makes sure that the driver is woken at the session's next deadline.
    fn arm_timer(&mut self, cx: &mut Context<'_>) {
        if let Some(deadline) = self.session.poll_timeout() {
            self.alarm.set(deadline, cx);
        }
    }
}

/// Steps of one turn before other sockets get theirs; a quarter of it makes bursts of 64 pipelined calls take two
/// writes, four times as much lets one socket hold its thread for most of a millisecond.
const STEPS_PER_TURN: usize = 256;

/// Messages for which an idle driver keeps room.
const IDLE_CAPACITY: usize = 16;
