//! Long polling as a carrier of texts, the server's side (docs/PROTOCOL.md, Ajax).
//!
//! One client is one [`AjaxLink`]: its requests come on any connection, the driver of its session uses it through
//! [`AjaxTransport`].

mod carrier;
mod link;
mod push;
mod table;

pub(crate) use carrier::AjaxTransport;
pub(crate) use link::{AjaxLink, AjaxSettings, Polled, Refused};
pub(crate) use table::AjaxTable;
