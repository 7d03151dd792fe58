//! What expansions of `#[glue::channel]` name. Not public API: it changes in any release.

/// What describes a channel: to the peer as hashes, and in the harness that glue-codegen runs.
#[cfg(feature = "macros")]
pub mod schema {
    pub use crate::rpc::{Described, hashes};
    pub use crate::schema::{
        MethodKind as Kind,
        collect::{Channel, Collector, Shape, collect, emit},
    };
}

/// What `#[glue(exact)]` makes of a field: `#[serde(with = "…")]`.
#[cfg(feature = "io")]
pub mod exact {
    pub use crate::exact::{deserialize, serialize};
}

/// Stands for the value of a field in a type that `#[glue::model]` has refused; it never runs, as nothing of that compiles.
#[cfg(feature = "macros")]
#[must_use]
pub fn refused<T>() -> T {
    unreachable!("a type that was refused has been compiled")
}

/// What `#[glue::model]` names for maps with numbers as keys: `#[serde(deserialize_with = "…")]`.
#[cfg(feature = "macros")]
pub mod keys {
    pub use crate::keys::{Map, deserialize};
}

#[cfg(feature = "macros")]
pub use ts_rs;

#[cfg(feature = "io")]
pub use crate::rpc::{
    ClientHandler, Contract, Hashes, Incoming, ResumedFrom, RpcChannel, SentItems, ServeRpc, resumes,
};
#[cfg(feature = "io")]
pub use crate::rpc::{
    args::{self, Arg, Slot},
    codec::{Codec, IsResult, Json, MayBeResult, Mirrored, Probe, json},
    message::{
        ArgsError, CallDecodeError, CallKind, CallMessage, EncodeError, EventMessage, ReplyKind,
        ReplyMessage, encode_result, encode_value,
    },
    show::{Show, ShowDebug, ShowOpaque, debug_fields, debug_value},
    stub,
};
#[cfg(feature = "io")]
pub use crate::{CallError, CallOptions, Caller, Context, Error, OnLoss, OpenRpc, RpcError, Stream};
#[cfg(feature = "macros")]
pub use serde;
pub use std::{string::String, sync::Arc, sync::OnceLock, vec::Vec};

#[cfg(feature = "io")]
pub use crate::rpc::{Dispatch, Items, Outcome, StreamEnd, blocking, client_handler, service};
