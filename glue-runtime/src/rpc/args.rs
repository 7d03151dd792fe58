//! Named arguments: one JSON object, read once, each member straight into the value it is for.
//!
//! The walk over the members is compiled once for all methods; what differs per type hides behind [`Fill`] and [`ToJson`].

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::checked::CheckedValue;
use super::codec::{self, Codec};
use super::json_path;
use super::message::{ArgsError, EncodeError};

/// The place of one argument that is still to be read.
#[derive(Debug)]
pub struct Slot<T, C> {
    codec: C,
    value: Option<T>,
}

impl<T, C: Codec<T>> Slot<T, C> {
    /// Returns an empty slot.
    pub fn new(codec: C) -> Self {
        Self { codec, value: None }
    }

    /// Returns the argument.
    ///
    /// # Panics
    /// Panics unless [`read`] has succeeded with this slot.
    pub fn take(self) -> T {
        self.value.expect("`read` fills every slot or fails")
    }
}

/// A slot of any type.
pub trait Fill {
    /// Reads the value that `text` begins with and returns its length.
    ///
    /// # Errors
    /// Fails if the value isn't of the slot's type.
    fn fill(&mut self, text: &str) -> serde_json::Result<usize>;

    /// Returns whether the slot has a value, after giving it the one of an argument left out, if there is such.
    fn fill_absent(&mut self) -> bool;

    /// Returns whether the slot has a value.
    fn is_full(&self) -> bool;
}

impl<T, C: Codec<T>> Fill for Slot<T, C> {
    fn fill(&mut self, text: &str) -> serde_json::Result<usize> {
        let (value, length) = self.codec.read_prefix(text)?;
        self.value = Some(value);
        Ok(length)
    }

    fn fill_absent(&mut self) -> bool {
        if self.value.is_none() {
            self.value = self.codec.absent();
        }
        self.value.is_some()
    }

    fn is_full(&self) -> bool {
        self.value.is_some()
    }
}

/// Reads the arguments of `method` into their slots; on success all of them are full.
///
/// # Errors
/// Fails if `text` isn't one JSON object, or with the first argument that is missing, given twice, or of another type.
pub fn read(method: &str, text: &str, slots: &mut [(&'static str, &mut dyn Fill)]) -> Result<(), ArgsError> {
    read_members(text, slots).map_err(|problem| problem.describe(method, text))
}

/// A value of any type that can be written as JSON.
pub trait ToJson {
    /// Appends the value.
    ///
    /// # Errors
    /// Fails if JSON can't hold the value.
    fn write(&self, out: &mut String) -> serde_json::Result<()>;
}

/// An argument and its codec.
#[derive(Debug)]
pub struct Arg<'a, T, C>(pub C, pub &'a T);

impl<T, C: Codec<T>> ToJson for Arg<'_, T, C> {
    fn write(&self, out: &mut String) -> serde_json::Result<()> {
        self.0.write(self.1, out)
    }
}

/// Appends the arguments of `method` as one JSON object. Names need no escapes: the macro admits ASCII words only.
///
/// # Errors
/// Fails with the first argument that JSON can't hold; `out` is then unchanged.
pub fn write(
    method: &str,
    out: &mut String,
    args: &[(&'static str, &dyn ToJson)],
) -> Result<(), EncodeError> {
    let mut failed = "";
    let result = codec::append(out, |out| {
        out.push('{');
        for (index, (name, value)) in args.iter().enumerate() {
            failed = name;
            if index > 0 {
                out.push(',');
            }
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
            value.write(out)?;
        }
        out.push('}');
        Ok(())
    });
    result.map_err(|source| EncodeError::new(format!("argument `{failed}` of `{method}`"), source))
}

fn read_members(text: &str, slots: &mut [(&'static str, &mut dyn Fill)]) -> Result<(), Problem> {
    let mut at = skip_space(text, 0);
    if byte(text, at) != Some(b'{') {
        return Err(Problem::NotAnObject);
    }
    at = skip_space(text, at + 1);
    if byte(text, at) == Some(b'}') {
        return finish(text, at + 1, slots);
    }
    loop {
        let (place, after) = read_place(text, at, slots)?;
        at = skip_space(text, after);
        if byte(text, at) != Some(b':') {
            return Err(Problem::Syntax { at, expected: "`:`" });
        }
        at = skip_space(text, at + 1);
        let rest = text.get(at..).unwrap_or_default();
        at += match place.and_then(|place| slots.get_mut(place)) {
            Some((name, slot)) if slot.is_full() => return Err(Problem::Twice { name }),
            Some((name, slot)) => slot
                .fill(rest)
                .map_err(|error| Problem::Value { name, at, error })?,
            None => skip_value(rest).map_err(|error| Problem::Unknown { at, error })?,
        };
        at = skip_space(text, at);
        match byte(text, at) {
            Some(b',') => at = skip_space(text, at + 1),
            Some(b'}') => return finish(text, at + 1, slots),
            _ => {
                return Err(Problem::Syntax {
                    at,
                    expected: "`,` or `}`",
                });
            }
        }
    }
}

fn finish(text: &str, at: usize, slots: &mut [(&'static str, &mut dyn Fill)]) -> Result<(), Problem> {
    let at = skip_space(text, at);
    if at < text.len() {
        return Err(Problem::Syntax {
            at,
            expected: "the end",
        });
    }
    match slots
        .iter_mut()
        .find_map(|(name, slot)| (!slot.fill_absent()).then_some(*name))
    {
        Some(name) => Err(Problem::Missing { name }),
        None => Ok(()),
    }
}

/// Reads a key, and returns the slot that it names and where it ends.
fn read_place(
    text: &str,
    at: usize,
    slots: &[(&'static str, &mut dyn Fill)],
) -> Result<(Option<usize>, usize), Problem> {
    // Nearly all keys are names of slots, and written without escapes.
    let key = text.as_bytes().get(at..).unwrap_or_default();
    let is_here = |name: &str| {
        let behind = key
            .strip_prefix(b"\"")
            .and_then(|key| key.strip_prefix(name.as_bytes()));
        behind.is_some_and(|behind| behind.first() == Some(&b'"'))
    };
    for (place, (name, _)) in slots.iter().enumerate() {
        if is_here(name) {
            return Ok((Some(place), at + name.len() + 2));
        }
    }
    let (key, after) = read_key(text, at)?;
    Ok((slots.iter().position(|(name, _)| *name == key), after))
}

fn read_key(text: &str, at: usize) -> Result<(Cow<'_, str>, usize), Problem> {
    let syntax = || Problem::Syntax {
        at,
        expected: "a parameter name",
    };
    let inner = text
        .get(at..)
        .and_then(|rest| rest.strip_prefix('"'))
        .ok_or_else(syntax)?;
    let plain = inner
        .bytes()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
        .ok_or_else(syntax)?;
    if byte(inner, plain) == Some(b'"') {
        return Ok((
            Cow::Borrowed(inner.get(..plain).unwrap_or_default()),
            at + plain + 2,
        ));
    }
    let rest = text.get(at..).unwrap_or_default();
    let (key, length) = codec::read_prefix::<String>(rest).map_err(|_| syntax())?;
    Ok((Cow::Owned(key), at + length))
}

fn skip_value(text: &str) -> serde_json::Result<usize> {
    codec::read_prefix::<IgnoredAny>(text).map(|(_, length)| length)
}

fn skip_space(text: &str, mut at: usize) -> usize {
    while matches!(byte(text, at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

/// What is wrong with an object of arguments, before it is put into words.
#[derive(Debug)]
enum Problem {
    NotAnObject,
    Syntax {
        at: usize,
        expected: &'static str,
    },
    Unknown {
        at: usize,
        error: serde_json::Error,
    },
    Value {
        name: &'static str,
        at: usize,
        error: serde_json::Error,
    },
    Twice {
        name: &'static str,
    },
    Missing {
        name: &'static str,
    },
}

impl Problem {
    fn describe(&self, method: &str, text: &str) -> ArgsError {
        let message = match self {
            Self::NotAnObject => format!("`{method}`: the arguments are not a JSON object by parameter name"),
            Self::Syntax { at, expected } => {
                format!("`{method}`: the arguments are not JSON: expected {expected} at byte {at}")
            }
            Self::Unknown { at, error } => {
                let (what, length) = split_position(error, text.get(*at..).unwrap_or_default());
                format!(
                    "`{method}`: the arguments are not JSON: {what} at byte {}",
                    at + length
                )
            }
            Self::Value { name, at, error } => {
                let value = text.get(*at..).unwrap_or_default();
                let (what, length) = split_position(error, value);
                let path = json_path::path_at(name, value, length);
                format!(
                    "`{method}`: argument `{name}`: {what} at `{path}` (byte {})",
                    at + length
                )
            }
            Self::Twice { name } => format!("`{method}`: argument `{name}` is given twice"),
            Self::Missing { name } => format!("`{method}`: argument `{name}` is missing"),
        };
        ArgsError { message }
    }
}

/// Reads the JSON value of this name by itself; an error says what is wrong, and where in it.
pub(crate) fn read_named<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    match serde_json::from_str(text) {
        Ok(CheckedValue(value)) => Ok(value),
        Err(error) => Err(misfit(name, text, &error)),
    }
}

/// Says what is wrong with the JSON value of this name, and where in it.
pub(super) fn misfit(name: &str, text: &str, error: &serde_json::Error) -> String {
    let (what, length) = split_position(error, text);
    let path = json_path::path_at(name, text, length);
    format!("{what} at `{path}`")
}

/// Takes an error of serde_json apart: what is wrong, and after how many bytes of `text`.
fn split_position(error: &serde_json::Error, text: &str) -> (String, usize) {
    let mut what = error.to_string();
    if let Some(end) = what.rfind(" at line ") {
        what.truncate(end);
    }
    if let Some((end, _)) = what.char_indices().nth(MAX_REASON) {
        what.truncate(end);
        what.push('…');
    }
    (what, json_path::offset_of(text, error.line(), error.column()))
}

/// serde quotes the wrong value, which may be as long as a frame. Its first words are enough to find it by.
const MAX_REASON: usize = 200;

#[cfg(test)]
mod tests;
