//! The mask of a client's payload.

/// Takes the mask off.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_meets_its_own_of_the_mask() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        for length in 0..100 {
            let text: Vec<u8> = (0..length).collect();
            let masked = text.iter().zip(mask.iter().cycle());
            let mut payload: Vec<u8> = masked.map(|(byte, mask)| byte ^ mask).collect();

            unmask(&mut payload, mask);

            assert_eq!(payload, text);
        }
    }
}
