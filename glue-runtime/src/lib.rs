//! Glue.

// One session and one driver serve both roles: a build with a single role leaves parts of them unused.
#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, unused_imports)
)]

#[cfg(feature = "io")]
mod channel;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "io")]
mod driver;
#[cfg(feature = "io")]
mod error;
#[cfg(feature = "io")]
mod mailbox;
#[cfg(feature = "io")]
mod proto;
#[cfg(feature = "io")]
pub mod rpc;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "io")]
mod session;
#[cfg(feature = "io")]
mod transport;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "io")]
pub use crate::{
    channel::Channel,
    error::{Error, ErrorKind},
    proto::code::Code,
    proto::limits::{KeepAlive, Limits},
    rpc::{CallError, Caller, ChannelService, Context, Emitter, OpenRpc, RpcError},
    session::CloseReason,
};
#[cfg(feature = "client")]
pub use crate::{
    client::{Client, ClientBuilder},
    rpc::RpcChannel,
};
#[cfg(feature = "io")]
pub use futures_util::Stream;
#[cfg(feature = "server")]
pub use server::{Listener, Origins, Server, ServerBuilder, Socket};

#[cfg(feature = "macros")]
pub use glue_macros::{channel, model};
