//! Glue.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "io")]
pub mod rpc;
#[cfg(feature = "schema")]
pub mod schema;
