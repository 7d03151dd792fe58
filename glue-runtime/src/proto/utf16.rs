//! Lengths as JavaScript counts them: in UTF-16 code units.

/// Why there is no such place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Utf16Error {
    /// It is past the end.
    TooLong,
    /// It is inside a character.
    SplitCharacter,
}

/// Counts the units: one for each character, two for those of four bytes.
pub(crate) fn length(text: &str) -> usize {
    let starts = text.bytes().filter(|byte| byte & 0xC0 != 0x80).count();
    starts + text.bytes().filter(|&byte| byte >= 0xF0).count()
}

/// Returns where the first `units` of a text end, in bytes.
pub(crate) fn byte_index(text: &str, units: usize) -> Result<usize, Utf16Error> {
    // A unit is a byte or more: as many bytes, if they are ASCII, are the units.
    let ascii = text.as_bytes().get(..units).ok_or(Utf16Error::TooLong)?;
    if ascii.is_ascii() {
        return Ok(units);
    }
    let mut left = units;
    for (index, character) in text.char_indices() {
        if left == 0 {
            return Ok(index);
        }
        left = left
            .checked_sub(character.len_utf16())
            .ok_or(Utf16Error::SplitCharacter)?;
    }
    if left == 0 {
        Ok(text.len())
    } else {
        Err(Utf16Error::TooLong)
    }
}
