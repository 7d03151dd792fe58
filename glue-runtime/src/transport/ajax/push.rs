//! Messages on their way in, each in a request of its own.

use std::sync::Arc;

use super::link::{AjaxLink, Refused};
use crate::proto::text::Text;
use crate::transport::TransportError;

/// A message, or its place while it arrives.
#[derive(Debug)]
pub(super) struct Push {
    pub(super) id: u64,
    pub(super) weight: usize,
    pub(super) text: Option<Text>,
}

/// The place of one push among the others; its message follows. Dropped without one, the push has broken off, and with it
/// the session: nothing is delivered behind a gap.
#[derive(Debug)]
pub(crate) struct PushSlot {
    link: Arc<AjaxLink>,
    id: u64,
    done: bool,
}

impl PushSlot {
    pub(super) fn new(link: Arc<AjaxLink>, id: u64) -> Self {
        Self {
            link,
            id,
            done: false,
        }
    }

    /// Counts bytes of the message before they are kept.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        let mut state = self.link.lock();
        state.moved = true;
        let is_first = state.pushes.front().is_none_or(|push| push.id == self.id);
        if !is_first && state.push_bytes.saturating_add(bytes) > self.link.push_bytes() {
            self.link.overflow(&mut state);
        }
        // It has no place any more when the link has broken meanwhile.
        state.place_of(self.id).ok_or(Refused)?.weight += bytes;
        state.push_bytes += bytes;
        Ok(())
    }

    /// Hands the message over.
    pub(crate) fn finish(mut self, text: Text) -> Result<(), Refused> {
        self.done = true;
        let mut state = self.link.lock();
        state.place_of(self.id).ok_or(Refused)?.text = Some(text);
        drop(state);
        self.link.wake_driver();
        Ok(())
    }

    /// Takes the push back, as if it had not come.
    pub(crate) fn withdraw(mut self) {
        self.done = true;
        let mut state = self.link.lock();
        if let Some(index) = state.pushes.iter().position(|push| push.id == self.id)
            && let Some(push) = state.pushes.remove(index)
        {
            state.push_bytes -= push.weight;
        }
        drop(state);
        // Those behind it may go on.
        self.link.wake_driver();
    }

    /// Breaks the link here.
    pub(crate) fn fail(mut self, error: TransportError) {
        self.break_off(error);
    }

    fn break_off(&mut self, error: TransportError) {
        self.done = true;
        self.link.lock().break_off(self.id, error);
        self.link.wake_driver();
    }
}

impl Drop for PushSlot {
    fn drop(&mut self) {
        if !self.done {
            self.break_off(TransportError::Lost);
        }
        self.link.lock().arriving -= 1;
    }
}
