//! Values that hold others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::Range;

use crate::{Fidelity, Random};

impl<T: Fidelity> Fidelity for Option<T> {
    fn random(random: &mut Random) -> Self {
        (random.spend() && random.chance(60)).then(|| T::random(random))
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(one), Some(other)) => one.same(other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Fidelity, E: Fidelity> Fidelity for Result<T, E> {
    fn random(random: &mut Random) -> Self {
        if random.chance(50) {
            Ok(T::random(random))
        } else {
            Err(E::random(random))
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Ok(one), Ok(other)) => one.same(other),
            (Err(one), Err(other)) => one.same(other),
            _ => false,
        }
    }
}

impl<T: Fidelity> Fidelity for Box<T> {
    fn random(random: &mut Random) -> Self {
        Self::new(T::random(random))
    }

    fn same(&self, other: &Self) -> bool {
        (**self).same(other)
    }
}

impl<T> Fidelity for PhantomData<T> {
    fn random(_: &mut Random) -> Self {
        Self
    }

    fn same(&self, _: &Self) -> bool {
        true
    }
}

impl<T: Fidelity> Fidelity for Range<T> {
    fn random(random: &mut Random) -> Self {
        T::random(random)..T::random(random)
    }

    fn same(&self, other: &Self) -> bool {
        self.start.same(&other.start) && self.end.same(&other.end)
    }
}

impl<T: Fidelity, const N: usize> Fidelity for [T; N] {
    fn random(random: &mut Random) -> Self {
        std::array::from_fn(|_| T::random(random))
    }

    fn same(&self, other: &Self) -> bool {
        all_same(self.iter(), other.iter())
    }
}

macro_rules! sequences {
    ($($type:ty;)*) => {$(
        impl<T: Fidelity> Fidelity for $type {
            fn random(random: &mut Random) -> Self {
                items(random).collect()
            }

            fn same(&self, other: &Self) -> bool {
                all_same(self.iter(), other.iter())
            }
        }
    )*};
}

sequences! { Vec<T>; Box<[T]>; }

macro_rules! sets {
    ($($type:ident: $($bound:ident)+;)*) => {$(
        impl<T: Fidelity $(+ $bound)+> Fidelity for $type<T> {
            fn random(random: &mut Random) -> Self {
                items(random).collect()
            }

            // What can be in a set has no floats.
            fn same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

sets! { HashSet: Eq Hash; BTreeSet: Ord; }

macro_rules! maps {
    ($($type:ident: $($bound:ident)+;)*) => {$(
        impl<K: Fidelity $(+ $bound)+, V: Fidelity> Fidelity for $type<K, V> {
            fn random(random: &mut Random) -> Self {
                items(random).collect()
            }

            fn same(&self, other: &Self) -> bool {
                self.len() == other.len()
                    && self.iter().all(|(key, value)| other.get(key).is_some_and(|other| value.same(other)))
            }
        }
    )*};
}

maps! { HashMap: Eq Hash; BTreeMap: Ord; }

macro_rules! tuples {
    ($($($name:ident $index:tt)+;)*) => {$(
        impl<$($name: Fidelity),+> Fidelity for ($($name,)+) {
            fn random(random: &mut Random) -> Self {
                ($($name::random(random),)+)
            }

            fn same(&self, other: &Self) -> bool {
                $(self.$index.same(&other.$index))&&+
            }
        }
    )*};
}

tuples! { A 0; A 0 B 1; A 0 B 1 C 2; A 0 B 1 C 2 D 3; }

fn items<T: Fidelity>(random: &mut Random) -> impl Iterator<Item = T> {
    let count = if random.spend() { random.below(4) } else { 0 };
    (0..count).map(|_| T::random(random))
}

fn all_same<'a, T: Fidelity + 'a>(
    one: impl ExactSizeIterator<Item = &'a T>,
    other: impl ExactSizeIterator<Item = &'a T>,
) -> bool {
    one.len() == other.len() && one.zip(other).all(|(one, other)| one.same(other))
}
