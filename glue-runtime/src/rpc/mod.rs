//! Typed calls over a channel.

pub mod args;
pub(crate) mod codec;
pub(crate) mod json_path;
pub(crate) mod message;
pub(crate) mod show;
pub mod stub;

mod caller;
mod context;
#[cfg(feature = "client")]
mod credit;
mod dispatch;
mod error;
mod exact;
#[cfg(feature = "client")]
mod in_flight;
#[cfg(feature = "client")]
mod rpc_channel;
mod stream;

#[cfg(test)]
mod tests;

pub use caller::{Caller, OpenRpc};
pub use context::{Context, Emitter};
pub use dispatch::{ChannelService, Dispatch, Outcome, service};
pub use error::{CallError, RpcError};
#[cfg(feature = "client")]
pub use rpc_channel::RpcChannel;
pub use stream::Items;
