//! What has happened to one client lately.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::time::now;

/// The last events of one client, on both sides and between them. Clones are one log.
#[derive(Clone)]
pub(crate) struct Log {
    begun: Instant,
    events: Arc<Mutex<VecDeque<String>>>,
    count: Arc<AtomicU64>,
}

impl Log {
    pub(crate) fn new(begun: Instant) -> Self {
        Self {
            begun,
            events: Arc::default(),
            count: Arc::default(),
        }
    }

    pub(crate) fn add(&self, event: &str) {
        let millis = now().duration_since(self.begun).as_millis();
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.fetch_add(1, Ordering::Relaxed);
        if events.len() == MOST {
            events.pop_front();
        }
        events.push_back(format!("{millis:>8} ms  {event}"));
    }

    /// Returns how many events there were.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().cloned().collect()
    }
}

/// Events that are kept of each client.
const MOST: usize = 60;
