//! Values that travel exactly, of all of their type's range.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::time::{Duration, SystemTime};

use glue::Exact;

use crate::{Fidelity, Random};

/// As [`Fidelity`], for what is inside of [`Exact`] and in fields with `#[glue(exact)]`.
pub trait Exactly: Sized {
    /// Returns a random value.
    fn random(random: &mut Random) -> Self;

    /// Whether two values are the same.
    fn same_exactly(&self, other: &Self) -> bool;
}

impl<T: Exactly> Fidelity for Exact<T> {
    fn random(random: &mut Random) -> Self {
        T::random(random).into()
    }

    fn same(&self, other: &Self) -> bool {
        (**self).same_exactly(other)
    }
}

macro_rules! by_equality {
    ($($type:ty, $random:ident => $value:expr;)*) => {$(
        impl Exactly for $type {
            fn random($random: &mut Random) -> Self {
                $value
            }

            fn same_exactly(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

by_equality! {
    u64, random => wide(random) as Self;
    i64, random => wide(random) as Self;
    u128, random => wide(random);
    i128, random => wide(random) as Self;
    usize, random => wide(random) as Self;
    isize, random => wide(random) as Self;
    Vec<u8>, random => bytes(random);
    [u8; 3], random => std::array::from_fn(|_| random.next() as u8);
    SystemTime, random => instant(random);
}

/// Bits of any length: the smallest and the largest of each type are among them.
fn wide(random: &mut Random) -> u128 {
    let bits = u128::from(random.next()) << 64 | u128::from(random.next());
    match random.below(6) {
        0 => 0,
        1 => u128::MAX,
        2 => 1 << random.below(128),
        3 => (1 << random.below(128)) - 1,
        _ => bits >> random.below(128),
    }
}

fn bytes(random: &mut Random) -> Vec<u8> {
    let longest = if random.chance(5) { 2000 } else { 6 };
    (0..random.below(longest)).map(|_| random.next() as u8).collect()
}

/// An instant of the years 0000 to 9999, in the milliseconds that a `Date` has.
fn instant(random: &mut Random) -> SystemTime {
    let odd = [
        0,
        -1,
        1,
        YEAR_0,
        YEAR_10000 - 1,
        951_782_400_000,
        1_709_164_799_999,
    ];
    let range = YEAR_10000.abs_diff(YEAR_0);
    let any = YEAR_0.saturating_add_unsigned(random.next() % range);
    let millis: i64 = if random.chance(30) {
        *random.choose(&odd)
    } else {
        any
    };
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 {
        SystemTime::UNIX_EPOCH - distance
    } else {
        SystemTime::UNIX_EPOCH + distance
    }
}

impl<T: Exactly> Exactly for Option<T> {
    fn random(random: &mut Random) -> Self {
        random.chance(60).then(|| T::random(random))
    }

    fn same_exactly(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.same_exactly(other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Exactly> Exactly for Vec<T> {
    fn random(random: &mut Random) -> Self {
        (0..random.below(4)).map(|_| T::random(random)).collect()
    }

    fn same_exactly(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| one.same_exactly(other))
    }
}

macro_rules! as_plain {
    ($([$($params:tt)*] $type:ty;)*) => {$(
        impl<$($params)*> Exactly for $type {
            fn random(random: &mut Random) -> Self {
                Fidelity::random(random)
            }

            fn same_exactly(&self, other: &Self) -> bool {
                self.same(other)
            }
        }
    )*};
}

as_plain! {
    [K: Fidelity + Eq + Hash, V: Fidelity] HashMap<K, V>;
    [K: Fidelity + Ord, V: Fidelity] BTreeMap<K, V>;
    [T: Fidelity + Eq + Hash] HashSet<T>;
    [T: Fidelity + Ord] BTreeSet<T>;
}

/// 0000-01-01T00:00:00Z and 10000-01-01T00:00:00Z, in milliseconds since 1970.
const YEAR_0: i64 = -62_167_219_200_000;
const YEAR_10000: i64 = 253_402_300_800_000;
