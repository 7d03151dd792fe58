//! Node, its packages, and the browser that it drives.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::run::{Failure, capture, run};
use crate::workspace;

/// Folder of the TypeScript runtime; its tools (compiler, linter) serve the other stages too.
pub(crate) fn runtime_folder() -> PathBuf {
    workspace::root().join("glue-codegen/typescript")
}

/// Fails unless Node is there and new enough; returns its major version.
pub(crate) fn require() -> Result<u32, Failure> {
    let wanted = format!("this stage needs Node {OLDEST} or later with npm: https://nodejs.org");
    let version = capture(Command::new("node").arg("--version"))
        .map_err(|failure| Failure::new(format!("{failure}\n{wanted}")))?;
    match major(&version) {
        Some(major) if major >= OLDEST => Ok(major),
        _ => Err(Failure::new(format!("found Node {}; {wanted}", version.trim()))),
    }
}

/// Installs the packages of a folder exactly as its lock file names them.
pub(crate) fn install(folder: &Path) -> Result<(), Failure> {
    require()?;
    run(npm(folder).args(["ci", "--no-fund", "--no-audit"]))
}

/// Installs them unless that was done before.
pub(crate) fn install_once(folder: &Path) -> Result<(), Failure> {
    if folder.join("node_modules").is_dir() {
        return Ok(());
    }
    install(folder)
}

/// Starts npm in a folder.
pub(crate) fn npm(folder: &Path) -> Command {
    // A batch file under Windows, which is only found by its full name.
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(folder);
    command
}

/// Starts the TypeScript compiler.
pub(crate) fn tsc() -> Command {
    let mut command = Command::new("node");
    command.arg(runtime_folder().join("node_modules/typescript/bin/tsc"));
    command
}

/// Returns Chromium's path, installing Debian's where that is possible.
pub(crate) fn chromium() -> Result<PathBuf, Failure> {
    debian::program(
        "CHROMIUM",
        &["chromium", "chromium-browser", "google-chrome"],
        "chromium",
    )
}

/// Reads `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Oldest Node that the TypeScript runtime promises to run in (`engines` in its package.json).
const OLDEST: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_node_prints_them() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("20"), None);
    }
}
