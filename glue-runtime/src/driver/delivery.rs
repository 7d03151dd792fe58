//! The driver's way in: from the transport through the session to the channels.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::task::coop::has_budget_remaining;

use super::{Driver, Hooks};
use crate::channel::{Inbound, Lane, Receipt, Turn};
use crate::mailbox::Task;
use crate::proto::batch;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::frame::Frame;
use crate::proto::limits::MESSAGE_OVERHEAD;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::text::Text;
use crate::session::{Cause, Content};
use crate::transport::TransportError;

/// What has come from the transport and waits to be delivered.
#[derive(Debug)]
pub(super) enum Received {
    /// One message.
    Message(Text),
    /// A container that has been checked, and where in it the next message begins.
    Batch { text: Text, offset: usize },
}

impl Received {
    /// Returns its weight.
    fn weight(&self) -> usize {
        match self {
            Self::Message(text) | Self::Batch { text, .. } => text.len() + MESSAGE_OVERHEAD,
        }
    }

    /// Returns the message by which the peer ends the session, if it is the last.
    fn end(&self) -> Option<&str> {
        match self {
            Self::Message(text) => Some(text.as_str()).filter(|text| is_end(text)),
            Self::Batch { text, offset } => {
                let mut rest = text.get(*offset..);
                let messages = std::iter::from_fn(|| {
                    let (message, behind) = batch::split_first(rest?)?;
                    rest = Some(behind);
                    Some(message)
                });
                messages.last().filter(|text| is_end(text))
            }
        }
    }
}

fn is_end(text: &str) -> bool {
    matches!(Frame::decode(text), Ok(Frame::Close | Frame::DontReconnect))
}

/// What has come and waits, in order.
#[derive(Debug, Default)]
pub(super) struct Stalled {
    queue: VecDeque<Received>,
    weight: usize,
}

impl Stalled {
    pub(super) fn push_back(&mut self, received: Received) {
        self.weight += received.weight();
        self.queue.push_back(received);
    }

    fn push_front(&mut self, received: Received) {
        self.weight += received.weight();
        self.queue.push_front(received);
    }

    fn pop_front(&mut self) -> Option<Received> {
        let received = self.queue.pop_front()?;
        self.weight -= received.weight();
        if self.queue.is_empty() {
            // A burst must not leave its queue behind in an idle socket.
            self.queue.shrink_to(super::IDLE_CAPACITY);
        }
        Some(received)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns the weight of all that waits; of a container that has begun to be delivered, too.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Returns the message by which the peer has ended the session behind all that, if it has.
    fn end(&self) -> Option<String> {
        self.queue.back().and_then(Received::end).map(str::to_owned)
    }
}

/// How far the link has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// There is nothing at hand, or nothing is wanted.
    Done,
    /// What was read before must be delivered first.
    Waits,
    /// Likewise, but the link is read on for what the peer acknowledges, and there is nothing at hand.
    Heeds,
}

impl<H: Hooks> Driver<H> {
    /// Reads messages until there is none at hand, or something else stops it.
    pub(super) fn read(&mut self, now: Instant, budget: &mut usize, cx: &mut Context<'_>) -> Reading {
        loop {
            self.deliver_stalled(now, budget, cx);
            if !self.session.can_receive() {
                // Only a deadline can change that, or another link.
                return Reading::Done;
            }
            let waits = !self.can_take_more(now, budget, cx) || !self.stalled.is_empty();
            if waits && (*budget == 0 || !self.session.is_full() || self.is_overfull(now)) {
                return Reading::Waits;
            }
            let Some(transport) = &mut self.transport else {
                return Reading::Done;
            };
            match transport.poll_receive(cx) {
                Poll::Ready(Some(Ok(text))) => {
                    *budget -= 1;
                    self.traffic.receive(&text);
                    if waits {
                        self.heed(now, text);
                    } else if let Some(left) = self.deliver_message(now, text, cx) {
                        self.stalled.push_front(left);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.heed_end(now);
                    self.break_link(now, error);
                    return Reading::Done;
                }
                Poll::Ready(None) => {
                    let code = transport.close_code();
                    self.heed_end(now);
                    if !self.session.is_end(code) {
                        // An attempt that was given up; the session that was asked for isn't.
                        self.claim = None;
                    }
                    // A peer that has said goodbye takes nothing any more.
                    self.fault = Some(TransportError::Lost);
                    self.session.handle_farewell(now, code);
                    return Reading::Done;
                }
                Poll::Pending if waits => return Reading::Heeds,
                Poll::Pending => return Reading::Done,
            }
        }
    }

    /// Delivers what was received, up to the first message that its channel has no room for, and of containers as much as
    /// a turn may take.
    pub(super) fn deliver_stalled(&mut self, now: Instant, budget: &mut usize, cx: &mut Context<'_>) {
        // What waits for room in its channel is offered in any case.
        while !self.stalled.is_empty()
            && (self.session.is_stalled() || self.can_take_more(now, budget, cx))
            && let Some(received) = self.stalled.pop_front()
        {
            let left = match received {
                Received::Message(text) => self.deliver_message(now, text, cx),
                Received::Batch { text, offset } => self.deliver_batch(now, text, offset, budget, cx),
            };
            if let Some(left) = left {
                self.stalled.push_front(left);
                return;
            }
        }
    }

    /// The link has ended: a peer that has ended the session before, behind what still waits, isn't waited for.
    fn heed_end(&mut self, now: Instant) {
        if let Some(end) = self.stalled.end() {
            let _ = self.session.handle_text(now, &end);
        }
    }

    /// Delivers one message; returns it if it has to wait.
    fn deliver_message(&mut self, now: Instant, text: Text, cx: &mut Context<'_>) -> Option<Received> {
        match self.deliver(now, &text, cx) {
            Delivered::Done => None,
            Delivered::Full => Some(Received::Message(text)),
            Delivered::Batch { offset } => {
                self.stalled.push_front(Received::Batch { text, offset });
                None
            }
        }
    }

    /// Delivers the messages of a container in place; returns what of it has to wait.
    fn deliver_batch(
        &mut self,
        now: Instant,
        text: Text,
        mut offset: usize,
        budget: &mut usize,
        cx: &mut Context<'_>,
    ) -> Option<Received> {
        while let Some((message, rest)) = text.get(offset..).and_then(batch::split_first) {
            if !self.session.can_receive() {
                return None;
            }
            if !self.can_take_more(now, budget, cx) {
                return Some(Received::Batch { text, offset });
            }
            if self.deliver(now, message, cx) == Delivered::Full {
                return Some(Received::Batch { text, offset });
            }
            *budget = budget.saturating_sub(1);
            offset = text.len() - rest.len();
        }
        None
    }

    /// Returns whether this turn may handle one more message of the peer.
    fn can_take_more(&mut self, now: Instant, budget: &mut usize, cx: &mut Context<'_>) -> bool {
        if self.session.is_flooded() || self.mailbox.is_stuffed() {
            self.transmit(now, cx);
            self.note_unsent();
        }
        if !has_budget_remaining() {
            // Whatever a call waits for would now seem not to be ready, and calls would overtake each other.
            *budget = 0;
        }
        *budget > 0 && !self.session.is_flooded()
    }

    /// Opens the socket to the application.
    pub(super) fn open(&mut self, now: Instant, socket_id: Arc<str>, cx: &mut Context<'_>) {
        if self.mailbox.end_request().is_some() {
            // Released or shut down: no new sockets are let in, and this one ends in the same turn.
            return;
        }
        tracing::debug!(socket_id = &*socket_id, "socket open");
        if let Some(task) = self.hooks.opened(socket_id) {
            self.residents.spawn(Task::new(task));
            self.poll_tasks(now, cx);
        }
        // Channels that the application opened at once are there before the next message.
        self.take_requests(now, cx);
        for inbound in self.residents.channels.values_mut() {
            inbound.opened(&mut Turn {
                cx,
                out: self.session.outbox().written(),
                urgent: &mut self.urgent,
            });
        }
        self.collect_greetings();
        for early in self.session.take_early() {
            self.stalled.push_back(Received::Message(early));
        }
    }

    pub(super) fn open_channel(
        &mut self,
        name: Box<str>,
        mut inbound: Box<dyn Inbound>,
        cx: &mut Context<'_>,
    ) {
        if self.hooks.serves(&name) {
            tracing::error!(
                name,
                "channel carries typed calls, so the raw one of this name receives nothing"
            );
            return;
        }
        if self.session.is_open() {
            inbound.opened(&mut Turn {
                cx,
                out: self.session.outbox().written(),
                urgent: &mut self.urgent,
            });
            self.collect_greetings();
        }
        self.residents.channels.insert(name, inbound);
    }

    /// Moves what channels say as they open to the outbox, ahead of what waits to be sent on them.
    fn collect_greetings(&mut self) {
        self.session.outbox().take_written(Cause::Call);
    }

    /// Reads and drops what has arrived, behind the end of the session.
    pub(super) fn discard(&mut self, now: Instant, cx: &mut Context<'_>) {
        for _ in 0..super::STEPS_PER_TURN {
            let Some(transport) = &mut self.transport else {
                return;
            };
            match transport.poll_receive(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return self.break_link(now, error),
                Poll::Ready(None) => return self.break_link(now, TransportError::Lost),
                Poll::Pending => return,
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Gives one message to the session and what is for the application to its channel.
    fn deliver(&mut self, now: Instant, text: &str, cx: &mut Context<'_>) -> Delivered {
        tracing::trace!(text = Frame::loggable(text), "received");
        match self.session.handle_text(now, text) {
            Some(Content::ChannelData(data)) => {
                if self.deliver_data(now, data, cx) == Receipt::Full {
                    self.session.stall(now);
                    return Delivered::Full;
                }
                self.session.take_in(now, text.len());
            }
            Some(Content::Batch(data)) => {
                let offset = text.len() - self.heed_ack(now, data).len();
                return Delivered::Batch { offset };
            }
            None => self.handle_events(now, cx),
        }
        self.session.end_stall(now);
        Delivered::Done
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
            Ok((name, Ok(Envelope::Request { id, .. }))) => self.refuse_call(name, id),
            Ok(_) => self.session.handle_unopened(now),
            Err(_) => self.session.fault(now),
        }
        Receipt::Taken
    }

    /// Offers a message to the channel of this name; `None` when there is none.
    fn receive(&mut self, now: Instant, name: &str, text: &str, cx: &mut Context<'_>) -> Option<Receipt> {
        let channels = &mut self.residents.channels;
        let place = match channels.find(name) {
            Some(place) => place,
            None => {
                channels.insert(name.into(), self.hooks.service(name)?);
                channels.find(name)?
            }
        };
        let receipt = channels.at(place)?.receive(
            text,
            &mut Turn {
                cx,
                out: self.session.outbox().written(),
                urgent: &mut self.urgent,
            },
        );
        self.collect(Cause::Peer);
        if receipt == Receipt::Fault {
            self.session.fault(now);
        }
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
        self.session.outbox().push_data(out.into(), Cause::Peer);
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivered {
    /// It has had its effect.
    Done,
    /// Its channel has no room; it is to be offered again.
    Full,
    /// It is a container: its messages begin here.
    Batch { offset: usize },
}
