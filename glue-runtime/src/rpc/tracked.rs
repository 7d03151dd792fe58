//! Items that say where in their stream they stand.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeStruct as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What comes in a stream that is taken up again in the next session where its own ends: an item with its cursor, or a
/// gap, which says that items may be missing in front of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "macros", derive(ts_rs::TS))]
pub enum Tracked<C, T> {
    /// One item, `{ cursor: C, value: T }` on the wire and in TypeScript.
    ///
    /// The generated clients open the stream again with the cursor of the last item that came, as the argument that
    /// `#[glue(resume_from = …)]` names; the method goes on *behind* that item. A cursor travels with each item: keep it short.
    #[cfg_attr(feature = "macros", ts(untagged))]
    Item {
        /// Where the item stands in the stream; no other has the same.
        cursor: C,
        /// The item itself.
        value: T,
    },
    /// Items may be missing here, so what the reader has made of the stream should be made anew; `"gap"` on the wire and in TypeScript.
    ///
    /// A method sends it first where it can't go on behind the cursor that it is given, having dropped what stood there.
    #[cfg_attr(feature = "macros", ts(rename = "gap"))]
    Gap,
}

impl<C, T> Tracked<C, T> {
    /// Returns an item that stands there.
    pub const fn item(cursor: C, value: T) -> Self {
        Self::Item { cursor, value }
    }
}

impl<C: Serialize, T: Serialize> Serialize for Tracked<C, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Gap => serializer.serialize_str(GAP),
            Self::Item { cursor, value } => {
                let mut item = serializer.serialize_struct("Tracked", FIELDS.len())?;
                item.serialize_field("cursor", cursor)?;
                item.serialize_field("value", value)?;
                item.end()
            }
        }
    }
}

// By hand, as what is derived for an enum of this form reads everything into a buffer first, in which integers beyond those of
// JavaScript pass unseen [Q-6].
impl<'de, C: Deserialize<'de>, T: Deserialize<'de>> Deserialize<'de> for Tracked<C, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form(PhantomData))
    }
}

struct Form<C, T>(PhantomData<(C, T)>);

impl<'de, C: Deserialize<'de>, T: Deserialize<'de>> Visitor<'de> for Form<C, T> {
    type Value = Tracked<C, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `cursor` and `value`, or \"gap\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == GAP {
            Ok(Tracked::Gap)
        } else {
            Err(E::unknown_variant(text, &[GAP]))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut cursor, mut value) = (None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Cursor if cursor.is_none() => cursor = Some(map.next_value()?),
                Field::Value if value.is_none() => value = Some(map.next_value()?),
                Field::Cursor => return Err(A::Error::duplicate_field("cursor")),
                Field::Value => return Err(A::Error::duplicate_field("value")),
                Field::Other => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(Tracked::Item {
            cursor: cursor.ok_or_else(|| A::Error::missing_field("cursor"))?,
            value: value.ok_or_else(|| A::Error::missing_field("value"))?,
        })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Cursor,
    Value,
    #[serde(other)]
    Other,
}

/// An item whose stream is taken up again by an argument of type `A`.
#[diagnostic::on_unimplemented(
    message = "a stream of `{Self}` cannot be resumed from an `{A}`",
    label = "the items of a stream with `resume_from` say where they stand",
    note = "write `glue::Tracked<C, T>` as the item, and `Option<C>` as the argument that `resume_from` names"
)]
pub trait ResumedFrom<A> {}

#[diagnostic::do_not_recommend]
impl<C, T> ResumedFrom<Option<C>> for Tracked<C, T> {}

/// Asks the compiler whether items `T` go with an argument `A`.
pub const fn resumes<T: ResumedFrom<A>, A>() {}

/// What can't be read of an item of the stream that is to be taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untracked;

/// Returns the cursor of an item as it is written, or none of a gap.
pub(super) fn cursor(item: &str) -> Result<Option<&str>, Untracked> {
    match serde_json::from_str::<Tracked<&RawValue, IgnoredAny>>(item) {
        Ok(Tracked::Item { cursor, .. }) => Ok(Some(cursor.get())),
        Ok(Tracked::Gap) => Ok(None),
        Err(_) => Err(Untracked),
    }
}

/// Writes a stream's arguments once more, with this cursor, which is JSON, as the one that says where it begins.
pub(super) fn resumed(args: &str, param: &str, cursor: &str) -> Option<String> {
    let mut args: std::collections::BTreeMap<&str, &RawValue> = serde_json::from_str(args).ok()?;
    args.insert(param, serde_json::from_str(cursor).ok()?);
    serde_json::to_string(&args).ok()
}

const GAP: &str = "gap";
const FIELDS: [&str; 2] = ["cursor", "value"];

#[cfg(test)]
mod tests {
    use super::*;

    /// [S-13]
    #[test]
    fn an_item_is_an_object_and_a_gap_is_a_word() {
        for (tracked, json) in [
            (Tracked::item(7, "x".to_owned()), r#"{"cursor":7,"value":"x"}"#),
            (Tracked::Gap, r#""gap""#),
        ] {
            assert_eq!(serde_json::to_string(&tracked).unwrap(), json);
            assert_eq!(
                serde_json::from_str::<Tracked<i32, String>>(json).unwrap(),
                tracked
            );
        }

        let newer = r#" { "more": [1], "value": null, "cursor": "a" } "#;
        assert_eq!(
            serde_json::from_str::<Tracked<String, ()>>(newer).unwrap(),
            Tracked::item("a".to_owned(), ())
        );
    }

    /// [S-13]
    #[test]
    fn what_is_neither_is_refused() {
        for json in [
            "1",
            "null",
            r#""gaps""#,
            "[]",
            "{}",
            r#"{"cursor":1}"#,
            r#"{"value":1}"#,
            r#"{"cursor":1,"value":2,"cursor":3}"#,
            r#"{"cursor":"1","value":2}"#,
        ] {
            assert!(serde_json::from_str::<Tracked<i32, i32>>(json).is_err(), "{json}");
        }
        assert_eq!(cursor("1"), Err(Untracked));
        assert_eq!(cursor(r#"{"cursor":1}"#), Err(Untracked));
    }

    /// [S-14]: nothing is rounded on the way.
    #[test]
    fn a_cursor_goes_back_as_it_came() {
        let item = r#"{"cursor":{"at": 1e400,"é":"\u00e9"},"value":[]}"#;
        let cursor = cursor(item).unwrap().unwrap();

        assert_eq!(
            resumed(r#"{"room":"lobby","after":null}"#, "after", cursor).unwrap(),
            r#"{"after":{"at": 1e400,"é":"\u00e9"},"room":"lobby"}"#
        );
        assert_eq!(
            resumed(r#"{"room":"lobby"}"#, "after", "9007199254740993").unwrap(),
            r#"{"after":9007199254740993,"room":"lobby"}"#
        );
    }

    #[test]
    fn a_gap_has_no_cursor() {
        assert_eq!(cursor(r#""gap""#), Ok(None));
    }
}
