//! Writes JSON that JavaScript reads as the same values, or fails and names the field.
//!
//! serde_json writes NaN and infinities as `null` and integers of any size, which `JSON.parse` then rounds: the TypeScript
//! type would lie. This wrapper refuses both before they reach it.

use std::fmt::Display;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::MAX_SAFE;
use super::text::{TextFormatter, TextWriter};

/// Appends `value` as JSON.
///
/// # Errors
/// Fails with the path of the first number that JavaScript can't hold, or as serde_json does.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T, out: &mut String) -> serde_json::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(TextWriter(out), TextFormatter);
    value.serialize(Checked(&mut serializer))
}

/// A serializer, or what it returned for a compound value, that lets only exact numbers pass.
struct Checked<S>(S);

/// A value inside a compound one.
struct Inner<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Inner<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Checked(serializer))
    }
}

/// Puts where an error happened in front of it: `.items[2].id: ...`.
fn at<E: serde::ser::Error>(step: impl Display, error: &E) -> E {
    let message = error.to_string();
    let joint = if message.starts_with(['.', '[']) { "" } else { ": " };
    E::custom(format_args!("{step}{joint}{message}"))
}

macro_rules! forward {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            self.0.$method(value)
        })*
    };
}

macro_rules! exact_integers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            if u64::try_from(value.unsigned_abs_or_self()).is_ok_and(|value| value <= MAX_SAFE) {
                return self.0.$method(value);
            }
            Err(S::Error::custom(format_args!("{value} is beyond the integers that a JavaScript number holds exactly")))
        })*
    };
}

macro_rules! finite_floats {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, value: $type) -> Result<S::Ok, S::Error> {
            if value.is_finite() {
                return self.0.$method(value);
            }
            Err(S::Error::custom(format_args!("JSON has no {value}")))
        })*
    };
}

/// The absolute value of an integer, signed or not.
trait Magnitude {
    type Unsigned;

    fn unsigned_abs_or_self(self) -> Self::Unsigned;
}

macro_rules! magnitude {
    ($($signed:ty, $unsigned:ty;)*) => {
        $(impl Magnitude for $signed {
            type Unsigned = $unsigned;

            fn unsigned_abs_or_self(self) -> $unsigned {
                self.unsigned_abs()
            }
        }

        impl Magnitude for $unsigned {
            type Unsigned = Self;

            fn unsigned_abs_or_self(self) -> Self {
                self
            }
        })*
    };
}

magnitude! {
    i64, u64;
    i128, u128;
}

impl<S: Serializer> Serializer for Checked<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Elements<S::SerializeSeq>;
    type SerializeTuple = Elements<S::SerializeTuple>;
    type SerializeTupleStruct = Elements<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Elements<S::SerializeTupleVariant>;
    type SerializeMap = Entries<S::SerializeMap>;
    type SerializeStruct = Fields<S::SerializeStruct>;
    type SerializeStructVariant = Fields<S::SerializeStructVariant>;

    forward! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_char: char,
        serialize_unit_struct: &'static str,
    }

    fn serialize_str(self, value: &str) -> Result<S::Ok, S::Error> {
        self.0.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<S::Ok, S::Error> {
        self.0.collect_seq(value)
    }

    exact_integers! {
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u64: u64,
        serialize_u128: u128,
    }

    finite_floats! {
        serialize_f32: f32,
        serialize_f64: f64,
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Inner(value))
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        let _ = (name, index);
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Inner(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let result = self
            .0
            .serialize_newtype_variant(name, index, variant, &Inner(value));
        result.map_err(|error| at(format_args!(".{variant}"), &error))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(length).map(Elements::new)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(length).map(Elements::new)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, length).map(Elements::new)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0
            .serialize_tuple_variant(name, index, variant, length)
            .map(Elements::new)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Entries {
            entries: self.0.serialize_map(length)?,
            index: 0,
        })
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, S::Error> {
        Ok(Fields {
            fields: self.0.serialize_struct(name, length)?,
            is_native: name.starts_with(NATIVE),
        })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0
            .serialize_struct_variant(name, index, variant, length)
            .map(Fields::new)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// A sequence or tuple, and how many elements it has so far.
struct Elements<S> {
    elements: S,
    index: usize,
}

impl<S> Elements<S> {
    fn new(elements: S) -> Self {
        Self { elements, index: 0 }
    }

    /// Writes the next element.
    fn next<E: serde::ser::Error>(&mut self, write: impl FnOnce(&mut S) -> Result<(), E>) -> Result<(), E> {
        let index = self.index;
        self.index += 1;
        write(&mut self.elements).map_err(|error| at(format_args!("[{index}]"), &error))
    }
}

macro_rules! elements {
    ($($trait:ident :: $method:ident,)*) => {
        $(impl<S: $trait> $trait for Elements<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.next(|elements| elements.$method(&Inner(value)))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.elements.end()
            }
        })*
    };
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

/// The fields of a struct.
struct Fields<S> {
    fields: S,
    /// Whether it is a value of serde_json's own, such as a `RawValue`: its field is for serde_json alone.
    is_native: bool,
}

impl<S> Fields<S> {
    fn new(fields: S) -> Self {
        Self {
            fields,
            is_native: false,
        }
    }
}

macro_rules! fields {
    ($($trait:ident,)*) => {
        $(impl<S: $trait> $trait for Fields<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
                if self.is_native {
                    return self.fields.serialize_field(key, value);
                }
                let written = self.fields.serialize_field(key, &Inner(value));
                written.map_err(|error| at(format_args!(".{key}"), &error))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                self.fields.skip_field(key)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.fields.end()
            }
        })*
    };
}

fields! {
    SerializeStruct,
    SerializeStructVariant,
}

/// A map. Keys are written as texts, so they need no check; entries are named by their number, as any type may be a key.
struct Entries<S> {
    entries: S,
    index: usize,
}

impl<S: SerializeMap> SerializeMap for Entries<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.entries.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let index = self.index;
        self.index += 1;
        self.entries
            .serialize_value(&Inner(value))
            .map_err(|error| at(format_args!("[entry {index}]"), &error))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.entries.end()
    }
}

/// What the names of serde_json's own structs begin with.
const NATIVE: &str = "$serde_json::private::";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Serialize)]
    #[serde(rename = "$ref")]
    struct Reference {
        ratio: f64,
    }

    #[derive(serde::Serialize)]
    struct Page {
        items: Vec<Item>,
    }

    #[derive(serde::Serialize)]
    enum Item {
        Named { id: u64 },
        Pair(u8, f64),
        Maybe(Option<i64>),
    }

    fn error<T: Serialize>(value: &T) -> String {
        to_json(value, &mut String::new()).unwrap_err().to_string()
    }

    /// [Q-6]
    #[test]
    fn the_largest_safe_integers_pass_and_the_next_ones_do_not() {
        let mut out = String::new();
        let safe = [MAX_SAFE as i64, -(MAX_SAFE as i64)];

        to_json(&safe, &mut out).unwrap();

        assert_eq!(out, "[9007199254740991,-9007199254740991]");
        let beyond = "is beyond the integers that a JavaScript number holds exactly";
        assert_eq!(error(&(MAX_SAFE + 1)), format!("9007199254740992 {beyond}"));
        assert_eq!(error(&i64::MIN), format!("-9223372036854775808 {beyond}"));
        assert_eq!(
            error(&u128::MAX),
            format!("340282366920938463463374607431768211455 {beyond}")
        );
        assert_eq!(error(&(-(1_i128 << 53))), format!("-9007199254740992 {beyond}"));
    }

    /// [Q-6]
    #[test]
    fn floats_that_json_lacks_are_refused() {
        assert_eq!(error(&f64::NAN), "JSON has no NaN");
        assert_eq!(error(&Reference { ratio: f64::NAN }), ".ratio: JSON has no NaN");
        assert_eq!(error(&f32::NEG_INFINITY), "JSON has no -inf");
    }

    #[test]
    fn an_error_names_the_way_to_its_field() {
        let page = |item| Page {
            items: vec![Item::Maybe(None), item],
        };

        assert!(
            error(&page(Item::Named { id: u64::MAX })).starts_with(".items[1].id: 18446744073709551615 is")
        );
        assert_eq!(
            error(&page(Item::Pair(1, f64::INFINITY))),
            ".items[1][1]: JSON has no inf"
        );
        assert!(
            error(&page(Item::Maybe(Some(i64::MAX)))).starts_with(".items[1].Maybe: 9223372036854775807 is")
        );
        assert_eq!(
            error(&BTreeMap::from([("a", 1.0), ("b", f64::NAN)])),
            "[entry 1]: JSON has no NaN"
        );
    }

    #[test]
    fn integer_keys_are_texts_and_pass_whatever_their_size() {
        let mut out = String::new();

        to_json(&BTreeMap::from([(u64::MAX, 1)]), &mut out).unwrap();

        assert_eq!(out, r#"{"18446744073709551615":1}"#);
    }

    #[test]
    fn bytes_are_numbers_and_raw_values_stay_as_they_are() {
        #[derive(serde::Serialize)]
        struct Mixed<'a> {
            bytes: Bytes,
            raw: &'a serde_json::value::RawValue,
            name: &'a str,
        }

        struct Bytes;

        impl Serialize for Bytes {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(b"a\"")
            }
        }

        let raw = serde_json::from_str(r#"{ "a" : 1e400 }"#).unwrap();
        let mixed = Mixed {
            bytes: Bytes,
            raw,
            name: "a\"b",
        };
        let mut out = "&".to_owned();

        to_json(&mixed, &mut out).unwrap();

        assert_eq!(out, r#"&{"bytes":[97,34],"raw":{ "a" : 1e400 },"name":"a\"b"}"#);
    }

    proptest! {
        #[test]
        fn texts_are_written_as_serde_json_writes_them(text in r#"([ a-zé€😀\x7f]{0,40}["\\/\x00-\x1f\u{2028}]{0,2}){0,3}"#) {
            let mut out = String::new();

            to_json(&text, &mut out).unwrap();

            prop_assert_eq!(out, serde_json::to_string(&text).unwrap());
        }
    }

    proptest! {
        // The values are large; more of them only take longer.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_passes_is_written_as_serde_json_writes_it(
            value in any::<(Vec<(u32, String, Option<f32>)>, BTreeMap<String, (bool, char, i16)>, Result<u8, ()>)>()
        ) {
            let mut out = String::new();
            if to_json(&value, &mut out).is_ok() {
                prop_assert_eq!(out, serde_json::to_string(&value).unwrap());
            }
        }
    }
}
