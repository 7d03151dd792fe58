//! Integers as strings of decimal digits.

use serde::{Deserializer, Serializer};

use super::value::Text;
use super::{Read, Write};

macro_rules! integers {
    ($($type:ty: $expected:literal,)*) => {
        $(
            impl Write for $type {
                fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Read<'de> for $type {
                fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_str(Text {
                        expected: $expected,
                        read: |text: &str| if is_canonical(text) { text.parse().ok() } else { None },
                    })
                }
            }
        )*
    };
}

integers! {
    u64: "a u64 as a string of decimal digits, such as \"12\"",
    i64: "an i64 as a string of decimal digits, such as \"-12\"",
    u128: "a u128 as a string of decimal digits, such as \"12\"",
    i128: "an i128 as a string of decimal digits, such as \"-12\"",
    usize: "a usize as a string of decimal digits, such as \"12\"",
    isize: "an isize as a string of decimal digits, such as \"-12\"",
}

/// Whether this is the one way to write the integer: no `+`, no leading zero, no `-0`.
fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_zero = text == "0";
    is_zero || !digits.starts_with(['0', '+'])
}
