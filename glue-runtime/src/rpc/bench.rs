//! Flow control by itself, for [`crate::__bench`].

use super::credit::ReceiveWindow;
use crate::proto::limits::MAX_WINDOW;

/// The window of a stream's receiver.
#[derive(Clone, Copy, Debug)]
pub struct Window(ReceiveWindow);

impl Default for Window {
    fn default() -> Self {
        Self(ReceiveWindow::new(MAX_WINDOW))
    }
}

impl Window {
    /// An item of this size comes and is taken; returns the credit that is granted for it, if it is time.
    ///
    /// # Panics
    /// When there was no credit for it.
    pub fn pass(&mut self, bytes: usize) -> Option<u32> {
        self.0.receive(bytes).expect("its credit was granted");
        self.0.consume()
    }
}
