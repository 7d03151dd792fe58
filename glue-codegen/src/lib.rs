//! Glue codegen.
