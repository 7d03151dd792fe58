//! Graceful end of a server.

use tokio::sync::watch;

/// Tells every task of a server to end, and knows when they have.
///
/// Sockets end first, while HTTP goes on: those of the Ajax transport need it to take what is left for them.
#[derive(Debug)]
pub(super) struct Shutdown {
    /// Whether no new sockets are let in.
    is_stopping: watch::Sender<bool>,
    sockets: watch::Sender<usize>,
    connections: watch::Sender<usize>,
}

impl Shutdown {
    pub(super) fn new() -> Self {
        Self {
            is_stopping: watch::Sender::new(false),
            sockets: watch::Sender::new(0),
            connections: watch::Sender::new(0),
        }
    }

    /// Returns a guard for a socket, which keeps [`Shutdown::sockets_ended`] waiting as long as it lives.
    pub(super) fn socket(&self) -> LiveGuard {
        LiveGuard::new(&self.sockets)
    }

    /// Returns a guard for a connection, which keeps [`Shutdown::connections_ended`] waiting as long as it lives.
    pub(super) fn connection(&self) -> LiveGuard {
        LiveGuard::new(&self.connections)
    }

    /// Lets no new sockets in.
    pub(super) fn stop(&self) {
        self.is_stopping.send_replace(true);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.is_stopping.borrow()
    }

    /// Returns whether [`Shutdown::stopped`] would be ready.
    #[cfg(feature = "testing")]
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopping() && *self.sockets.borrow() == 0
    }

    /// Waits for [`Shutdown::stop`]. Cancel safe.
    pub(super) async fn stopping(&self) {
        // The sender lives as long as `self`, so this ends only with the value.
        let _ = self
            .is_stopping
            .subscribe()
            .wait_for(|&is_stopping| is_stopping)
            .await;
    }

    /// Waits until no socket is left of a server that lets none in any more: then connections and accept loops end. Cancel
    /// safe.
    pub(super) async fn stopped(&self) {
        self.stopping().await;
        self.sockets_ended().await;
    }

    /// Waits until no socket is left. Cancel safe.
    pub(super) async fn sockets_ended(&self) {
        let _ = self.sockets.subscribe().wait_for(|&live| live == 0).await;
    }

    /// Waits until no connection is left. Cancel safe.
    pub(super) async fn connections_ended(&self) {
        let _ = self.connections.subscribe().wait_for(|&live| live == 0).await;
    }
}

/// One task of a server that is still running.
#[derive(Debug)]
pub(super) struct LiveGuard {
    live: watch::Sender<usize>,
}

impl LiveGuard {
    fn new(live: &watch::Sender<usize>) -> Self {
        // Nobody waits for more.
        live.send_if_modified(|live| {
            *live += 1;
            false
        });
        Self { live: live.clone() }
    }
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        // Telling all who wait costs more than counting: they wait for none.
        self.live.send_if_modified(|live| {
            *live -= 1;
            *live == 0
        });
    }
}
