//! Groups of sockets, and events for them.

use std::borrow::Borrow;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::roster::{Change, Roster, at_end};
use super::seat::{Hold, Seat};
use crate::error::Error;
use crate::mailbox::{Delivery, Mailbox, SlowConsumer};
use crate::rpc::message::EventMessage;
use crate::rpc::{Emitter, send_event};

/// Groups of sockets by key, and the typed events of one channel for them. Cheap to clone; all clones are the same groups.
///
/// A socket may be in any number of groups and leaves all of them when it ends. A group exists as long as somebody is in it,
/// and costs nothing before and after. An event is encoded once, however many sockets get it, and takes its place on each
/// behind what was sent there before; what waits is bounded as it is for [`Broadcast`](crate::Broadcast)s, by
/// [`Limits::backlog_bytes`](crate::Limits::backlog_bytes), and [`SlowConsumer`] says what happens to a socket past it.
///
/// Keys are plain data: what `K` does to be compared, hashed, cloned and dropped must not come back to the groups.
///
/// Make one for a channel, with its service, and keep it: each leaves a close handler on every socket that has ever joined.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use glue::{Context, Groups};
///
/// #[glue::channel]
/// trait Rooms {
///     async fn enter(&self, cx: &Context, room: String, user: String);
///     #[event]
///     fn joined(user: String);
/// }
///
/// #[derive(Default)]
/// struct House(Groups<RoomsEvent>);
///
/// impl Rooms for House {
///     async fn enter(&self, cx: &Context, room: String, user: String) {
///         if self.0.join(room.clone(), cx) {
///             let _ = self.0.emit_except(&room, &RoomsEvent::Joined { user }, cx.socket_id()).await;
///         }
///     }
/// }
/// # }
/// ```
pub struct Groups<E, K = String> {
    shared: Arc<Shared<K>>,
    slow_consumer: SlowConsumer,
    event: PhantomData<fn(&E)>,
}

impl<E, K> Groups<E, K>
where
    E: EventMessage,
    K: Eq + Hash + Clone + Send + Sync + 'static,
{
    /// Makes groups in which nobody is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what happens to sockets that are too slow, in what this handle and its later clones send; default
    /// [`SlowConsumer::Close`].
    #[must_use]
    pub fn slow_consumer(mut self, policy: SlowConsumer) -> Self {
        self.slow_consumer = policy;
        self
    }

    /// Puts a socket, that of a [`Context`](crate::Context) or [`Emitter`], into a group; returns whether it was not in it.
    ///
    /// A socket that has ended joins nothing. A client that hasn't opened the channel of the events drops them.
    pub fn join(&self, key: impl Into<K>, socket: impl Into<Emitter>) -> bool {
        let socket: Emitter = socket.into();
        let mailbox = socket.mailbox();
        if mailbox.is_closed() {
            return false;
        }
        let key = key.into();
        let (change, is_new) = self.shared.lock().join(key, mailbox);
        if is_new {
            self.leave_at_end(mailbox);
        }
        change != Change::Nothing
    }

    /// As [`Groups::join`], until the [`Seat`] is dropped.
    pub fn seat(&self, key: impl Into<K>, socket: impl Into<Emitter>) -> Seat {
        let socket: Emitter = socket.into();
        let mailbox = socket.mailbox();
        if mailbox.is_closed() {
            return Seat::default();
        }
        let key: K = key.into();
        let new_hold = || {
            let key = key.clone();
            Hold::new(mailbox, &self.shared, move |shared, socket_id, hold| {
                shared.lock().give_back(&key, socket_id, hold);
            })
        };
        let (_, is_new, hold) = self.shared.lock().sit(key.clone(), mailbox, new_hold);
        if is_new {
            self.leave_at_end(mailbox);
        }
        Seat::new(hold)
    }

    /// Takes a socket out of a group; returns whether it was in it. What was sent to the group before still reaches it.
    pub fn leave<Q>(&self, key: &Q, socket_id: &str) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shared.lock().leave(key, socket_id) != Change::Nothing
    }

    /// Takes a socket out of all groups, and returns those in which it was.
    pub fn leave_all(&self, socket_id: &str) -> Vec<K> {
        let left = self.shared.lock().leave_all(socket_id);
        left.into_iter().map(|(key, _)| key).collect()
    }

    /// Returns whether a socket is in a group.
    pub fn contains<Q>(&self, key: &Q, socket_id: &str) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shared.lock().contains(key, socket_id)
    }

    /// Returns how many sockets are in a group.
    pub fn len<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.shared.lock().len(key)
    }

    /// Returns whether nobody is in a group.
    pub fn is_empty<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.len(key) == 0
    }

    /// Returns the ids of the sockets in a group, in no order.
    pub fn members<Q>(&self, key: &Q) -> Vec<String>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let roster = self.shared.lock();
        roster
            .sockets_in(key)
            .map(|mailbox| mailbox.socket_id().to_owned())
            .collect()
    }

    /// Returns the groups in which somebody is, in no order.
    pub fn keys(&self) -> Vec<K> {
        self.shared.lock().keys().cloned().collect()
    }

    /// Sends an event to a group.
    ///
    /// Waits under [`SlowConsumer::Wait`] only, and then for all sockets at once, until each has room or has ended. A future
    /// that is dropped has sent to those that had room.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when JSON can't hold the event.
    pub async fn emit<Q>(&self, key: &Q, event: &E) -> Result<Delivery, Error>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let sockets = self
            .shared
            .collect(|roster| roster.sockets_in(key).cloned().collect());
        send_event(event, self.slow_consumer, sockets).await
    }

    /// Sends an event to a group, but not to one socket.
    ///
    /// # Errors
    /// As [`Groups::emit`].
    pub async fn emit_except<Q>(&self, key: &Q, event: &E, socket_id: &str) -> Result<Delivery, Error>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.emit_where(key, event, |id| id != socket_id).await
    }

    /// Sends an event to those in a group whose socket ids are chosen, such as all but the sockets of one user.
    ///
    /// # Errors
    /// As [`Groups::emit`].
    pub async fn emit_where<Q>(
        &self,
        key: &Q,
        event: &E,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<Delivery, Error>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut sockets = self
            .shared
            .collect(|roster| roster.sockets_in(key).cloned().collect());
        // Outside the lock: it may look into the groups.
        sockets.retain(|mailbox| is_meant(mailbox.socket_id()));
        send_event(event, self.slow_consumer, sockets).await
    }

    /// Sends an event to all sockets that are in any group, once each.
    ///
    /// # Errors
    /// As [`Groups::emit`].
    pub async fn emit_all(&self, event: &E) -> Result<Delivery, Error> {
        let sockets = self.shared.collect(|roster| roster.sockets().cloned().collect());
        send_event(event, self.slow_consumer, sockets).await
    }

    /// Sends an event to one socket that is in any group; nothing is `queued` where there is no such socket.
    ///
    /// # Errors
    /// As [`Groups::emit`].
    pub async fn emit_to(&self, socket_id: &str, event: &E) -> Result<Delivery, Error> {
        let sockets = self
            .shared
            .collect(|roster| roster.socket(socket_id).cloned().into_iter().collect());
        send_event(event, self.slow_consumer, sockets).await
    }

    /// Outside the lock, which the handler takes. It runs at once if the socket has ended meanwhile; and whoever finds the socket
    /// known joins before that, or finds it unknown after.
    fn leave_at_end(&self, mailbox: &Mailbox) {
        at_end(mailbox, &self.shared, |shared, socket_id| shared.end(socket_id));
    }
}

impl<E, K> Default for Groups<E, K> {
    fn default() -> Self {
        Self {
            shared: Arc::default(),
            slow_consumer: SlowConsumer::default(),
            event: PhantomData,
        }
    }
}

impl<E, K> Clone for Groups<E, K> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            ..*self
        }
    }
}

impl<E, K> std::fmt::Debug for Groups<E, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Groups")
            .field("slow_consumer", &self.slow_consumer)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared<K> {
    /// Sockets are neither sent anything nor let go under the lock.
    roster: Mutex<Roster<K>>,
}

impl<K: Eq + Hash + Clone> Shared<K> {
    fn end(&self, socket_id: &str) {
        let left = {
            let mut roster = self.lock();
            (roster.leave_all(socket_id), roster.forget(socket_id))
        };
        drop(left);
    }

    fn collect(&self, choose: impl FnOnce(&Roster<K>) -> Vec<Arc<Mailbox>>) -> Vec<Arc<Mailbox>> {
        choose(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Roster<K>> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Shared<K> {
    fn default() -> Self {
        Self {
            roster: Mutex::default(),
        }
    }
}

#[cfg(test)]
mod tests;
