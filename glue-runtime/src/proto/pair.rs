//! Channel data: `<length>&<name><data>`. The unit of the length is decided here and nowhere else.

use thiserror::Error;

use super::frame::CHANNEL_DATA;
use super::number;
use super::utf16::{self, Utf16Error};

/// What the length in front of a channel's name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LengthUnit {
    /// Bytes of UTF-8: what the original server and we write.
    Bytes,
    /// UTF-16 code units: what the original JavaScript client writes.
    Utf16,
}

/// Splits channel data into the channel's name and the application's text.
pub(crate) fn decode(text: &str, unit: LengthUnit) -> Result<(&str, &str), PairError> {
    let (length, rest) = split_length(text)?;
    let split = match unit {
        LengthUnit::Bytes => length,
        LengthUnit::Utf16 => utf16::byte_index(rest, length)?,
    };
    if split > rest.len() {
        return Err(PairError::TooLong);
    }
    rest.split_at_checked(split).ok_or(PairError::SplitCharacter)
}

/// Returns whether a reading in bytes and one in UTF-16 units could differ.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    !text.is_ascii()
}

/// Returns what stands in front of every message of a channel: `cd<length>&<name>`.
pub(crate) fn prefix(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    out.push_str(CHANNEL_DATA);
    number::push(&mut out, name.len().try_into().unwrap_or(u64::MAX));
    out.push('&');
    out.push_str(name);
    out
}

/// Why channel data can't be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PairError {
    /// There is no `&`.
    #[error("no separator behind the length")]
    NoSeparator,
    /// The length is not a decimal number, or is negative.
    #[error("bad length")]
    BadLength,
    /// The length goes past the end.
    #[error("length past the end")]
    TooLong,
    /// The length ends inside a character.
    #[error("length ends inside a character")]
    SplitCharacter,
}

impl From<Utf16Error> for PairError {
    fn from(error: Utf16Error) -> Self {
        match error {
            Utf16Error::TooLong => Self::TooLong,
            Utf16Error::SplitCharacter => Self::SplitCharacter,
        }
    }
}

/// Splits `<length>&` off.
fn split_length(text: &str) -> Result<(usize, &str), PairError> {
    // Nearly all lengths are written in the shortest form.
    if let Some((length, rest)) = number::split(text)
        && let Some(rest) = rest.strip_prefix('&')
    {
        // What doesn't fit is too long in any case.
        return Ok((usize::try_from(length).unwrap_or(usize::MAX), rest));
    }
    let (length, rest) = text.split_once('&').ok_or(PairError::NoSeparator)?;
    Ok((decode_length(length)?, rest))
}

/// Reads a length as the original does: an optional sign, then decimal digits.
fn decode_length(text: &str) -> Result<usize, PairError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(PairError::BadLength);
    }

    let mut length: usize = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(PairError::BadLength);
        }
        // What doesn't fit is too long in any case, once all digits have been seen to be digits.
        length = length
            .saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'));
    }
    if negative && length != 0 {
        Err(PairError::BadLength)
    } else {
        Ok(length)
    }
}
