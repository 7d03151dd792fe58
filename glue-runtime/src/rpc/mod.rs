//! Typed calls over a channel.

pub mod args;
pub(crate) mod codec;
pub(crate) mod json_path;
pub(crate) mod message;
pub(crate) mod show;
pub mod stub;

mod caller;
#[cfg(feature = "client")]
mod caller_inbound;
mod calls;
mod context;
mod contract;
mod credit;
mod dispatch;
mod error;
mod exact;
mod exchange;
mod greeting;
mod in_flight;
mod incoming;
mod item_queue;
mod rpc_channel;
mod serving;
mod stream;
mod trace;
mod upload;

#[cfg(test)]
mod tests;

pub use caller::{CallOptions, CallRequest, Caller, OpenRpc, SentItems};
pub use context::{Context, Emitter};
pub use contract::{Contract, Hashes};
pub use dispatch::{ChannelService, Dispatch, Outcome, service};
pub use error::{CallError, RpcError};
pub use incoming::Incoming;
pub use rpc_channel::RpcChannel;
pub use serving::{ClientHandler, ServeRpc};
pub use stream::Items;
pub use trace::{TraceContext, TraceContextError};
