//! What happens on the server, by the labels of those who want to know.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

/// Counts by label, and who waits for them. All clones are the same ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    counts: Arc<watch::Sender<HashMap<String, u32>>>,
}

impl Ledger {
    pub(crate) fn add(&self, label: &str) {
        self.counts.send_modify(|counts| {
            let count = counts.entry(label.to_owned()).or_default();
            *count += 1;
        });
    }

    pub(crate) fn count(&self, label: &str) -> u32 {
        self.counts.borrow().get(label).copied().unwrap_or_default()
    }

    /// Waits until a label has been counted so often.
    pub(crate) async fn reached(&self, label: &str, count: u32) {
        let mut counts = self.counts.subscribe();
        let reached = |counts: &HashMap<String, u32>| counts.get(label).is_some_and(|&n| n >= count);
        // An error would mean that there is no ledger any more.
        let _ = counts.wait_for(reached).await;
    }

    /// Counts a label when what owns the guard is gone.
    pub(crate) fn guard(&self, label: impl Into<String>) -> Guard {
        Guard {
            label: label.into(),
            ledger: self.clone(),
        }
    }
}

/// Tells that the future or stream which owns it is gone.
pub(crate) struct Guard {
    label: String,
    ledger: Ledger,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.ledger.add(&self.label);
    }
}
