//! Nothing but the benches of `benches/`.
