//! The sockets of one server: one way in, one way out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::socket::Socket;

/// Open sockets by id; only those whose init exchange is done.
#[derive(Debug, Default)]
pub(super) struct Registry {
    sockets: Mutex<HashMap<String, Socket>>,
}

impl Registry {
    pub(super) fn insert(&self, socket: Socket) {
        self.lock().insert(socket.id().to_owned(), socket);
    }

    pub(super) fn remove(&self, id: &str) {
        // Dropped outside the lock: it may be the last handle of the application's channels.
        let socket = self.lock().remove(id);
        drop(socket);
    }

    pub(super) fn get(&self, id: &str) -> Option<Socket> {
        self.lock().get(id).cloned()
    }

    pub(super) fn list(&self) -> Vec<Socket> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Socket>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
