//! Graceful end of a server.

use tokio::sync::watch;

/// Tells every task of a server to end, and knows when they have.
///
/// Sockets end first, while HTTP goes on: those of the Ajax transport need it to take what is left for them.
#[derive(Debug)]
pub(super) struct Shutdown {
    phase: watch::Sender<Phase>,
    sockets: watch::Sender<usize>,
    connections: watch::Sender<usize>,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// No new sockets.
    Stopping,
    /// No sockets are left, and no requests are taken.
    Stopped,
}

impl Shutdown {
    pub(super) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Running),
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
        self.enter(Phase::Stopping);
    }

    /// Tells connections and accept loops to end.
    pub(super) fn stop_serving(&self) {
        self.enter(Phase::Stopped);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.phase.borrow() >= Phase::Stopping
    }

    /// Waits for [`Shutdown::stop_serving`]. Cancel safe.
    pub(super) async fn stopped(&self) {
        // The sender lives as long as `self`, so this ends only with the value.
        let _ = self
            .phase
            .subscribe()
            .wait_for(|&phase| phase == Phase::Stopped)
            .await;
    }

    /// Waits until no socket is left. Cancel safe.
    pub(super) async fn sockets_ended(&self) {
        let _ = self.sockets.subscribe().wait_for(|&live| live == 0).await;
    }

    /// Waits until no connection is left. Cancel safe.
    pub(super) async fn connections_ended(&self) {
        let _ = self.connections.subscribe().wait_for(|&live| live == 0).await;
    }

    fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let is_later = phase > *current;
            if is_later {
                *current = phase;
            }
            is_later
        });
    }
}

/// One task of a server that is still running.
#[derive(Debug)]
pub(super) struct LiveGuard {
    live: watch::Sender<usize>,
}

impl LiveGuard {
    fn new(live: &watch::Sender<usize>) -> Self {
        live.send_modify(|live| *live += 1);
        Self { live: live.clone() }
    }
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        self.live.send_modify(|live| *live -= 1);
    }
}
