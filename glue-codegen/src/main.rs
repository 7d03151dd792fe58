//! The `glue-codegen` command.

fn main() {}
