//! What the packages that `cargo xtask fidelity` writes have in common: random values, comparing them, and the server that
//! sends and takes them.

mod compare;
mod exactly;
mod random;
mod scalars;

mod collections;
mod server;

pub use compare::Fidelity;
pub use exactly::Exactly;
pub use random::Random;
pub use server::{Difference, Tally, check, serve, upload, value, values};
