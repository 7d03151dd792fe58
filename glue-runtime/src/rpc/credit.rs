//! Flow control of a stream's receiver, pure.

use crate::proto::limits::MAX_CREDIT;

/// How many items the other side may send, and when to let it send more.
///
/// Credit is given back in halves of the window: less often than per item, early enough that the sender never stops
/// for a reader that keeps up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiveWindow {
    window: u32,
    /// Items that may still come.
    granted: u32,
    /// Items taken by the reader since the last grant.
    consumed: u32,
}

impl ReceiveWindow {
    /// Starts with a window of so many items, all of them granted with the request.
    pub(crate) fn new(window: u32) -> Self {
        let window = window.clamp(1, MAX_CREDIT);
        Self {
            window,
            granted: window,
            consumed: 0,
        }
    }

    /// Returns the credit that the request carries.
    pub(crate) const fn first_credit(&self) -> u32 {
        self.window
    }

    /// Takes note of an item of the sender.
    pub(crate) fn receive(&mut self) -> Result<(), CreditExceeded> {
        self.granted = self.granted.checked_sub(1).ok_or(CreditExceeded)?;
        Ok(())
    }

    /// Takes note of an item that the reader took, and returns the credit to send, if it is time.
    pub(crate) fn consume(&mut self) -> Option<u32> {
        self.consumed += 1;
        if self.consumed < self.window.div_ceil(2) {
            return None;
        }
        self.granted += self.consumed;
        Some(std::mem::take(&mut self.consumed))
    }
}

/// The sender sent more than it was allowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CreditExceeded;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_comes_back_by_halves_of_the_window() {
        let mut window = ReceiveWindow::new(4);
        assert_eq!(window.first_credit(), 4);
        for _ in 0..4 {
            window.receive().unwrap();
        }

        let grants: Vec<_> = (0..4).map(|_| window.consume()).collect();

        assert_eq!(grants, [None, Some(2), None, Some(2)]);
    }

    #[test]
    fn an_item_without_credit_is_an_error() {
        let mut window = ReceiveWindow::new(1);

        assert_eq!(window.receive(), Ok(()));
        assert_eq!(window.receive(), Err(CreditExceeded));
    }

    #[test]
    fn a_window_of_one_item_keeps_the_stream_going() {
        let mut window = ReceiveWindow::new(1);
        for _ in 0..3 {
            window.receive().unwrap();
            assert_eq!(window.consume(), Some(1));
        }
    }
}
