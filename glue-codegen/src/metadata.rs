//! What `cargo metadata` says of a workspace, and which of its packages to look at.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;
use serde_json::Value;

use crate::discover::{DiscoverError, Runner, Selection};

/// Package whose users may have channels.
pub(crate) const RUNTIME: &str = "glue-runtime";

/// A workspace: the part of `cargo metadata` that we need.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    pub(crate) target_directory: PathBuf,
    /// `[workspace.metadata]`, null if there is none.
    #[serde(default)]
    pub(crate) metadata: Value,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) id: String,
    pub(crate) manifest_path: PathBuf,
    /// `[package.metadata]`, null if there is none.
    #[serde(default)]
    pub(crate) metadata: Value,
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
    pub(crate) fn load(selection: &Selection, runner: &dyn Runner) -> Result<Self, DiscoverError> {
        if manifest(selection).map_err(DiscoverError::Cargo)?.is_none() {
            return Err(DiscoverError::NoManifest(env::current_dir().unwrap_or_default()));
        }
        let mut command = cargo("metadata");
        command.args(["--format-version", "1", "--no-deps"]);
        selection.pass_common(&mut command);
        let output = runner
            .output(command.stdout(Stdio::piped()).stderr(Stdio::inherit()))
            .map_err(DiscoverError::cargo)?;
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
        let package = self.member(name);
        let package = package.ok_or_else(|| DiscoverError::UnknownPackage(name.to_owned()))?;
        match package.runtime_key() {
            Some(_) => Ok(package),
            None => Err(DiscoverError::NotAUser(name.to_owned())),
        }
    }

    /// The package whose settings hold: the one asked for, else that of the folder we are in; none in the root of a workspace
    /// that is no package itself, and where several are asked for.
    pub(crate) fn home(&self, selection: &Selection) -> Result<Option<&Package>, DiscoverError> {
        match selection.packages.as_slice() {
            [name] => Ok(self.member(name)),
            [] => {
                let Some(manifest) = manifest(selection).map_err(DiscoverError::Cargo)? else {
                    return Ok(None);
                };
                Ok(self.at(&manifest))
            }
            _ => Ok(None),
        }
    }

    /// The Cargo.toml of the workspace.
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.workspace_root.join("Cargo.toml")
    }

    /// The member whose folder we are in; none in the root of the workspace, where all members count.
    fn current(&self, selection: &Selection) -> io::Result<Option<&Package>> {
        let manifest = manifest(selection)?;
        Ok(manifest
            .filter(|manifest| !same_path(manifest, &self.manifest_path()))
            .and_then(|manifest| self.at(&manifest)))
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The member with this Cargo.toml.
    pub(crate) fn at(&self, manifest: &Path) -> Option<&Package> {
        self.packages
            .iter()
            .find(|package| same_path(&package.manifest_path, manifest))
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

impl Workspace {
    /// The folders of `packages` and of all that they reach by path, build scripts and tests included; beyond the workspace
    /// only those that its members name.
    pub(crate) fn source_folders(&self, packages: &[&Package]) -> Vec<PathBuf> {
        let mut folders: Vec<_> = packages
            .iter()
            .map(|package| package.folder().to_owned())
            .collect();
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            let Some(package) = self.at(&folder.join("Cargo.toml")) else {
                continue;
            };
            let paths = package
                .dependencies
                .iter()
                .filter_map(|dependency| dependency.path.as_ref());
            for path in paths {
                if !folders.iter().any(|known| same_path(known, path)) {
                    folders.push(path.clone());
                }
            }
        }
        folders
    }
}

impl Package {
    /// What cargo's `-p` takes for this package and no other.
    pub(crate) fn spec(&self) -> String {
        let folder = self.id.split('#').next().unwrap_or(&self.id);
        let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or(folder);
        // Cargo takes the folder for the name of the package, and refuses its own id if that begins with an escaped letter.
        if name.starts_with('%') {
            format!("{}@{}", self.name, self.version)
        } else {
            self.id.clone()
        }
    }

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

/// The Cargo.toml of where we are.
fn manifest(selection: &Selection) -> io::Result<Option<PathBuf>> {
    if let Some(path) = &selection.manifest_path {
        return Ok(Some(path.clone()));
    }
    let folder = env::current_dir()?;
    let mut manifests = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
    Ok(manifests.find(|path| path.is_file()))
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
