//! `glue-codegen` without a subcommand: writes the client, or compares it.

use std::{path::PathBuf, time::Instant};

use super::{
    Console, Exit, Failure, Project, Verbosity,
    console::{now, seconds, shown},
    settings::Flags,
    watch,
};
use crate::{
    Emit,
    discover::{DiscoverError, Runner},
    embed, generate,
    output::{self, Change, ChangeKind},
    selection::Selection,
};

/// The arguments of a run that generates.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for the client; foreign files in it are kept
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// TypeScript, or JavaScript with .d.ts [default: ts]
    #[arg(long, value_name = "ts|js", hide_possible_values = true)]
    emit: Option<Emit>,
    /// Also write a fake of each channel, for your tests
    #[arg(long)]
    fakes: bool,
    /// Write nothing; exit with 3 if files would change
    #[arg(long)]
    check: bool,
    /// Write again after every change, until Ctrl-C
    #[arg(long, conflicts_with = "check")]
    watch: bool,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
    #[command(flatten)]
    selection: Selection,
}

impl Arguments {
    fn flags(self) -> Flags {
        Flags {
            out: self.out,
            emit: self.emit,
            fakes: self.fakes.then_some(true),
            selection: self.selection,
        }
    }
}

pub(super) fn run(arguments: Arguments, console: Console) -> Result<Exit, Failure> {
    let (watch, check) = (arguments.watch, arguments.check);
    let flags = arguments.flags();
    if watch {
        return watch::watch(&flags, console);
    }
    let started = now();
    let project = Project::open(flags, &console)?;
    once(&project, check, started, console, &console)
}

/// Writes the client, or compares it if this is a `check`.
pub(super) fn once(
    project: &Project,
    check: bool,
    started: Instant,
    console: Console,
    runner: &dyn Runner,
) -> Result<Exit, Failure> {
    let settings = &project.settings;
    let out = settings.out.as_deref().ok_or_else(|| Failure::usage(NO_OUT))?;
    let found = project.search(console, runner)?;
    let built = started.elapsed();
    let files = generate(&found.channels, &settings.options)?;

    let folder = shown(out);
    let changes = output::plan(out, &files)?;
    if found.channels.is_empty() {
        // Without this, a feature that was forgotten would cost the user the client.
        let targets = found.targets.join(", ");
        if changes.iter().any(|change| change.kind == ChangeKind::Remove) {
            return Err(DiscoverError::NoChannel { targets }.into());
        }
        Console::warn(format_args!(
            "{}; the client is the runtime alone, for raw channels",
            DiscoverError::NoChannel { targets }
        ));
    }
    if check {
        if changes.is_empty() {
            console.status(format_args!("{folder} is up to date"));
            return Ok(Exit::Success);
        }
        console.status(format_args!(
            "{folder} is not up to date; run glue-codegen without --check"
        ));
        report(&changes, console);
        return Ok(Exit::Stale);
    }
    output::write(out, &files)?;
    let channels = match found.channels.len() {
        1 => "1 channel".to_owned(),
        count => format!("{count} channels"),
    };
    let took = started.elapsed();
    console.status(format_args!(
        "{channels}, {} files in {folder}, {} changed, in {} ({:.0} ms after the build)",
        files.len(),
        changes.len(),
        seconds(took),
        (took - built).as_secs_f64() * 1e3,
    ));
    report(&changes, console);
    Ok(Exit::Success)
}

/// Names the files; those of the runtime, which come and go together, in one line.
fn report(changes: &[Change], console: Console) {
    let runtime = format!("{}/", embed::FOLDER);
    let (shipped, own): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|change| change.path.starts_with(&runtime));
    for Change { path, kind } in own {
        let sign = match kind {
            ChangeKind::Create => '+',
            ChangeKind::Update => '~',
            ChangeKind::Remove => '-',
        };
        console.detail(format_args!("{sign} {path}"));
    }
    if !shipped.is_empty() {
        console.detail(format_args!("~ {runtime} ({} files)", shipped.len()));
    }
}

const NO_OUT: &str = "no folder to write to: give --out DIR, or set it in Cargo.toml:\n\n  [package.metadata.glue]\n  out = \"web/generated\"\n";
