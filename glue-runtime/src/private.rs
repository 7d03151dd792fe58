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

#[cfg(feature = "io")]
pub use crate::rpc::{
    args::{self, Arg, Slot},
    codec::{Codec, IsResult, json},
    message::{
        ArgsError, CallDecodeError, CallKind, CallMessage, EncodeError, EventMessage, ReplyKind,
        ReplyMessage, encode_result, encode_value,
    },
};
#[cfg(feature = "macros")]
pub use serde;

#[cfg(feature = "io")]
pub use crate::rpc::{Dispatch, Items, Outcome, service};
