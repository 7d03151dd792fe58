//! Typed calls over a channel.

pub mod args;
pub(crate) mod codec;
pub(crate) mod json_path;
pub(crate) mod message;
pub(crate) mod show;
pub mod stub;

mod accepted;
mod audience;
#[cfg(feature = "__bench")]
pub(crate) mod bench;
mod blocking;
mod caller;
#[cfg(feature = "client")]
mod caller_inbound;
mod calls;
mod checked;
mod context;
mod contract;
mod credit;
mod deadlines;
mod dispatch;
mod dispatcher;
mod error;
mod exchange;
mod exchanges;
mod greeting;
mod in_flight;
mod incoming;
mod item_queue;
mod measure;
mod middleware;
mod rpc_channel;
mod running;
mod served;
mod service;
mod serving;
mod stream;
mod trace;
mod tracked;
mod turn_waker;
mod upload;

#[cfg(test)]
pub(crate) mod tests;

pub use audience::Everyone;
#[cfg(feature = "server")]
pub(crate) use audience::send_event;
pub use blocking::blocking;
pub use caller::{CallOptions, CallRequest, Caller, OnLoss, OpenRpc, SentItems};
pub use context::{Context, Emitter};
pub use contract::{Contract, Hashes};
#[cfg(feature = "macros")]
pub use contract::{Described, hashes};
pub use dispatch::{Dispatch, Outcome};
pub use error::{CallError, RpcError};
pub use incoming::Incoming;
pub use middleware::{Completion, Middleware, Next};
pub use rpc_channel::RpcChannel;
pub use service::{ChannelService, client_handler, service};
pub use serving::{ClientHandler, ServeRpc};
pub use stream::{Items, StreamEnd};
pub use trace::{TraceContext, TraceContextError};
pub use tracked::{ResumedFrom, Tracked, resumes};
