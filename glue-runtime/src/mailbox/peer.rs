//! Who is on the other side.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Who is on the other side.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    /// Set before the application sees the socket.
    pub(crate) socket_id: OnceLock<Arc<str>>,
    /// Moves with the peer.
    remote_addr: Mutex<Option<IpAddr>>,
    pub(crate) user_agent: Option<String>,
}

impl Peer {
    #[cfg(feature = "server")]
    pub(crate) fn new(remote_addr: Option<IpAddr>, user_agent: Option<String>) -> Self {
        Self {
            socket_id: OnceLock::new(),
            remote_addr: Mutex::new(remote_addr),
            user_agent,
        }
    }

    pub(crate) fn remote_addr(&self) -> Option<IpAddr> {
        *self.lock_remote_addr()
    }

    /// Takes note that the peer is where another one was seen.
    pub(super) fn follow(&self, other: &Self) {
        *self.lock_remote_addr() = other.remote_addr();
    }

    fn lock_remote_addr(&self) -> MutexGuard<'_, Option<IpAddr>> {
        // Nothing that can panic runs under the lock.
        self.remote_addr.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
