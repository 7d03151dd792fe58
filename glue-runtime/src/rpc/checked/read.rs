//! Reads JSON of a peer whose numbers may have been rounded before they were written.
//!
//! An integer beyond 2^53-1 that JavaScript has written is not the one that was meant. It is refused wherever the type asks for
//! an integer; a float may be as large as it likes. Keys of maps are texts and pass, and so does what serde buffers without
//! knowing its type yet: the inside of untagged, internally tagged and flattened types.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::MAX_SAFE;

/// A value read so.
pub(crate) struct CheckedValue<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for CheckedValue<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Checked(deserializer)).map(Self)
    }
}

/// A deserializer, or the access to a compound value, that watches the integers.
struct Checked<D>(D);

/// The seed of a value inside a compound one.
struct Seed<T>(T);

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Checked(deserializer))
    }
}

macro_rules! deserialize {
    ($watch:expr; $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($watch(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Checked<D> {
    type Error = D::Error;

    deserialize! { Watch::integer; deserialize_u64 deserialize_i64 deserialize_u128 deserialize_i128 }

    deserialize! {
        Watch::other;
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Watch::other(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Watch::other(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, Watch::other(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_tuple_struct(name, length, Watch::other(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Watch::other(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Watch::other(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// A visitor that hands on what it sees.
struct Watch<V> {
    visitor: V,
    /// Whether the type asks for an integer that JavaScript may have rounded.
    is_integer: bool,
}

impl<V> Watch<V> {
    fn integer(visitor: V) -> Self {
        Self {
            visitor,
            is_integer: true,
        }
    }

    fn other(visitor: V) -> Self {
        Self {
            visitor,
            is_integer: false,
        }
    }

    fn check<E: Error>(&self, is_safe: bool, value: impl fmt::Display) -> Result<(), E> {
        if is_safe || !self.is_integer {
            return Ok(());
        }
        Err(E::custom(format_args!(
            "{value} is beyond the integers that a JavaScript number holds exactly"
        )))
    }
}

macro_rules! visit {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    visit! {
        visit_bool: bool,
        visit_i8: i8,
        visit_i16: i16,
        visit_i32: i32,
        visit_u8: u8,
        visit_u16: u16,
        visit_u32: u32,
        visit_f32: f32,
        visit_f64: f64,
        visit_char: char,
        visit_str: &str,
        visit_borrowed_str: &'de str,
        visit_string: String,
        visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8],
        visit_byte_buf: Vec<u8>,
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.check(value <= MAX_SAFE, value)?;
        self.visitor.visit_u64(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.check(value.unsigned_abs() <= MAX_SAFE, value)?;
        self.visitor.visit_i64(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<V::Value, E> {
        self.check(value <= u128::from(MAX_SAFE), value)?;
        self.visitor.visit_u128(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<V::Value, E> {
        self.check(value.unsigned_abs() <= u128::from(MAX_SAFE), value)?;
        self.visitor.visit_i128(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Checked(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Checked(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Checked(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Checked(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Checked(variant))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Seed(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Seed(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Checked<A> {
    type Error = A::Error;
    type Variant = Checked<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let (name, content) = self.0.variant_seed(seed)?;
        Ok((name, Checked(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Checked<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Seed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Watch::other(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Watch::other(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Page {
        items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Item {
        Named { id: u64 },
        Pair(u8, f64),
        Wrapped(Id),
        Maybe(Option<i64>),
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Id(u64);

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        serde_json::from_str(json)
            .map(|CheckedValue(value)| value)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_largest_safe_integers_pass_and_the_next_ones_do_not() {
        assert_eq!(
            read::<Vec<i64>>("[9007199254740991,-9007199254740991]")
                .unwrap()
                .len(),
            2
        );
        for json in ["9007199254740992", "-9007199254740992", "18446744073709551615"] {
            let error = read::<i128>(json).unwrap_err();
            assert!(
                error.starts_with(&format!("{json} is beyond the integers")),
                "{error}"
            );
        }
        assert!(read::<u64>("9007199254740992").is_err());
        assert!(read::<u128>("9007199254740992").is_err());
    }

    #[test]
    fn floats_may_be_large_and_keys_are_texts() {
        assert_eq!(read::<f64>("100000000000000000000"), Ok(1e20));
        let map = BTreeMap::from([(u64::MAX, 1)]);
        assert_eq!(
            read::<BTreeMap<u64, u8>>(r#"{"18446744073709551615":1}"#),
            Ok(map)
        );
    }

    #[test]
    fn integers_are_watched_at_every_depth() {
        let good =
            r#"{"items":[{"Named":{"id":1}},{"Pair":[1,1e300]},{"Wrapped":2},{"Maybe":null},{"Maybe":3}]}"#;
        let items = vec![
            Item::Named { id: 1 },
            Item::Pair(1, 1e300),
            Item::Wrapped(Id(2)),
            Item::Maybe(None),
            Item::Maybe(Some(3)),
        ];
        assert_eq!(read::<Page>(good), Ok(Page { items }));

        for bad in [
            r#"{"Named":{"id":9007199254740993}}"#,
            r#"{"Wrapped":9007199254740993}"#,
            r#"{"Maybe":9007199254740993}"#,
        ] {
            let error = read::<Page>(&format!(r#"{{"items":[{bad}]}}"#)).unwrap_err();
            assert!(error.contains("beyond the integers"), "{error}");
        }
    }

    proptest! {
        // The values are large; more of them only take longer.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn everything_else_is_read_as_serde_json_reads_it(
            value in any::<(Vec<(u32, String, Option<bool>)>, BTreeMap<String, (i8, char)>, Result<u8, ()>)>()
        ) {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(read(&json), Ok(value));
        }
    }
}
