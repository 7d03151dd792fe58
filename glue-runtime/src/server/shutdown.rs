//! Graceful end of a server.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells every task of a server to end, and knows when they have.
#[derive(Debug)]
pub(super) struct Shutdown {
    stopping: watch::Sender<bool>,
    live: watch::Sender<usize>,
}

impl Shutdown {
    pub(super) fn new() -> Self {
        Self {
            stopping: watch::Sender::new(false),
            live: watch::Sender::new(0),
        }
    }

    /// Returns a guard that keeps [`Shutdown::finished`] waiting as long as it lives.
    pub(super) fn guard(self: &Arc<Self>) -> LiveGuard {
        self.live.send_modify(|live| *live += 1);
        LiveGuard {
            shutdown: self.clone(),
        }
    }

    /// Tells everyone to end.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits for [`Shutdown::stop`]. Cancel safe.
    pub(super) async fn stopping(&self) {
        // The sender lives as long as `self`, so this ends only with the value.
        let _ = self.stopping.subscribe().wait_for(|&stopping| stopping).await;
    }

    /// Waits until no guard is left. Cancel safe.
    pub(super) async fn finished(&self) {
        let _ = self.live.subscribe().wait_for(|&live| live == 0).await;
    }
}

/// One task of a server that is still running.
#[derive(Debug)]
pub(super) struct LiveGuard {
    shutdown: Arc<Shutdown>,
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        self.shutdown.live.send_modify(|live| *live -= 1);
    }
}
