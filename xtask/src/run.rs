//! Running other programs, visibly.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::workspace;

/// Why a command of ours failed, as the user reads it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Puts what was being done in front of the message.
    pub(crate) fn during(self, what: impl fmt::Display) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints a command, runs it with our own output, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = describe(command);
    eprintln!("$ {line}");
    let status = command.status().map_err(|error| cannot_run(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{line}` failed ({status})")))
    }
}

/// Prints a command and goes on as it, so that whoever ends us ends it; where that can't be, waits for it.
pub(crate) fn become_program(command: &mut Command) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;

        eprintln!("$ {}", describe(command));
        let error = command.exec();
        Err(cannot_run(command, &error))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Returns what a command prints on its standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let line = describe(command);
    let output = command.output().map_err(|error| cannot_run(command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::new(format!(
        "`{line}` failed ({})\n{text}{errors}",
        output.status
    )))
}

/// Starts `cargo` as the one that runs us, in the workspace's root.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace::root());
    command
}

/// Explains why a program did not start.
pub(crate) fn cannot_run(command: &Command, error: &std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    if error.kind() == ErrorKind::NotFound {
        return Failure::new(format!("`{program}` was not found; is it installed?"));
    }
    Failure::new(format!("`{program}` did not start: {error}"))
}

/// Writes a command as one would type it, with the folder it runs in if that is not the root.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = String::new();
    if let Some(folder) = command
        .get_current_dir()
        .filter(|folder| *folder != workspace::root())
    {
        line.push_str(&format!("cd {} && ", workspace::shown(folder)));
    }
    // Programs that we have built or installed are known by their names.
    line.push_str(&program.file_stem().unwrap_or_default().to_string_lossy());
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&workspace::shown(Path::new(arg)));
    }
    line
}
