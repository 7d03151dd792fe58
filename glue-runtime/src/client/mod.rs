//! A client over WebSocket that connects again when its connection is lost.

mod attempt;
mod backoff;
mod builder;
mod connector;
mod handle;
mod link_error;
mod options;
mod send_buffer;
mod status;
mod supervisor;
#[cfg(feature = "tls")]
mod tls;

pub use builder::ClientBuilder;
pub use connector::{Connect, Io};
pub use handle::Client;
pub use link_error::LinkError;
pub use status::{ClientEvent, ClientState, DiscardedMessage};
