//! The Ajax transport's own grammar: what a request's body begins with, and the bodies of the answers.

use thiserror::Error;

/// What a request asks for: its body up to the first `&`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head<'a> {
    /// `i`: starts a session; whatever stands behind the key is ignored.
    Init,
    /// `o`: waits for the session's next message. The body goes on with the token of the last answer.
    Poll { uid: &'a str },
    /// `u`: brings one message, which is the rest of the body.
    Push { uid: &'a str },
}

impl<'a> Head<'a> {
    /// Reads the bytes in front of the first `&`, all of them where there is none.
    ///
    /// A uid is judged only so far that no session can be missed: whether there is one of this name is not known here.
    pub(crate) fn decode(head: &'a [u8]) -> Result<Self, AjaxError> {
        match head.split_first() {
            Some((b'i', _)) => Ok(Self::Init),
            Some((b'o', uid)) => Ok(Self::Poll {
                uid: decode_uid(uid)?,
            }),
            Some((b'u', uid)) => Ok(Self::Push {
                uid: decode_uid(uid)?,
            }),
            _ => Err(AjaxError::UnknownKey),
        }
    }
}

impl std::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The uid is a secret.
        f.write_str(match self {
            Self::Init => "Init",
            Self::Poll { .. } => "Poll",
            Self::Push { .. } => "Push",
        })
    }
}

/// Writes the answer to an init.
pub(crate) fn init_answer(uid: &str, token: &str) -> String {
    [uid, "&", token].concat()
}

/// Writes the answer to a poll: a message, and the token that confirms it.
pub(crate) fn poll_answer(token: &str, message: &str) -> String {
    [token, "&", message].concat()
}

/// Why a head can't be a request of any session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum AjaxError {
    /// The body begins with none of the three keys, or is empty.
    #[error("unknown key")]
    UnknownKey,
    /// The uid is longer than any that is given out, or has other characters.
    #[error("bad uid")]
    BadUid,
}

fn decode_uid(uid: &[u8]) -> Result<&str, AjaxError> {
    if uid.len() > UID_LENGTH || !uid.iter().all(u8::is_ascii_alphanumeric) {
        return Err(AjaxError::BadUid);
    }
    std::str::from_utf8(uid).map_err(|_| AjaxError::BadUid)
}

/// Characters of the secret name of a session, `0-9A-Za-z`.
pub(crate) const UID_LENGTH: usize = 10;

/// Characters of the token that confirms an answer, `0-9A-Za-z`.
pub(crate) const TOKEN_LENGTH: usize = 7;

/// Longest head of a poll or a push; more bytes without a `&` can only be an init.
pub(crate) const HEAD_BYTES: usize = 1 + UID_LENGTH;

/// Answer to a poll for which there was no message within the poll time.
pub(crate) const TIMED_OUT: &str = "t";

/// Answer to a poll that the end of the session has met.
pub(crate) const CLOSED: &str = "c";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_is_too_long_is_known_as_such_without_its_end() {
        for key in ["o", "u"] {
            let longest = [key, &"x".repeat(UID_LENGTH)].concat();
            assert_eq!(longest.len(), HEAD_BYTES);
            assert!(Head::decode(longest.as_bytes()).is_ok());
            assert_eq!(
                Head::decode([&*longest, "x"].concat().as_bytes()),
                Err(AjaxError::BadUid)
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_and_behind_an_init_ignored() {
        assert_eq!(Head::decode(b"o\xff\xfe"), Err(AjaxError::BadUid));
        assert_eq!(Head::decode(b"\xffo"), Err(AjaxError::UnknownKey));
        assert_eq!(Head::decode(b"i\xff\xfe"), Ok(Head::Init));
    }
}
