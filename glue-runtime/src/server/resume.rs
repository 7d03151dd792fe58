//! The sessions that can be resumed, by what proves that a client has had one [U-14].

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use subtle::ConstantTimeEq as _;

use super::id::{Random, resume_token};
use crate::driver::Claim;
use crate::mailbox::Mailbox;
use crate::proto::resume::{Former, ResumeTerms, ResumeToken};
use crate::table;

/// Every session that outlives its links. Bounded by the sockets that the server admits, and by its detached sessions.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: Mutex<HashMap<Arc<str>, Entry>>,
}

/// What becomes of somebody who says that he has had a session.
pub(super) enum Claimed {
    /// It is his; with the token for its next link.
    Session(Claim),
    /// It is, but this is an attempt that he has given up: he has come by a later one since.
    Outdated,
    /// There is none, or it isn't his.
    Unknown,
}

struct Entry {
    mailbox: Arc<Mailbox>,
    /// Those issued last, oldest first.
    tokens: VecDeque<ResumeToken>,
    /// Which of them was presented last; at first none was, and the only one there is will be.
    presented: usize,
    /// How often it was claimed.
    claims: u64,
}

impl Entry {
    /// Returns which of the tokens this is, in a time that doesn't tell more.
    fn position(&self, token: &ResumeToken) -> Option<usize> {
        let mut position = None;
        for (index, known) in self.tokens.iter().enumerate() {
            if is_same(known, token) {
                position = Some(index);
            }
        }
        position
    }

    fn issue(&mut self, token: ResumeToken) {
        self.tokens.push_back(token);
        if self.tokens.len() > TOKENS {
            // The one that was presented last stays good: it may be all that the client knows.
            self.tokens.remove(usize::from(self.presented == 0));
            self.presented = self.presented.saturating_sub(1);
        }
    }
}

impl Sessions {
    /// Adds a session, with the token that its client gets.
    pub(super) fn enter(&self, socket_id: Arc<str>, issued: ResumeToken, mailbox: Arc<Mailbox>) {
        let entry = Entry {
            mailbox,
            tokens: [issued].into(),
            presented: 0,
            claims: 0,
        };
        self.lock().insert(socket_id, entry);
    }

    /// Removes a session that has ended.
    pub(super) fn leave(&self, socket_id: &str) {
        let entry = table::remove(&mut self.lock(), socket_id);
        // Outside the lock.
        drop(entry);
    }

    /// Returns the session that a client proves to have had, with `terms` for its next link, in which there is a new token then.
    pub(super) fn claim(&self, former: &Former, terms: &ResumeTerms) -> Claimed {
        let mut sessions = self.lock();
        let Some(entry) = sessions.get_mut(former.socket_id.as_str()) else {
            return Claimed::Unknown;
        };
        let Some(position) = entry.position(&former.token) else {
            return Claimed::Unknown;
        };
        if position < entry.presented {
            return Claimed::Outdated;
        }
        let Ok(token) = resume_token(&mut Random::default())
            .inspect_err(|error| tracing::error!(%error, "no randomness for a token"))
        else {
            return Claimed::Unknown;
        };
        entry.presented = position;
        entry.issue(token.clone());
        entry.claims += 1;
        Claimed::Session(Claim {
            mailbox: entry.mailbox.clone(),
            received: former.received,
            terms: ResumeTerms {
                token,
                ..terms.clone()
            },
            generation: entry.claims,
        })
    }

    /// Returns whether a session was claimed again since.
    pub(super) fn is_outdated(&self, claim: &Claim) -> bool {
        let sessions = self.lock();
        let entry = sessions.get(claim.mailbox.socket_id());
        entry.is_some_and(|entry| entry.claims > claim.generation)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        // Nothing that can panic runs under the lock.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens are secrets.
        f.write_str("Sessions")
    }
}

/// Compares two tokens in a time that doesn't tell how far they are alike.
fn is_same(one: &ResumeToken, other: &ResumeToken) -> bool {
    one.as_str().as_bytes().ct_eq(other.as_str().as_bytes()).into()
}

/// Tokens of a session that are remembered. A client presents one until an answer reaches it; each attempt whose answer is lost
/// issues another, and more than a few of those in a row, of which then an older one arrives after all, would be a strange network.
const TOKENS: usize = 8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mailbox::Peer;
    use crate::proto::limits::Limits;

    fn sessions(token: &str) -> Sessions {
        let sessions = Sessions::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &Limits::default()));
        mailbox.peer().socket_id.set("S".into()).unwrap();
        sessions.enter("S".into(), ResumeToken::new(token.to_owned()), mailbox);
        sessions
    }

    fn former(token: &str) -> Former {
        Former {
            socket_id: "S".to_owned(),
            token: ResumeToken::new(token.to_owned()),
            received: 0,
        }
    }

    fn terms() -> ResumeTerms {
        ResumeTerms {
            token: ResumeToken::new(String::new()),
            window: Duration::from_secs(1),
            buffer_bytes: 1,
            received: None,
        }
    }

    fn claim(sessions: &Sessions, token: &str) -> Result<String, &'static str> {
        match sessions.claim(&former(token), &terms()) {
            Claimed::Session(claim) => Ok(claim.terms.token.as_str().to_owned()),
            Claimed::Outdated => Err("outdated"),
            Claimed::Unknown => Err("unknown"),
        }
    }

    /// [U-14]
    #[test]
    fn an_answer_that_is_lost_locks_nobody_out() {
        let sessions = sessions("first");

        for _ in 0..20 {
            claim(&sessions, "first").unwrap();
        }
        let last = claim(&sessions, "first").unwrap();

        assert!(claim(&sessions, &last).is_ok());
    }

    /// [U-12]
    #[test]
    fn a_claim_is_outdated_by_the_next_one_and_not_by_the_end() {
        let sessions = sessions("first");
        let claim = || match sessions.claim(&former("first"), &terms()) {
            Claimed::Session(claim) => claim,
            Claimed::Outdated | Claimed::Unknown => panic!("the token is good"),
        };

        let one = claim();
        assert!(!sessions.is_outdated(&one));
        let other = claim();
        assert!(sessions.is_outdated(&one) && !sessions.is_outdated(&other));

        sessions.leave("S");
        assert!(!sessions.is_outdated(&one));
    }

    /// [U-14]: its bytes were on their way for long, and the client has come by another attempt.
    #[test]
    fn an_attempt_that_arrives_late_takes_nothing_from_a_later_one() {
        let sessions = sessions("first");

        let of_the_later = claim(&sessions, "first").unwrap();
        let of_the_late = claim(&sessions, "first").unwrap();

        assert!(claim(&sessions, &of_the_later).is_ok());
        assert!(claim(&sessions, &of_the_late).is_ok(), "issued later still");
        assert_eq!(claim(&sessions, &of_the_later), Err("outdated"));
        assert_eq!(claim(&sessions, "first"), Err("outdated"));
    }

    /// [U-14]
    #[test]
    fn a_token_that_was_never_issued_or_is_long_gone_is_worth_nothing() {
        let sessions = sessions("first");
        let mut last = claim(&sessions, "first").unwrap();

        assert_eq!(claim(&sessions, "other"), Err("unknown"));
        for _ in 0..TOKENS {
            last = claim(&sessions, &last).unwrap();
        }
        assert_eq!(claim(&sessions, "first"), Err("unknown"));
        assert!(claim(&sessions, &last).is_ok());
    }
}
