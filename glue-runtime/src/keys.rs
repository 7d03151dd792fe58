//! Maps with numbers or `bool` as keys, read wherever they stand.
//!
//! JSON has the numbers as texts. serde_json knows that and reads them back, but serde reads some types through a buffer first
//! (enums with `tag` or `untagged`, all that is flattened), which doesn't. `#[glue::model]` names [`deserialize`] for fields of such
//! maps, so that what can be sent can be read.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// A map that can be read key by key.
pub trait Map: Default {
    /// Its keys.
    type Key;
    /// Its values.
    type Value;

    /// Adds an entry; the last one of a key stays, as in every map of serde's.
    fn add(&mut self, key: Self::Key, value: Self::Value);
}

impl<K: Eq + Hash, V, H: BuildHasher + Default> Map for HashMap<K, V, H> {
    type Key = K;
    type Value = V;

    fn add(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

impl<K: Ord, V> Map for BTreeMap<K, V> {
    type Key = K;
    type Value = V;

    fn add(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

#[cfg(feature = "indexmap")]
impl<K: Eq + Hash, V, H: BuildHasher + Default> Map for indexmap::IndexMap<K, V, H> {
    type Key = K;
    type Value = V;

    fn add(&mut self, key: K, value: V) {
        self.insert(key, value);
    }
}

/// Reads a map whose keys are numbers, or texts of such.
///
/// # Errors
/// Fails as the type itself does: with a key that is no number of the type, or a value of another type.
pub fn deserialize<'de, M, D>(deserializer: D) -> Result<M, D::Error>
where
    M: Map,
    M::Key: Deserialize<'de> + FromStr,
    M::Value: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Entries(PhantomData))
}

struct Entries<M>(PhantomData<M>);

impl<'de, M> Visitor<'de> for Entries<M>
where
    M: Map,
    M::Key: Deserialize<'de> + FromStr,
    M::Value: Deserialize<'de>,
{
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<M, A::Error> {
        let mut map = M::default();
        while let Some((Key(key), value)) = entries.next_entry()? {
            map.add(key, value);
        }
        Ok(map)
    }
}

struct Key<K>(K);

impl<'de, K: Deserialize<'de> + FromStr> Deserialize<'de> for Key<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A format that isn't for humans knows the type of a key, and doesn't say it.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(KeyVisitor(PhantomData)).map(Self)
        } else {
            K::deserialize(deserializer).map(Self)
        }
    }
}

struct KeyVisitor<K>(PhantomData<K>);

impl<'de, K: Deserialize<'de> + FromStr> Visitor<'de> for KeyVisitor<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key that is a {}", std::any::type_name::<K>())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<K, E> {
        text.parse()
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<K, E> {
        K::deserialize(serde::de::value::U64Deserializer::new(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<K, E> {
        K::deserialize(serde::de::value::I64Deserializer::new(number))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, MapDeserializer};

    use super::*;

    #[test]
    fn keys_are_texts_or_numbers() {
        let texts: BTreeMap<u8, bool> =
            deserialize(&mut serde_json::Deserializer::from_str(r#"{"7":true}"#)).unwrap();
        let numbers = MapDeserializer::<_, Error>::new([(7_u64.into_deserializer(), true)].into_iter());
        let numbers: HashMap<u8, bool> = deserialize(numbers).unwrap();

        assert_eq!(texts, BTreeMap::from([(7, true)]));
        assert_eq!(numbers, HashMap::from([(7, true)]));
    }

    #[test]
    fn a_key_that_is_no_such_number_is_refused() {
        let read = |text| deserialize::<BTreeMap<u8, bool>, _>(&mut serde_json::Deserializer::from_str(text));

        for wrong in [r#"{"256":true}"#, r#"{"-1":true}"#, r#"{"":true}"#] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("expected a key that is a u8"), "{error}");
        }
    }
}
