//! WebSocket (RFC 6455) as a carrier of texts.
//!
//! A server may have ten thousand connections, so its end is of our own: what is read and written goes through
//! buffers that all connections of a thread share, and an idle one holds none. A process has few clients; theirs is
//! tungstenite.

#[cfg(feature = "__bench")]
pub(crate) mod bench;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod close;
#[cfg(any(feature = "client", feature = "server"))]
mod closing;
#[cfg(feature = "server")]
mod decoder;
#[cfg(feature = "server")]
mod header;
#[cfg(feature = "server")]
mod mask;
#[cfg(feature = "server")]
mod reader;
#[cfg(feature = "server")]
mod scratch;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod writer;

#[cfg(all(test, feature = "server", feature = "client"))]
mod tests;

#[cfg(feature = "client")]
pub(crate) use client::{ClientWebSocket, config};
#[cfg(feature = "server")]
pub(crate) use server::ServerWebSocket;
