//! What serde_json writes and reads, against what the TypeScript types say.
//!
//! A model that `#[glue::model]` lets through has no lie in it: `mirrors` fails for one.

// All of this is a test; the shapes of types are written as users write them.
#![allow(clippy::unwrap_used, clippy::use_self)]

mod crates;
mod exact;
mod mirror;
mod models;
mod typescript;
