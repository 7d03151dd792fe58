//! The one place through which outgoing messages pass.
//!
//! Control frames go ahead of data, so that a ping is never stuck behind it; so do credit and cancellations of calls, behind
//! them. Resume (numbers, acknowledgements, replay) will live here, below calls, streams and raw channels, so that nothing can
//! bypass it; it will number messages as they leave, as that is the order in which they are read.

use std::collections::VecDeque;

use crate::proto::batch::Joined;
use crate::proto::frame::{CHANNEL_DATA, Frame};
use crate::proto::limits::{BATCH_BYTES, BATCH_MESSAGES, MESSAGE_OVERHEAD};
use crate::proto::text::Text;

/// Messages that wait for the link.
///
/// It has no bound of its own. Past `Limits::send_bytes` of all messages nothing more is taken from handles and streams;
/// past as much of what the peer's own messages have caused, the peer is not read. What handles send must not stop
/// reading: two peers that both have much to say would wait for each other for ever.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    control: VecDeque<Text>,
    /// Channel data that may overtake what waits in `data`: credit and cancellations of calls.
    urgent: VecDeque<(Text, Cause)>,
    data: VecDeque<(Text, Cause)>,
    /// Weight of all that waits.
    total: usize,
    /// Weight of what the peer has caused: control frames and answers.
    caused: usize,
    /// Control frames that still go by themselves, up to the server's `in`; the peer reads containers behind that only.
    plain: Option<usize>,
}

/// Whose doing a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The application sent it through a handle.
    Handle,
    /// The application as well, but it means something in this session only: a typed call.
    Call,
    /// It answers the peer.
    Peer,
}

impl Outbox {
    /// Queues a control frame, ahead of all data.
    pub(crate) fn push_control(&mut self, frame: Frame<'_>) {
        let text = match frame {
            Frame::Init(_) | Frame::ChannelData(_) | Frame::Batch(_) => frame.encode().into(),
            Frame::Ping | Frame::Pong | Frame::Close | Frame::Invalid | Frame::DontReconnect => {
                Text::from_static(frame.command())
            }
        };
        self.total += weight(&text);
        self.caused += weight(&text);
        self.control.push_back(text);
    }

    /// Queues a finished channel-data message.
    pub(crate) fn push_data(&mut self, text: Text, cause: Cause) {
        self.count(&text, cause);
        self.data.push_back((text, cause));
    }

    /// Queues a finished channel-data message ahead of all data. It must mean the same there.
    pub(crate) fn push_urgent(&mut self, text: Text, cause: Cause) {
        self.count(&text, cause);
        self.urgent.push_back((text, cause));
    }

    /// Both sides read containers: what is queued from now on may be joined.
    pub(crate) fn allow_joining(&mut self) {
        self.plain = Some(self.control.len());
    }

    /// Takes all that waits as one message, as far as it fits a container; or the next message, if that is all or the peer
    /// doesn't read containers.
    pub(crate) fn pop_joined(&mut self) -> Option<Text> {
        let total = self.total;
        let is_plain = self.plain != Some(0);
        let first = self.pop()?;
        if is_plain || !self.next_fits_behind(first.len() + 2 * LENGTH_BYTES) {
            return Some(first);
        }

        let mut joined = Joined::new(total.min(BATCH_BYTES));
        joined.push(&first);
        for _ in 1..BATCH_MESSAGES {
            if !self.next_fits_behind(joined.len()) {
                break;
            }
            let Some(next) = self.pop() else { break };
            joined.push(&next);
        }
        Some(joined.into_text().into())
    }

    /// Takes the next message.
    pub(crate) fn pop(&mut self) -> Option<Text> {
        let (text, cause) = match self.control.pop_front() {
            Some(text) => {
                self.plain = self.plain.map(|plain| plain.saturating_sub(1));
                (text, Cause::Peer)
            }
            None => self.urgent.pop_front().or_else(|| self.data.pop_front())?,
        };
        self.total -= weight(&text);
        if cause == Cause::Peer {
            self.caused -= weight(&text);
        }
        if self.is_empty() {
            // A burst must not leave its queues behind in an idle socket.
            self.control.shrink_to(IDLE_CAPACITY);
            self.urgent.shrink_to(IDLE_CAPACITY);
            self.data.shrink_to(IDLE_CAPACITY);
        }
        Some(text)
    }

    /// Returns the weight of all that waits, in bytes.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Returns the weight of what the peer has caused, in bytes.
    pub(crate) fn caused(&self) -> usize {
        self.caused
    }

    /// Returns how many messages of channels wait; those that are urgent are nobody's message.
    pub(crate) fn channel_messages(&self) -> usize {
        let messages = self.data.iter();
        messages
            .filter(|(text, _)| text.starts_with(CHANNEL_DATA))
            .count()
    }

    /// Takes out the messages of channels that are as good in another session, in order.
    pub(crate) fn take_free(&mut self) -> Vec<Text> {
        let mut free = Vec::new();
        for (text, cause) in std::mem::take(&mut self.data) {
            if cause == Cause::Handle && text.starts_with(CHANNEL_DATA) {
                self.total -= weight(&text);
                free.push(text);
            } else {
                self.data.push_back((text, cause));
            }
        }
        free
    }

    /// Drops all that waits; returns how many messages of channels there were.
    pub(crate) fn clear(&mut self) -> usize {
        let messages = self.channel_messages();
        while self.pop().is_some() {}
        messages
    }

    /// Returns whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.control.is_empty() && self.urgent.is_empty() && self.data.is_empty()
    }

    fn count(&mut self, text: &Text, cause: Cause) {
        self.total += weight(text);
        if cause == Cause::Peer {
            self.caused += weight(text);
        }
    }

    /// Returns whether there is a next message, and a container of `bytes` has room for it.
    fn next_fits_behind(&self, bytes: usize) -> bool {
        let mut data = self.urgent.iter().chain(&self.data);
        let next = self.control.front().or_else(|| data.next().map(|(text, _)| text));
        next.is_some_and(|text| bytes + text.len() + LENGTH_BYTES <= BATCH_BYTES)
    }
}

/// Bytes for which a message counts.
fn weight(text: &Text) -> usize {
    text.len() + MESSAGE_OVERHEAD
}

/// Bytes around one message of a container: its length and `&`, and the command in front of all.
const LENGTH_BYTES: usize = 8;

/// Messages for which an idle outbox keeps room; 16 in flight are common and cost 640 bytes.
const IDLE_CAPACITY: usize = 16;
