//! The way of a link to the session that goes on over it, and back if it can't.

use std::sync::Arc;

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
    /// Which of the session's links it is, in the order in which clients have asked for it.
    pub(crate) generation: u64,
    pub(crate) place: Option<Place>,
    /// Of the session that has begun on the link and waits for what becomes of it.
    pub(crate) from: Arc<Mailbox>,
}

/// What a link has taken of others' room, given back when dropped.
pub(crate) type Place = Box<dyn Send>;

impl Mailbox {
    /// Hands a link over to the session; returns it when that has ended, or is about to.
    pub(crate) fn attach(&self, link: NewLink) -> Result<(), NewLink> {
        {
            let mut queues = self.lock();
            if queues.is_refusing || queues.ending.is_some() {
                return Err(link);
            }
            queues.requests.push(Request::Attach(Box::new(link)));
        }
        self.wake_driver();
        Ok(())
    }

    /// Driver: takes over what came with a link: the values that were set there take the place of those of their types, and the peer is
    /// where it has come from.
    pub(crate) fn take_over(&self, from: &Self) {
        self.peer.follow(&from.peer);
        self.values.replace(&from.values);
    }
}

impl NewLink {
    /// Returns the link to the session that has begun on it. Where that has ended as well, the link ends.
    pub(crate) fn give_back(self: Box<Self>) {
        let from = self.from.clone();
        let _ = from.request(Request::GiveBack(self));
    }
}
