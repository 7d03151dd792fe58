//! Support for the tests: raw peers, and applications for them to talk to.

pub mod bridge;
pub mod bystander;
pub mod deadline;
pub mod log;
pub mod peer;
pub mod proxy;
pub mod raw_ajax;
pub mod raw_http;
pub mod raw_ws;
pub mod recorded_app;
pub mod resuming;
pub mod server;
pub mod vectors;

/// Pages whose Rust code is compiled, and run where it can be, as doc tests of this crate.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../docs/CONTRACTS.md")]
    mod contracts {}

    #[doc = include_str!("../../docs/DEPLOYMENT.md")]
    mod deployment {}

    #[doc = include_str!("../../docs/GUIDE.md")]
    mod guide {}

    #[doc = include_str!("../../glue-runtime/README.md")]
    mod glue_runtime {}
}
