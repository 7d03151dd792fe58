//! Tests against a real server, on a real socket or in memory.

#![allow(clippy::unwrap_used)] // a panic is how a test fails, in its helpers too

mod again;
mod ajax;
mod ajax_faults;
mod authorize;
mod bad_servers;
mod batch;
mod blocking;
mod broadcast;
mod calling;
mod channels;
mod client;
mod comeback;
mod drain;
#[cfg(unix)]
mod endings;
mod endurance;
mod error_bodies;
mod groups;
mod handshake;
mod http2;
mod keepalive;
mod limits;
mod mounted;
mod network;
mod noise;
mod observing;
mod outcome;
mod peers;
mod policy;
mod reconnect;
mod resume_server;
mod rpc;
mod sockets;
mod tls;
mod transcripts;
mod typed;
#[cfg(unix)]
mod unix;
mod virtual_time;
mod weaknesses;
mod works;
