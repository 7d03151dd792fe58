//! Messages in a row, on their way out: short ones in one piece of memory, so that none has an allocation of its own.

use std::cell::RefCell;
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
    /// Bytes of each short message, or that it is the next of `long`.
    places: VecDeque<Place>,
    long: VecDeque<Text>,
    /// Bytes of all finished messages.
    bytes: usize,
}

/// One message, as it is taken out.
#[derive(Clone, Debug)]
pub(crate) enum Piece<'a> {
    /// Short enough that copying it costs less than sharing it.
    Short(&'a str),
    /// Long, or it has memory of its own already.
    Long(Text),
}

/// Where a message stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a row with others, with so many bytes.
    Row(u32),
    /// By itself, as the next of these.
    Long,
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
        let Some(row) = row(bytes) else {
            let long = if self.finished == 0 {
                std::mem::take(&mut self.text)
            } else {
                self.text.split_off(self.finished)
            };
            return self.push_long(long.into());
        };
        self.places.push_back(row);
        self.bytes += bytes;
        self.finished = self.text.len();
    }

    /// Drops what was appended since [`begin`](Self::begin).
    pub(crate) fn abandon(&mut self) {
        self.text.truncate(self.finished);
    }

    /// Adds a finished message.
    pub(crate) fn push(&mut self, message: Text) {
        self.push_piece(Piece::Long(message));
    }

    /// Adds a finished message, of which only the text is at hand.
    pub(crate) fn push_str(&mut self, message: &str) {
        self.begin().push_str(message);
        self.end();
    }

    /// Adds a message that was taken from others.
    pub(crate) fn push_piece(&mut self, message: Piece<'_>) {
        match message {
            Piece::Long(text) if row(text.len()).is_none() => self.push_long(text),
            message => self.push_str(message.as_str()),
        }
    }

    /// Moves all messages of others behind those that are here.
    pub(crate) fn append(&mut self, others: &mut Self) {
        while let Some(message) = others.pop() {
            self.push_piece(message);
        }
    }

    /// Takes the oldest message.
    pub(crate) fn pop(&mut self) -> Option<Piece<'_>> {
        let piece = match self.places.pop_front()? {
            Place::Row(bytes) => {
                let start = self.taken;
                self.taken += bytes as usize;
                Piece::Short(self.text.get(start..self.taken)?)
            }
            Place::Long => Piece::Long(self.long.pop_front()?),
        };
        self.bytes -= piece.as_str().len();
        Some(piece)
    }

    /// Takes out all messages behind the first so many.
    pub(crate) fn split_off(&mut self, messages: usize) -> Self {
        self.abandon();
        let places = self.places.split_off(messages.min(self.places.len()));
        let (mut short, mut long) = (0, 0);
        for place in &places {
            match place {
                Place::Row(bytes) => short += *bytes as usize,
                Place::Long => long += 1,
            }
        }
        let text = self.text.split_off(self.finished - short);
        let long = self.long.split_off(self.long.len() - long);
        let bytes = short + long.iter().map(|text| text.len()).sum::<usize>();
        self.bytes -= bytes;
        self.finished = self.text.len();
        Self {
            finished: text.len(),
            taken: 0,
            text,
            places,
            long,
            bytes,
        }
    }

    /// Returns the oldest message.
    pub(crate) fn first(&self) -> Option<&str> {
        match self.places.front()? {
            Place::Row(bytes) => self.text.get(self.taken..self.taken + *bytes as usize),
            Place::Long => self.long.front().map(Text::as_str),
        }
    }

    /// Returns all, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut long = self.long.iter();
        let mut behind = self.taken;
        self.places.iter().filter_map(move |place| match *place {
            Place::Row(bytes) => {
                let start = behind;
                behind += bytes as usize;
                self.text.get(start..behind)
            }
            Place::Long => long.next().map(Text::as_str),
        })
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns the bytes of all.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Gives back the room that was needed, if nothing waits.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.taken = 0;
            self.finished = 0;
            if self.text.capacity() > 0 {
                give_room(std::mem::take(&mut self.text));
            }
            if self.places.capacity() > IDLE_MESSAGES {
                self.places.shrink_to(IDLE_MESSAGES);
            }
            if self.long.capacity() > 0 {
                self.long = VecDeque::new();
            }
        }
    }

    fn push_long(&mut self, text: Text) {
        self.places.push_back(Place::Long);
        self.bytes += text.len();
        self.long.push_back(text);
    }

    /// Uses the room of messages that were taken again: at once when none is left, and where some always are when it is most of all,
    /// so that less is moved than was taken.
    fn make_room(&mut self) {
        if self.places.is_empty() {
            self.text.clear();
        } else if self.taken > LONGEST_SHORT && self.taken > self.finished / 2 {
            self.text.drain(..self.taken);
        } else {
            return;
        }
        self.taken = 0;
        self.finished = self.text.len();
        if self.text.capacity() == 0 {
            self.text = take_room();
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
}

impl Drop for Messages {
    fn drop(&mut self) {
        give_room(std::mem::take(&mut self.text));
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

/// Returns the place of a message of so many bytes, if it is short.
fn row(bytes: usize) -> Option<Place> {
    let short = Some(bytes).filter(|&bytes| bytes <= LONGEST_SHORT);
    short.and_then(|bytes| u32::try_from(bytes).ok()).map(Place::Row)
}

thread_local! {
    /// Room for messages that no socket of this thread uses. Most sockets have nothing to say most of the time: so none keeps room of
    /// its own, and those that are busy write where others have just written, in the processor's caches.
    static ROOM: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn take_room() -> String {
    // Behind the end of the thread there is none.
    let room = ROOM.try_with(|room| room.borrow_mut().pop());
    room.ok().flatten().unwrap_or_default()
}

fn give_room(mut text: String) {
    if (1..=MOST_ROOM).contains(&text.capacity()) {
        text.clear();
        let _ = ROOM.try_with(|room| {
            let mut room = room.borrow_mut();
            if room.len() < ROOMS {
                room.push(text);
            }
        });
    }
}

/// Bytes of the longest message that is copied. To share one costs two allocations, about what it takes to copy this much.
pub(crate) const LONGEST_SHORT: usize = 2 << 10;

/// Messages for which there is room where nothing waits.
const IDLE_MESSAGES: usize = 16;

/// Strings that a thread keeps: what calls say and what waits for the link, of one socket inside another's turn.
const ROOMS: usize = 4;

/// Bytes of the largest: what the answers of one turn take, of small calls at least.
const MOST_ROOM: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What a case does: writes a message of so many bytes, adds a finished one, starts one and drops it, takes so many, moves all behind the first so
    /// many away and back, or rests.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write(usize),
        Push(usize),
        Abandon(usize),
        Take(usize),
        Split(usize),
        Rest,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let bytes = || prop_oneof![9 => 0..200_usize, 1 => 0..LONGEST_SHORT * 3];
        let step = prop_oneof![
            6 => bytes().prop_map(Step::Write),
            3 => bytes().prop_map(Step::Push),
            1 => bytes().prop_map(Step::Abandon),
            4 => (0..6_usize).prop_map(Step::Take),
            1 => (0..6_usize).prop_map(Step::Split),
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
                            prop_assert_eq!(messages.first(), expected.front().map(String::as_str));
                            let taken = messages.pop().map(|piece| piece.as_str().to_owned());
                            prop_assert_eq!(taken, expected.pop_front());
                        }
                    }
                    Step::Split(first) => {
                        let mut behind = messages.split_off(first);
                        let expected = expected.iter().skip(first);
                        prop_assert!(behind.iter().eq(expected.map(String::as_str)));
                        while let Some(message) = behind.pop() {
                            messages.push_piece(message);
                        }
                        prop_assert_eq!(behind.bytes(), 0);
                    }
                    Step::Rest => messages.rest(),
                }
                prop_assert_eq!(messages.len(), expected.len());
                prop_assert_eq!(messages.bytes(), expected.iter().map(String::len).sum::<usize>());
                prop_assert_eq!(messages.is_empty(), expected.is_empty());
            }
            prop_assert!(messages.iter().eq(expected.iter().map(String::as_str)));

            while let Some(text) = expected.pop_front() {
                prop_assert_eq!(messages.pop().map(Piece::into_text), Some(text.into()));
            }
            prop_assert!(messages.pop().is_none());
        }
    }

    #[test]
    fn what_panicked_while_it_was_written_is_no_part_of_the_next() {
        let mut messages = Messages::default();
        messages.push("first".into());
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
        messages.push("0123456789".into());
        for _ in 0..10_000 {
            messages.push("0123456789".into());
            messages.pop();
        }

        assert!(messages.text.capacity() <= 8 * LONGEST_SHORT);
    }

    #[test]
    fn room_goes_from_one_to_the_next_empty_and_is_bounded() {
        for _ in 0..2 * ROOMS {
            let mut messages: Vec<Messages> = (0..2 * ROOMS).map(|_| Messages::default()).collect();
            for messages in &mut messages {
                assert_eq!(messages.begin().as_str(), "");
                messages.push("hello".into());
            }
            for messages in &mut messages {
                messages.pop();
                messages.rest();
            }
        }

        assert_eq!(ROOM.with_borrow(Vec::len), ROOMS);
        give_room(String::with_capacity(MOST_ROOM + 1));
        assert!(ROOM.with_borrow(|room| room.iter().all(|text| text.capacity() <= MOST_ROOM)));
    }

    #[test]
    fn next_to_nothing_is_left_of_a_burst() {
        let mut messages = Messages::default();
        for _ in 0..10_000 {
            messages.push("0123456789".into());
            messages.push(Text::from("x".repeat(LONGEST_SHORT + 1)));
        }
        while messages.pop().is_some() {}

        messages.rest();

        assert_eq!(messages.text.capacity(), 0);
        assert!(messages.places.capacity() <= 2 * IDLE_MESSAGES);
        assert_eq!(messages.long.capacity(), 0);
    }
}
