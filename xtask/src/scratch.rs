//! A folder outside of the workspace, for packages as users have them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::Failure;
use crate::workspace;

/// A temporary folder that is removed when this is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty folder with this word in its name.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("glue-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It lies among other temporary files; what can't be removed is left to the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Prepares a program that builds in `folder`: it shares what the workspace has built, which needs the same settings.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command.env("CARGO_TARGET_DIR", workspace::target()?);
    command.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    Ok(command)
}

/// Lets a package start from the workspace's lock file: the versions that are built already, instead of the newest.
pub(crate) fn lock(package: &Path) -> Result<(), Failure> {
    let lock = package.join("Cargo.lock");
    let copied = fs::copy(workspace::root().join("Cargo.lock"), &lock);
    copied.map(drop).map_err(|error| failed(&lock, &error))
}

/// Reads a text.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

/// Writes a text, and the folders that lead to it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, text))
        .map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
