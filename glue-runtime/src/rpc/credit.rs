//! Flow control of a stream's receiver, pure.

use crate::proto::limits::{FIRST_CREDIT, WINDOW, WINDOW_BYTES};

/// How many items the other side may send, and when to let it send more.
///
/// It grants a window of items at a time, a smaller one where items are large, so a reader that stalls holds a bounded
/// amount of text. Credit is given back in halves of the window: less often than per item, early enough that the sender never
/// stops for a reader that keeps up. The window grows while the reader has to wait for items, and shrinks again while they wait for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReceiveWindow {
    /// Items that may still come.
    granted: u32,
    /// Items that came and weren't taken out.
    queued: u32,
    /// Bytes of an item: the largest at once, forgotten by halves.
    item_bytes: usize,
    /// Items that may be granted or waiting, if they are small.
    window: u32,
    /// How many that may become.
    most: u32,
    /// Whether the reader has taken all that there was since credit was given last.
    has_waited: bool,
}

impl ReceiveWindow {
    /// Begins with credit for the first items; then there is a window of [`WINDOW`], which may grow to `most`.
    pub(super) const fn new(most: u32) -> Self {
        Self {
            granted: FIRST_CREDIT,
            queued: 0,
            item_bytes: 1,
            // What is granted next is the first window.
            window: WINDOW / 2,
            most,
            has_waited: false,
        }
    }

    /// Returns how many items may still come: the credit that stands in the request of a stream.
    pub(super) const fn granted(&self) -> u32 {
        self.granted
    }

    /// Returns the credit that is granted as the reader begins.
    pub(super) const fn first_credit() -> u32 {
        FIRST_CREDIT
    }

    /// Takes note of an item of the sender.
    pub(super) fn receive(&mut self, bytes: usize) -> Result<(), CreditExceeded> {
        self.granted = self.granted.checked_sub(1).ok_or(CreditExceeded)?;
        self.queued += 1;
        self.item_bytes = bytes.max(self.item_bytes / 2).max(1);
        Ok(())
    }

    /// Takes note of an item that the reader took, and returns the credit to send, if it is time.
    pub(super) fn consume(&mut self) -> Option<u32> {
        self.queued = self.queued.saturating_sub(1);
        self.has_waited |= self.queued == 0;
        let fitting = u32::try_from(WINDOW_BYTES / self.item_bytes)
            .unwrap_or(self.most)
            .max(1);
        let open = self.granted + self.queued;
        if open > self.window.min(fitting) / 2 {
            return None;
        }
        self.window = if std::mem::take(&mut self.has_waited) {
            (self.window * 2).min(self.most)
        } else {
            (self.window / 2).max(WINDOW)
        };
        let credit = self.window.min(fitting).saturating_sub(open);
        self.granted += credit;
        (credit > 0).then_some(credit)
    }
}

/// The sender sent more than it was allowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CreditExceeded;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::limits::MAX_WINDOW;

    /// Returns the grants for so many items of a size, each taken out as it comes.
    fn grants(items: usize, bytes: usize, most: u32) -> Vec<u32> {
        let mut window = ReceiveWindow::new(most);
        let mut grants = Vec::new();
        for _ in 0..items {
            window
                .receive(bytes)
                .expect("a reader that keeps up never runs out of credit");
            grants.extend(window.consume());
        }
        grants
    }

    /// [S-7]
    #[test]
    fn a_reader_that_keeps_up_has_16_to_32_items_granted() {
        assert_eq!(ReceiveWindow::first_credit(), 8);
        assert_eq!(grants(42, 10, WINDOW), [25, 16, 16]);
    }

    /// [S-7]
    #[test]
    fn a_client_that_waits_for_items_lets_more_and_more_come() {
        let grants = grants(2000, 10, MAX_WINDOW);

        assert_eq!(grants, [25, 48, 96, 192, 384, 768, 512, 512]);
    }

    /// [S-7]
    #[test]
    fn items_that_wait_let_fewer_come() {
        let mut window = ReceiveWindow::new(MAX_WINDOW);
        let mut granted = FIRST_CREDIT;
        for _ in 0..2000 {
            window.receive(10).unwrap();
            granted = granted - 1 + window.consume().unwrap_or(0);
        }
        assert!(granted > MAX_WINDOW / 2);

        // All that may come is there before any of it is taken, as it is when the reader is slow.
        let mut queued = 0;
        for _ in 0..4000 {
            while granted > 0 {
                window.receive(10).unwrap();
                granted -= 1;
                queued += 1;
            }
            granted += window.consume().unwrap_or(0);
            queued -= 1;
        }

        assert!((WINDOW / 2..=WINDOW).contains(&(queued + granted)), "{queued}");
    }

    /// [S-7]
    #[test]
    fn large_items_are_granted_one_by_one() {
        assert_eq!(grants(10, WINDOW_BYTES * 2, MAX_WINDOW), [1, 1, 1]);
    }

    /// [S-7]
    #[test]
    fn a_reader_that_stalls_holds_no_more_than_was_granted() {
        let mut window = ReceiveWindow::new(MAX_WINDOW);
        for _ in 0..8 {
            window.receive(WINDOW_BYTES / 4).unwrap();
        }

        assert_eq!(window.receive(1), Err(CreditExceeded));
        let granted: Vec<_> = (0..8).map(|_| window.consume()).collect();
        assert_eq!(
            granted,
            [None, None, None, None, None, Some(2), None, Some(2)],
            "half a MiB in all"
        );
    }

    #[test]
    fn what_was_large_once_is_forgotten() {
        let mut window = ReceiveWindow::new(WINDOW);
        window.receive(WINDOW_BYTES).unwrap();
        window.consume();

        let mut granted = 8 - 1;
        for _ in 0..64 {
            window.receive(1).unwrap();
            granted = granted - 1 + window.consume().unwrap_or(0);
        }

        assert!((16..=32).contains(&granted), "{granted}");
    }
}
