//! The task of one socket: one session, one transport, one mailbox. The only reader of the clock.
//!
//! Each wake-up takes all that is at hand (commands, messages, results of calls), and then writes once. A call is polled
//! where its message was read; what is pending stays in its channel's own set. So there is no task per call and no
//! hop to a writer.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::task::coop::has_budget_remaining;
use tokio::time::Sleep;

use crate::channel::{Inbound, Lane, Receipt, Turn};
use crate::mailbox::{Command, Mailbox};
use crate::proto::MAIN_CHANNEL;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::text::Text;
use crate::session::{CloseReason, Event, Session};
use crate::transport::{Transport, TransportError};

/// What a side of the conversation does at the turns of a socket's life.
pub(crate) trait Hooks: Send {
    /// The socket is open; the returned future is polled with it, first before any message is delivered.
    fn opened(&mut self, socket_id: String) -> Option<BoxFuture<'static, ()>>;

    /// Returns who serves a channel that is not open yet.
    fn service(&mut self, name: &str) -> Option<Box<dyn Inbound>>;

    /// The socket has ended: nothing is delivered any more.
    fn closed(&mut self, reason: CloseReason);
}

/// Drives one socket from its first byte to its last.
pub(crate) struct Driver<T, H> {
    session: Session,
    transport: T,
    mailbox: Arc<Mailbox>,
    hooks: H,
    channels: HashMap<Box<str>, Box<dyn Inbound>>,
    /// Futures of the application that live as long as the socket.
    tasks: FuturesUnordered<BoxFuture<'static, ()>>,
    /// A message whose channel had no room; while it waits, nothing is read.
    stalled: Option<Text>,
    /// What calls have produced in this turn; kept for its capacity.
    out: Vec<Text>,
    /// Whether the transport holds something that was not flushed.
    unflushed: bool,
    /// What broke the transport, if anything has.
    fault: Option<TransportError>,
    /// Why the session has ended, once it has.
    closed: Option<CloseReason>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<T: Transport, H: Hooks> Driver<T, H> {
    pub(crate) fn new(session: Session, transport: T, mailbox: Arc<Mailbox>, hooks: H) -> Self {
        Self {
            session,
            transport,
            mailbox,
            hooks,
            channels: HashMap::new(),
            tasks: FuturesUnordered::new(),
            stalled: None,
            out: Vec::new(),
            unflushed: false,
            fault: None,
            closed: None,
            sleep: None,
        }
    }

    /// Runs the socket to its end.
    pub(crate) async fn run(mut self) {
        let reason = poll_fn(|cx| self.poll_open(cx)).await;
        tracing::debug!(%reason, "socket ended");

        // Calls and tasks are dropped before the application hears of the end, so their guards have run by then.
        self.channels.clear();
        self.tasks.clear();
        self.mailbox.close(reason);
        self.hooks.closed(reason);

        poll_fn(|cx| self.poll_farewell(cx)).await;
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let now = now();
        self.mailbox.register(cx.waker());
        self.session.handle_timeout(now);

        let mut budget = MESSAGES_PER_TURN;
        loop {
            self.take_commands(now);
            // Calls that were read earlier go on before new ones begin.
            self.work(now, cx);
            let blocked = self.read(now, &mut budget, cx);
            self.work(now, cx);
            self.transmit(now, cx);
            self.handle_events(now, cx);

            if let Some(reason) = self.closed {
                return Poll::Ready(reason);
            }
            let readable = blocked && self.stalled.is_none() && !self.session.is_congested();
            let commanded = !self.mailbox.is_empty() && !self.session.is_congested();
            if budget == 0 {
                // Other sockets' turn.
                cx.waker().wake_by_ref();
                break;
            }
            if !readable && !commanded {
                break;
            }
            budget -= 1;
        }

        self.flush(now, cx);
        self.handle_events(now, cx);
        if let Some(reason) = self.closed {
            return Poll::Ready(reason);
        }
        self.arm_timer(cx);
        Poll::Pending
    }

    /// Transmits what is left, says goodbye and waits for the peer to do so, within the session's close time.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = now();
        self.session.handle_timeout(now);
        if self.session.is_closed() {
            return Poll::Ready(());
        }
        self.transmit(now, cx);
        if self.fault == Some(TransportError::Lost) {
            return Poll::Ready(());
        }
        if self.session.outbox().is_empty() && self.transport.poll_close(cx, self.fault).is_ready() {
            return Poll::Ready(());
        }
        self.arm_timer(cx);
        Poll::Pending
    }

    /// Takes what the handles have asked for.
    fn take_commands(&mut self, now: Instant) {
        // An end that was asked for lets what was queued before it pass, however slow the peer; it is bounded.
        let close = self.mailbox.close_request();
        while close.is_some() || !self.session.is_congested() {
            match self.mailbox.take() {
                Some(Command::Send { text, .. }) => self.session.outbox().push_data(text),
                Some(Command::Open { name, inbound }) => self.open_channel(name, inbound),
                Some(Command::Spawn(task)) => self.tasks.push(task),
                None => break,
            }
        }
        if let Some(reason) = close {
            self.session.close(now, reason);
        }
    }

    fn open_channel(&mut self, name: Box<str>, inbound: Box<dyn Inbound>) {
        // A channel of typed calls that has been used by then keeps its messages.
        if self.channels.contains_key(&name) || self.hooks.service(&name).is_some() {
            tracing::error!(
                name,
                "channel carries typed calls, so the raw one of this name receives nothing"
            );
            return;
        }
        self.channels.insert(name, inbound);
    }

    /// Reads messages until there is none at hand; returns whether something else stopped it.
    fn read(&mut self, now: Instant, budget: &mut usize, cx: &mut Context<'_>) -> bool {
        if let Some(text) = self.stalled.take() {
            self.deliver(now, text, cx);
        }
        loop {
            if !self.session.can_receive() {
                // Only a deadline can change that.
                return false;
            }
            if self.stalled.is_some() {
                return true;
            }
            if self.session.is_congested() {
                self.transmit(now, cx);
                if self.session.is_congested() {
                    return true;
                }
            }
            if !has_budget_remaining() {
                // Whatever a call waits for would now seem not to be ready, and calls would overtake each other.
                *budget = 0;
            }
            if *budget == 0 {
                return true;
            }
            match self.transport.poll_receive(cx) {
                Poll::Ready(Some(Ok(text))) => {
                    *budget -= 1;
                    self.deliver(now, text, cx);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.break_link(now, error);
                    return false;
                }
                Poll::Ready(None) => {
                    self.session.close(now, CloseReason::Peer);
                    return false;
                }
                Poll::Pending => return false,
            }
        }
    }

    /// Gives one message to the session and what is for the application to its channel.
    fn deliver(&mut self, now: Instant, text: Text, cx: &mut Context<'_>) {
        tracing::trace!(text = text.as_str(), "received");
        if let Some(data) = self.session.handle_text(now, &text) {
            if self.deliver_data(now, data, cx) == Receipt::Full {
                self.session.stall(now);
                self.stalled = Some(text);
            } else {
                self.session.end_stall();
            }
        } else {
            self.handle_events(now, cx);
        }
    }

    fn deliver_data(&mut self, now: Instant, data: &str, cx: &mut Context<'_>) -> Receipt {
        let decoded = pair::decode(data, LengthUnit::Bytes);
        if let Ok((name, text)) = decoded
            && let Some(receipt) = self.receive(now, name, text, cx)
        {
            return receipt;
        }
        // The original JavaScript client counts in UTF-16 units.
        if pair::is_ambiguous(data)
            && let Ok((name, text)) = pair::decode(data, LengthUnit::Utf16)
            && let Some(receipt) = self.receive(now, name, text, cx)
        {
            return receipt;
        }
        match decoded.map(|(name, text)| (name, Envelope::decode(text))) {
            Ok((name, Ok(Envelope::Request { id, .. }))) if self.session.is_open() => {
                self.refuse_call(name, id);
            }
            _ => self.session.fault(now),
        }
        Receipt::Taken
    }

    /// Offers a message to the channel of this name; `None` when there is none.
    fn receive(&mut self, now: Instant, name: &str, text: &str, cx: &mut Context<'_>) -> Option<Receipt> {
        if !self.channels.contains_key(name) {
            let inbound = self.hooks.service(name)?;
            self.channels.insert(name.into(), inbound);
        }
        let inbound = self.channels.get_mut(name)?;
        let receipt = inbound.receive(
            text,
            &mut Turn {
                cx,
                out: &mut self.out,
            },
        );
        if receipt == Receipt::Fault {
            self.session.fault(now);
        }
        self.collect(now);
        Some(receipt)
    }

    /// Answers a call on a channel that is not open, so that no caller hangs.
    fn refuse_call(&mut self, name: &str, id: u64) {
        let lane = Lane::new(name, self.mailbox.clone());
        let mut out = lane.begin(96);
        let json = format!(
            r#"{{"code":"{}","message":"no such channel"}}"#,
            Code::Unimplemented
        );
        Envelope::Error { id, json: &json }.encode(&mut out);
        self.session.outbox().push_data(out.into());
    }

    fn handle_events(&mut self, now: Instant, cx: &mut Context<'_>) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Opened { socket_id } => self.open(now, socket_id, cx),
                Event::Closed(reason) => self.closed = Some(reason),
            }
        }
    }

    fn open(&mut self, now: Instant, socket_id: String, cx: &mut Context<'_>) {
        tracing::debug!(socket_id, "socket open");
        if let Some(task) = self.hooks.opened(socket_id) {
            self.tasks.push(task);
            self.poll_tasks(now, cx);
        }
        // Channels that the application opened at once are there before the next message.
        self.take_commands(now);
        for early in self.session.take_early() {
            if self.receive(now, MAIN_CHANNEL, &early, cx).is_none() {
                self.session.fault(now);
            }
        }
    }

    /// Goes on with calls, streams and the application's own futures.
    fn work(&mut self, now: Instant, cx: &mut Context<'_>) {
        for inbound in self.channels.values_mut() {
            if self.session.is_congested() {
                // Streams are not polled when their items can't leave; writing wakes us.
                break;
            }
            inbound.poll(&mut Turn {
                cx,
                out: &mut self.out,
            });
        }
        self.collect(now);
        self.poll_tasks(now, cx);
    }

    fn poll_tasks(&mut self, now: Instant, cx: &mut Context<'_>) {
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.tasks.poll_next_unpin(cx))) {
                Ok(Poll::Ready(Some(()))) => {}
                Ok(Poll::Ready(None) | Poll::Pending) => return,
                Err(_) => {
                    tracing::error!("a handler of the socket panicked");
                    self.tasks.clear();
                    self.session.close(now, CloseReason::Panicked);
                    return;
                }
            }
        }
    }

    /// Moves what calls have produced to the outbox, behind what was sent through handles before a call ended.
    fn collect(&mut self, now: Instant) {
        if self.out.is_empty() {
            return;
        }
        if !self.mailbox.is_empty() {
            self.take_commands(now);
        }
        for text in self.out.drain(..) {
            self.session.outbox().push_data(text);
        }
    }

    /// Moves what waits in the outbox to the transport, as far as it takes it.
    fn transmit(&mut self, now: Instant, cx: &mut Context<'_>) {
        while self.fault != Some(TransportError::Lost) && !self.session.outbox().is_empty() {
            match self.transport.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return self.break_link(now, TransportError::Lost),
                Poll::Pending => return,
            }
            let Some(text) = self.session.poll_transmit() else {
                return;
            };
            tracing::trace!(text = text.as_str(), "sent");
            self.unflushed = true;
            if self.transport.send(text).is_err() {
                return self.break_link(now, TransportError::Lost);
            }
        }
    }

    fn flush(&mut self, now: Instant, cx: &mut Context<'_>) {
        if !self.unflushed || self.fault.is_some() {
            return;
        }
        match self.transport.poll_flush(cx) {
            Poll::Ready(Ok(())) => self.unflushed = false,
            Poll::Ready(Err(_)) => self.break_link(now, TransportError::Lost),
            Poll::Pending => {}
        }
    }

    /// Ends the session for what happened to its link; writing that fails means that the link is gone.
    fn break_link(&mut self, now: Instant, error: TransportError) {
        self.fault = Some(error);
        self.session.close(
            now,
            match error {
                TransportError::TooLarge => CloseReason::TooLarge,
                TransportError::NotText => CloseReason::NotText,
                TransportError::Violation => CloseReason::TransportViolation,
                TransportError::Lost => CloseReason::LinkLost,
            },
        );
    }

    /// Makes sure that the driver is woken at the session's next deadline.
    ///
    /// The deadline moves with every message, the timer only when it fires too late or has fired: a timer that fires
    /// early costs one wake-up per keep-alive, moving it costs something per message.
    fn arm_timer(&mut self, cx: &mut Context<'_>) {
        let Some(deadline) = self.session.poll_timeout() else {
            return;
        };
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        loop {
            if deadline < sleep.deadline() {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return;
            }
            if deadline <= sleep.deadline() {
                // Due while we worked: the next turn handles it.
                cx.waker().wake_by_ref();
                return;
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

/// Returns the time; under a paused runtime, its virtual time.
#[allow(clippy::disallowed_methods)] // the one place that reads the clock
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Steps of one turn before other sockets get theirs; a quarter of it makes bursts of 64 pipelined calls take two
/// writes, four times as much lets one socket hold its thread for most of a millisecond.
const MESSAGES_PER_TURN: usize = 256;

#[cfg(test)]
mod tests;
