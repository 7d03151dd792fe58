//! Reads what most arguments and values are, texts and small numbers, without all that takes to read any JSON.
//!
//! It reads less than JSON has: texts without escapes, integers without a sign and of up to fifteen digits, `true` and `false`. For
//! everything else, and for each error, serde_json is asked, which says what is wrong and where.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::text::plain_length;

/// Reads the plain value that `text` begins with, and returns how many bytes it takes; `None` where serde_json has to be asked.
pub(crate) fn read_plain<'de, T: Deserialize<'de>>(text: &'de str) -> Option<(T, usize)> {
    let mut length = None;
    let value = T::deserialize(Plain {
        text,
        length: &mut length,
    });
    // A type may make a value of nothing, or of an error.
    Some((value.ok()?, length?))
}

/// A text that begins with a value.
struct Plain<'de, 'a> {
    text: &'de str,
    /// Bytes that the value has taken, once it was read.
    length: &'a mut Option<usize>,
}

impl<'de> Plain<'de, '_> {
    fn text(&mut self) -> Option<&'de str> {
        let inner = self.text.as_bytes().strip_prefix(b"\"")?;
        let length = plain_length(inner);
        if inner.get(length) != Some(&b'"') {
            return None;
        }
        *self.length = Some(length + 2);
        self.text.get(1..=length)
    }

    fn number(&mut self) -> Option<u64> {
        let bytes = self.text.as_bytes();
        let mut number = 0;
        let mut length = 0;
        while let Some(digit @ b'0'..=b'9') = bytes.get(length)
            && length < MAX_DIGITS
        {
            number = number * 10 + u64::from(digit - b'0');
            length += 1;
        }
        let has_leading_zero = length > 1 && bytes.first() == Some(&b'0');
        if length == 0 || has_leading_zero || !self.is_over(length) {
            return None;
        }
        *self.length = Some(length);
        Some(number)
    }

    fn truth(&mut self) -> Option<bool> {
        let truth = self.text.starts_with("true");
        if !truth && !self.text.starts_with("false") {
            return None;
        }
        let length = if truth { 4 } else { 5 };
        if !self.is_over(length) {
            return None;
        }
        *self.length = Some(length);
        Some(truth)
    }

    /// Returns whether a value that has no end of its own ends there.
    fn is_over(&self, length: usize) -> bool {
        matches!(self.text.as_bytes().get(length), None | Some(b',' | b'}' | b']'))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
            visitor.visit_u64(self.number().ok_or(NotPlain)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Plain<'de, '_> {
    type Error = NotPlain;

    numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_borrowed_str(self.text().ok_or(NotPlain)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, NotPlain> {
        visitor.visit_bool(self.truth().ok_or(NotPlain)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        if self.text.starts_with('n') {
            return Err(NotPlain);
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// serde_json has to be asked.
#[derive(Debug)]
struct NotPlain;

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a plain value")
    }
}

impl std::error::Error for NotPlain {}

impl serde::de::Error for NotPlain {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// Digits of numbers all of which a JavaScript number holds exactly.
const MAX_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Wrapped(Option<String>);

    /// Takes any value for none.
    #[derive(Debug, PartialEq)]
    struct Lenient(Option<u8>);

    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Self(u8::deserialize(deserializer).ok()))
        }
    }

    /// What is read in short is what serde_json reads.
    fn agrees<'de, T: Deserialize<'de> + PartialEq + fmt::Debug>(text: &'de str) {
        let Some((value, length)) = read_plain::<T>(text) else {
            return;
        };
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
        assert_eq!(value, values.next().unwrap().unwrap(), "{text}");
        assert_eq!(length, values.byte_offset(), "{text}");
    }

    #[test]
    fn texts_numbers_and_truths_are_plain() {
        assert_eq!(read_plain::<String>(r#""äb","#), Some(("äb".to_owned(), 5)));
        assert_eq!(read_plain::<u32>("120}"), Some((120, 3)));
        assert_eq!(read_plain::<bool>("false"), Some((false, 5)));
        assert_eq!(
            read_plain::<Wrapped>(r#""""#),
            Some((Wrapped(Some(String::new())), 2))
        );
    }

    #[test]
    fn everything_else_is_left_to_serde_json() {
        for text in ["", "\"", "\"a", r#""a\n""#, "\"a\nb\"", "null"] {
            assert_eq!(read_plain::<String>(text), None, "{text}");
        }
        for text in ["-1", "01", "1.5", "1e3", "1 ", "1000000000000000", "a", ""] {
            assert_eq!(read_plain::<u64>(text), None, "{text}");
        }
        assert_eq!(read_plain::<u8>("256"), None);
        assert_eq!(read_plain::<Vec<u8>>("[1]"), None);
        assert_eq!(read_plain::<Lenient>("x"), None, "nothing was read");
    }

    proptest! {
        #[test]
        fn what_is_plain_is_read_as_serde_json_reads_it(
            text in r#"("[ -~é]{0,40}"?|[0-9]{1,17}|true|false|null|-?[0-9.eE]{0,4})[,\]}a ]?"#
        ) {
            agrees::<String>(&text);
            agrees::<Wrapped>(&text);
            agrees::<u64>(&text);
            agrees::<i8>(&text);
            agrees::<bool>(&text);
            agrees::<Option<u16>>(&text);
        }
    }
}
