//! The sessions that can be resumed, by what proves that a client has had one [U-14].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use subtle::ConstantTimeEq as _;

use super::id::resume_token;
use crate::driver::Claim;
use crate::mailbox::Mailbox;
use crate::proto::resume::{Former, ResumeTerms, ResumeToken};

/// Every session that outlives its links. Bounded by the sockets that the server admits, and by its detached sessions.
#[derive(Default)]
pub(super) struct Sessions {
    by_id: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    mailbox: Arc<Mailbox>,
    /// What was presented last.
    proven: Option<ResumeToken>,
    /// What was issued last.
    issued: ResumeToken,
    /// How often that was.
    claims: u64,
}

impl Sessions {
    /// Adds a session, with the token that its client gets.
    pub(super) fn enter(&self, socket_id: &str, issued: ResumeToken, mailbox: Arc<Mailbox>) {
        let entry = Entry {
            mailbox,
            proven: None,
            issued,
            claims: 0,
        };
        self.lock().insert(socket_id.to_owned(), entry);
    }

    /// Removes a session that has ended.
    pub(super) fn leave(&self, socket_id: &str) {
        let entry = self.lock().remove(socket_id);
        // Outside the lock.
        drop(entry);
    }

    /// Returns the session that a client proves to have had, with `terms` for its next link, in which there is a new token then.
    pub(super) fn claim(&self, former: &Former, terms: &ResumeTerms) -> Option<Claim> {
        let mut sessions = self.lock();
        let entry = sessions.get_mut(&former.socket_id)?;
        let is_issued = is_same(&entry.issued, &former.token);
        let is_proven = entry
            .proven
            .as_ref()
            .is_some_and(|proven| is_same(proven, &former.token));
        if !(is_issued | is_proven) {
            return None;
        }
        let token = resume_token()
            .inspect_err(|error| tracing::error!(%error, "no randomness for a token"))
            .ok()?;
        entry.proven = Some(former.token.clone());
        entry.issued = token.clone();
        entry.claims += 1;
        Some(Claim {
            mailbox: entry.mailbox.clone(),
            received: former.received,
            terms: ResumeTerms {
                token,
                ..terms.clone()
            },
            generation: entry.claims,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
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
