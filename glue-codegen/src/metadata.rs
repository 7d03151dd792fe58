//! What `cargo metadata` says of a workspace, and which of its packages to look at.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::discover::{DiscoverError, Selection};

/// Package whose users may have channels.
const RUNTIME: &str = "glue-runtime";

/// A workspace: the part of `cargo metadata` that we need.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) id: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    /// `None` is a normal dependency, the others are "dev" and "build".
    kind: Option<String>,
    path: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load(selection: &Selection) -> Result<Self, DiscoverError> {
        let mut command = cargo("metadata");
        command.args(["--format-version", "1", "--no-deps"]);
        selection.pass_common(&mut command);
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(DiscoverError::Cargo)?;
        if !output.status.success() {
            return Err(DiscoverError::Metadata);
        }
        serde_json::from_slice(&output.stdout).map_err(|error| DiscoverError::Cargo(error.into()))
    }

    /// Returns the packages to look at: those asked for, else those of the folder we are in.
    pub(crate) fn select(&self, selection: &Selection) -> Result<Vec<&Package>, DiscoverError> {
        if !selection.packages.is_empty() {
            return selection.packages.iter().map(|name| self.named(name)).collect();
        }
        let current = self.current(selection).map_err(DiscoverError::Cargo)?;
        let candidates = current.map_or_else(
            || self.packages.iter().collect(),
            |current| self.reachable(current),
        );
        let users: Vec<_> = candidates
            .into_iter()
            .filter(|package| package.runtime_key().is_some())
            .collect();
        if users.is_empty() {
            Err(DiscoverError::NoPackage)
        } else {
            Ok(users)
        }
    }

    fn named(&self, name: &str) -> Result<&Package, DiscoverError> {
        let package = self.packages.iter().find(|package| package.name == name);
        let package = package.ok_or_else(|| DiscoverError::UnknownPackage(name.to_owned()))?;
        match package.runtime_key() {
            Some(_) => Ok(package),
            None => Err(DiscoverError::NotAUser(name.to_owned())),
        }
    }

    /// The member whose folder we are in; none in the root of the workspace, where all members count.
    fn current(&self, selection: &Selection) -> io::Result<Option<&Package>> {
        let manifest = match &selection.manifest_path {
            Some(path) => Some(path.clone()),
            None => {
                let folder = env::current_dir()?;
                folder
                    .ancestors()
                    .map(|folder| folder.join("Cargo.toml"))
                    .find(|path| path.is_file())
            }
        };
        let Some(manifest) = manifest else { return Ok(None) };
        let manifest = fs::canonicalize(manifest)?;
        if fs::canonicalize(self.workspace_root.join("Cargo.toml"))? == manifest {
            return Ok(None);
        }
        Ok(self
            .packages
            .iter()
            .find(|package| same_path(&package.manifest_path, &manifest)))
    }

    /// `start`, and the members that it reaches by path dependencies: the server's API may live in a crate of its own.
    fn reachable<'a>(&'a self, start: &'a Package) -> Vec<&'a Package> {
        let mut seen = BTreeSet::from([start.id.as_str()]);
        let mut found = vec![start];
        let mut next = 0;
        while let Some(package) = found.get(next).copied() {
            next += 1;
            let folders = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind.is_none());
            for folder in folders.filter_map(|dependency| dependency.path.as_ref()) {
                let manifest = folder.join("Cargo.toml");
                let member = self
                    .packages
                    .iter()
                    .find(|member| same_path(&member.manifest_path, &manifest));
                if let Some(member) = member.filter(|member| seen.insert(&member.id)) {
                    found.push(member);
                }
            }
        }
        found
    }
}

impl Package {
    /// The name under which the package depends on glue-runtime, if it does.
    pub(crate) fn runtime_key(&self) -> Option<&str> {
        let normal = self
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.is_none());
        let runtime = normal.into_iter().find(|dependency| dependency.name == RUNTIME)?;
        Some(runtime.rename.as_deref().unwrap_or(RUNTIME))
    }

    pub(crate) fn has_library(&self) -> bool {
        const LIBRARIES: [&str; 5] = ["lib", "rlib", "dylib", "cdylib", "staticlib"];
        self.targets
            .iter()
            .flat_map(|target| &target.kind)
            .any(|kind| LIBRARIES.contains(&kind.as_str()))
    }

    /// The folder of the package.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or_else(|| Path::new("."))
    }
}

/// Returns a command for the cargo that called us, or the one in the path.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand);
    command
}

/// Whether both paths name one file; paths may differ by links and, on Windows, in how they are spelled.
fn same_path(a: &Path, b: &Path) -> bool {
    a == b || matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}
