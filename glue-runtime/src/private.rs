//! What expansions of `#[glue::channel]` name. Not public API: it changes in any release.

/// The harness that glue-codegen runs.
#[cfg(feature = "macros")]
pub mod schema {
    pub use crate::schema::{
        ArgSchema as Arg, MethodKind as Kind,
        collect::{Channel, Collector, emit},
    };
}

#[cfg(feature = "macros")]
pub use ts_rs;
