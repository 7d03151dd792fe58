//! Values that travel exactly, where plain JSON would round them or has no form for them.
//!
//! JSON has one kind of number, which JavaScript reads as a 64-bit float; it has no bytes, no dates, and objects whose keys are
//! texts. A type from this table inside [`Exact`], or with `#[glue(exact)]` on its field in a [model](macro@crate::model), travels
//! in a form that loses nothing, and the generated TypeScript decodes and encodes it:
//!
//! | Rust | JSON | TypeScript |
//! | --- | --- | --- |
//! | `u64`, `i64`, `u128`, `i128`, `usize`, `isize` | a string of decimal digits, `-` before negative ones | `bigint` |
//! | `Vec<u8>`, `[u8; N]`, `bytes::Bytes` | a string, base64 with padding (RFC 4648, section 4) | `Uint8Array` |
//! | `SystemTime`, `chrono::DateTime`, `jiff::Timestamp`, `time::OffsetDateTime` | a string, RFC 3339, years 0000 to 9999 | `Date`, which has milliseconds |
//! | `HashMap<K, V>`, `BTreeMap<K, V>`, `indexmap::IndexMap<K, V>` | an array of `[key, value]`, no key twice | `Map<K, V>` |
//! | `HashSet<T>`, `BTreeSet<T>`, `indexmap::IndexSet<T>` | an array, no value twice | `Set<T>` |
//! | `rust_decimal::Decimal` | a string | `string` |
//!
//! `Option`, `Vec` and `Box` of such a type are exact as well: `Exact<Option<u64>>` is `bigint | null`. The inside of a map or set is
//! plain: write `Exact<HashMap<Exact<u64>, String>>` for `Map<bigint, string>`. Types of other crates need the feature of the
//! crate's name.
//!
//! What is read must be of exactly that form: a number where a string of digits belongs is an error.

mod bytes;
#[cfg(feature = "rust_decimal")]
mod decimal;
mod form;
mod instant;
mod integer;
mod map;
mod rfc3339;
#[cfg(test)]
mod tests;
#[cfg(feature = "macros")]
mod typescript;
mod value;

#[cfg(feature = "macros")]
pub use form::TypeScript;
pub use form::{Read, Write};
pub use value::Exact;

#[doc(hidden)]
pub use value::{deserialize, serialize};
