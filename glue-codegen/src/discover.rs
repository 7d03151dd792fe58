//! Gets the schemas out of a cargo package: builds it in test mode with the harnesses that `#[glue::channel]` then emits, and
//! runs those.
//!
//! The type texts exist only at run time of the user's crate, because ts-rs makes them from trait impls. A test harness reaches
//! private modules and binaries, needs no set-up by the user, and nothing of it is in any other build.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use glue::schema::{ChannelSchema, SchemaError};
use serde::Deserialize;

use crate::metadata::{Package, Workspace, cargo};
pub use crate::selection::Selection;

/// Names of the harnesses start with this.
const HARNESS: &str = "__glue_codegen_";

/// Runs the programs that the search needs: what shows progress, or may break it off, does that here.
pub trait Runner {
    /// Runs a program to its end, as [`Command::output`] does.
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
    /// The channels.
    pub(crate) channels: Vec<ChannelSchema>,
    /// What was searched, for messages: `bin server of package chat`.
    pub(crate) targets: Vec<String>,
}

/// Why no schemas were found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// Cargo couldn't be run, or answered something else than we expect.
    #[error("cannot run cargo")]
    Cargo(#[source] io::Error),
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
    #[error(
        "glue-codegen {} does not fit the glue-runtime of {crate_file}; install the glue-codegen of the same version",
        env!("CARGO_PKG_VERSION")
    )]
    Schema {
        /// Name of the file that can't be read: crate, module and trait.
        crate_file: String,
        /// What is wrong with it.
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
    let built = search.build()?;

    let folder = SchemaFolder::create(&workspace.target_directory)?;
    let mut targets = Vec::new();
    for program in built.programs {
        let bytes = fs::read(&program.path).map_err(|source| DiscoverError::Io {
            path: program.path.clone(),
            source,
        })?;
        // With a harness of its own, or none, the program is the user's server and not a test.
        if contains(&bytes, HARNESS.as_bytes()) {
            search.run(&program, &built.libraries, &folder.0)?;
        }
        targets.push(program.name);
    }
    Ok(Found {
        channels: folder.read()?,
        targets,
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
            .output(command.stderr(Stdio::inherit()))
            .map_err(DiscoverError::Cargo)?;
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
        let (mut programs, mut libraries) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                CargoLine::CompilerArtifact(artifact) => programs.extend(program(artifact)),
                CargoLine::BuildScriptExecuted { linked_paths } => {
                    libraries.extend(linked_paths.iter().map(|path| PathBuf::from(without_kind(path))))
                }
                CargoLine::BuildFinished {} | CargoLine::Other => {}
            }
        }
        Ok(Built { programs, libraries })
    }

    /// Passes on what is built.
    fn pass_build(&self, command: &mut Command) {
        self.selection.pass_build(command);
        if self.runner.is_quiet() {
            command.arg("--quiet");
        }
        for package in self.packages {
            command.arg("-p").arg(&package.id);
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
        if let Some(target) = self.selection.target.clone().or_else(host_if_cross) {
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
            Err(error) => DiscoverError::Cargo(error),
            Ok(_) => DiscoverError::Build,
        }
    }

    /// Runs the harnesses. Not by way of `cargo test`: it would start programs without harnesses, too, and with fewer packages it
    /// may build them anew.
    fn run(&self, program: &Program, libraries: &[PathBuf], folder: &Path) -> Result<(), DiscoverError> {
        let mut command = Command::new(&program.path);
        command
            .args(["--quiet", HARNESS])
            .current_dir(&program.folder)
            .env("GLUE_CODEGEN_OUT", folder);
        if let Some(paths) = library_path(program, libraries) {
            command.env(LIBRARY_PATH, paths);
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

/// The search path for shared libraries that cargo gives to the tests it runs: what build scripts have made, what stands beside
/// the program, Rust's own, and what the user has set. None where a path can't be in such a list.
fn library_path(program: &Program, libraries: &[PathBuf]) -> Option<OsString> {
    let beside = program.path.ancestors().skip(1).take(2).map(Path::to_owned);
    let own = rustc(&["--print", "target-libdir"]).map(|text| PathBuf::from(text.trim_end()));
    let set = env::var_os(LIBRARY_PATH);
    let set = set.iter().flat_map(env::split_paths);
    env::join_paths(libraries.iter().cloned().chain(beside).chain(own).chain(set)).ok()
}

/// The variable that holds the search path for shared libraries.
const LIBRARY_PATH: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// Where the harnesses of one run write, so that runs at the same time don't mix; removed in the end.
struct SchemaFolder(PathBuf);

impl SchemaFolder {
    fn create(target: &Path) -> Result<Self, DiscoverError> {
        let path = target
            .join("glue-codegen")
            .join(format!("schema-{}", std::process::id()));
        // What an earlier process with our id left behind after a crash.
        let _ = fs::remove_dir_all(&path);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(DiscoverError::Io { path, source }),
        }
    }

    fn read(&self) -> Result<Vec<ChannelSchema>, DiscoverError> {
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
                    // Behind the `@` the runtime puts a hash that keeps files apart.
                    let crate_file = stem.split('@').next().unwrap_or_default().to_owned();
                    DiscoverError::Schema { crate_file, source }
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

/// The host's triple where the user's configuration builds for another target: the harnesses have to run here.
fn host_if_cross() -> Option<String> {
    let configured = env::var_os("CARGO_BUILD_TARGET").is_some()
        || env::current_dir().is_ok_and(|at| configures_target(&at));
    if !configured {
        return None;
    }
    rustc(&["-vV"])?
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

/// What rustc prints.
fn rustc(args: &[&str]) -> Option<String> {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).args(args).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

/// Whether a configuration file that holds for `folder` sets a target.
fn configures_target(folder: &Path) -> bool {
    let home = cargo_home(env::var_os("CARGO_HOME"), env::home_dir());
    let folders = folder.ancestors().map(|folder| folder.join(".cargo")).chain(home);
    let mut texts = folders
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")])
        .filter_map(|path| fs::read_to_string(path).ok());
    texts.any(|text| sets_target(&text))
}

/// Cargo's own folder, where the configuration is that holds everywhere.
fn cargo_home(set: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    set.filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| home.map(|home| home.join(".cargo")))
}

/// Whether this configuration has the key `build.target`. Reading the whole of TOML for it would take a dependency; where the
/// guess is wrong, the dependencies are built once more, for the same host.
fn sets_target(config: &str) -> bool {
    let mut section = "";
    config.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        key == "build.target" || (section == "[build]" && key == "target")
    })
}

/// Whether `needle` occurs in `bytes`. Executables are large and are read by debug builds too, so it skips ahead by the length
/// of the needle wherever the byte there can't be part of it (Horspool).
fn contains(bytes: &[u8], needle: &[u8]) -> bool {
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
        assert!(contains(b"....demo::__glue_codegen_Chat..", HARNESS.as_bytes()));
        assert!(contains(b"__glue_codegen_", HARNESS.as_bytes()));
        assert!(!contains(b"__glue_codege__glue_codegen", HARNESS.as_bytes()));
        assert!(!contains(b"", HARNESS.as_bytes()));
    }

    #[test]
    fn the_configuration_of_the_user_holds_without_cargo_home_too() {
        let home = || Some(PathBuf::from("/home/user"));

        assert_eq!(cargo_home(None, home()), Some("/home/user/.cargo".into()));
        assert_eq!(cargo_home(Some("".into()), home()), cargo_home(None, home()));
        assert_eq!(
            cargo_home(Some("/opt/cargo".into()), home()),
            Some("/opt/cargo".into())
        );
        assert_eq!(cargo_home(None, None), None);
    }

    #[test]
    fn search_paths_lose_their_kind() {
        assert_eq!(without_kind("native=/usr/lib"), "/usr/lib");
        assert_eq!(without_kind("/a=b/lib"), "/a=b/lib");
    }

    #[test]
    fn a_configured_target_is_seen() {
        assert!(sets_target(
            "[build]\njobs = 2\ntarget = \"wasm32-unknown-unknown\""
        ));
        assert!(sets_target("build.target = [\"a\", \"b\"]"));
        assert!(!sets_target("[build]\ntarget-dir = \"x\"\n[env]\ntarget = \"y\""));
    }
}
