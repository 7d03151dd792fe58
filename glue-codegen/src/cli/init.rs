//! `glue-codegen init`: a new project that runs at once.

use std::path::PathBuf;

use super::{Console, Exit, Failure, Verbosity};
use crate::Emit;

/// The arguments of `init`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Folder of the new project
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Name of the package [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Language of the page
    #[arg(long, value_name = "ts|js", hide_possible_values = true, default_value = "js")]
    emit: Emit,
    /// Use the glue-runtime in this folder instead of a published one
    #[arg(long, value_name = "DIR")]
    runtime_path: Option<PathBuf>,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
}

pub(super) fn run(_arguments: &Arguments, _console: Console) -> Result<Exit, Failure> {
    Err(Failure::usage("not available yet"))
}
