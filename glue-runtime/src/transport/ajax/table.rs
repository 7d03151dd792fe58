//! The Ajax clients of a server by their uid.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::link::AjaxLink;
use crate::table;

/// Finds the link that a request belongs to. Bounded by the sockets that the server admits.
#[derive(Default)]
pub(crate) struct AjaxTable {
    links: Mutex<HashMap<String, Arc<AjaxLink>>>,
}

impl AjaxTable {
    /// Adds a link under a secret of its own, for as long as the entry lives.
    pub(crate) fn enter(self: &Arc<Self>, uid: String, link: Arc<AjaxLink>) -> Entry {
        self.lock().insert(uid.clone(), link);
        Entry {
            table: self.clone(),
            uid,
        }
    }

    /// Returns the link of this uid.
    pub(crate) fn get(&self, uid: &str) -> Option<Arc<AjaxLink>> {
        self.lock().get(uid).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<AjaxLink>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for AjaxTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The uids are secrets.
        f.write_str("AjaxTable")
    }
}

/// A place in the table.
pub(crate) struct Entry {
    table: Arc<AjaxTable>,
    uid: String,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let link = table::remove(&mut self.table.lock(), &self.uid);
        // Outside the lock.
        drop(link);
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The uid is a secret.
        f.write_str("Entry")
    }
}
