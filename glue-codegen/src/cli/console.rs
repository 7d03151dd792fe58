//! What the user sees: messages on standard error, with colours only where a terminal shows them.

use std::{
    env,
    error::Error,
    fmt::Display,
    io,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use anstream::eprintln;
use anstyle::{AnsiColor, Style};

use crate::discover::Runner;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::Args)]
pub(crate) struct Verbosity {
    /// Say nothing unless something is wrong
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Show the commands that are run, and how long they take
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// Prints messages, and runs programs visibly. Colours follow the terminal, `NO_COLOR` and `CLICOLOR_FORCE`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Console(pub(crate) Verbosity);

impl Console {
    /// Tells what has been done; not to those who want quiet.
    pub(crate) fn status(self, text: impl Display) {
        if !self.0.quiet {
            eprintln!("{NAME}glue-codegen:{NAME:#} {text}");
        }
    }

    /// Adds a line to what was said last.
    pub(crate) fn detail(self, text: impl Display) {
        if !self.0.quiet {
            eprintln!("  {text}");
        }
    }

    /// Tells what the user should know even if nothing else is of interest.
    pub(crate) fn warn(text: impl Display) {
        eprintln!("{NAME}glue-codegen:{NAME:#} {WARNING}warning:{WARNING:#} {text}");
    }

    /// Tells what is wrong, and why.
    pub(crate) fn fail(error: &dyn Error) {
        eprintln!("{NAME}glue-codegen:{NAME:#} {ERROR}error:{ERROR:#} {error}");
        let mut source = error.source();
        while let Some(error) = source {
            eprintln!("  because: {error}");
            source = error.source();
        }
    }

    /// Tells of a command that has been run.
    pub(super) fn ran(self, command: &Command, took: Duration) {
        if self.0.verbose {
            let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
            let program = command.get_program().to_string_lossy();
            self.detail(format_args!("{program} {} ({})", args.join(" "), seconds(took)));
        }
    }
}

impl Runner for Console {
    fn output(&self, command: &mut Command) -> io::Result<Output> {
        let started = now();
        let output = command.output();
        self.ran(command, started.elapsed());
        output
    }

    fn is_quiet(&self) -> bool {
        self.0.quiet
    }
}

/// Writes a path as seen from where we are.
pub(crate) fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let relative = path.strip_prefix(&here).unwrap_or(path);
    relative.display().to_string()
}

/// Writes a time that a person waited.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Reads the clock.
#[allow(
    clippy::disallowed_methods,
    reason = "how long something took is for the reader"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

const NAME: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
