//! WebSocket frames (RFC 6455), as a client writes and reads them.

/// Room that a frame's head may take: two bytes, eight of a length, four of a mask.
pub(super) const HEAD: usize = 14;

pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) opcode: u8,
    pub(super) payload: &'a [u8],
    /// Bytes of head and payload.
    pub(super) len: usize,
}

/// Makes a frame of a payload behind `HEAD` free bytes at `start`.
pub(super) fn finish(bytes: &mut Vec<u8>, start: usize, opcode: u8) {
    let payload = start + HEAD;
    let len = bytes.len() - payload;
    mask(&mut bytes[payload..]);

    let mut head = [0; HEAD];
    head[0] = FINAL | opcode;
    let end = match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ ..=125), _) => {
            head[1] = MASKED | len;
            2
        }
        (_, Ok(len)) => {
            head[1] = MASKED | 126;
            head[2..4].copy_from_slice(&len.to_be_bytes());
            4
        }
        _ => {
            head[1] = MASKED | 127;
            head[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    };
    head[end..end + 4].copy_from_slice(&MASK);
    let head = &head[..end + 4];
    bytes[start..start + head.len()].copy_from_slice(head);
    if head.len() < HEAD {
        bytes.copy_within(payload.., start + head.len());
        bytes.truncate(start + head.len() + len);
    }
}

/// Reads the frame with which `bytes` begins; `None` if it is not all there.
///
/// # Errors
/// It is none that our peers write: not final, or masked.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Frame<'_>>, &'static str> {
    let Some((&[first, second], rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    if first & !0xf != FINAL || second & MASKED != 0 {
        return Err("a frame that is fragmented, masked, or of an extension");
    }
    let (len, rest) = match second {
        126 => match rest.split_first_chunk() {
            Some((len, rest)) => (usize::from(u16::from_be_bytes(*len)), rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((len, rest)) => (
                u64::from_be_bytes(*len)
                    .try_into()
                    .map_err(|_| "a frame's length")?,
                rest,
            ),
            None => return Ok(None),
        },
        len => (usize::from(len), rest),
    };
    let head = bytes.len() - rest.len();
    Ok(rest.get(..len).map(|payload| Frame {
        opcode: first & 0xf,
        payload,
        len: head + len,
    }))
}

/// The mask is always the same: nobody is protected from anything here, and servers take it off as they would any.
fn mask(payload: &mut [u8]) {
    let mask = u64::from_ne_bytes([
        MASK[0], MASK[1], MASK[2], MASK[3], MASK[0], MASK[1], MASK[2], MASK[3],
    ]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let masked = u64::from_ne_bytes((&*word).try_into().unwrap_or_default()) ^ mask;
        word.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(MASK.iter().cycle()) {
        *byte ^= mask;
    }
}

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x6e, 0xa3, 0x1d, 0xc7];

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a frame, and takes the mask off as a server does.
    fn round_trip(len: usize) {
        let payload: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        let mut bytes = b"before".to_vec();
        bytes.extend([0; HEAD]);
        bytes.extend(&payload);
        finish(&mut bytes, 6, TEXT);

        let frame = &mut bytes[6..];
        frame[1] &= !MASKED;
        let head = frame.len() - len;
        assert_eq!(frame[head - 4..head], MASK);
        mask(&mut frame[head..]);
        let mut unmasked = frame[..head - 4].to_vec();
        unmasked.extend(&frame[head..]);

        let read = read(&unmasked).unwrap().unwrap();
        assert_eq!(
            (read.opcode, read.payload, read.len),
            (TEXT, &payload[..], unmasked.len())
        );
        assert_eq!(super::read(&unmasked[..unmasked.len() - 1]), Ok(None));
    }

    #[test]
    fn frames_of_all_lengths_are_what_was_written() {
        for len in [1, 7, 8, 125, 126, 16384, 65535, 65536, 100_000] {
            round_trip(len);
        }
    }

    #[test]
    fn fragments_are_refused() {
        assert!(read(&[1, 1, b'x']).is_err());
    }
}
