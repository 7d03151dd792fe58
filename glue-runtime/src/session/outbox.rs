//! The one place through which outgoing messages pass.
//!
//! Control frames go ahead of data, so that a ping is never stuck behind it; so do credit and cancellations of calls, behind
//! them. Messages of channels get their numbers here, where sessions outlive their links: below calls, streams and raw channels, so
//! that nothing can bypass it, and as they leave, as that is the order in which they are read.

use std::collections::VecDeque;

use super::replay::Replay;
use crate::proto::batch::Joined;
use crate::proto::frame::{ACK, CHANNEL_DATA, Frame};
use crate::proto::limits::{BATCH_BYTES, BATCH_MESSAGES, MESSAGE_OVERHEAD};
use crate::proto::messages::{Messages, Piece};
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
    /// Other channel data, and behind that what channels are about to queue.
    data: Messages,
    queued: Queued,
    weights: Weights,
    /// Control frames that still go by themselves, up to the server's `in`; the peer reads containers behind that only.
    plain: Option<usize>,
    /// Set where the session outlives its link.
    replay: Option<Box<Replay>>,
    /// Whether nothing but control frames may leave: a link is being made.
    holds: bool,
    /// Whether nothing is kept any more, as the session has ended.
    is_final: bool,
}

/// What waits, in bytes.
#[derive(Debug, Default)]
struct Weights {
    /// Of all.
    total: usize,
    /// Of what the peer has caused: control frames and answers.
    caused: usize,
}

impl Weights {
    fn count(&mut self, messages: usize, bytes: usize, cause: Cause) {
        let weight = bytes + messages * MESSAGE_OVERHEAD;
        self.total += weight;
        if cause == Cause::Peer {
            self.caused += weight;
        }
    }

    /// Counts a message no more, which has left its queue.
    fn forget(&mut self, bytes: usize, cause: Cause) {
        self.total -= weight(bytes);
        if cause == Cause::Peer {
            self.caused -= weight(bytes);
        }
    }
}

/// What is queued of `Outbox::data`, and whose doing it is.
#[derive(Debug, Default)]
struct Queued {
    messages: usize,
    bytes: usize,
    /// So many messages of this cause, then so many of that.
    causes: VecDeque<(Cause, usize)>,
}

impl Queued {
    fn add(&mut self, messages: usize, bytes: usize, cause: Cause) {
        if messages == 0 {
            return;
        }
        self.messages += messages;
        self.bytes += bytes;
        match self.causes.back_mut() {
            Some((last, count)) if *last == cause => *count += messages,
            _ => self.causes.push_back((cause, messages)),
        }
    }

    /// Counts the first message no more, and returns whose doing it was.
    fn forget(&mut self, bytes: usize) -> Option<Cause> {
        let (cause, count) = self.causes.front_mut()?;
        let cause = *cause;
        *count -= 1;
        if *count == 0 {
            self.causes.pop_front();
        }
        self.messages -= 1;
        self.bytes -= bytes;
        Some(cause)
    }
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
            Frame::Init(_)
            | Frame::ChannelData(_)
            | Frame::Batch(_)
            | Frame::Ack(_)
            | Frame::Number(_)
            | Frame::Drain(_) => frame.encode().into(),
            Frame::Ping | Frame::Pong | Frame::Close | Frame::Invalid | Frame::DontReconnect => {
                Text::from_static(frame.command())
            }
        };
        self.weights.count(1, text.len(), Cause::Peer);
        self.control.push_back(text);
    }

    /// Queues a finished channel-data message.
    pub(crate) fn push_data(&mut self, text: Text, cause: Cause) {
        self.push_piece(Piece::Long(text), cause);
    }

    /// Returns where channels write what they have to say, behind all that waits: it is queued by
    /// [`take_written`](Self::take_written), before anything else is.
    pub(crate) fn written(&mut self) -> &mut Messages {
        &mut self.data
    }

    /// Returns whether channels have written something that isn't queued.
    pub(crate) fn has_written(&self) -> bool {
        self.data.len() > self.queued.messages
    }

    /// Queues what channels have written.
    pub(crate) fn take_written(&mut self, cause: Cause) {
        let messages = self.data.len() - self.queued.messages;
        let bytes = self.data.bytes() - self.queued.bytes;
        self.weights.count(messages, bytes, cause);
        self.queued.add(messages, bytes, cause);
    }

    /// Takes out what channels have written, for it to be queued behind something else.
    pub(crate) fn take_back_written(&mut self) -> Messages {
        self.data.split_off(self.queued.messages)
    }

    /// Queues all these, finished channel-data messages.
    pub(crate) fn append(&mut self, mut messages: Messages, cause: Cause) {
        while let Some(message) = messages.pop() {
            self.push_piece(message, cause);
        }
    }

    /// Queues a finished channel-data message ahead of all data. It must mean the same there.
    pub(crate) fn push_urgent(&mut self, text: Text, cause: Cause) {
        self.weights.count(1, text.len(), cause);
        self.urgent.push_back((text, cause));
    }

    /// Both sides read containers: what is queued from now on may be joined.
    pub(crate) fn allow_joining(&mut self) {
        self.plain = Some(self.control.len());
    }

    /// Takes all that waits as one message, as far as it fits a container; or the next message, if that is all or the peer
    /// doesn't read containers.
    pub(crate) fn pop_joined(&mut self) -> Option<Text> {
        let total = self.total();
        let is_plain = self.plain != Some(0);
        let first = self.pop()?.into_text();
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
            joined.push(next.as_str());
        }
        Some(joined.into_text().into())
    }

    /// Takes the next message that may leave.
    pub(crate) fn pop(&mut self) -> Option<Piece<'_>> {
        if let Some(text) = self.pop_ahead() {
            return Some(Piece::Long(text));
        }
        if self.holds {
            return None;
        }
        let next = self.next_data()?;
        let bytes = next.len();
        let is_kept = !self.is_final && next.starts_with(CHANNEL_DATA);
        let replay = self.replay.as_deref_mut().filter(|_| is_kept);
        if replay.as_ref().is_some_and(|replay| !replay.has_room(bytes)) {
            return None;
        }
        let (message, cause) = match self.urgent.pop_front() {
            Some((text, cause)) => (Piece::Long(text), cause),
            None => (self.data.pop()?, self.queued.forget(bytes)?),
        };
        if let Some(replay) = replay {
            replay.keep(&message);
        }
        self.weights.forget(bytes, cause);
        Some(message)
    }

    /// Takes what goes ahead of data that has not left yet.
    fn pop_ahead(&mut self) -> Option<Text> {
        if let Some(ack) = self.pop_ack() {
            return Some(ack);
        }
        if let Some(text) = self.control.pop_front() {
            self.plain = self.plain.map(|plain| plain.saturating_sub(1));
            self.weights.forget(text.len(), Cause::Peer);
            return Some(text);
        }
        if self.holds {
            return None;
        }
        let replay = self.replay.as_deref_mut()?;
        let text = replay.again()?;
        replay.carry();
        Some(text)
    }

    /// Returns the channel data that leaves next, of what has not left yet.
    fn next_data(&self) -> Option<&str> {
        match self.urgent.front() {
            Some((text, _)) => Some(text),
            None if self.queued.messages == 0 => None,
            None => self.data.first(),
        }
    }

    // Sessions that outlive their links.

    /// Keeps and numbers messages of channels from now on.
    pub(super) fn keep(&mut self, replay: Replay) {
        self.replay = Some(Box::new(replay));
    }

    pub(super) fn replay(&mut self) -> Option<&mut Replay> {
        self.replay.as_deref_mut()
    }

    /// Drops what means something on one link only, and lets nothing but control frames leave.
    pub(super) fn leave_link(&mut self) {
        while let Some(text) = self.control.pop_front() {
            self.weights.forget(text.len(), Cause::Peer);
        }
        self.plain = None;
        self.holds = true;
    }

    /// Lets everything leave again.
    pub(super) fn take_link(&mut self) {
        self.holds = false;
    }

    /// The session ends: what is left goes out without being kept.
    pub(super) fn finish(&mut self) {
        self.is_final = true;
    }

    /// Returns whether the peer must acknowledge before anything else can leave.
    pub(crate) fn is_full(&self) -> bool {
        let Some(replay) = &self.replay else { return false };
        !self.is_final && self.next_data().is_some_and(|text| !replay.has_room(text.len()))
    }

    /// Returns the weight of what is kept until it is acknowledged.
    pub(crate) fn kept(&self) -> usize {
        self.replay.as_ref().map_or(0, |replay| replay.kept_weight())
    }

    #[cfg(test)]
    pub(super) fn kept_messages(&self) -> usize {
        self.replay.as_ref().map_or(0, |replay| replay.kept_messages())
    }

    /// Takes the acknowledgement that is due, or goes along with what else is about to leave; behind the init exchange only, and first
    /// in a container.
    fn pop_ack(&mut self) -> Option<Text> {
        let replay = self.replay.as_deref_mut()?;
        if !replay.is_ack_due() {
            let has_more = !self.control.is_empty() || !self.urgent.is_empty() || self.queued.messages > 0;
            if !(replay.is_worth_an_ack() && has_more) {
                return None;
            }
        }
        if self.plain != Some(0) {
            return None;
        }
        Some(format!("{ACK}{}", replay.take_ack()).into())
    }

    /// Returns the weight of all that waits, in bytes.
    pub(crate) fn total(&self) -> usize {
        self.weights.total
    }

    /// Returns the weight of what the peer has caused, in bytes.
    pub(crate) fn caused(&self) -> usize {
        self.weights.caused
    }

    /// Returns the least weight that the control frames that wait have, in bytes.
    pub(crate) fn control(&self) -> usize {
        self.control.len().saturating_mul(MESSAGE_OVERHEAD)
    }

    /// Returns how many messages of channels wait; those that are urgent are nobody's message.
    pub(crate) fn channel_messages(&self) -> usize {
        let messages = self.data.iter();
        messages.filter(|text| text.starts_with(CHANNEL_DATA)).count()
    }

    /// Takes out what the application has sent, itself and by its calls, in order; answers to the peer are left.
    pub(crate) fn take_unsent(&mut self) -> Vec<(Text, Cause)> {
        self.take_data(|cause| cause != Cause::Peer)
    }

    /// Takes out the messages of channels that are as good in another session, in order.
    pub(crate) fn take_free(&mut self) -> Vec<Text> {
        let free = self.take_data(|cause| cause == Cause::Handle);
        free.into_iter().map(|(text, _)| text).collect()
    }

    /// Takes out the messages of channels that are meant.
    fn take_data(&mut self, is_meant: impl Fn(Cause) -> bool) -> Vec<(Text, Cause)> {
        let mut meant = Vec::new();
        let mut waiting = std::mem::take(&mut self.data);
        let mut queued = std::mem::take(&mut self.queued);
        while let Some(message) = waiting.pop() {
            let bytes = message.as_str().len();
            let Some(cause) = queued.forget(bytes) else { break };
            self.weights.forget(bytes, cause);
            if is_meant(cause) && message.as_str().starts_with(CHANNEL_DATA) {
                meant.push((message.into_text(), cause));
            } else {
                self.push_piece(message, cause);
            }
        }
        meant
    }

    /// Drops all that waits; returns how many messages of channels there were.
    pub(crate) fn clear(&mut self) -> usize {
        let messages = self.channel_messages();
        *self = Self {
            plain: self.plain,
            ..Self::default()
        };
        messages
    }

    /// Returns whether nothing waits that the link may take.
    pub(crate) fn is_empty(&self) -> bool {
        if self.holds {
            return self.control.is_empty();
        }
        let has_more = |replay: &Replay| replay.is_ack_due() || replay.bytes_again().is_some();
        self.control.is_empty()
            && self.urgent.is_empty()
            && self.queued.messages == 0
            && !self.replay.as_deref().is_some_and(has_more)
    }

    /// Gives back the room that a burst has needed, if nothing waits.
    pub(crate) fn rest(&mut self) {
        if self.control.is_empty() && self.control.capacity() > 0 {
            // Of these there are few: an `in`, and a ping now and then.
            self.control = VecDeque::new();
        }
        if self.has_room_to_give() {
            self.control.shrink_to(IDLE_CAPACITY);
            self.urgent.shrink_to(IDLE_CAPACITY);
            self.queued.causes.shrink_to(IDLE_CAPACITY);
        }
        self.data.rest();
    }

    /// Returns whether one of the small queues has grown. Mostly none has, and this is asked each time a driver rests.
    fn has_room_to_give(&self) -> bool {
        let rooms = [
            self.control.capacity(),
            self.urgent.capacity(),
            self.queued.causes.capacity(),
        ];
        rooms.into_iter().any(|room| room > IDLE_CAPACITY)
    }

    fn push_piece(&mut self, message: Piece<'_>, cause: Cause) {
        let bytes = message.as_str().len();
        self.weights.count(1, bytes, cause);
        self.queued.add(1, bytes, cause);
        self.data.push_piece(message);
    }

    /// Returns whether there is a next message, which may leave, and a container of `bytes` has room for it.
    fn next_fits_behind(&self, bytes: usize) -> bool {
        let again = self.replay.as_ref().and_then(|replay| replay.bytes_again());
        // What is sent again is kept already.
        if self.control.is_empty() && (self.holds || (again.is_none() && self.is_full())) {
            return false;
        }
        let next = self.control.front().map(|text| text.len());
        let next = next.or_else(|| again.or_else(|| self.next_data().map(str::len)));
        next.is_some_and(|next| bytes + next + LENGTH_BYTES <= BATCH_BYTES)
    }
}

/// Bytes for which a message counts.
const fn weight(bytes: usize) -> usize {
    bytes + MESSAGE_OVERHEAD
}

/// Bytes around one message of a container: its length and `&`, and the command in front of all.
const LENGTH_BYTES: usize = 8;

/// Control frames, and urgent messages, for which an idle outbox keeps room.
const IDLE_CAPACITY: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const CAUSES: [Cause; 3] = [Cause::Handle, Cause::Call, Cause::Peer];

    /// What a case does: channels write so many messages, which are queued as they are or behind one of a handle, or so many leave.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write {
            messages: usize,
            cause: usize,
            is_behind: bool,
        },
        Push {
            bytes: usize,
            cause: usize,
        },
        Leave(usize),
        TakeUnsent,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let write = (0..5_usize, 0..3_usize, any::<bool>());
        let step = prop_oneof![
            4 => write.prop_map(|(messages, cause, is_behind)| Step::Write { messages, cause, is_behind }),
            3 => (0..5000_usize, 0..3_usize).prop_map(|(bytes, cause)| Step::Push { bytes, cause }),
            4 => (0..6_usize).prop_map(Step::Leave),
            1 => Just(Step::TakeUnsent),
        ];
        vec(step, 0..200)
    }

    fn caused(waiting: &VecDeque<(String, Cause)>) -> usize {
        let by_peer = waiting.iter().filter(|(_, cause)| *cause == Cause::Peer);
        by_peer.map(|(text, _)| weight(text.len())).sum()
    }

    proptest! {
        #[test]
        fn what_channels_write_leaves_in_its_place_and_is_counted(steps in steps()) {
            let mut outbox = Outbox::default();
            let mut expected = VecDeque::<(String, Cause)>::new();
            let mut number = 0;
            let mut next = |bytes: usize| {
                number += 1;
                format!("cd1&m{number}{}", "x".repeat(bytes))
            };

            for step in steps {
                match step {
                    Step::Write { messages, cause, is_behind } => {
                        let written: Vec<String> = (0..messages).map(|_| next(20)).collect();
                        for text in &written {
                            outbox.written().push_str(text);
                        }
                        prop_assert_eq!(outbox.has_written(), messages > 0);
                        prop_assert_eq!(outbox.is_empty(), expected.is_empty(), "it isn't queued yet");
                        if is_behind {
                            let written = outbox.take_back_written();
                            let text = next(0);
                            outbox.push_data(text.as_str().into(), Cause::Handle);
                            expected.push_back((text, Cause::Handle));
                            outbox.append(written, CAUSES[cause]);
                        } else {
                            outbox.take_written(CAUSES[cause]);
                        }
                        expected.extend(written.into_iter().map(|text| (text, CAUSES[cause])));
                    }
                    Step::Push { bytes, cause } => {
                        let text = next(bytes);
                        outbox.push_data(text.as_str().into(), CAUSES[cause]);
                        expected.push_back((text, CAUSES[cause]));
                    }
                    Step::Leave(messages) => {
                        for _ in 0..messages {
                            let left = outbox.pop().map(|message| message.as_str().to_owned());
                            prop_assert_eq!(left, expected.pop_front().map(|(text, _)| text));
                        }
                        outbox.rest();
                    }
                    Step::TakeUnsent => {
                        let unsent = outbox.take_unsent();
                        let unsent: Vec<_> = unsent.iter().map(|(text, cause)| (text.to_string(), *cause)).collect();
                        let (answers, others) = expected.into_iter().partition(|(_, cause)| *cause == Cause::Peer);
                        expected = answers;
                        prop_assert_eq!(unsent, Vec::from_iter::<VecDeque<_>>(others));
                    }
                }
                prop_assert!(!outbox.has_written());
                prop_assert_eq!(outbox.channel_messages(), expected.len());
                prop_assert_eq!(outbox.caused(), caused(&expected));
                prop_assert_eq!(outbox.total(), expected.iter().map(|(text, _)| weight(text.len())).sum::<usize>());
            }
        }
    }
}
