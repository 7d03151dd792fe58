//! The container `ba`: many messages in one.

use std::fmt::Write as _;

use thiserror::Error;

use super::frame::{ACK, BATCH, CHANNEL_DATA, NUMBER};
use super::utf16::{self, Utf16Error};

/// Looks through the data of a whole container, so that nothing of a malformed one has an effect; it may hold up to `most`
/// messages. What passes is read by [`split_first`].
pub(crate) fn check(data: &str, most: usize) -> Result<(), BatchError> {
    if data.is_empty() {
        return Err(BatchError::Empty);
    }
    let mut rest = data;
    let mut place = Place::First;
    for _ in 0..most {
        let (message, behind) = split(rest)?;
        place = place.behind(message).ok_or(BatchError::Forbidden)?;
        if behind.is_empty() {
            return if place == Place::Numbered {
                Err(BatchError::Forbidden)
            } else {
                Ok(())
            };
        }
        rest = behind;
    }
    Err(BatchError::TooMany)
}

/// A place in a container, by what may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    /// No channel data has come.
    BeforeData,
    /// Behind a number, where channel data is due.
    Numbered,
    /// Channel data has come.
    BehindData,
}

impl Place {
    /// Returns the place behind a message; `None` if it may not stand in this one.
    fn behind(self, message: &str) -> Option<Self> {
        let is = |command| message.starts_with(command);
        if is(CHANNEL_DATA) {
            return Some(Self::BehindData);
        }
        let is_forbidden = is("in")
            || is(BATCH)
            || self == Self::Numbered
            || (is(ACK) && self != Self::First)
            || (is(NUMBER) && self == Self::BehindData);
        if is_forbidden {
            return None;
        }
        Some(match self {
            _ if is(NUMBER) => Self::Numbered,
            Self::First => Self::BeforeData,
            place => place,
        })
    }
}

/// Takes the first message off the data of a container that has passed [`check`]; `None` at its end.
pub(crate) fn split_first(data: &str) -> Option<(&str, &str)> {
    split(data).ok()
}

/// A container that is being written.
#[derive(Debug)]
pub(crate) struct Joined(String);

impl Joined {
    /// Starts a container of up to about `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push_str(BATCH);
        Self(text)
    }

    /// Adds a message, which is neither an `in` nor a container.
    pub(crate) fn push(&mut self, message: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}&", utf16::length(message));
        self.0.push_str(message);
    }

    /// Returns the bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the container, command and all.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Why the text behind `ba` is no container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum BatchError {
    /// There is nothing behind the command.
    #[error("container without a message")]
    Empty,
    /// A length has no `&` behind it.
    #[error("no separator behind the length")]
    NoSeparator,
    /// A length is not a decimal number, or is not written in the shortest way.
    #[error("bad length")]
    BadLength,
    /// A length goes past the end.
    #[error("length past the end")]
    TooLong,
    /// A length ends inside of a surrogate pair.
    #[error("length ends inside a character")]
    SplitCharacter,
    /// An `in` or another container is inside, or an `ak` or `nu` in a place where it doesn't belong.
    #[error("message that may not be in a container")]
    Forbidden,
    /// There are more messages than may be.
    #[error("too many messages in a container")]
    TooMany,
}

impl From<Utf16Error> for BatchError {
    fn from(error: Utf16Error) -> Self {
        match error {
            Utf16Error::TooLong => Self::TooLong,
            Utf16Error::SplitCharacter => Self::SplitCharacter,
        }
    }
}

fn split(data: &str) -> Result<(&str, &str), BatchError> {
    let (length, rest) = data.split_once('&').ok_or(BatchError::NoSeparator)?;
    let end = utf16::byte_index(rest, decode_length(length)?)?;
    rest.split_at_checked(end).ok_or(BatchError::SplitCharacter)
}

/// Reads digits without leading zeros.
fn decode_length(digits: &str) -> Result<usize, BatchError> {
    let is_shortest = digits == "0" || !digits.starts_with('0');
    if digits.is_empty() || !is_shortest || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(BatchError::BadLength);
    }
    // What doesn't fit a number doesn't fit the text either.
    Ok(digits.parse().unwrap_or(usize::MAX))
}
