//! `glue-codegen completions`: scripts by which shells complete our arguments.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Exit, print};

/// The arguments of `completions`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "glue-codegen", &mut script);
    print(&script)
}
