//! Which sockets are where: the bookkeeping of groups and of presence.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Weak};

use super::seat::Hold;
use crate::mailbox::Mailbox;

/// Places by key, and the sockets in them. A place is there as long as a socket is in it.
#[derive(Debug)]
pub(super) struct Roster<K> {
    places: HashMap<K, HashMap<Arc<str>, Occupant>>,
    /// Every socket that was ever anywhere, by its id, until it ends: there is one close handler for each.
    sockets: HashMap<Arc<str>, Member<K>>,
}

/// A socket and the places it is in.
#[derive(Debug)]
pub(super) struct Member<K> {
    mailbox: Arc<Mailbox>,
    keys: HashSet<K>,
}

/// A socket in a place.
#[derive(Debug)]
struct Occupant {
    mailbox: Arc<Mailbox>,
    /// What its seats there share; none if it has joined without one, and stays until it is told to leave.
    hold: Option<Weak<Hold>>,
}

/// What changed for a place as a socket came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It was there, or not, before.
    Nothing,
    /// The sockets in it, among which are others.
    Sockets,
    /// The place itself: its first socket came, or its last one went.
    Place,
}

impl<K: Eq + Hash + Clone> Roster<K> {
    /// Puts a socket in a place, and says what that changed and whether the socket is new here.
    pub(super) fn join(&mut self, key: K, mailbox: &Arc<Mailbox>) -> (Change, bool) {
        let (occupant, change, is_new) = self.enter(key, mailbox);
        occupant.hold = None;
        (change, is_new)
    }

    /// As [`Roster::join`], for as long as what it returns is held, which the caller drops outside its lock. There is nothing to
    /// hold where the socket has joined without a seat.
    pub(super) fn sit(
        &mut self,
        key: K,
        mailbox: &Arc<Mailbox>,
        new_hold: impl FnOnce() -> Arc<Hold>,
    ) -> (Change, bool, Option<Arc<Hold>>) {
        let (occupant, change, is_new) = self.enter(key, mailbox);
        if change == Change::Nothing && occupant.hold.is_none() {
            return (change, is_new, None);
        }
        // One whose last handle is gone and that is about to be given back isn't there any more.
        let held = occupant.hold.as_ref().and_then(Weak::upgrade);
        let hold = held.unwrap_or_else(new_hold);
        occupant.hold = Some(Arc::downgrade(&hold));
        (change, is_new, Some(hold))
    }

    /// Takes a socket out of a place if it is still there by these seats.
    pub(super) fn give_back(&mut self, key: &K, socket_id: &str, hold: &Hold) -> Change {
        let occupant = self.places.get(key).and_then(|place| place.get(socket_id));
        let known = occupant.and_then(|occupant| occupant.hold.as_ref());
        if known.is_some_and(|known| std::ptr::eq(known.as_ptr(), hold)) {
            self.leave(key, socket_id)
        } else {
            Change::Nothing
        }
    }

    /// Takes a socket out of a place.
    pub(super) fn leave<Q>(&mut self, key: &Q, socket_id: &str) -> Change
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(Member { keys, .. }) = self.sockets.get_mut(socket_id) {
            keys.remove(key);
            if keys.is_empty() {
                // What is left of it is room for keys.
                *keys = HashSet::new();
            }
        }
        self.vacate(key, socket_id)
    }

    /// Takes a socket out of all places, and returns these.
    pub(super) fn leave_all(&mut self, socket_id: &str) -> Vec<(K, Change)> {
        let keys = self
            .sockets
            .get_mut(socket_id)
            .map(|member| std::mem::take(&mut member.keys));
        let left = keys.into_iter().flatten().map(|key| {
            let change = self.vacate(&key, socket_id);
            (key, change)
        });
        left.collect()
    }

    /// Forgets a socket that has ended and is nowhere; it may be its last handle, which the caller drops outside its lock.
    pub(super) fn forget(&mut self, socket_id: &str) -> Option<Member<K>> {
        self.sockets.remove(socket_id)
    }

    /// Returns the sockets in a place.
    pub(super) fn sockets_in<Q>(&self, key: &Q) -> impl Iterator<Item = &Arc<Mailbox>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let occupants = self.places.get(key).into_iter().flat_map(HashMap::values);
        occupants.map(|occupant| &occupant.mailbox)
    }

    /// Returns the sockets that are anywhere.
    pub(super) fn sockets(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        let somewhere = self.sockets.values().filter(|member| !member.keys.is_empty());
        somewhere.map(|member| &member.mailbox)
    }

    /// Returns a socket that is somewhere.
    pub(super) fn socket(&self, socket_id: &str) -> Option<&Arc<Mailbox>> {
        let member = self.sockets.get(socket_id)?;
        (!member.keys.is_empty()).then_some(&member.mailbox)
    }

    pub(super) fn contains<Q>(&self, key: &Q, socket_id: &str) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.places
            .get(key)
            .is_some_and(|place| place.contains_key(socket_id))
    }

    /// Returns how many sockets are in a place.
    pub(super) fn len<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.places.get(key).map_or(0, HashMap::len)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.places.keys()
    }

    /// Returns how many sockets have not ended.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.sockets.len()
    }

    fn enter(&mut self, key: K, mailbox: &Arc<Mailbox>) -> (&mut Occupant, Change, bool) {
        let (id, is_new) = match self.sockets.get_key_value(mailbox.socket_id()) {
            Some((id, _)) => (id.clone(), false),
            None => (mailbox.socket_id().into(), true),
        };
        let member = self.sockets.entry(id.clone()).or_insert_with(|| Member {
            mailbox: mailbox.clone(),
            keys: HashSet::new(),
        });
        member.keys.insert(key.clone());
        let place = self.places.entry(key).or_default();
        let is_first = place.is_empty();
        match place.entry(id) {
            Entry::Occupied(occupied) => (occupied.into_mut(), Change::Nothing, is_new),
            Entry::Vacant(vacant) => {
                let occupant = vacant.insert(Occupant {
                    mailbox: mailbox.clone(),
                    hold: None,
                });
                let change = if is_first { Change::Place } else { Change::Sockets };
                (occupant, change, is_new)
            }
        }
    }

    fn vacate<Q>(&mut self, key: &Q, socket_id: &str) -> Change
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let Some(place) = self.places.get_mut(key) else {
            return Change::Nothing;
        };
        if place.remove(socket_id).is_none() {
            return Change::Nothing;
        }
        if !place.is_empty() {
            return Change::Sockets;
        }
        self.places.remove(key);
        Change::Place
    }
}

impl<K> Default for Roster<K> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            sockets: HashMap::new(),
        }
    }
}

/// Calls `leave` when a socket has ended, at once if it has: not under a lock. What it leaves may go before.
pub(super) fn at_end<T: Send + Sync + 'static>(
    mailbox: &Mailbox,
    shared: &Arc<T>,
    leave: impl FnOnce(&T, &str) + Send + 'static,
) {
    let (shared, socket_id): (Weak<T>, Box<str>) = (Arc::downgrade(shared), mailbox.socket_id().into());
    mailbox.on_close(Box::new(move |_| {
        if let Some(shared) = shared.upgrade() {
            leave(&shared, &socket_id);
        }
    }));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::channel::Lane;
    use crate::mailbox::Peer;
    use crate::proto::limits::{Limits, MESSAGE_OVERHEAD};
    use crate::rpc::Context;
    use crate::session::CloseReason;

    /// A socket without a driver: the test takes what is sent, and ends it.
    pub(in crate::server) struct Page {
        pub(in crate::server) cx: Context,
        pub(in crate::server) mailbox: Arc<Mailbox>,
    }

    impl Page {
        pub(in crate::server) fn new(id: &str) -> Self {
            let peer = Peer::default();
            let _ = peer.socket_id.set(id.into());
            let limits = Limits {
                // Room for two events.
                backlog_bytes: 2 * ("cd5&roomsev&said&0".len() + MESSAGE_OVERHEAD),
                ..Limits::default()
            };
            let mailbox = Arc::new(Mailbox::new(peer, &limits));
            let lane = Arc::new(Lane::new("rooms", mailbox.clone()));
            let cx = Context::of_lane(lane);
            Self { cx, mailbox }
        }

        pub(in crate::server) fn take(&self) -> Vec<String> {
            let taken = std::iter::from_fn(|| self.mailbox.take_message());
            taken.map(|message| message.text().to_string()).collect()
        }

        pub(in crate::server) fn end(&self) {
            self.mailbox.refuse();
            self.mailbox.end(CloseReason::Peer);
        }
    }
}
