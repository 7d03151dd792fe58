//! Glue macros.
