//! A client over WebSocket. It connects once; a lost connection ends it.

mod builder;
mod connector;
mod handle;

pub use builder::ClientBuilder;
pub use connector::{Connect, Io};
pub use handle::Client;
