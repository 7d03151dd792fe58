//! Numbers from a seed.

use std::ops::RangeInclusive;

/// SplitMix64: small, and the same numbers for the same seed everywhere. Nothing for secrets.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number of the range; of an empty one its start.
    pub(super) fn within(&mut self, range: &RangeInclusive<u64>) -> u64 {
        let (start, end) = (*range.start(), *range.end());
        match end.saturating_sub(start).checked_add(1) {
            // The bias of a remainder is far below what a test could see.
            Some(count) => start + self.next() % count,
            None => self.next(),
        }
    }

    pub(super) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// Returns a number, from zero to the greatest.
    pub(super) fn number(&mut self) -> u32 {
        // The upper half of the bits is as good as any.
        u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_their_range_and_repeat_with_their_seed() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            [(); 64].map(|()| random.within(&(3..=6)))
        };

        assert!(draw(1).iter().all(|number| (3..=6).contains(number)));
        assert!((3..=6).all(|number| draw(1).contains(&number)));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(Random::new(1).within(&(5..=5)), 5);
        Random::new(1).within(&(0..=u64::MAX));
    }
}
