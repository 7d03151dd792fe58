//! `glue-codegen` without a subcommand: writes the client, or compares it.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    Console, Exit, Failure, Project, Verbosity,
    console::{now, seconds, shown},
    documents::{DocumentArguments, Documents},
    settings::{Flags, LockPlace, TanstackSetting},
    watch,
};
use crate::{
    Emit, Tanstack,
    discover::{DiscoverError, Runner},
    embed, generate,
    lock::{self, Lock},
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
    /// Also write options for TanStack Query [react]
    #[arg(long, value_name = "LIB", num_args = 0..=1, default_missing_value = "react")]
    #[arg(hide_possible_values = true)]
    tanstack: Option<Tanstack>,
    #[command(flatten)]
    documents: DocumentArguments,
    #[command(flatten)]
    lock: LockArguments,
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

/// Where the lock is, if there is to be one.
#[derive(Debug, Clone, clap::Args)]
struct LockArguments {
    /// File of the contract [default: glue.lock.json]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Keep no file of the contract
    #[arg(long, conflicts_with = "lock")]
    no_lock: bool,
}

impl LockArguments {
    fn place(self) -> Option<LockPlace> {
        if self.no_lock {
            return Some(LockPlace::Nowhere);
        }
        self.lock.map(LockPlace::At)
    }
}

impl Arguments {
    fn flags(self) -> Flags {
        Flags {
            out: self.out,
            emit: self.emit,
            fakes: self.fakes.then_some(true),
            lock: self.lock.place(),
            tanstack: self.tanstack.map(TanstackSetting::Library),
            documents: self.documents,
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
    // What takes no build is said at once. A package that isn't there has no folder set either.
    project.packages()?;
    let out = settings.out.as_deref().ok_or_else(|| Failure::usage(NO_OUT))?;
    settings.documents.require_formats()?;
    let found = project.search(console, runner)?;
    let built = started.elapsed();
    let files = generate(&found.channels, &settings.options)?;
    let documents = Documents::plan(project, &found.channels)?;

    let folder = shown(out);
    let changes = output::plan(out, &files)?;
    let contract = settings
        .lock
        .as_deref()
        .map(|path| (path, Lock::of(&found.channels)));
    // Both are looked at before either is written.
    let locked = match &contract {
        Some((path, contract)) => lock::check(path, contract)?,
        None => None,
    };
    if found.channels.is_empty() {
        // Without this, a feature that was forgotten would cost the user the client.
        let targets = found.targets.join(", ");
        let is_lost = changes.iter().any(|change| change.kind == ChangeKind::Remove);
        let is_locked = locked
            .as_ref()
            .is_some_and(|change| change.kind == ChangeKind::Update);
        let lock = settings.lock.as_deref().filter(|_| is_locked).map(shown);
        let places = is_lost.then(|| folder.clone()).into_iter().chain(lock);
        let places: Vec<_> = places.chain(documents.would_update()).collect();
        if !places.is_empty() {
            let error = DiscoverError::NoChannel { targets };
            return Err(Failure::Work(
                format!(
                    "{error}, but there are some in {}; remove what is there if those channels are gone, \
                     or else name their feature (-F)",
                    places.join(" and ")
                )
                .into(),
            ));
        }
        Console::warn(format_args!(
            "{}; the client is the runtime alone, for raw channels",
            DiscoverError::NoChannel { targets }
        ));
    }
    if check {
        let is_locked = locked.is_none();
        if is_locked && changes.is_empty() && documents.are_current() {
            console.status(format_args!("{folder} is up to date"));
            return Ok(Exit::Success);
        }
        if let (Some((path, contract)), false) = (&contract, is_locked) {
            report_lock(path, contract, console);
        }
        if !changes.is_empty() {
            console.status(format_args!(
                "{folder} is not up to date; run glue-codegen without --check"
            ));
            report(&changes, console);
        }
        documents.report_stale(console);
        return Ok(Exit::Stale);
    }
    output::write(out, &files)?;
    documents.write(console)?;
    if let Some((path, contract)) = &contract {
        lock::write(path, contract)?;
    }
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
    if let Some(change) = locked {
        report(&[change], console);
    }
    Ok(Exit::Success)
}

/// Says what the contract is beyond the one in the lock.
fn report_lock(path: &Path, contract: &Lock, console: Console) {
    console.status(format_args!(
        "{} is not up to date; run glue-codegen without --check",
        shown(path)
    ));
    // One that can't be read differs in all.
    let old = lock::read(path).ok().flatten().unwrap_or_default();
    for name in lock::differences(&old, contract) {
        console.detail(format_args!("~ {name}"));
    }
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
        console.detail(format_args!("{sign} {}", shown(Path::new(path))));
    }
    if !shipped.is_empty() {
        console.detail(format_args!("~ {runtime} ({} files)", shipped.len()));
    }
}

const NO_OUT: &str = "no folder to write to: give --out DIR, or set it in Cargo.toml:\n\n  [package.metadata.glue]\n  out = \"web/generated\"\n\nWhere several packages have such a section, run it in the folder of one, or name it with -p NAME.";
