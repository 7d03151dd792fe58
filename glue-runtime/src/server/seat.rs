//! Being somewhere for as long as something lives.

use std::fmt;
use std::sync::{Arc, Weak};

use futures_util::stream::{self, Stream};

use crate::mailbox::Mailbox;

/// Keeps a socket in a group, or a person in a place, until it is dropped: for a stream to own, so that whoever leaves the
/// stream leaves that as well.
///
/// A socket may have several seats at the same place, and leaves with the last of them: a stream that begins before the one it
/// replaces has ended is no trouble. It leaves earlier by `leave` or as it ends; its seats mean nothing then. Where it had
/// joined without a seat it stays.
///
/// ```
/// use glue::{Context, EventMessage, Groups, Stream};
///
/// /// Returns a stream that keeps its reader in a group.
/// fn follow<E: EventMessage>(groups: &Groups<E>, cx: &Context, news: impl Stream<Item = u32>) -> impl Stream<Item = u32> {
///     groups.seat("news", cx).during(news)
/// }
/// ```
#[derive(Default)]
#[must_use = "who sits there leaves when this is dropped"]
pub struct Seat {
    /// Shared by all seats of one socket at one place. None where it isn't up to seats who is there.
    _hold: Option<Arc<Hold>>,
}

impl Seat {
    pub(super) fn new(hold: Option<Arc<Hold>>) -> Self {
        Self { _hold: hold }
    }

    /// Returns a stream of the same items that owns this seat.
    pub fn during<S: Stream>(self, stream: S) -> impl Stream<Item = S::Item> {
        let mut stream = Box::pin(stream);
        stream::poll_fn(move |cx| {
            let _seat = &self;
            stream.as_mut().poll_next(cx)
        })
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

/// What the seats of a socket at a place share: they are given back with the last handle.
pub(super) struct Hold {
    give_back: Box<dyn Fn(&Self) + Send + Sync>,
}

impl Hold {
    /// Calls `give_back` when the last handle is dropped, which must not be under a lock that it takes.
    pub(super) fn new<T: Send + Sync + 'static>(
        mailbox: &Mailbox,
        shared: &Arc<T>,
        give_back: impl Fn(&T, &str, &Self) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let (shared, socket_id): (Weak<T>, Box<str>) = (Arc::downgrade(shared), mailbox.socket_id().into());
        Arc::new(Self {
            give_back: Box::new(move |hold| {
                if let Some(shared) = shared.upgrade() {
                    give_back(&shared, &socket_id, hold);
                }
            }),
        })
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        (self.give_back)(self);
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").finish_non_exhaustive()
    }
}
