//! Peers that need more than TCP.

pub(crate) mod http2;
pub(crate) mod server;
pub(crate) mod tls;
