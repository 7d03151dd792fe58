//! Random numbers that are the same on every machine: SplitMix64. It serves the generator of types in `xtask`, too.

/// A source of random choices; equal seeds choose equally.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
    /// How many more parts a value may have; collections are empty and options none once it is used up.
    budget: u32,
}

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            budget: BUDGET,
        }
    }

    /// Starts from several numbers, all of which count.
    pub fn of(seeds: &[u64]) -> Self {
        let mut random = Self::new(0);
        for &seed in seeds {
            random.state ^= seed;
            random.state = random.next();
        }
        random
    }

    /// Returns 64 random bits.
    #[allow(clippy::should_implement_trait)] // never ends, so it is no iterator
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    /// Returns whether this is one of `percent` cases in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Returns one of the choices, of which there is one at least.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Takes a part of the budget, and returns whether there was one.
    pub fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }

    /// Whether values should come to an end.
    pub fn is_tired(&self) -> bool {
        self.budget == 0
    }
}

/// Values of about a page of JSON: larger ones say nothing new, and cost the time of several.
const BUDGET: u32 = 60;
