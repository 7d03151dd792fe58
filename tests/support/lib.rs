//! Support for the tests: raw peers, and applications for them to talk to.

pub mod bystander;
pub mod deadline;
pub mod raw_http;
pub mod raw_ws;
pub mod recorded_app;
pub mod server;
pub mod vectors;
