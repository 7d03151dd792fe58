//! Random identifiers.

use std::io;

/// Returns a new socket id: 20 characters of `0-9A-Za-z`, 119 random bits from the operating system.
///
/// # Errors
/// Fails when the operating system has no randomness to give.
pub(super) fn socket_id() -> io::Result<String> {
    let mut id = String::with_capacity(LENGTH);
    let mut bytes = [0; LENGTH + LENGTH / 2];
    while id.len() < LENGTH {
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        // 248 is the largest multiple of 62 in a byte: taking what lies above would favour the first characters.
        let unbiased = bytes
            .iter()
            .filter(|&&byte| byte < 248)
            .map(|&byte| ALPHABET[usize::from(byte % 62)]);
        id.extend(unbiased.take(LENGTH - id.len()).map(char::from));
    }
    Ok(id)
}

const LENGTH: usize = 20;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_20_alphanumeric_characters_and_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| socket_id().unwrap()).collect();

        assert_eq!(ids.len(), 1000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }
}
