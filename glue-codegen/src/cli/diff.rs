//! `glue-codegen diff`: what has changed since another version of the contract, and whom it breaks.

use std::path::PathBuf;

use super::{
    Console, Exit, Failure, Project, Verbosity, print,
    settings::{Flags, LockPlace},
};
use crate::{
    diff::{self, Accepted, Format, Tolerance},
    generate,
    lock::Lock,
    selection::Selection,
};

/// The arguments of `diff`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// What to compare with: a git revision that has the lock, or a lock file
    #[arg(long, value_name = "REV|FILE", default_value = "HEAD")]
    against: String,
    /// text for people, github for annotations, json for programs
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "text",
        hide_possible_values = true
    )]
    format: Format,
    /// Whose breakage is a failure: that of older clients, of older servers, or of both; stale: also methods that older clients
    /// are refused though they would understand them, unless --accept writes these
    #[arg(
        long,
        value_name = "clients|servers|both|stale|none",
        value_enum,
        default_value = "clients",
        hide_possible_values = true
    )]
    fail_on: FailOn,
    /// Also count what breaks clients in Rust only
    #[arg(long)]
    rust_clients: bool,
    /// Write what older clients may go on calling, for the server
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// File of the contract [default: glue.lock.json]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
    #[command(flatten)]
    selection: Selection,
}

/// Whose breakage is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Clients,
    Servers,
    Both,
    Stale,
    None,
}

pub(super) fn run(arguments: Arguments, console: Console) -> Result<Exit, Failure> {
    let flags = Flags {
        lock: arguments.lock.map(LockPlace::At),
        selection: arguments.selection,
        ..Flags::default()
    };
    let project = Project::open(flags, &console)?;
    let path = project
        .settings
        .lock
        .as_deref()
        .ok_or_else(|| Failure::usage(NO_LOCK))?;
    // Before the build, as it is quicker.
    let old = diff::other(path, &arguments.against)?;
    let channels = project.search(console, &console)?.channels;
    // What can't be generated can't be compared either.
    generate(&channels, &project.settings.options)?;

    let new = Lock::of(&channels);
    let report = diff::compare(&old, &new);
    let tolerance = Tolerance {
        clients: matches!(arguments.fail_on, FailOn::Clients | FailOn::Both | FailOn::Stale),
        servers: matches!(arguments.fail_on, FailOn::Servers | FailOn::Both),
        rust_clients: arguments.rust_clients,
        // What the file doesn't hold breaks clients, and counts as that.
        stale: arguments.fail_on == FailOn::Stale && arguments.accept.is_none(),
    };
    if let Some(path) = &arguments.accept {
        Accepted::of(&old, &new, &report, tolerance).write(path)?;
    }
    let text = diff::print(&report, arguments.format, tolerance, &channels);
    match (print(text.as_bytes()), report.failures(tolerance)) {
        (Exit::Success, 0) => Ok(Exit::Success),
        (Exit::Success, _) => Ok(Exit::Breaking),
        (failure, _) => Ok(failure),
    }
}

const NO_LOCK: &str = "there is no lock to compare: Cargo.toml turns it off; name one with --lock FILE";
