//! Decimal numbers as strings.

use rust_decimal::Decimal;
use serde::{Deserializer, Serializer};

use super::value::Text;
use super::{Read, Write};

impl Write for Decimal {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Read<'de> for Decimal {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text {
            expected: "a decimal number as a string, such as \"-1.50\"",
            read: |text: &str| {
                if is_plain(text) {
                    Self::from_str_exact(text).ok()
                } else {
                    None
                }
            },
        })
    }
}

/// Whether there are digits, and at most one dot between them; what is read more generously has `_` and `+` as well.
fn is_plain(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(text),
    }
}
