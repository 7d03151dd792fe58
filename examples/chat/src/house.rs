//! The rooms, and who is in them. All of it is bounded and lives in memory only.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::stream;
use glue::{Context, Emitter, Groups, SlowConsumer, Stream};
use tokio::sync::{broadcast, watch};

use crate::chat::{Chat, ChatError, ChatEvent, Room, Update};
use crate::room::RoomState;
use crate::text::{tidy, tidy_line};

/// The service behind the channel: one for all sockets.
#[derive(Clone, Debug)]
pub(crate) struct House {
    state: Arc<Mutex<State>>,
    /// The list of rooms. Its followers see the newest one, so the slow skip some.
    list: watch::Sender<Vec<Room>>,
    /// The pages that show a room.
    pages: Groups<ChatEvent>,
}

impl Default for House {
    fn default() -> Self {
        let rooms = FIRST_ROOMS
            .iter()
            .map(|&name| (name.to_owned(), RoomState::default()))
            .collect();
        let state = State {
            rooms,
            ..State::default()
        };
        let list = watch::Sender::new(state.list());
        Self {
            state: Arc::new(Mutex::new(state)),
            list,
            // Who is too slow to see somebody typing can do without it.
            pages: Groups::new().slow_consumer(SlowConsumer::DropOldest),
        }
    }
}

impl Chat for House {
    fn enter(
        &self,
        cx: &Context,
        name: String,
        key: String,
    ) -> impl Stream<Item = Result<Vec<Room>, ChatError>> {
        let visit = self.visit(cx.socket_id(), &name, &key);
        stream::try_unfold(visit, |visit| async move {
            let mut visit = visit?;
            Ok(Some((visit.next().await, Ok(visit))))
        })
    }

    fn watch(&self, cx: &Context, room: String) -> impl Stream<Item = Result<Update, ChatError>> {
        let seat = self.sit_down(cx.socket_id(), Some(cx.emitter()), &room);
        stream::try_unfold(seat, |seat| async move {
            let mut seat = seat?;
            Ok(Some((seat.next().await, Ok(seat))))
        })
    }

    async fn say(&self, cx: &Context, room: String, text: String) -> Result<u32, ChatError> {
        self.add_message(cx.socket_id(), &room, &text, now())
    }

    async fn typing(&self, cx: &Context, room: String) {
        let Some((name, own)) = self.lock().person(cx.socket_id()) else {
            return;
        };
        let event = ChatEvent::Typing {
            room: room.clone(),
            name,
        };
        // An error means that JSON can't hold the event.
        let _ = self
            .pages
            .emit_where(&room, &event, |page| !own.contains(page))
            .await;
    }
}

impl House {
    fn visit(&self, socket: &str, name: &str, key: &str) -> Result<Visit, ChatError> {
        let name = tidy_line(name, NAME_CHARS)?;
        let key: String = key.chars().take(KEY_CHARS).collect();
        let mut state = self.lock();
        let folded = name.to_lowercase();
        let is_taken = |other: &Visitor| other.name.to_lowercase() == folded && other.key != key;
        if state.visitors.values().any(is_taken) {
            return Err(ChatError::NameTaken);
        }
        if state.visitors.len() >= MAX_VISITORS && !state.visitors.contains_key(socket) {
            return Err(ChatError::Full);
        }
        let id = state.next_id();
        state
            .visitors
            .insert(socket.to_owned(), Visitor { visit: id, name, key });
        let mut list = self.list.subscribe();
        // The list as it stands comes first.
        list.mark_changed();
        Ok(Visit {
            id,
            socket: socket.to_owned(),
            house: self.clone(),
            list,
        })
    }

    fn sit_down(&self, socket: &str, emitter: Option<Emitter>, room: &str) -> Result<Seat, ChatError> {
        let mut state = self.lock();
        let id = state.next_id();
        let name = state.visitor(socket)?;
        let room = tidy_line(room, ROOM_CHARS)?;
        state.room(&room)?.join(id, name)?;
        self.list.send_replace(state.list());
        Ok(Seat {
            id,
            _page: emitter.map(|emitter| self.pages.seat(room.clone(), emitter)),
            room,
            house: self.clone(),
            updates: None,
        })
    }

    fn add_message(&self, socket: &str, room: &str, text: &str, at: u64) -> Result<u32, ChatError> {
        let mut state = self.lock();
        let name = state.visitor(socket)?;
        let text = tidy(text, TEXT_CHARS)?;
        let room = tidy_line(room, ROOM_CHARS)?;
        let id = state.room(&room)?.add_message(name, text, at);
        self.list.send_replace(state.list());
        Ok(id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct State {
    /// By socket.
    visitors: HashMap<String, Visitor>,
    rooms: BTreeMap<String, RoomState>,
    last_id: u64,
}

impl State {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn list(&self) -> Vec<Room> {
        self.rooms.iter().map(|(name, room)| room.summary(name)).collect()
    }

    fn visitor(&self, socket: &str) -> Result<String, ChatError> {
        self.visitors
            .get(socket)
            .map(|visitor| visitor.name.clone())
            .ok_or(ChatError::NoName)
    }

    /// Returns the name that a socket has, and all sockets that have it: the tabs of one person.
    fn person(&self, socket: &str) -> Option<(String, HashSet<String>)> {
        let name = &self.visitors.get(socket)?.name;
        let tabs = self.visitors.iter().filter(|(_, visitor)| visitor.name == *name);
        Some((name.clone(), tabs.map(|(socket, _)| socket.clone()).collect()))
    }

    /// Finds a room or makes it; when there are too many, one that nobody is in makes way.
    fn room(&mut self, name: &str) -> Result<&mut RoomState, ChatError> {
        if !self.rooms.contains_key(name) && self.rooms.len() >= MAX_ROOMS {
            let mut deserted = self.rooms.iter().filter(|(_, room)| room.is_empty());
            let unused = deserted.find(|(name, _)| !FIRST_ROOMS.contains(&name.as_str()));
            let unused = unused.map(|(name, _)| name.clone()).ok_or(ChatError::Full)?;
            self.rooms.remove(&unused);
        }
        Ok(self.rooms.entry(name.to_owned()).or_default())
    }
}

/// A socket that has a name.
#[derive(Debug)]
struct Visitor {
    /// Which [`Visit`] put it here.
    visit: u64,
    name: String,
    key: String,
}

/// Holds a name; the stream owns it, so the name is free again when the stream ends, however it does.
#[derive(Debug)]
struct Visit {
    id: u64,
    socket: String,
    house: House,
    list: watch::Receiver<Vec<Room>>,
}

impl Visit {
    async fn next(&mut self) -> Vec<Room> {
        self.list.changed().await.expect("our own house has the sender");
        self.list.borrow_and_update().clone()
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut state = self.house.lock();
        // The same socket may have entered anew.
        if state
            .visitors
            .get(&self.socket)
            .is_some_and(|visitor| visitor.visit == self.id)
        {
            state.visitors.remove(&self.socket);
        }
    }
}

/// Holds a place in a room; the stream owns it.
#[derive(Debug)]
struct Seat {
    id: u64,
    /// The page's place among those that hear who is typing; tests have none.
    _page: Option<glue::Seat>,
    room: String,
    house: House,
    /// None when the next update is a snapshot.
    updates: Option<broadcast::Receiver<Update>>,
}

impl Seat {
    async fn next(&mut self) -> Update {
        while let Some(updates) = &mut self.updates {
            match updates.recv().await {
                Ok(update) => return update,
                Err(_) => self.updates = None,
            }
        }
        let state = self.house.lock();
        let room = state
            .rooms
            .get(&self.room)
            .expect("a room in which somebody is stays");
        let (snapshot, updates) = room.subscribe(&self.room);
        self.updates = Some(updates);
        snapshot
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.house.lock();
        let Some(room) = state.rooms.get_mut(&self.room) else {
            return;
        };
        room.leave(self.id);
        self.house.list.send_replace(state.list());
    }
}

#[allow(clippy::disallowed_methods)] // people read this time; nothing is decided by it
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The rooms that are always there.
const FIRST_ROOMS: &[&str] = &["general", "random"];

const TEXT_CHARS: u32 = 1000;
const NAME_CHARS: u32 = 24;
const ROOM_CHARS: u32 = 24;
const KEY_CHARS: usize = 64;
const MAX_ROOMS: usize = 40;
const MAX_VISITORS: usize = 500;

#[cfg(test)]
mod tests;
