//! Numbers from a seed.

use std::ops::Range;
use std::time::Duration;

/// A generator (SplitMix64): equal seeds give equal numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of one part of a run; the parts' numbers have nothing to do with each other.
    pub(crate) fn new(seed: u64, part: u64) -> Self {
        let mut random = Self(seed ^ part.wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let number = self.next() >> 32;
        u32::try_from((number * u64::from(bound)) >> 32).unwrap_or_default()
    }

    pub(crate) fn within(&mut self, range: Range<u32>) -> u32 {
        range.start + self.below(range.end - range.start)
    }

    pub(crate) fn millis(&mut self, range: Range<u32>) -> Duration {
        Duration::from_millis(self.within(range).into())
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of several, by their weights.
    pub(crate) fn choose<T: Clone>(&mut self, choices: &[(u32, T)]) -> T {
        let mut left = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                Some(less) => left = less,
                None => return choice.clone(),
            }
        }
        unreachable!("what was drawn is below the sum")
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A text of a length that is mostly short, seldom longer than a link takes at once.
pub(crate) fn padding(random: &mut Random) -> String {
    let lengths = [(80, 0..100), (16, 1000..5000), (4, 20_000..60_000)];
    let range = random.choose(&lengths);
    "x".repeat(random.within(range) as usize)
}
