//! The frames of WebSocket by themselves, for [`crate::__bench`].

use super::decoder::{Decoded, Decoder, Event};
use super::header::{Opcode, push_frame};

/// What reads the frames of one connection.
#[derive(Debug)]
pub struct Codec(Decoder);

impl Codec {
    /// Takes messages of up to this size.
    pub fn new(limit: usize) -> Self {
        Self(Decoder::new(limit))
    }

    /// Decodes all frames of the input in place, and returns the bytes of their messages.
    ///
    /// # Panics
    /// When the input is not made of whole messages.
    pub fn decode(&mut self, mut input: &mut [u8]) -> usize {
        let mut length = 0;
        while !input.is_empty() {
            let Ok(Decoded::Frame { bytes, event }) = self.0.decode(input) else {
                panic!("no whole frame");
            };
            if let Event::Message(text) = event {
                length += text.len();
            }
            input = &mut input[bytes..];
        }
        length
    }

    /// Appends a message.
    pub fn encode(out: &mut Vec<u8>, message: &str) {
        push_frame(out, Opcode::Text, message.as_bytes());
    }
}
