//! The `glue-codegen` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    glue_codegen::cli::run(std::env::args_os())
}
