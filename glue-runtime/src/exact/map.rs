//! Maps as arrays of pairs, sets as arrays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{Deserialize, Error, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

use super::{Read, Write};

impl<K: Serialize, V: Serialize, H> Write for HashMap<K, V, H> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, K, V, H> Read<'de> for HashMap<K, V, H>
where
    K: Deserialize<'de> + Eq + Hash,
    V: Deserialize<'de>,
    H: BuildHasher + Default,
{
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_map(deserializer, |map: &mut Self, key, value| {
            map.insert(key, value).is_none()
        })
    }
}

impl<K: Serialize, V: Serialize> Write for BTreeMap<K, V> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Read<'de> for BTreeMap<K, V> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_map(deserializer, |map: &mut Self, key, value| {
            map.insert(key, value).is_none()
        })
    }
}

impl<T: Serialize, H> Write for HashSet<T, H> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Eq + Hash, H: BuildHasher + Default> Read<'de> for HashSet<T, H> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_set(deserializer, Self::insert)
    }
}

impl<T: Serialize> Write for BTreeSet<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Ord> Read<'de> for BTreeSet<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_set(deserializer, Self::insert)
    }
}

#[cfg(feature = "indexmap")]
mod of_indexmap {
    use indexmap::{IndexMap, IndexSet};

    use super::*;

    impl<K: Serialize, V: Serialize, H> Write for IndexMap<K, V, H> {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    impl<'de, K, V, H> Read<'de> for IndexMap<K, V, H>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        H: BuildHasher + Default,
    {
        fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_map(deserializer, |map: &mut Self, key, value| {
                map.insert(key, value).is_none()
            })
        }
    }

    impl<T: Serialize, H> Write for IndexSet<T, H> {
        fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self)
        }
    }

    impl<'de, T: Deserialize<'de> + Eq + Hash, H: BuildHasher + Default> Read<'de> for IndexSet<T, H> {
        fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_set(deserializer, Self::insert)
        }
    }
}

/// Reads an array of pairs. `insert` returns whether the key is new.
fn read_map<'de, D, M, K, V>(
    deserializer: D,
    mut insert: impl FnMut(&mut M, K, V) -> bool,
) -> Result<M, D::Error>
where
    D: Deserializer<'de>,
    M: Default,
    K: Deserialize<'de>,
    V: Deserialize<'de>,
{
    deserializer.deserialize_seq(Elements {
        expected: "a map as an array of [key, value]",
        twice: "its key is there already",
        insert: |map: &mut M, (key, value)| insert(map, key, value),
        types: PhantomData,
    })
}

/// Reads an array of values. `insert` returns whether the value is new.
fn read_set<'de, D, C, T>(deserializer: D, insert: impl FnMut(&mut C, T) -> bool) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    C: Default,
    T: Deserialize<'de>,
{
    deserializer.deserialize_seq(Elements {
        expected: "a set as an array",
        twice: "it is there already",
        insert,
        types: PhantomData,
    })
}

/// Reads elements of type `T` into a `C`.
struct Elements<F, C, T> {
    expected: &'static str,
    twice: &'static str,
    insert: F,
    types: PhantomData<fn(T) -> C>,
}

impl<'de, F, C, T> Visitor<'de> for Elements<F, C, T>
where
    F: FnMut(&mut C, T) -> bool,
    C: Default,
    T: Deserialize<'de>,
{
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<C, A::Error> {
        let mut collection = C::default();
        let mut index = 0_usize;
        while let Some(element) = elements.next_element()? {
            if !(self.insert)(&mut collection, element) {
                let twice = self.twice;
                return Err(A::Error::custom(format_args!("element {index}: {twice}")));
            }
            index += 1;
        }
        Ok(collection)
    }
}
