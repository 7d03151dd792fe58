//! The server: HTTP in front, one driver task per socket behind.

mod admission;
mod ajax;
mod body;
mod broadcast;
mod builder;
mod counter;
mod counters;
mod handle;
mod id;
mod policy;
mod refusal;
mod registry;
mod request;
mod serve;
mod service;
mod shutdown;
mod socket;
mod socket_request;
mod socket_task;
mod stats;
mod timed_io;
mod visitor;
mod warning_limit;

pub use body::Body;
pub use broadcast::{Broadcast, Delivery, SlowConsumer};
pub use builder::ServerBuilder;
pub use handle::Server;
pub use policy::{ForwardedHeader, Origins, TrustedProxies};
pub use refusal::RefusalReason;
pub use serve::Listener;
pub use service::{GlueService, RemoteAddr};
pub use socket::Socket;
pub use socket_request::SocketRequest;
pub use stats::{ServerStats, TransportStats};
