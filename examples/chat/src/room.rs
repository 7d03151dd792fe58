//! One room: what was said in it, and who is there.

use std::collections::{HashMap, VecDeque};

use tokio::sync::broadcast;

use crate::chat::{ChatError, Message, Room, Update};

/// A room; its name is known to the house.
#[derive(Debug)]
pub(crate) struct RoomState {
    last: u32,
    history: VecDeque<Message>,
    /// Who sits in a seat, by its number.
    seats: HashMap<u64, String>,
    updates: broadcast::Sender<Update>,
}

impl Default for RoomState {
    fn default() -> Self {
        let updates = broadcast::Sender::new(UPDATES);
        Self {
            last: 0,
            history: VecDeque::new(),
            seats: HashMap::new(),
            updates,
        }
    }
}

impl RoomState {
    /// Gives somebody a seat of this number.
    pub(crate) fn join(&mut self, seat: u64, name: String) -> Result<(), ChatError> {
        if self.seats.len() >= MAX_SEATS {
            return Err(ChatError::Full);
        }
        if !self.has(&name) {
            self.tell(Update::Joined { name: name.clone() });
        }
        self.seats.insert(seat, name);
        Ok(())
    }

    /// Takes a seat back.
    pub(crate) fn leave(&mut self, seat: u64) {
        let Some(name) = self.seats.remove(&seat) else {
            return;
        };
        if !self.has(&name) {
            self.tell(Update::Left { name });
        }
    }

    /// Keeps a message, tells it, and returns its number.
    pub(crate) fn add_message(&mut self, name: String, text: String, at: u64) -> u32 {
        self.last += 1;
        let message = Message {
            id: self.last,
            name,
            text,
            at,
        };
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(message.clone());
        self.tell(Update::Said { message });
        self.last
    }

    /// Returns how things stand, and what happens from then on.
    pub(crate) fn subscribe(&self, name: &str) -> (Update, broadcast::Receiver<Update>) {
        let messages = self.history.iter().cloned().collect();
        let snapshot = Update::Snapshot {
            room: name.to_owned(),
            messages,
            people: self.people(),
        };
        (snapshot, self.updates.subscribe())
    }

    /// Returns the line of the list of rooms.
    pub(crate) fn summary(&self, name: &str) -> Room {
        let people = u32::try_from(self.people().len()).unwrap_or(u32::MAX);
        Room {
            name: name.to_owned(),
            people,
            last: self.last,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Who is here: one who has several tabs is one.
    fn people(&self) -> Vec<String> {
        let mut people: Vec<_> = self.seats.values().cloned().collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    fn has(&self, name: &str) -> bool {
        self.seats.values().any(|other| other == name)
    }

    fn tell(&self, update: Update) {
        // An error means that nobody listens.
        let _ = self.updates.send(update);
    }
}

/// With the limit of a text it bounds a room's memory to less than a megabyte, and its snapshot to one message.
pub(crate) const HISTORY: usize = 200;

/// More than the house lets in, as one may have several tabs.
const MAX_SEATS: usize = 1000;

/// Updates that wait for a slow reader before it gets a snapshot instead.
const UPDATES: usize = 64;
