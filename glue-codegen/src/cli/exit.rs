//! How a run ends, for the shell and for scripts.

use std::{error::Error, process::ExitCode};

/// The exit codes. They are the same for all commands, so that a script can tell an outdated client from a broken build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// All is well.
    Success = 0,
    /// The work failed: the build, what the channels need, a file.
    Failure = 1,
    /// The arguments are wrong, or the settings in Cargo.toml.
    Usage = 2,
    /// `--check`: the generated files or the lock are out of date.
    Stale = 3,
    /// `diff`: a change breaks a client or a server.
    Breaking = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What `--help` says of them.
pub(super) const HELP: &str = "\
Exit codes:
  0  all is well
  1  the work failed: the build, a type without TypeScript form, a file
  2  wrong arguments or settings
  3  --check: files are out of date
  4  diff: a change breaks clients or servers";

/// Why a command gave up.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user has to change the arguments or the settings.
    Usage(Box<dyn Error>),
    /// All else.
    Work(Box<dyn Error>),
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Work(_) => Exit::Failure,
        }
    }

    /// What to tell the user.
    pub(crate) fn error(&self) -> &dyn Error {
        match self {
            Self::Usage(error) | Self::Work(error) => error.as_ref(),
        }
    }

    /// Blames the arguments.
    pub(crate) fn usage(error: impl Into<Box<dyn Error>>) -> Self {
        Self::Usage(error.into())
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}
