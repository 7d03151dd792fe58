//! JSON that JavaScript reads and writes as the same values, or an error that names the place.

mod plain;
mod read;
mod text;
mod write;

pub(super) use plain::read_plain;
pub(super) use read::CheckedValue;
pub(super) use write::to_json;

/// Largest integer that a JavaScript number holds exactly, as do all below it.
const MAX_SAFE: u64 = (1 << 53) - 1;
