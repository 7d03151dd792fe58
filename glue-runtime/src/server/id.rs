//! Random identifiers.

use std::io;
use std::sync::Arc;

use crate::proto::ajax::{TOKEN_LENGTH, UID_LENGTH};
use crate::proto::resume::ResumeToken;

/// Returns a new socket id: 20 characters of `0-9A-Za-z`, 119 random bits. It names a socket and is no secret.
///
/// # Errors
/// Fails when the operating system has no randomness to give.
pub(super) fn socket_id(random: &mut Random) -> io::Result<Arc<str>> {
    random.alphanumeric(SOCKET_ID_LENGTH).map(Arc::from)
}

/// Returns the secret by which the requests of an Ajax client are known: 59 random bits, as the original client expects it.
pub(super) fn ajax_uid() -> io::Result<String> {
    Random::default().alphanumeric(UID_LENGTH)
}

/// Returns a token for the next poll of an Ajax client: 41 random bits beside those of the uid.
pub(super) fn ajax_token() -> io::Result<String> {
    Random::default()
        .alphanumeric(TOKEN_LENGTH)
        .inspect_err(|error| tracing::error!(%error, "no randomness for a token, the socket ends"))
}

/// Returns a secret with which a session is resumed: 190 random bits.
pub(super) fn resume_token(random: &mut Random) -> io::Result<ResumeToken> {
    random.alphanumeric(RESUME_TOKEN_LENGTH).map(ResumeToken::new)
}

/// Random bytes of the operating system, asked for at once for all that a new socket needs.
#[derive(Debug)]
pub(super) struct Random {
    bytes: [u8; Self::BYTES],
    /// Those that were used.
    used: usize,
}

impl Default for Random {
    fn default() -> Self {
        Self {
            bytes: [0; Self::BYTES],
            used: Self::BYTES,
        }
    }
}

impl Random {
    /// Half as much again as an id and a token take, as some are of no use.
    const BYTES: usize = (SOCKET_ID_LENGTH + RESUME_TOKEN_LENGTH) / 2 * 3;

    /// Returns random characters of `0-9A-Za-z`, each as likely as the others.
    fn alphanumeric(&mut self, length: usize) -> io::Result<String> {
        let mut id = Vec::with_capacity(length);
        while id.len() < length {
            if self.used == Self::BYTES {
                getrandom::fill(&mut self.bytes).map_err(io::Error::other)?;
                self.used = 0;
            }
            // 248 is the largest multiple of 62 in a byte: taking what lies above would favour the first characters.
            let unbiased = self.bytes[self.used..]
                .iter()
                .inspect(|_| self.used += 1)
                .filter(|&&byte| byte < 248)
                .map(|&byte| ALPHABET[usize::from(byte % 62)]);
            id.extend(unbiased.take(length - id.len()));
        }
        String::from_utf8(id).map_err(io::Error::other)
    }
}

const SOCKET_ID_LENGTH: usize = 20;

const RESUME_TOKEN_LENGTH: usize = 32;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_20_alphanumeric_characters_and_differ() {
        let mut random = Random::default();
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| socket_id(&mut random).unwrap()).collect();

        assert_eq!(ids.len(), 1000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }

    ///
    #[test]
    fn uids_and_tokens_have_the_lengths_that_clients_expect() {
        assert_eq!(ajax_uid().unwrap().len(), 10);
        assert_eq!(ajax_token().unwrap().len(), 7);
    }

    /// A11: a byte modulo 62 makes the first eight characters a quarter more frequent.
    #[test]
    fn no_character_is_more_frequent_than_the_others() {
        let mut counts = [0_u32; 62];
        let mut random = Random::default();
        for _ in 0..31_000 {
            for byte in random.alphanumeric(20).unwrap().bytes() {
                let index = ALPHABET.iter().position(|&letter| letter == byte).unwrap();
                counts[index] += 1;
            }
        }

        // 10,000 of each are expected, with a standard deviation of 99: six of them are one run in 8 million.
        for (index, count) in counts.into_iter().enumerate() {
            assert!((9_400..10_600).contains(&count), "{index}: {count}");
        }
    }
}
