//! One type's way to JSON and back, as a value.
//!
//! Generated code never names `Serialize` or `Deserialize`. For each type in a channel's signatures it holds one function
//!
//! ```text
//! fn __wire_0() -> impl Codec<Message> { json::<Message>() }
//! ```
//!
//! and everything else works with what that function returns. The compiler checks the bounds where the opaque type is made
//! and takes them for granted where it is used: a missing derive is therefore reported once, at the type in the user's
//! signature, instead of at each of its uses.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny, Visitor};
use serde::forward_to_deserialize_any;
use serde::{Deserialize, Serialize};

use super::checked;
#[cfg(feature = "macros")]
use crate::schema::collect::{Collector, Shape};

/// Writes `T` as JSON and reads it back.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot cross a channel",
    label = "this type, or one inside it, has no form in JSON and TypeScript",
    note = "a struct or enum of your own: put `#[glue::model]` on it",
    note = "a type of another crate: turn on the feature of `glue` that has the crate's name, such as `chrono` or `uuid`; `Arc` and `Rc` need \
            `rc`; without such a feature, wrap the type in a model, with `#[serde(with = \"…\")]` and `#[ts(type = \"…\")]` on its field"
)]
pub trait Codec<T>: Copy {
    /// Reads one whole JSON text.
    ///
    /// # Errors
    /// Fails if `text` isn't JSON of this type, or goes on after it.
    fn read(self, text: &str) -> serde_json::Result<T>;

    /// Reads the JSON value that `text` begins with, and returns how many bytes it takes.
    ///
    /// # Errors
    /// Fails if `text` doesn't begin with JSON of this type.
    fn read_prefix(self, text: &str) -> serde_json::Result<(T, usize)>;

    /// Returns the TypeScript form of `T`, and lets `collector` remember the types it reaches.
    #[cfg(feature = "macros")]
    fn shape(self, collector: &mut Collector) -> Shape;

    /// Returns the value of an argument that was left out: `None` for an `Option`, nothing for every other type.
    fn absent(self) -> Option<T>;

    /// Appends `value` as JSON.
    ///
    /// # Errors
    /// Fails if JSON can't hold the value.
    fn write(self, value: &T, out: &mut String) -> serde_json::Result<()>;
}

/// The codec of every type that a model can be.
pub struct Json<T>(PhantomData<fn(T) -> T>);

/// Returns the codec of `T`. Asks nothing of `T`: the place that names the result as a [`Codec`] does.
#[must_use]
pub fn json<T>() -> Json<T> {
    Json(PhantomData)
}

impl<T> Clone for Json<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Json<T> {}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

// Without the attribute the compiler would look through this impl and report each missing derive on its own.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Mirrored + Send + 'static> Codec<T> for Json<T> {
    fn read(self, text: &str) -> serde_json::Result<T> {
        match checked::read_plain(text) {
            Some((value, length)) if length == text.len() => Ok(value),
            _ => serde_json::from_str(text).map(|checked::CheckedValue(value)| value),
        }
    }

    fn read_prefix(self, text: &str) -> serde_json::Result<(T, usize)> {
        match checked::read_plain(text) {
            Some(read) => Ok(read),
            None => read_prefix(text).map(|(checked::CheckedValue(value), length)| (value, length)),
        }
    }

    #[cfg(feature = "macros")]
    fn shape(self, collector: &mut Collector) -> Shape {
        collector.shape::<T>()
    }

    fn absent(self) -> Option<T> {
        T::deserialize(Absent).ok()
    }

    fn write(self, value: &T, out: &mut String) -> serde_json::Result<()> {
        checked::to_json(value, out)
    }
}

/// Types that TypeScript can mirror.
#[cfg(feature = "macros")]
pub trait Mirrored: ts_rs::TS {}

#[cfg(feature = "macros")]
impl<T: ts_rs::TS> Mirrored for T {}

/// Types that TypeScript can mirror; any type, as nothing is generated without the feature `macros`.
#[cfg(not(feature = "macros"))]
pub trait Mirrored {}

#[cfg(not(feature = "macros"))]
impl<T> Mirrored for T {}

/// The two halves of a `Result`, through any alias.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `core::result::Result`",
    label = "a return type called `Result` is the method's value and its typed error",
    note = "write `Result<T, E>`, or give this type another name"
)]
pub trait IsResult {
    /// The type of the value.
    type Ok;
    /// The type of the error.
    type Err;
}

impl<T, E> IsResult for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// Asks the compiler whether `T` is a `Result`: `Probe::<T>::IS_RESULT` is the inherent constant if it is, and that of
/// [`MayBeResult`] if not.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T, E> Probe<Result<T, E>> {
    /// It is one.
    pub const IS_RESULT: bool = true;
}

/// Answers for the types that are no `Result`.
pub trait MayBeResult {
    /// It is none.
    const IS_RESULT: bool = false;
}

impl<T> MayBeResult for Probe<T> {}

/// Lets `write` append JSON to a text and puts the text back as it was if that fails.
///
/// # Errors
/// Fails as `write` does.
pub(super) fn append(
    out: &mut String,
    write: impl FnOnce(&mut String) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    let before = out.len();
    let result = write(out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Returns `value` as JSON, unless JSON or JavaScript can't hold it.
pub(crate) fn write<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut out = String::new();
    checked::to_json(value, &mut out)?;
    Ok(out)
}

/// Reads the JSON value that `text` begins with, and returns how many bytes it takes.
pub(super) fn read_prefix<'de, T: Deserialize<'de>>(text: &'de str) -> serde_json::Result<(T, usize)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(&mut deserializer)?;
    // Only this form of it says where it stands.
    let length = deserializer.into_iter::<IgnoredAny>().byte_offset();
    Ok((value, length))
}

/// Reads as `None` and as nothing else, the way serde's derive treats a missing field.
struct Absent;

impl<'de> serde::Deserializer<'de> for Absent {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("left out"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_option_may_be_left_out() {
        assert_eq!(json::<Option<u8>>().absent(), Some(None));
        assert_eq!(json::<u8>().absent(), None);
        assert_eq!(json::<()>().absent(), None);
        assert_eq!(json::<Vec<u8>>().absent(), None);
    }

    #[test]
    fn a_value_ends_where_the_next_token_begins() {
        assert_eq!(json::<u8>().read_prefix("12,13").unwrap(), (12, 2));
        assert_eq!(json::<bool>().read_prefix(" true}").unwrap(), (true, 5));
        assert_eq!(
            json::<String>().read_prefix(r#""a\"b"}"#).unwrap(),
            (r#"a"b"#.to_owned(), 6)
        );
    }

    /// [Q-6]
    #[test]
    fn an_integer_that_javascript_has_rounded_is_refused() {
        assert!(json::<u64>().read("9007199254740991").is_ok());
        assert!(json::<u64>().read("9007199254740992").is_err());
        assert!(json::<Vec<i64>>().read_prefix("[-9007199254740992]").is_err());
    }

    #[test]
    fn a_whole_text_has_nothing_after_its_value() {
        assert!(json::<u8>().read("1 2").is_err());
    }
}
