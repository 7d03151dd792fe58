//! Messages in a row, on their way out: short ones in one piece of memory, so that none has an allocation of its own.

use std::collections::VecDeque;

use super::text::Text;

/// Finished messages, oldest first, and behind them one that is being written.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// The short ones one behind the other, and what is written of the next.
    text: String,
    /// Bytes of `text` that belong to messages that were taken.
    taken: usize,
    /// Bytes of `text` that belong to finished messages.
    finished: usize,
    /// Bytes of each message; one with more than [`LONGEST_SHORT`] stands in `long`.
    lengths: VecDeque<usize>,
    long: VecDeque<Text>,
}

/// One message, as it is taken out.
#[derive(Clone, Debug)]
pub(crate) enum Piece<'a> {
    /// Short enough that copying it costs less than sharing it.
    Short(&'a str),
    Long(Text),
}

impl Messages {
    /// Starts a message: what is appended to the string belongs to it, up to [`end`](Self::end). Nothing else of the string may be
    /// changed. What was started before and is not finished is dropped.
    pub(crate) fn begin(&mut self) -> &mut String {
        self.abandon();
        self.make_room();
        &mut self.text
    }

    /// Finishes the message.
    pub(crate) fn end(&mut self) {
        let bytes = self.text.len().saturating_sub(self.finished);
        self.lengths.push_back(bytes);
        if bytes <= LONGEST_SHORT {
            self.finished = self.text.len();
        } else if self.finished == 0 {
            self.long.push_back(std::mem::take(&mut self.text).into());
        } else {
            let long = self.text.split_off(self.finished);
            self.long.push_back(long.into());
        }
    }

    /// Drops what was appended since [`begin`](Self::begin).
    pub(crate) fn abandon(&mut self) {
        self.text.truncate(self.finished);
    }

    /// Adds a finished message.
    pub(crate) fn push(&mut self, message: Text) {
        if message.len() <= LONGEST_SHORT {
            return self.push_str(&message);
        }
        self.lengths.push_back(message.len());
        self.long.push_back(message);
    }

    /// Adds a finished message, of which only the text is at hand.
    pub(crate) fn push_str(&mut self, message: &str) {
        self.begin().push_str(message);
        self.end();
    }

    /// Takes the oldest message.
    pub(crate) fn pop(&mut self) -> Option<Piece<'_>> {
        let bytes = self.lengths.pop_front()?;
        if bytes > LONGEST_SHORT {
            return self.long.pop_front().map(Piece::Long);
        }
        let start = self.taken;
        self.taken += bytes;
        self.text.get(start..self.taken).map(Piece::Short)
    }

    /// Returns the bytes of the oldest message.
    pub(crate) fn next_bytes(&self) -> Option<usize> {
        self.lengths.front().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.next_bytes().is_none()
    }

    /// Gives back the room that a burst has needed, if nothing waits.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.make_room();
            self.text.shrink_to(IDLE_BYTES);
            self.lengths.shrink_to(IDLE_MESSAGES);
            self.long.shrink_to(0);
        }
    }

    /// Takes all out.
    #[cfg(test)]
    pub(crate) fn into_texts(mut self) -> Vec<Text> {
        let mut texts = Vec::new();
        while let Some(message) = self.pop() {
            texts.push(message.into_text());
        }
        texts
    }

    /// Uses the room of messages that were taken again: at once when none is left, and where some always are when it is most of all,
    /// so that less is moved than was taken.
    fn make_room(&mut self) {
        if self.lengths.is_empty() {
            self.text.clear();
        } else if self.taken > LONGEST_SHORT && self.taken > self.finished / 2 {
            self.text.drain(..self.taken);
        } else {
            return;
        }
        self.taken = 0;
        self.finished = self.text.len();
    }
}

impl Piece<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short(text) => text,
            Self::Long(text) => text,
        }
    }

    pub(crate) fn into_text(self) -> Text {
        match self {
            Self::Short(text) => text.into(),
            Self::Long(text) => text,
        }
    }
}

/// Bytes of the longest message that is copied. To share one costs two allocations, about what it takes to copy this much.
pub(crate) const LONGEST_SHORT: usize = 2 << 10;

/// Bytes for which there is room where nothing waits.
const IDLE_BYTES: usize = 256;

/// Messages for which there is.
const IDLE_MESSAGES: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a case does: writes a message of so many bytes, adds a finished one, starts one and drops it, takes so many, or rests.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write(usize),
        Push(usize),
        Abandon(usize),
        Take(usize),
        Rest,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let bytes = || prop_oneof![9 => 0..200_usize, 1 => 0..LONGEST_SHORT * 3];
        let step = prop_oneof![
            6 => bytes().prop_map(Step::Write),
            3 => bytes().prop_map(Step::Push),
            1 => bytes().prop_map(Step::Abandon),
            4 => (0..6_usize).prop_map(Step::Take),
            1 => Just(Step::Rest),
        ];
        vec(step, 0..300)
    }

    fn message(number: usize, bytes: usize) -> String {
        format!("{number}ä{}", "x".repeat(bytes))
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in(steps in steps()) {
            let mut messages = Messages::default();
            let mut expected = VecDeque::<String>::new();

            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Write(bytes) => {
                        messages.begin().push_str(&message(number, bytes));
                        messages.end();
                        expected.push_back(message(number, bytes));
                    }
                    Step::Push(bytes) => {
                        messages.push(message(number, bytes).into());
                        expected.push_back(message(number, bytes));
                    }
                    Step::Abandon(bytes) => {
                        messages.begin().push_str(&message(number, bytes));
                        messages.abandon();
                    }
                    Step::Take(most) => {
                        for _ in 0..most {
                            prop_assert_eq!(messages.next_bytes(), expected.front().map(String::len));
                            let taken = messages.pop().map(|piece| piece.as_str().to_owned());
                            prop_assert_eq!(taken, expected.pop_front());
                        }
                    }
                    Step::Rest => messages.rest(),
                }
                prop_assert_eq!(messages.is_empty(), expected.is_empty());
            }

            while let Some(text) = expected.pop_front() {
                prop_assert_eq!(messages.pop().map(Piece::into_text), Some(text.into()));
            }
            prop_assert!(messages.pop().is_none());
        }
    }

    #[test]
    fn what_panicked_while_it_was_written_is_no_part_of_the_next() {
        let mut messages = Messages::default();
        messages.push_str("first");
        messages.begin().push_str("half of");

        messages.begin().push_str("second");
        messages.end();

        let mut next = || messages.pop().map(|piece| piece.as_str().to_owned());
        assert_eq!(next().as_deref(), Some("first"));
        assert_eq!(next().as_deref(), Some("second"));
    }

    #[test]
    fn a_long_message_by_itself_is_not_copied() {
        let mut messages = Messages::default();
        let text = messages.begin();
        text.push_str(&"x".repeat(LONGEST_SHORT + 1));
        let written = text.as_ptr();
        messages.end();

        assert_eq!(messages.pop().unwrap().as_str().as_ptr(), written);
    }

    #[test]
    fn what_never_runs_empty_does_not_grow() {
        let mut messages = Messages::default();
        messages.push_str("0123456789");
        for _ in 0..10_000 {
            messages.push_str("0123456789");
            messages.pop();
        }

        assert!(messages.text.capacity() <= 8 * LONGEST_SHORT);
    }

    #[test]
    fn next_to_nothing_is_left_of_a_burst() {
        let mut messages = Messages::default();
        for _ in 0..10_000 {
            messages.push_str("0123456789");
            messages.push(Text::from("x".repeat(LONGEST_SHORT + 1)));
        }
        while messages.pop().is_some() {}

        messages.rest();

        assert!(messages.text.capacity() <= IDLE_BYTES);
        assert!(messages.lengths.capacity() <= 2 * IDLE_MESSAGES);
        assert_eq!(messages.long.capacity(), 0);
    }
}
