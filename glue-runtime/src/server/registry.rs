//! The sockets of one server: one way in, one way out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::socket::Socket;
use crate::mailbox::{Mailbox, Request};
use crate::proto::limits::Leave;
use crate::session::CloseReason;
use crate::table;

/// Every socket by its id, from its first byte to its end.
#[derive(Debug, Default)]
pub(super) struct Registry {
    sockets: Mutex<HashMap<Arc<str>, Entry>>,
}

#[derive(Debug)]
enum Entry {
    /// The init exchange is not done; the application doesn't see it.
    Opening(Arc<Mailbox>),
    Open(Socket),
}

impl Registry {
    /// Adds a socket whose link has just come up.
    pub(super) fn enter(&self, id: Arc<str>, mailbox: Arc<Mailbox>) {
        self.lock().insert(id, Entry::Opening(mailbox));
    }

    /// Shows a socket to the application.
    pub(super) fn open(&self, id: Arc<str>, socket: Socket) {
        self.lock().insert(id, Entry::Open(socket));
    }

    /// Removes a socket that has ended.
    pub(super) fn leave(&self, id: &str) {
        // Dropped outside the lock.
        let entry = table::remove(&mut self.lock(), id);
        drop(entry);
    }

    /// Returns the open socket of this id.
    pub(super) fn get(&self, id: &str) -> Option<Socket> {
        match self.lock().get(id) {
            Some(Entry::Open(socket)) => Some(socket.clone()),
            Some(Entry::Opening(_)) | None => None,
        }
    }

    /// Returns all open sockets.
    pub(super) fn list(&self) -> Vec<Socket> {
        let sockets = self.lock();
        let open = sockets.values().filter_map(|entry| match entry {
            Entry::Open(socket) => Some(socket.clone()),
            Entry::Opening(_) => None,
        });
        open.collect()
    }

    /// Asks every socket to end, open or not.
    pub(super) fn shut_down(&self) {
        for entry in self.lock().values() {
            match entry {
                Entry::Open(socket) => socket.shut_down(),
                Entry::Opening(mailbox) => mailbox.request_close(CloseReason::Shutdown),
            }
        }
    }

    /// Asks every socket to let its client go, open or not; returns how many there are.
    pub(super) fn drain(&self, mut leave: impl FnMut() -> Leave) -> usize {
        let sockets = self.lock();
        for entry in sockets.values() {
            let mailbox = match entry {
                Entry::Open(socket) => socket.mailbox(),
                Entry::Opening(mailbox) => mailbox,
            };
            // One that is about to end needs no telling.
            let _ = mailbox.request(Request::Drain(leave()));
        }
        sockets.len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
