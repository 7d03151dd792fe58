//! What a command works on: the workspace, and the settings that hold in it.

use glue::schema::ChannelSchema;

use super::{
    Console, Failure,
    settings::{Flags, Settings},
};
use crate::{
    discover,
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
    pub(crate) fn open(flags: Flags, console: Console) -> Result<Self, Failure> {
        let workspace = Workspace::load(&flags.selection, &console)?;
        let mut flags = flags;
        if let Some(package) = workspace.home(&flags.selection)? {
            let section = Flags::read(&package.metadata, "package", &package.manifest_path);
            flags = flags.or(section.map_err(Failure::usage)?);
        }
        let section = Flags::read(&workspace.metadata, "workspace", &workspace.manifest_path());
        let settings = flags.or(section.map_err(Failure::usage)?).settle();
        Ok(Self { workspace, settings })
    }

    /// The packages to look at.
    pub(crate) fn packages(&self) -> Result<Vec<&Package>, Failure> {
        Ok(self.workspace.select(&self.settings.selection)?)
    }

    /// Builds the packages, and returns the schemas of their channels; none if they have none.
    pub(crate) fn channels(&self, console: Console) -> Result<Vec<ChannelSchema>, Failure> {
        let packages = self.packages()?;
        let found = discover::search(&self.workspace, &packages, &self.settings.selection, &console)?;
        Ok(found.channels)
    }
}
