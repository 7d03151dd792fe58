//! Headers of frames: those of clients are read, those of a server written.

use crate::transport::TransportError;

/// The header of a client's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether the message ends with this frame.
    pub(super) is_final: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    /// Bytes of the header.
    pub(super) bytes: usize,
    /// Bytes of the payload.
    pub(super) length: usize,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Header {
    /// Reads the header in front of these bytes; `None` if not all of it is there. No payload may be longer than `limit`.
    ///
    /// A length needs not have its shortest form: the original takes any.
    pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<Option<Self>, TransportError> {
        let &[first, second, ..] = bytes else {
            return Ok(None);
        };
        let extended = match second & LENGTH {
            LENGTH_16 => bytes.get(2..4).map(|length| (be(length), 4)),
            LENGTH_64 => bytes.get(2..10).map(|length| (be(length), 10)),
            short => Some((u64::from(short), 2)),
        };
        let Some((length, start)) = extended else {
            return Ok(None);
        };
        let is_masked = second & MASKED != 0;
        let mask = bytes.get(start..).and_then(|rest| rest.first_chunk());
        if is_masked && mask.is_none() {
            return Ok(None);
        }

        let opcode = Opcode::decode(first & OPCODE).ok_or(TransportError::Violation)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > limit {
            return Err(TransportError::TooLarge);
        }
        // "a server MUST close the connection upon receiving a frame that is not masked" (RFC 6455, 5.1)
        let mask = *mask.filter(|_| is_masked).ok_or(TransportError::Violation)?;
        let is_final = first & FINAL != 0;
        // No extension gives the reserved bits a meaning, and "all control frames MUST have a payload length of 125
        // bytes or less and MUST NOT be fragmented" (5.5).
        if first & RESERVED != 0 || opcode.is_control() && (!is_final || length > LONGEST_CONTROL) {
            return Err(TransportError::Violation);
        }
        Ok(Some(Self {
            is_final,
            opcode,
            mask,
            bytes: start + mask.len(),
            length,
        }))
    }

    /// Returns the bytes of the frame, header and payload.
    pub(super) fn frame_bytes(&self) -> usize {
        self.bytes.saturating_add(self.length)
    }
}

impl Opcode {
    fn decode(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn code(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Appends a server's frame, which is a whole message and not masked.
pub(super) fn push_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let first = FINAL | opcode.code();
    let length = payload.len();
    if length < usize::from(LENGTH_16) {
        out.reserve(2 + length);
        // Less than 126.
        out.extend_from_slice(&[first, length as u8]);
    } else if let Ok(length) = u16::try_from(length) {
        out.reserve(4 + payload.len());
        let [high, low] = length.to_be_bytes();
        out.extend_from_slice(&[first, LENGTH_16, high, low]);
    } else {
        out.reserve(10 + length);
        out.extend_from_slice(&[first, LENGTH_64]);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
    out.extend_from_slice(payload);
}

/// Reads a number of at most 8 bytes.
fn be(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The payload that every control frame may have.
const LONGEST_CONTROL: usize = 125;

// The first byte.
const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;

// The second byte.
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Option<Header>, TransportError> {
        Header::decode(bytes, 1 << 20)
    }

    #[test]
    fn each_form_of_length_is_read() {
        let forms: [(&[u8], usize); 5] = [
            (&[0x81, 0x80], 0),
            (&[0x81, 0xfd], 125),
            (&[0x81, 0xfe, 1, 2], 258),
            (&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0], 1 << 16),
            // Not the shortest.
            (&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 5], 5),
        ];

        for (start, length) in forms {
            let bytes = [start, &[1, 2, 3, 4, b'x']].concat();
            let expected = Header {
                is_final: true,
                opcode: Opcode::Text,
                mask: [1, 2, 3, 4],
                bytes: start.len() + 4,
                length,
            };
            assert_eq!(decode(&bytes), Ok(Some(expected)));
            for part in 0..start.len() + 4 {
                assert_eq!(decode(&bytes[..part]), Ok(None), "{start:?} up to {part}");
            }
        }
    }

    #[test]
    fn what_is_over_the_limit_is_refused_by_its_length_alone() {
        let refused = Err(TransportError::TooLarge);
        let header = [0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0];
        assert_eq!(decode(&header), refused);
        let header = [
            0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
        ];
        assert_eq!(decode(&header), refused);
    }

    #[test]
    fn rules_are_kept() {
        let violations: [&[u8]; 9] = [
            &[0x81, 2],
            &[0xc1, 0x82],
            &[0xa1, 0x82],
            &[0x91, 0x82],
            &[0x83, 0x82],
            &[0x8b, 0x82],
            &[0x09, 0x81],
            &[0x08, 0x80],
            &[0x89, 0xfe, 0, 126],
        ];

        for start in violations {
            let bytes = [start, &[0; 4]].concat();
            assert_eq!(decode(&bytes), Err(TransportError::Violation), "{start:?}");
        }
    }

    #[test]
    fn frames_have_the_shortest_form_of_length() {
        let forms: [(usize, &[u8]); 6] = [
            (0, &[0x81, 0]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (0xffff, &[0x81, 126, 0xff, 0xff]),
            (0x1_0000, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (0x1_2345, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0x23, 0x45]),
        ];

        for (length, header) in forms {
            let payload = vec![b'x'; length];
            let mut out = Vec::new();
            push_frame(&mut out, Opcode::Text, &payload);
            assert!(out == [header, &payload].concat(), "{length}");
        }
    }
}
