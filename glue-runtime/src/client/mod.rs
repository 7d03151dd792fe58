//! A client over WebSocket. It connects once; a lost connection ends it.

mod builder;
mod handle;

pub use builder::ClientBuilder;
pub use handle::Client;
