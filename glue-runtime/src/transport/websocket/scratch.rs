//! Buffers that the connections of a thread share.
//!
//! A connection has one only while it is at work, so an idle one holds no memory for what it may read or write one day,
//! and a busy one reads much at once. They are lent, not borrowed: what runs in between may need one itself.

use std::cell::RefCell;

/// Takes an empty buffer with room for [`SIZE`] bytes.
pub(super) fn take() -> Vec<u8> {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    // There are none at the thread's end, too.
    spare.ok().flatten().unwrap_or_else(|| Vec::with_capacity(SIZE))
}

/// Gives a buffer back. One of another size is dropped, so that what was needed once is not kept.
pub(super) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() != SIZE {
        return;
    }
    buffer.clear();
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() < SPARE_BUFFERS {
            spare.push(buffer);
        }
    });
}

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of a buffer. Half of it is read or written at once, behind what was there before; more doesn't fit the cache beside
/// what is done with it.
pub(super) const SIZE: usize = 64 << 10;

/// Buffers that a thread keeps: one for reading, one for writing.
const SPARE_BUFFERS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_one_that_has_grown_is_not() {
        let mut first = take();
        first.extend_from_slice(b"secret");
        let place = first.as_ptr();
        give_back(first);

        let mut again = take();
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty());

        again.resize(SIZE + 1, 0);
        give_back(again);
        assert_eq!(take().capacity(), SIZE);
    }

    #[test]
    fn who_comes_in_between_gets_another() {
        let outer = take();
        let inner = take();
        assert_ne!(outer.as_ptr(), inner.as_ptr());
    }
}
