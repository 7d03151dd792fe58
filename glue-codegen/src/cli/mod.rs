//! The command line: arguments, and what is done with them.

mod completions;
mod console;
mod diff;
mod documents;
mod exit;
mod generate;
mod init;
mod project;
mod settings;
mod watch;

use std::{ffi::OsString, io, io::Write as _, process::ExitCode};

use clap::Parser;

pub use exit::Exit;

pub(crate) use console::{Console, Verbosity};
pub(crate) use exit::Failure;
pub(crate) use project::Project;

/// The arguments. Nothing has a long help of its own, so that `--help` is as short as `-h`.
#[derive(Debug, Clone, Parser)]
#[command(name = "glue-codegen", version, about = ABOUT, after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
#[command(args_conflicts_with_subcommands = true, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    generate: generate::Arguments,
}

/// What to do instead of writing the client.
#[derive(Debug, Clone, clap::Subcommand)]
enum Command {
    /// Tell what has changed in the contract, and whom it breaks
    Diff(diff::Arguments),
    /// Set up a new project: a server, a page and a client for it
    Init(init::Arguments),
    /// Print a script by which your shell completes arguments
    Completions(completions::Arguments),
}

/// Runs the command with `args`, of which the first is the name of the program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away (`--help | head`) is no error worth a message.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Success.into()
            };
        }
    };
    let console = Console(match &cli.command {
        None => cli.generate.verbosity,
        Some(Command::Diff(arguments)) => arguments.verbosity,
        Some(Command::Init(arguments)) => arguments.verbosity,
        Some(Command::Completions(_)) => Verbosity::default(),
    });
    let result = match cli.command {
        None => generate::run(cli.generate, console),
        Some(Command::Diff(arguments)) => diff::run(arguments, console),
        Some(Command::Init(arguments)) => init::run(&arguments, console),
        Some(Command::Completions(arguments)) => Ok(completions::run(&arguments)),
    };
    let exit = result.unwrap_or_else(|failure| {
        Console::fail(failure.error());
        failure.exit()
    });
    exit.into()
}

/// Prints to standard output; a reader that went away is no error worth a message.
fn print(text: &[u8]) -> Exit {
    match io::stdout().write_all(text) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Failure,
    }
}

const ABOUT: &str = "\
Writes a TypeScript client for the #[glue::channel] traits of a cargo package

Run it in a package, or in the root of a workspace for all packages that use
glue-runtime. The channels are found by building the package in test mode.
What is given here may stand in Cargo.toml, too: [package.metadata.glue]";

const EXAMPLES: &str = "\
Examples:
  glue-codegen --out web/generated    Write the client of the package here
  glue-codegen                        The same, as Cargo.toml says
  glue-codegen --watch                Again after every saved change
  glue-codegen --check                In CI: is what is checked in up to date?
  glue-codegen init hello             A new project in the folder hello";
