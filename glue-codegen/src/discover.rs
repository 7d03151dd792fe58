//! Gets the schemas out of a cargo package: builds it in test mode with the harnesses that `#[glue::channel]` then emits, and
//! runs those.
//!
//! The type texts exist only at run time of the user's crate, because ts-rs makes them from trait impls. A test harness reaches
//! private modules and binaries, needs no set-up by the user, and nothing of it is in any other build.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use glue::schema::{ChannelSchema, SchemaError};
use serde::Deserialize;

pub use crate::selection::Selection;
use crate::{
    host::{self, OwnLibraries},
    metadata::{Package, RUNTIME, Workspace, cargo},
};

/// Our folder in the target folder.
pub(crate) const FOLDER: &str = "glue-codegen";

/// Names of the harnesses start with this.
const HARNESS: &str = "__glue_codegen_";

/// Runs the programs that the search needs: what shows progress, or may break it off, does that here.
pub trait Runner {
    /// Runs a program to its end, and returns what it wrote to its pipes, as [`Command::output`] does.
    ///
    /// # Errors
    /// Those of [`Command::output`]; [`io::ErrorKind::Interrupted`] if it was broken off.
    fn output(&self, command: &mut Command) -> io::Result<Output>;

    /// Whether cargo should say nothing but what is wrong; not unless told so.
    fn is_quiet(&self) -> bool {
        false
    }
}

/// What was found in some packages.
#[derive(Debug)]
pub(crate) struct Found {
    /// Version of the glue-runtime that was built, where cargo tells it.
    pub(crate) runtime: Option<String>,
    /// The channels.
    pub(crate) channels: Vec<ChannelSchema>,
    /// What was searched, for messages: `bin server of package chat`.
    pub(crate) targets: Vec<String>,
}

/// Why no schemas were found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// There is no cargo.
    #[error("cargo was not found; install Rust (https://rustup.rs), or set CARGO to where it is")]
    NoCargo,
    /// Cargo couldn't be run, or answered something else than we expect.
    #[error("cannot run cargo")]
    Cargo(#[source] io::Error),
    /// Nothing here is built by cargo.
    #[error(
        "there is no Cargo.toml in {} or above it; run glue-codegen in a package, or start one with glue-codegen init",
        .0.display()
    )]
    NoManifest(PathBuf),
    /// `cargo metadata` failed, and has said why.
    #[error("cargo metadata failed; see above")]
    Metadata,
    /// No package here uses glue-runtime.
    #[error(
        "no package here depends on glue-runtime; run glue-codegen where the #[glue::channel] traits are"
    )]
    NoPackage,
    /// The workspace has no such package.
    #[error("there is no package `{0}` in this workspace")]
    UnknownPackage(String),
    /// The package doesn't use glue-runtime.
    #[error("the package `{0}` does not depend on glue-runtime")]
    NotAUser(String),
    /// Cargo built nothing, and has said why.
    #[error("cargo test failed; see above")]
    Refused,
    /// The user's crate has errors, which cargo has printed.
    #[error("the crate does not compile; see the errors above")]
    Build,
    /// Only the user's unit tests have errors, which cargo has printed.
    #[error(
        "your crate compiles but its unit tests do not; glue-codegen builds in test mode, fix the tests shown above"
    )]
    TestBuild,
    /// A harness failed.
    #[error("reading the channels of {target} failed:\n{output}")]
    Harness {
        /// The program.
        target: String,
        /// What it printed.
        output: String,
    },
    /// No harness was there to run.
    #[error("no #[glue::channel] trait found in {targets}{}", CUSTOM_HARNESS)]
    NoChannel {
        /// What was searched.
        targets: String,
    },
    /// The runtime is of another version than this program.
    #[error("{}", mismatch(.runtime, .used_by))]
    Version {
        /// Version of glue-runtime, where cargo tells it.
        runtime: Option<String>,
        /// The crate that uses it.
        used_by: String,
        /// What can't be read.
        #[source]
        source: SchemaError,
    },
    /// The file system refused.
    #[error("{}", .path.display())]
    Io {
        /// The file or folder in question.
        path: PathBuf,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

impl DiscoverError {
    /// Says why cargo couldn't be run.
    pub(crate) fn cargo(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::NoCargo
        } else {
            Self::Cargo(error)
        }
    }
}

/// Says which versions don't fit, and what to do.
fn mismatch(runtime: &Option<String>, used_by: &str) -> String {
    let own = env!("CARGO_PKG_VERSION");
    let Some(runtime) = runtime else {
        return format!(
            "glue-codegen {own} does not fit the glue-runtime of `{used_by}`; install the glue-codegen of its version"
        );
    };
    if runtime == own {
        return format!(
            "this glue-codegen {own} is older or newer than the glue-runtime {runtime} of `{used_by}`: \
             install it again from where that one is"
        );
    }
    format!(
        "glue-codegen {own} does not fit glue-runtime {runtime}, which `{used_by}` uses; \
         install the same version: cargo install --locked glue-codegen --version {runtime}"
    )
}

const CUSTOM_HARNESS: &str = " (targets with `harness = false` or `#![no_main]` cannot be searched, and traits inside \
                              function bodies are not seen)";

/// Builds the selected packages and returns the schemas of their channels.
///
/// Cargo's own messages go to standard error.
///
/// # Errors
/// [`DiscoverError`] says what to do.
pub fn discover(selection: &Selection, runner: &dyn Runner) -> Result<Vec<ChannelSchema>, DiscoverError> {
    let workspace = Workspace::load(selection, runner)?;
    let packages = workspace.select(selection)?;
    let found = search(&workspace, &packages, selection, runner)?;
    if found.channels.is_empty() {
        return Err(DiscoverError::NoChannel {
            targets: found.targets.join(", "),
        });
    }
    Ok(found.channels)
}

/// Builds these packages and returns the schemas of their channels; that there are none is no error here.
pub(crate) fn search(
    workspace: &Workspace,
    packages: &[&Package],
    selection: &Selection,
    runner: &dyn Runner,
) -> Result<Found, DiscoverError> {
    let search = Search {
        selection,
        packages,
        runner,
    };
    let own = OwnLibraries::ask();
    let built = search.build()?;

    let folder = SchemaFolder::create(&workspace.target_directory)?;
    let own = own.folder();
    for program in &built.programs {
        let file = fs::File::open(&program.path).and_then(|file| contains(file, HARNESS.as_bytes()));
        let has_harness = file.map_err(|source| DiscoverError::Io {
            path: program.path.clone(),
            source,
        })?;
        // With a harness of its own, or none, the program is the user's server and not a test.
        if has_harness {
            search.run(program, &built, own.as_deref(), &folder.0)?;
        }
    }
    Ok(Found {
        channels: folder.read(built.runtime.as_deref())?,
        runtime: built.runtime,
        targets: built.programs.into_iter().map(|program| program.name).collect(),
    })
}

/// What to build, and how.
struct Search<'a> {
    selection: &'a Selection,
    packages: &'a [&'a Package],
    runner: &'a dyn Runner,
}

/// A built program that may hold harnesses.
#[derive(Debug)]
struct Program {
    /// For messages: `bin server of package chat`.
    name: String,
    path: PathBuf,
    /// Folder of its package.
    folder: PathBuf,
}

/// What a build gave.
#[derive(Debug)]
struct Built {
    programs: Vec<Program>,
    /// Where the programs find shared libraries that build scripts have made.
    libraries: Vec<PathBuf>,
    /// Version of glue-runtime, where cargo tells it.
    runtime: Option<String>,
}

/// The lines of cargo's JSON that we need.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum CargoLine {
    CompilerArtifact(Artifact),
    BuildScriptExecuted {
        linked_paths: Vec<String>,
    },
    /// The last line, unless cargo didn't come to build anything.
    BuildFinished {},
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    target: ArtifactTarget,
    profile: ArtifactProfile,
    executable: Option<PathBuf>,
}

impl Artifact {
    /// The version, if this is glue-runtime: behind the `@` of its id, or behind the `#` where its folder has its name.
    fn runtime_version(&self) -> Option<String> {
        let (folder, name) = self.package_id.rsplit_once('#')?;
        let version = match name.split_once('@') {
            Some((RUNTIME, version)) => version,
            Some(_) => return None,
            None => folder
                .rsplit(['/', '\\'])
                .next()
                .filter(|name| *name == RUNTIME)
                .map(|_| name)?,
        };
        Some(version.to_owned())
    }
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct ArtifactProfile {
    test: bool,
}

impl Search<'_> {
    /// One build for all packages.
    fn build(&self) -> Result<Built, DiscoverError> {
        let mut command = cargo("test");
        command.args(["--no-run", "--message-format=json-render-diagnostics"]);
        self.pass_build(&mut command);
        let output = self
            .runner
            .output(command.stdout(Stdio::piped()).stderr(Stdio::inherit()))
            .map_err(DiscoverError::cargo)?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<_> = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<CargoLine>(line).ok())
            .collect();
        if !output.status.success() {
            // A feature that isn't there, or a Cargo.lock that would have to change: the crate may be all right.
            let began = lines
                .iter()
                .any(|line| matches!(line, CargoLine::BuildFinished {}));
            return Err(if began {
                self.explain()
            } else {
                DiscoverError::Refused
            });
        }

        let program = |artifact: Artifact| {
            let path = artifact.executable.filter(|_| artifact.profile.test)?;
            let package = self
                .packages
                .iter()
                .find(|package| package.id == artifact.package_id)?;
            let kind = artifact.target.kind.first().map_or("target", String::as_str);
            let name = format!("{kind} {} of package {}", artifact.target.name, package.name);
            Some(Program {
                name,
                path,
                folder: package.folder().to_owned(),
            })
        };
        let (mut programs, mut libraries, mut runtime) = (Vec::new(), Vec::new(), None);
        for line in lines {
            match line {
                CargoLine::CompilerArtifact(artifact) => {
                    runtime = runtime.or_else(|| artifact.runtime_version());
                    programs.extend(program(artifact));
                }
                CargoLine::BuildScriptExecuted { linked_paths } => {
                    libraries.extend(linked_paths.iter().map(|path| PathBuf::from(without_kind(path))))
                }
                CargoLine::BuildFinished {} | CargoLine::Other => {}
            }
        }
        Ok(Built {
            programs,
            libraries,
            runtime,
        })
    }

    /// Passes on what is built.
    fn pass_build(&self, command: &mut Command) {
        self.selection.pass_build(command);
        if self.runner.is_quiet() {
            command.arg("--quiet");
        }
        for package in self.packages {
            command.arg("-p").arg(package.spec());
        }
        // Not `--bin NAME`: that is an error for a binary whose required features are off.
        command.arg("--bins");
        if self.packages.iter().any(|package| package.has_library()) {
            command.arg("--lib");
        }
        let keys = self.packages.iter().filter_map(|package| package.runtime_key());
        for key in keys.collect::<BTreeSet<_>>() {
            command.arg("--features").arg(format!("{key}/codegen"));
        }
        if let Some(target) = self.selection.target.clone().or_else(host::host_if_cross) {
            command.arg("--target").arg(target);
        }
    }

    /// Tells errors in the tests from errors in the crate.
    fn explain(&self) -> DiscoverError {
        let mut command = cargo("check");
        if !self.runner.is_quiet() {
            command.arg("--quiet");
        }
        self.pass_build(&mut command);
        match self
            .runner
            .output(command.stdout(Stdio::null()).stderr(Stdio::null()))
        {
            Ok(output) if output.status.success() => DiscoverError::TestBuild,
            Err(error) => DiscoverError::cargo(error),
            Ok(_) => DiscoverError::Build,
        }
    }

    /// Runs the harnesses. Not by way of `cargo test`: it would start programs without harnesses, too, and with fewer packages it
    /// may build them anew.
    fn run(
        &self,
        program: &Program,
        built: &Built,
        own: Option<&Path>,
        folder: &Path,
    ) -> Result<(), DiscoverError> {
        let mut command = Command::new(&program.path);
        command
            .args(["--quiet", HARNESS])
            .current_dir(&program.folder)
            .env("GLUE_CODEGEN_OUT", folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(paths) = host::library_path(&program.path, &built.libraries, own) {
            command.env(host::LIBRARY_PATH, paths);
        }
        let output = self
            .runner
            .output(&mut command)
            .map_err(|source| DiscoverError::Io {
                path: program.path.clone(),
                source,
            })?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        let output = String::from_utf8_lossy(&text).trim().to_owned();
        Err(DiscoverError::Harness {
            target: program.name.clone(),
            output,
        })
    }
}

/// The path of a search path as build scripts give it: `native=/usr/lib` or `/usr/lib`.
fn without_kind(path: &str) -> &str {
    match path.split_once('=') {
        Some(("dependency" | "crate" | "native" | "framework" | "all", path)) => path,
        _ => path,
    }
}

/// Where the harnesses of one run write, so that runs at the same time don't mix; removed in the end.
struct SchemaFolder(PathBuf);

impl SchemaFolder {
    fn create(target: &Path) -> Result<Self, DiscoverError> {
        let path = target.join(FOLDER).join(format!("schema-{}", std::process::id()));
        // What an earlier process with our id left behind after a crash.
        let _ = fs::remove_dir_all(&path);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(DiscoverError::Io { path, source }),
        }
    }

    fn read(&self, runtime: Option<&str>) -> Result<Vec<ChannelSchema>, DiscoverError> {
        let error = |source| DiscoverError::Io {
            path: self.0.clone(),
            source,
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(error)? {
            files.push(entry.map_err(error)?.path());
        }
        files.sort();

        files
            .into_iter()
            .map(|path| {
                let text = fs::read_to_string(&path).map_err(error)?;
                ChannelSchema::from_json(&text).map_err(|source| {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    // Crate, module, trait; behind the `@` a hash that keeps files apart.
                    let used_by = stem.split(['.', '@', ':']).next().unwrap_or_default().to_owned();
                    DiscoverError::Version {
                        runtime: runtime.map(str::to_owned),
                        used_by,
                        source,
                    }
                })
            })
            .collect()
    }
}

impl Drop for SchemaFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether `needle` occurs in what `reader` gives. Executables are large: they are read piece by piece, and only as far as need be.
fn contains(mut reader: impl io::Read, needle: &[u8]) -> io::Result<bool> {
    let mut buffer = vec![0; PIECE];
    let mut kept = 0;
    loop {
        let filled = match reader.read(&mut buffer[kept..]) {
            Ok(0) => return Ok(false),
            Ok(read) => kept + read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if holds(&buffer[..filled], needle) {
            return Ok(true);
        }
        // The needle may begin in this piece and end in the next.
        kept = filled.min(needle.len().saturating_sub(1));
        buffer.copy_within(filled - kept..filled, 0);
    }
}

/// How much of an executable is read at once: enough that calls don't matter, little enough for the processor's cache.
const PIECE: usize = 128 * 1024;

/// Whether `needle` occurs in `bytes`. Executables are large and are read by debug builds too, so it skips ahead by the length
/// of the needle wherever the byte there can't be part of it (Horspool).
fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(last) = needle.len().checked_sub(1) else {
        return true;
    };
    let mut skip = [needle.len(); 256];
    for (at, byte) in needle[..last].iter().enumerate() {
        skip[usize::from(*byte)] = last - at;
    }
    let mut at = 0;
    while let Some(window) = bytes.get(at..at + needle.len()) {
        if window == needle {
            return true;
        }
        at += skip[usize::from(window[last])];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harnesses_are_found_in_a_program() {
        assert!(holds(b"....demo::__glue_codegen_Chat..", HARNESS.as_bytes()));
        assert!(holds(b"__glue_codegen_", HARNESS.as_bytes()));
        assert!(!holds(b"__glue_codege__glue_codegen", HARNESS.as_bytes()));
        assert!(!holds(b"", HARNESS.as_bytes()));
    }

    #[test]
    fn harnesses_are_found_where_pieces_meet() {
        for before in [
            0,
            1,
            PIECE - 20,
            PIECE - 15,
            PIECE - 8,
            PIECE,
            2 * PIECE - 22,
            2 * PIECE - 10,
        ] {
            let program = [&vec![b'_'; before], HARNESS.as_bytes(), b"Chat"].concat();

            assert!(contains(&program[..], HARNESS.as_bytes()).unwrap(), "{before}");
            assert!(
                !contains(&program[..before + 14], HARNESS.as_bytes()).unwrap(),
                "{before}"
            );
        }
    }

    #[test]
    fn search_paths_lose_their_kind() {
        assert_eq!(without_kind("native=/usr/lib"), "/usr/lib");
        assert_eq!(without_kind("/a=b/lib"), "/a=b/lib");
    }
}
