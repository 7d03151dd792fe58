//! `glue-codegen diff`: what has changed since another version of the contract, and whom it breaks.

use super::{
    Console, Exit, Failure, Project, Verbosity,
    settings::{Flags, Settings},
};
use crate::selection::Selection;

/// The arguments of `diff`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// What to compare with: a git revision, or a lock file
    #[arg(long, value_name = "REV|FILE")]
    against: Option<String>,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(arguments: Arguments, console: Console) -> Result<Exit, Failure> {
    let flags = Flags {
        selection: arguments.selection,
        ..Flags::default()
    };
    let project = Project::open(flags, &console)?;
    let Settings { .. } = &project.settings;
    let _channels = project.search(console, &console)?.channels;
    let _ = (arguments.against, Exit::Breaking);
    Err(Failure::usage("not available yet"))
}
