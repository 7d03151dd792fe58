//! Where things are.

use std::path::{Path, PathBuf};

use crate::run::Failure;

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask is a folder of the workspace")
}

/// Returns the program that cargo has built under this name.
pub(crate) fn built(name: &str) -> Result<PathBuf, Failure> {
    // Cargo puts it beside ourselves, whatever the target folder is.
    Ok(own_path()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Returns cargo's target folder.
pub(crate) fn target() -> Result<PathBuf, Failure> {
    let own = own_path()?;
    let folder = own.ancestors().nth(2);
    folder
        .map(Path::to_owned)
        .ok_or_else(|| Failure::new(format!("{} is in no target folder", own.display())))
}

fn own_path() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Failure::new(format!("where am I? {error}")))
}

/// Writes a path as seen from the root.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
