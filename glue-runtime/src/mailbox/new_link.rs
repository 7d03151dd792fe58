//! The way of a link to the session that goes on over it.

use std::sync::atomic::Ordering;

use super::{Mailbox, Request};
use crate::proto::resume::ResumeTerms;
use crate::transport::Transport;

/// A link on which a client has proved that a session is its own.
pub(crate) struct NewLink {
    pub(crate) transport: Box<dyn Transport>,
    /// Number of the last message that the client has taken in.
    pub(crate) received: u64,
    /// With a token that is new.
    pub(crate) terms: ResumeTerms,
    pub(crate) place: Option<Place>,
    /// From [`Mailbox::claim`].
    pub(crate) turn: usize,
}

/// What a link has taken of others' room, given back when dropped.
pub(crate) type Place = Box<dyn Send>;

impl Mailbox {
    /// Counts the clients that have proved that the session is theirs, each time they come; the last is the one that is there.
    #[cfg(feature = "server")]
    pub(crate) fn claim(&self) -> usize {
        self.claims.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Driver: returns how often that was.
    pub(crate) fn claims(&self) -> usize {
        self.claims.load(Ordering::Relaxed)
    }

    /// Hands a link over to the session; returns it when that has ended, or is about to.
    pub(crate) fn attach(&self, link: NewLink) -> Result<(), NewLink> {
        {
            let mut queues = self.lock();
            if queues.is_refusing || queues.ending.is_some() {
                return Err(link);
            }
            queues.requests.push(Request::Attach(Box::new(link)));
        }
        self.driver.wake();
        Ok(())
    }
}
