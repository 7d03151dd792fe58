//! What differs from machine to machine: where shared libraries are found, and for which target cargo builds unless told.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The question where Rust's own shared libraries are. It is put before a build and answered meanwhile.
#[derive(Debug)]
pub(crate) struct OwnLibraries(Option<Child>);

impl OwnLibraries {
    /// Puts the question.
    pub(crate) fn ask() -> Self {
        let mut rustc = rustc();
        rustc.args(["--print", "target-libdir"]).stdin(Stdio::null());
        Self(rustc.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok())
    }

    /// Waits for the answer, if rustc can give one.
    pub(crate) fn folder(self) -> Option<PathBuf> {
        let output = self.0?.wait_with_output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim_end().into())
    }
}

/// The search path for shared libraries that cargo gives to the tests it runs: what build scripts have made, what stands beside
/// the program, Rust's own, and what the user has set. None where a path can't be in such a list.
pub(crate) fn library_path(program: &Path, libraries: &[PathBuf], own: Option<&Path>) -> Option<OsString> {
    let beside = program.ancestors().skip(1).take(2);
    let set = env::var_os(LIBRARY_PATH);
    let set = set.iter().flat_map(env::split_paths);
    let ours = libraries.iter().map(PathBuf::as_path).chain(beside).chain(own);
    env::join_paths(ours.map(Path::to_owned).chain(set)).ok()
}

/// The variable that holds the search path for shared libraries.
pub(crate) const LIBRARY_PATH: &str = if cfg!(windows) {
    "PATH"
} else if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// The host's triple where the user's configuration builds for another target: the harnesses have to run here.
pub(crate) fn host_if_cross() -> Option<String> {
    let configured = env::var_os("CARGO_BUILD_TARGET").is_some()
        || env::current_dir().is_ok_and(|at| configures_target(&at));
    if !configured {
        return None;
    }
    let output = rustc().arg("-vV").output().ok()?;
    String::from_utf8(output.stdout)
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}

/// Returns a command for the compiler that cargo uses.
fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_configured_target_is_seen() {
        assert!(sets_target(
            "[build]\njobs = 2\ntarget = \"wasm32-unknown-unknown\""
        ));
        assert!(sets_target("build.target = [\"a\", \"b\"]"));
        assert!(!sets_target("[build]\ntarget-dir = \"x\"\n[env]\ntarget = \"y\""));
    }
}
