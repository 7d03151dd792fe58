//! `Exact`, and what it adds around the forms.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Read, Write};

/// A value that crosses the channel exactly, and is what it is in TypeScript: `bigint`, `Uint8Array`, `Date`, `Map` or `Set`.
///
/// Which types can be inside, and how they travel, says the [module](crate::exact). `Exact` is used as an argument, an item, a return
/// value, a key, or inside other types; a field of a [model](macro@crate::model) can keep its plain type and have
/// `#[glue(exact)]` instead.
///
/// ```
/// use glue::Exact;
///
/// let id = Exact(u64::MAX);
///
/// assert_eq!(serde_json::to_string(&id)?, r#""18446744073709551615""#);
/// assert_eq!(id.leading_zeros(), 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact<T>(pub T);

impl<T> Exact<T> {
    /// Returns the value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Exact<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Exact<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Exact<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: fmt::Display> fmt::Display for Exact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Write> Serialize for Exact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl<'de, T: Read<'de>> Deserialize<'de> for Exact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// One half of what `#[glue(exact)]` puts into `#[serde(with = "…")]`.
pub fn serialize<T: Write, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// The other half.
pub fn deserialize<'de, T: Read<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

impl<T: Write> Write for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Borrowed(value)),
            None => serializer.serialize_none(),
        }
    }
}

impl<'de, T: Read<'de>> Read<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<Exact<T>>::deserialize(deserializer)?;
        Ok(value.map(Exact::into_inner))
    }
}

// The bytes of `Vec<u8>` have an impl of their own: `u8` has no exact form, so the two don't overlap.
impl<T: Write> Write for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Borrowed))
    }
}

impl<'de, T: Read<'de>> Read<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<Exact<T>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(Exact::into_inner).collect())
    }
}

impl<T: Write> Write for Box<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write(serializer)
    }
}

impl<'de, T: Read<'de>> Read<'de> for Box<T> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self::new)
    }
}

/// A value inside another one, to be written exactly.
struct Borrowed<'a, T>(&'a T);

impl<T: Write> Serialize for Borrowed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Reads a string, and makes a value of it.
pub(super) struct Text<F> {
    /// What the string is, after "invalid …: expected".
    pub(super) expected: &'static str,
    /// Makes the value, or says what is wrong with the string.
    pub(super) read: F,
}

impl<F, T> Visitor<'_> for Text<F>
where
    F: FnOnce(&str) -> Option<T>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        let expected = self.expected;
        // Not the text itself: it may be as long as a frame.
        (self.read)(text).ok_or_else(|| {
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            E::custom(format_args!(
                "invalid string \"{shown}{more}\", expected {expected}"
            ))
        })
    }
}

/// Characters of a wrong string that an error quotes.
const MAX_SHOWN: usize = 50;
