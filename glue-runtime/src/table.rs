//! Tables that many come into and leave, which would keep the room of the most that were ever there.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Removes an entry, and gives room back once most of it is empty; for each entry that leaves, that takes constant time on average.
pub(crate) fn remove<K, V, Q>(table: &mut HashMap<K, V>, key: &Q) -> Option<V>
where
    K: Borrow<Q> + Eq + Hash,
    Q: Eq + Hash + ?Sized,
{
    let entry = table.remove(key);
    if table.capacity() > SMALL && table.len() < table.capacity() / SPARSE {
        table.shrink_to(table.len() * 2);
    }
    entry
}

/// Entries for which a table always keeps room.
const SMALL: usize = 64;

/// A table is shrunk when less than one in so many places is taken.
const SPARSE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back_as_entries_leave_and_kept_while_they_come_and_go() {
        let mut table: HashMap<u32, u32> = (0..10_000).map(|key| (key, key)).collect();

        for key in 0..5000 {
            assert_eq!(remove(&mut table, &key), Some(key));
        }
        // Some places of entries that have left are not told as room until the table is built anew.
        assert!(table.capacity() >= 10_000, "{}", table.capacity());

        for key in 5000..9990 {
            assert_eq!(remove(&mut table, &key), Some(key));
        }
        assert!(table.capacity() <= SPARSE * SMALL, "{}", table.capacity());
        assert!((9990..10_000).all(|key| table[&key] == key));
        assert_eq!(remove(&mut table, &0), None);
    }
}
