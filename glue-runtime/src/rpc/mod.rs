//! Typed calls over a channel.

pub mod args;
pub mod codec;
pub mod json_path;
pub mod message;
