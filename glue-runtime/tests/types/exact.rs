//! `Exact` and `#[glue(exact)]`.
