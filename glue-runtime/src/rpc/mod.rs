//! Typed calls over a channel.

pub mod args;
pub(crate) mod codec;
pub(crate) mod json_path;
pub(crate) mod message;
pub(crate) mod show;
pub mod stub;

mod caller;
mod context;
mod contract;
#[cfg(feature = "client")]
mod credit;
mod dispatch;
mod error;
mod exact;
#[cfg(feature = "client")]
mod in_flight;
mod incoming;
#[cfg(feature = "client")]
mod rpc_channel;
mod stream;
mod trace;

#[cfg(test)]
mod tests;

pub use caller::{CallOptions, CallRequest, Caller, OpenRpc, SentItems};
pub use context::{Context, Emitter};
pub use contract::{Contract, Hashes};
pub use dispatch::{ChannelService, Dispatch, Outcome, service};
pub use error::{CallError, RpcError};
pub use incoming::Incoming;
#[cfg(feature = "client")]
pub use rpc_channel::RpcChannel;
pub use stream::Items;
pub use trace::{TraceContext, TraceContextError};
