//! Lets serde_json, which writes bytes, write behind what stands in a text.
//!
//! The text is checked for UTF-8 piece by piece, as a text that holds many messages can't be checked anew with each of them.

use std::io;

use serde_json::ser::{CharEscape, Formatter};

/// The text that is written to.
pub(super) struct TextWriter<'a>(pub(super) &'a mut String);

impl io::Write for TextWriter<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    /// serde_json writes whole characters, so that each piece is a text by itself.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match *bytes {
            [byte] if byte.is_ascii() => self.0.push(char::from(byte)),
            _ => self
                .0
                .push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?),
        }
        Ok(())
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// serde_json's compact form, in which the bytes of a text stand for the text.
///
/// It looks for characters that need an escape in sixteen bytes at a time, serde_json in one: a text of 100 bytes takes a
/// third of the instructions. serde_json asks its formatter for byte arrays only, so that is how it is handed texts.
pub(super) struct TextFormatter;

impl Formatter for TextFormatter {
    fn write_byte_array<W>(&mut self, writer: &mut W, bytes: &[u8]) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        writer.write_all(b"\"")?;
        let mut rest = bytes;
        loop {
            let (plain, behind) = rest.split_at(plain_length(rest));
            writer.write_all(plain)?;
            let Some((&byte, behind)) = behind.split_first() else {
                break;
            };
            self.write_char_escape(writer, escape(byte))?;
            rest = behind;
        }
        writer.write_all(b"\"")
    }
}

/// Returns how many bytes there are in front of the first that JSON escapes.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let mut plain = 0;
    for block in bytes.as_chunks::<BLOCK>().0 {
        if has_escaped(block) {
            break;
        }
        plain += BLOCK;
    }
    if plain + BLOCK > bytes.len() && bytes.last_chunk().is_some_and(|block| !has_escaped(block)) {
        return bytes.len();
    }
    while bytes.get(plain).is_some_and(|&byte| !is_escaped(byte)) {
        plain += 1;
    }
    plain
}

/// Returns whether JSON escapes one of the bytes. The compiler makes a dozen instructions for all of them of this form: a minimum and a
/// comparison with a space.
fn has_escaped(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, &byte| {
        // What is equal becomes less than a space, and nothing else.
        let quote = (byte ^ b'"').saturating_add(b' ' - 1);
        let backslash = (byte ^ b'\\').saturating_add(b' ' - 1);
        found | (byte.min(quote).min(backslash) < b' ')
    })
}

const fn is_escaped(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

const fn escape(byte: u8) -> CharEscape {
    match byte {
        b'"' => CharEscape::Quote,
        b'\\' => CharEscape::ReverseSolidus,
        b'\n' => CharEscape::LineFeed,
        b'\r' => CharEscape::CarriageReturn,
        b'\t' => CharEscape::Tab,
        0x08 => CharEscape::Backspace,
        0x0c => CharEscape::FormFeed,
        control => CharEscape::AsciiControl(control),
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_byte_is_escaped_or_not_in_a_block_as_it_is_by_itself() {
        for byte in u8::MIN..=u8::MAX {
            for place in 0..BLOCK {
                let mut block = [b'a'; BLOCK];
                block[place] = byte;
                assert_eq!(has_escaped(&block), is_escaped(byte), "{byte} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_plain_ends_at_the_first_byte_that_is_escaped(bytes in "[ -~é]{0,60}[\\x00-~]{0,20}") {
            let bytes = bytes.as_bytes();
            let end = bytes.iter().position(|&byte| is_escaped(byte));

            prop_assert_eq!(plain_length(bytes), end.unwrap_or(bytes.len()));
        }
    }
}
