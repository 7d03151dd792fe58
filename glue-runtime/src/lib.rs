//! Glue.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "schema")]
pub mod schema;
