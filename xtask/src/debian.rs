//! Programs that stages need and Debian has.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{Failure, capture, run};

/// Returns the path of a program: what the variable says, or the first of these that is there, or what the package brings
/// where we may install it.
pub(crate) fn program(variable: &str, names: &[&str], package: &str) -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    let find = || names.iter().copied().find_map(on_path);
    if let Some(path) = find() {
        return Ok(path);
    }
    if on_path("apt-get").is_some() && is_root() {
        let mut apt = Command::new("apt-get");
        run(apt.arg("update"))?;
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(apt.args(["install", "--yes", "--no-install-recommends", package]))?;
    }
    find().ok_or_else(|| {
        Failure::new(format!(
            "this stage needs {name}: install it (Debian: `apt-get install {package}`), or name its program in the \
             variable {variable}",
            name = names[0]
        ))
    })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        // Where Debian puts servers; only root has it on the path.
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
