//! From the bytes of a client to its messages.

use std::borrow::Cow;

use super::close::Goodbye;
use super::header::{Header, Opcode};
use super::mask::unmask;
use crate::transport::TransportError;

/// Puts frames together to messages. What was not decoded yet is kept by its user.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Largest message, in bytes.
    limit: usize,
    /// The message of which frames are still to come.
    fragments: Option<Fragments>,
}

/// What the input begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded<'a> {
    /// A frame that is not whole: so many bytes are missing, at least.
    Part { missing: usize },
    /// A frame of so many bytes.
    Frame { bytes: usize, event: Event<'a> },
}

/// What a frame means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// Nothing by itself: part of a message, or a pong.
    Nothing,
    /// A message is whole.
    Message(Cow<'a, str>),
    /// It is to be answered with this payload.
    Ping(&'a [u8]),
    /// The peer says goodbye.
    Close(Goodbye),
}

/// The frames of a message up to now.
#[derive(Debug)]
struct Fragments {
    is_binary: bool,
    bytes: Vec<u8>,
    /// How many of the bytes are known to be UTF-8.
    checked: usize,
}

impl Decoder {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            fragments: None,
        }
    }

    /// Decodes the first frame of the input, in place. It is refused by its header where that suffices, so that nothing is
    /// kept of what is too large.
    pub(super) fn decode<'a>(&mut self, input: &'a mut [u8]) -> Result<Decoded<'a>, TransportError> {
        let Some(header) = Header::decode(input, self.limit)? else {
            return Ok(Decoded::Part { missing: 1 });
        };
        self.admit(&header)?;
        let bytes = header.frame_bytes();
        let missing = bytes.saturating_sub(input.len());
        let Some(payload) = input.get_mut(header.bytes..bytes) else {
            return Ok(Decoded::Part { missing });
        };
        unmask(payload, header.mask);
        let event = match header.opcode {
            Opcode::Close => Event::Close(Goodbye::decode(payload)?),
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Nothing,
            Opcode::Text | Opcode::Binary if header.is_final => {
                let text = std::str::from_utf8(payload).map_err(|_| TransportError::NotText)?;
                Event::Message(Cow::Borrowed(text))
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation => self.extend(&header, payload)?,
        };
        Ok(Decoded::Frame { bytes, event })
    }

    /// Refuses a frame that may not stand here, or makes its message too large.
    fn admit(&self, header: &Header) -> Result<(), TransportError> {
        match (&self.fragments, header.opcode) {
            (_, Opcode::Close | Opcode::Ping | Opcode::Pong) => Ok(()),
            (None, Opcode::Text | Opcode::Binary) => Ok(()),
            (Some(fragments), Opcode::Continuation) => {
                // Neither is over the limit by itself.
                if header.length > self.limit - fragments.bytes.len() {
                    return Err(TransportError::TooLarge);
                }
                Ok(())
            }
            (None, Opcode::Continuation) | (Some(_), Opcode::Text | Opcode::Binary) => {
                Err(TransportError::Violation)
            }
        }
    }

    fn extend(&mut self, header: &Header, payload: &[u8]) -> Result<Event<'static>, TransportError> {
        let fragments = self.fragments.get_or_insert_with(|| Fragments {
            is_binary: header.opcode == Opcode::Binary,
            bytes: Vec::new(),
            checked: 0,
        });
        fragments.bytes.extend_from_slice(payload);
        fragments.check()?;
        if !header.is_final {
            return Ok(Event::Nothing);
        }
        let bytes = self
            .fragments
            .take()
            .map_or_else(Vec::new, |fragments| fragments.bytes);
        let text = String::from_utf8(bytes).map_err(|_| TransportError::NotText)?;
        Ok(Event::Message(Cow::Owned(text)))
    }
}

impl Fragments {
    /// Refuses what can't become a text any more. Characters may be split between frames.
    fn check(&mut self) -> Result<(), TransportError> {
        if self.is_binary {
            // Whether that is a text is asked of the whole.
            return Ok(());
        }
        match std::str::from_utf8(self.bytes.get(self.checked..).unwrap_or_default()) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(TransportError::NotText),
        }
        Ok(())
    }
}
