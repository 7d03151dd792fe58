//! What serde_json writes and reads, against what the TypeScript types say.
//!
//! A model that `#[glue::model]` lets through has no lie in it: `mirrors` fails for one.

mod crates;
mod exact;
mod mirror;
mod models;
mod typescript;
