//! What a command works on: the workspace, and the settings that hold in it.

use std::path::Path;

use super::{
    Console, Failure,
    settings::{Flags, Settings},
};
use crate::{
    discover::{self, Found, Runner},
    metadata::{Package, Workspace},
};

/// A workspace and the settings of a run in it.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) workspace: Workspace,
    pub(crate) settings: Settings,
}

impl Project {
    /// Asks cargo about the workspace, and adds to the flags what its Cargo.toml files say.
    pub(crate) fn open(flags: Flags, runner: &dyn Runner) -> Result<Self, Failure> {
        let workspace = Workspace::load(&flags.selection, runner)?;
        let mut flags = flags;
        let manifest = workspace.manifest_path();
        let mut home = manifest.parent().unwrap_or_else(|| Path::new("."));
        if let Some(package) = workspace.home(&flags.selection)? {
            home = package.folder();
            let section = Flags::read(&package.metadata, "package", &package.manifest_path);
            flags = flags.or(section.map_err(Failure::usage)?);
        }
        let section = Flags::read(&workspace.metadata, "workspace", &manifest);
        let settings = flags.or(section.map_err(Failure::usage)?).settle(home);
        Ok(Self { workspace, settings })
    }

    /// The name of the package in this folder.
    pub(crate) fn package_at(&self, folder: &Path) -> Option<String> {
        let package = self.workspace.at(&folder.join("Cargo.toml"))?;
        Some(package.name.clone())
    }

    /// The packages to look at.
    pub(crate) fn packages(&self) -> Result<Vec<&Package>, Failure> {
        Ok(self.workspace.select(&self.settings.selection)?)
    }

    /// Builds the packages, and returns the schemas of their channels; none if they have none.
    pub(crate) fn search(&self, console: Console, runner: &dyn Runner) -> Result<Found, Failure> {
        let packages = self.packages()?;
        if !self.workspace.target_directory.join(discover::FOLDER).is_dir() {
            let names: Vec<_> = packages.iter().map(|package| package.name.as_str()).collect();
            console.status(format_args!(
                "building {} in test mode; the first time this takes as long as a first `cargo test`",
                names.join(", ")
            ));
        }
        let found = discover::search(&self.workspace, &packages, &self.settings.selection, runner)?;
        if let Some(runtime) = &found.runtime
            && minor(runtime) != minor(env!("CARGO_PKG_VERSION"))
        {
            Console::warn(format_args!(
                "this glue-codegen is {}, but glue-runtime is {runtime}; \
                 install the same version: cargo install --locked glue-codegen --version {runtime}",
                env!("CARGO_PKG_VERSION")
            ));
        }
        Ok(found)
    }
}

/// Major and minor version, within which all fits.
fn minor(version: &str) -> Option<(&str, &str)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?, numbers.next()?))
}
