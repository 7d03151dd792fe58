//! `glue-codegen` without a subcommand: writes the client, or compares it.

use std::path::PathBuf;

use super::{Console, Exit, Failure, Project, Verbosity, settings::Flags};
use crate::{
    Emit, embed, generate,
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
    let check = arguments.check;
    let project = Project::open(arguments.flags(), console)?;
    let settings = &project.settings;
    let Some(out) = &settings.out else {
        return Err(Failure::usage(NO_OUT));
    };
    let channels = project.channels(console)?;
    let files = generate(&channels, &settings.options)?;

    let folder = out.display();
    if check {
        let changes = output::plan(out, &files)?;
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
    let changes = output::write(out, &files)?;
    let count = if channels.len() == 1 {
        "1 channel".to_owned()
    } else {
        format!("{} channels", channels.len())
    };
    console.status(format_args!(
        "{count}, {} files in {folder}, {} changed",
        files.len(),
        changes.len()
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
