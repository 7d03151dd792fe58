//! Who is where: people instead of sockets.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::roster::{Change, Roster, at_end};
use super::seat::{Hold, Seat};
use crate::mailbox::Mailbox;
use crate::rpc::Emitter;

/// Who is in which place, told as it changes: people by `Id`, each with a `M` that the others see. Cheap to clone; all clones
/// are the same places.
///
/// A person with several sockets, such as tabs, is there once, until the last one has left or ended; a socket whose connection is lost
/// ends when its client has not come back within [`Resume::window`](crate::Resume::window). A place exists as long as
/// somebody is in it or watches it. It tells a watcher first who is there, then who joins, changes and leaves; one that is too
/// slow for more than 64 of those is told anew who is there instead, so nothing piles up.
///
/// Keys, ids and `M`s are plain data: what they do to be compared, hashed, cloned and dropped must not come back to the
/// presence. Make one and keep it: each leaves a close handler on every socket that has ever joined.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use glue::{Context, Presence, PresenceUpdate, Stream};
///
/// #[glue::channel]
/// trait Rooms {
///     /// Goes into a room until the stream is left, and yields who is there: now, and as it changes.
///     fn enter(&self, cx: &Context, room: String, name: String) -> impl Stream<Item = PresenceUpdate<String>>;
/// }
///
/// #[derive(Default)]
/// struct House(Presence<String, String>);
///
/// impl Rooms for House {
///     fn enter(&self, cx: &Context, room: String, name: String) -> impl Stream<Item = PresenceUpdate<String>> {
///         let seat = self.0.seat(room.clone(), name, (), cx);
///         seat.during(self.0.watch(room))
///     }
/// }
/// # }
/// ```
pub struct Presence<K, Id, M = ()> {
    shared: Arc<Shared<K, Id, M>>,
}

/// What is told of a place, in the order in which it happens. It is a [model](macro@crate::model): channels may carry it, and
/// in TypeScript it is a union by `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "macros", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PresenceUpdate<Id, M = ()> {
    /// Who is there. It comes first, and again to a watcher too slow for all that happened since.
    Snapshot {
        /// Everybody, by the order of their ids.
        people: Vec<Person<Id, M>>,
    },
    /// Somebody came.
    Joined {
        /// Who.
        person: Person<Id, M>,
    },
    /// What is known of somebody is different now.
    Changed {
        /// Who, as it is now.
        person: Person<Id, M>,
    },
    /// Somebody went.
    Left {
        /// Who.
        id: Id,
    },
}

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "macros", derive(ts_rs::TS))]
pub struct Person<Id, M = ()> {
    /// Who it is.
    pub id: Id,
    /// What the others see of them.
    pub meta: M,
}

impl<K, Id, M> Presence<K, Id, M>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    Id: Ord + Hash + Clone + Send + Sync + 'static,
    M: Clone + Send + Sync + 'static,
{
    /// Makes places in which nobody is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a person into a place by one socket, that of a [`Context`](crate::Context) or [`Emitter`]; returns whether that
    /// person was not in it. `meta` counts then only: [`Presence::update`] changes it.
    ///
    /// A socket that has ended brings nobody.
    pub fn join(&self, key: impl Into<K>, id: impl Into<Id>, meta: M, socket: impl Into<Emitter>) -> bool {
        let (socket, key, id): (Emitter, K, Id) = (socket.into(), key.into(), id.into());
        let mailbox = socket.mailbox();
        if mailbox.is_closed() {
            return false;
        }
        let (change, is_new) = {
            let mut state = self.shared.lock();
            let joined = state.roster.join((key.clone(), id.clone()), mailbox);
            if joined.0 == Change::Place {
                state.add(key, id, meta);
            }
            joined
        };
        if is_new {
            self.leave_at_end(mailbox);
        }
        change == Change::Place
    }

    /// As [`Presence::join`], until the [`Seat`] is dropped.
    pub fn seat(&self, key: impl Into<K>, id: impl Into<Id>, meta: M, socket: impl Into<Emitter>) -> Seat {
        let (socket, key, id): (Emitter, K, Id) = (socket.into(), key.into(), id.into());
        let mailbox = socket.mailbox();
        if mailbox.is_closed() {
            return Seat::default();
        }
        let entry = (key.clone(), id.clone());
        let new_hold = || {
            let entry = entry.clone();
            Hold::new(mailbox, &self.shared, move |shared, socket_id, hold| {
                shared.lock().give_back(&entry, socket_id, hold);
            })
        };
        let (is_new, hold) = {
            let mut state = self.shared.lock();
            let (change, is_new, hold) = state.roster.sit(entry.clone(), mailbox, new_hold);
            if change == Change::Place {
                state.add(key, id, meta);
            }
            (is_new, hold)
        };
        if is_new {
            self.leave_at_end(mailbox);
        }
        Seat::new(hold)
    }

    /// Takes one socket of a person out of a place; returns whether the person has left with it.
    pub fn leave(&self, key: impl Into<K>, id: impl Into<Id>, socket_id: &str) -> bool {
        let entry = (key.into(), id.into());
        let mut state = self.shared.lock();
        let has_left = state.roster.leave(&entry, socket_id) == Change::Place;
        if has_left {
            state.remove(&entry.0, entry.1);
        }
        has_left
    }

    /// Takes a socket out of all places.
    pub fn leave_all(&self, socket_id: &str) {
        self.shared.lock().leave_all(socket_id);
    }

    /// Changes what the others see of a person in a place; returns whether that person is there.
    pub fn update<Q>(&self, key: &Q, id: &Id, meta: M) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let mut state = self.shared.lock();
        let Some(place) = state.places.get_mut(key) else {
            return false;
        };
        let Some(known) = place.people.get_mut(id) else {
            return false;
        };
        known.clone_from(&meta);
        let person = Person { id: id.clone(), meta };
        place.tell(PresenceUpdate::Changed { person });
        true
    }

    /// Returns who is in a place, by the order of their ids.
    pub fn people<Q>(&self, key: &Q) -> Vec<Person<Id, M>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let state = self.shared.lock();
        state.places.get(key).map(Place::list).unwrap_or_default()
    }

    /// Returns the places in which somebody is, or that somebody watches, in no order.
    pub fn keys(&self) -> Vec<K> {
        self.shared.lock().places.keys().cloned().collect()
    }

    /// Returns what is told of a place from the moment at which the stream is first read, without an end: fit to be returned
    /// from a channel's stream method.
    pub fn watch(&self, key: K) -> impl Stream<Item = PresenceUpdate<Id, M>> + Send + use<K, Id, M> {
        let watch = Watch {
            shared: self.shared.clone(),
            key,
            updates: None,
        };
        stream::unfold(watch, |mut watch| async move {
            let update = watch.next().await;
            Some((update, watch))
        })
    }

    /// As in groups: outside the lock, and behind the joining.
    fn leave_at_end(&self, mailbox: &Mailbox) {
        at_end(mailbox, &self.shared, |shared, socket_id| shared.end(socket_id));
    }
}

impl<K, Id, M> Default for Presence<K, Id, M> {
    fn default() -> Self {
        let state = State {
            roster: Roster::default(),
            places: HashMap::new(),
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
            }),
        }
    }
}

impl<K, Id, M> Clone for Presence<K, Id, M> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<K, Id, M> std::fmt::Debug for Presence<K, Id, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presence").finish_non_exhaustive()
    }
}

struct Shared<K, Id, M> {
    /// Updates are told under the lock, so that they are in order and fit the snapshots. The wakers of those who wait for them
    /// run then; those of tasks poll nothing.
    state: Mutex<State<K, Id, M>>,
}

impl<K, Id, M> Shared<K, Id, M>
where
    K: Eq + Hash + Clone,
    Id: Ord + Hash + Clone,
    M: Clone,
{
    fn end(&self, socket_id: &str) {
        let forgotten = {
            let mut state = self.lock();
            state.leave_all(socket_id);
            state.roster.forget(socket_id)
        };
        drop(forgotten);
    }
}

impl<K, Id, M> Shared<K, Id, M> {
    fn lock(&self) -> MutexGuard<'_, State<K, Id, M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State<K, Id, M> {
    /// The sockets of each person in each place.
    roster: Roster<(K, Id)>,
    /// Those in which somebody is or that somebody watches.
    places: HashMap<K, Place<Id, M>>,
}

impl<K, Id, M> State<K, Id, M>
where
    K: Eq + Hash + Clone,
    Id: Ord + Hash + Clone,
    M: Clone,
{
    fn add(&mut self, key: K, id: Id, meta: M) {
        let place = self.places.entry(key).or_default();
        place.people.insert(id.clone(), meta.clone());
        let person = Person { id, meta };
        place.tell(PresenceUpdate::Joined { person });
    }

    fn remove(&mut self, key: &K, id: Id) {
        let Some(place) = self.places.get_mut(key) else {
            return;
        };
        place.people.remove(&id);
        place.tell(PresenceUpdate::Left { id });
        self.tidy(key);
    }

    fn give_back(&mut self, entry: &(K, Id), socket_id: &str, hold: &Hold) {
        if self.roster.give_back(entry, socket_id, hold) == Change::Place {
            self.remove(&entry.0, entry.1.clone());
        }
    }

    fn leave_all(&mut self, socket_id: &str) {
        for ((key, id), change) in self.roster.leave_all(socket_id) {
            if change == Change::Place {
                self.remove(&key, id);
            }
        }
    }

    fn subscribe(&mut self, key: K) -> (PresenceUpdate<Id, M>, Updates<Id, M>) {
        let place = self.places.entry(key).or_default();
        let updates = place
            .updates
            .get_or_insert_with(|| broadcast::Sender::new(UPDATES));
        let updates = updates.subscribe();
        (PresenceUpdate::Snapshot { people: place.list() }, updates)
    }
}

impl<K: Eq + Hash, Id, M> State<K, Id, M> {
    /// Keeps nothing of a place that nobody needs.
    fn tidy(&mut self, key: &K) {
        let Some(place) = self.places.get_mut(key) else {
            return;
        };
        if place
            .updates
            .as_ref()
            .is_some_and(|updates| updates.receiver_count() == 0)
        {
            place.updates = None;
        }
        if place.people.is_empty() && place.updates.is_none() {
            self.places.remove(key);
        }
    }
}

struct Place<Id, M> {
    people: BTreeMap<Id, M>,
    /// There as long as somebody watches.
    updates: Option<broadcast::Sender<PresenceUpdate<Id, M>>>,
}

impl<Id: Clone, M: Clone> Place<Id, M> {
    fn list(&self) -> Vec<Person<Id, M>> {
        let people = self.people.iter().map(|(id, meta)| Person {
            id: id.clone(),
            meta: meta.clone(),
        });
        people.collect()
    }

    fn tell(&self, update: PresenceUpdate<Id, M>) {
        if let Some(updates) = &self.updates {
            // An error means that nobody listens.
            let _ = updates.send(update);
        }
    }
}

impl<Id, M> Default for Place<Id, M> {
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            updates: None,
        }
    }
}

/// One who watches a place.
struct Watch<K: Eq + Hash, Id, M> {
    shared: Arc<Shared<K, Id, M>>,
    key: K,
    /// None when the next update is a snapshot.
    updates: Option<Updates<Id, M>>,
}

impl<K, Id, M> Watch<K, Id, M>
where
    K: Eq + Hash + Clone,
    Id: Ord + Hash + Clone,
    M: Clone,
{
    async fn next(&mut self) -> PresenceUpdate<Id, M> {
        if let Some(updates) = &mut self.updates {
            if let Ok(update) = updates.recv().await {
                return update;
            }
            // It has missed some.
            self.updates = None;
        }
        let (snapshot, updates) = self.shared.lock().subscribe(self.key.clone());
        self.updates = Some(updates);
        snapshot
    }
}

impl<K: Eq + Hash, Id, M> Drop for Watch<K, Id, M> {
    fn drop(&mut self) {
        self.updates = None;
        self.shared.lock().tidy(&self.key);
    }
}

type Updates<Id, M> = broadcast::Receiver<PresenceUpdate<Id, M>>;

/// Updates that wait for a slow watcher before it gets a snapshot instead: room for a burst, little enough to keep for each
/// place that is watched.
const UPDATES: usize = 64;

#[cfg(test)]
mod tests;
