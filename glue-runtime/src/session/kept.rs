//! The messages that are kept until they are acknowledged.

use std::collections::VecDeque;

use crate::proto::messages::{LONGEST_SHORT, Piece};
use crate::proto::text::Text;

/// Messages, oldest first, of which the first are dropped and any other may be read again.
///
/// Short ones are copied one behind the other, long ones shared. To share each would cost an allocation to count by, and would hand
/// the memory of what was just sent to the allocator only when other memory has taken its place in the processor's caches: 250 ns
/// for a message that takes 1.3 µs in all.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Bytes of each message.
    lengths: VecDeque<usize>,
    segments: VecDeque<Segment>,
    /// Room for the next segment, where one has just been dropped.
    spare: Option<String>,
}

/// Some messages in a row.
#[derive(Debug)]
struct Segment {
    text: SegmentText,
    /// How many there are, without those that were dropped.
    messages: usize,
    /// Bytes of those that were.
    dropped: usize,
}

#[derive(Debug)]
enum SegmentText {
    Copied(String),
    Shared(Text),
}

impl Segment {
    /// Has one message, which is all of the text.
    fn new(text: SegmentText) -> Self {
        Self {
            text,
            messages: 1,
            dropped: 0,
        }
    }
}

impl SegmentText {
    /// Returns the room that it has taken, if that is as much as any segment takes.
    fn into_spare(self) -> Option<String> {
        let Self::Copied(mut copied) = self else {
            return None;
        };
        copied.clear();
        (copied.capacity() >= SEGMENT).then_some(copied)
    }
}

impl Kept {
    /// Adds a message.
    pub(super) fn push(&mut self, message: &Piece<'_>) {
        let text = message.as_str();
        self.lengths.push_back(text.len());
        if let Piece::Long(long) = message
            && text.len() > LONGEST_SHORT
        {
            return self
                .segments
                .push_back(Segment::new(SegmentText::Shared(long.clone())));
        }
        if let Some(segment) = self.segments.back_mut()
            && let SegmentText::Copied(copied) = &mut segment.text
            && copied.capacity() - copied.len() >= text.len()
        {
            copied.push_str(text);
            segment.messages += 1;
            return;
        }
        let bytes = if self.segments.is_empty() {
            FIRST_SEGMENT.max(text.len())
        } else {
            SEGMENT
        };
        let spare = self.spare.take();
        let mut copied = spare.unwrap_or_else(|| String::with_capacity(bytes));
        copied.push_str(text);
        self.segments.push_back(Segment::new(SegmentText::Copied(copied)));
    }

    /// Drops so many of the oldest messages; returns their bytes.
    pub(super) fn drop_first(&mut self, messages: usize) -> usize {
        let mut left = messages;
        while let Some(segment) = self.segments.front_mut() {
            if segment.messages > left {
                segment.messages -= left;
                segment.dropped += self.lengths.range(messages - left..messages).sum::<usize>();
                break;
            }
            left -= segment.messages;
            if let Some(Segment { text, .. }) = self.segments.pop_front() {
                self.spare = text.into_spare().or_else(|| self.spare.take());
            }
        }
        let bytes = self.lengths.drain(..messages.min(self.lengths.len())).sum();
        if self.lengths.is_empty() {
            // A burst must not leave its queues behind in an idle socket; nor must a busy one ask for them again and again. How much
            // was acknowledged tells one from the other: the last of a burst by itself, when nothing has followed for a while.
            if bytes < SEGMENT / 4 {
                self.rest();
            } else {
                self.lengths.shrink_to(messages.max(IDLE_CAPACITY));
                self.segments.shrink_to(IDLE_CAPACITY);
            }
        }
        bytes
    }

    /// Gives room back that is kept for more to come.
    pub(super) fn rest(&mut self) {
        if self.lengths.is_empty() {
            *self = Self::default();
        }
    }

    /// Returns the message behind so many others, to be sent again. It is searched: links break rarely.
    pub(super) fn get(&self, number: usize) -> Option<Text> {
        let bytes = self.bytes(number)?;
        let mut first = 0;
        for segment in &self.segments {
            let behind = first + segment.messages;
            if number >= behind {
                first = behind;
                continue;
            }
            return match &segment.text {
                SegmentText::Copied(copied) => {
                    let before: usize = self.lengths.range(first..number).sum();
                    let start = segment.dropped + before;
                    copied.get(start..start + bytes).map(Text::from)
                }
                SegmentText::Shared(text) => Some(text.clone()),
            };
        }
        None
    }

    /// Returns the bytes of the message behind so many others.
    pub(super) fn bytes(&self, number: usize) -> Option<usize> {
        self.lengths.get(number).copied()
    }

    /// Returns how many messages there are.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

/// Bytes of a segment: dozens of small messages share an allocation, and little is held for those that are dropped already.
const SEGMENT: usize = 8 << 10;

/// Bytes of the first, which may be all: where little is said, it is acknowledged before more comes.
const FIRST_SEGMENT: usize = 512;

/// Messages, and segments, for which an idle session keeps room.
const IDLE_CAPACITY: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a case does: adds a message of so many bytes, or drops so many.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Push(usize),
        Drop(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            20 => (0..200_usize).prop_map(Step::Push),
            3 => (0..LONGEST_SHORT * 3).prop_map(Step::Push),
            1 => (0..100_usize).prop_map(Step::Drop),
        ];
        vec(step, 0..600)
    }

    proptest! {
        #[test]
        fn messages_are_what_they_were_in_their_order(steps in steps()) {
            let mut kept = Kept::default();
            let mut expected = VecDeque::<Text>::new();

            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(bytes) => {
                        let mut text = format!("{number}ä");
                        text.push_str(&"x".repeat(bytes));
                        let text = Text::from(text);
                        kept.push(&Piece::Long(text.clone()));
                        expected.push_back(text);
                    }
                    Step::Drop(messages) => {
                        let messages = messages.min(expected.len());
                        let bytes: usize = expected.drain(..messages).map(|text| text.len()).sum();
                        prop_assert_eq!(kept.drop_first(messages), bytes);
                    }
                }
                prop_assert_eq!(kept.len(), expected.len());
                prop_assert_eq!(kept.is_empty(), expected.is_empty());
            }

            for (number, text) in expected.iter().enumerate() {
                prop_assert_eq!(kept.bytes(number), Some(text.len()));
                prop_assert_eq!(kept.get(number), Some(text.clone()));
            }
            prop_assert_eq!(kept.get(expected.len()), None);
        }
    }

    #[test]
    fn an_idle_session_keeps_next_to_nothing_of_a_burst() {
        let mut kept = Kept::default();
        for _ in 0..10_000 {
            kept.push(&Piece::Short("cd1&m0123456789"));
        }

        kept.drop_first(9_999);
        kept.drop_first(1);

        assert!(kept.segments.is_empty() && kept.spare.is_none());
        assert!(kept.lengths.capacity() <= 2 * IDLE_CAPACITY);
        assert!(kept.segments.capacity() <= 2 * IDLE_CAPACITY);
    }

    #[test]
    fn a_burst_that_was_acknowledged_at_once_leaves_nothing_to_one_that_rests() {
        let mut kept = Kept::default();
        for _ in 0..1_000 {
            kept.push(&Piece::Short("cd1&m0123456789"));
        }

        kept.drop_first(1_000);
        kept.rest();

        assert!(kept.spare.is_none());
    }

    #[test]
    fn a_long_message_is_not_copied() {
        let text = Text::from("x".repeat(LONGEST_SHORT + 1));
        let mut kept = Kept::default();
        kept.push(&Piece::Long(text.clone()));

        assert_eq!(kept.get(0).unwrap().as_ptr(), text.as_ptr());
    }
}
