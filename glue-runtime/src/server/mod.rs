//! The server: HTTP in front, one driver task per socket behind.

mod builder;
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

pub use builder::ServerBuilder;
pub use handle::Server;
pub use policy::{ForwardedHeader, Origins, TrustedProxies};
pub use serve::Listener;
pub use socket::Socket;
