//! `glue-codegen init`: a new project that runs at once.
//!
//! The package itself is made by `cargo init`, which knows about names, editions, and workspaces that want a new member.

mod files;

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::{
    Console, Exit, Failure, Project, Verbosity, console::now, console::shown, generate, settings::Flags,
};
use crate::{
    Emit,
    discover::{DiscoverError, Runner as _},
    metadata::{RUNTIME, Workspace, cargo},
    selection::Selection,
};

/// The arguments of `init`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Folder of the new project
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Name of the package [default: that of the folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Language of the page; TypeScript takes Node to compile
    #[arg(long, value_name = "ts|js", hide_possible_values = true, default_value = "js")]
    emit: Emit,
    /// Use the glue-runtime in this folder instead of a published one
    #[arg(long, value_name = "DIR")]
    runtime_path: Option<PathBuf>,
    /// Do not use the network
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    pub(super) verbosity: Verbosity,
}

/// Why there is no new project.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error("{} is there already; choose a folder without it", .0.display())]
    Exists(PathBuf),
    #[error("{} has no glue-runtime; --runtime-path takes a clone of Glue, or the folder glue-runtime in it", .0.display())]
    NoRuntime(PathBuf),
    #[error("cargo finds no published {0}, see above; name the folder of a clone: --runtime-path DIR")]
    NotPublished(String),
    #[error("cargo init failed; see above")]
    Cargo,
    #[error("{}", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

pub(super) fn run(arguments: &Arguments, console: Console) -> Result<Exit, Failure> {
    let folder = &arguments.path;
    let page = files::page(arguments.emit);
    let ours = page
        .iter()
        .map(|(path, _)| *path)
        .chain(["Cargo.toml", "src/main.rs"]);
    if let Some(path) = ours.map(|path| folder.join(path)).find(|path| path.exists()) {
        return Err(InitError::Exists(path).into());
    }
    // Before anything is written, so that the same command can be given again.
    let runtime = match &arguments.runtime_path {
        Some(path) => Some(runtime_folder(path, console)?),
        None => {
            require_published(arguments.offline, console)?;
            None
        }
    };

    let mut init = cargo("init");
    init.args(["--quiet", "--bin", "--vcs", "none"]);
    if let Some(name) = &arguments.name {
        init.args(["--name", name]);
    }
    let status = console.output(init.arg(folder).stderr(std::process::Stdio::inherit()));
    if !status.map_err(DiscoverError::cargo)?.status.success() {
        return Err(InitError::Cargo.into());
    }

    // Not canonical, which cargo and its users find hard to read on Windows.
    let folder = std::path::absolute(folder).map_err(failed(folder))?;
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(failed(&manifest))?;
    let real = fs::canonicalize(&folder).map_err(failed(&folder))?;
    let runtime = runtime.map(|runtime| relative(&runtime, &real));
    write(
        &manifest,
        &files::manifest(&text, runtime.as_deref(), arguments.emit),
    )?;
    write(&folder.join("src/main.rs"), files::SERVER)?;
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let name = arguments.name.as_deref().unwrap_or(&name);
    for (path, text) in page {
        write(&folder.join(path), &text.replace("$NAME", name))?;
    }
    for (path, text) in files::shared(arguments.emit) {
        let path = folder.join(path);
        if !path.exists() {
            write(&path, text)?;
        }
    }
    console.status(format_args!("set up {name} in {}", shown(&folder)));

    let written = client(arguments, &folder, console).inspect_err(|_| {
        Console::warn("the project is set up, but its client is not written; run glue-codegen in it when the cause is gone");
    })?;
    console.status("next:");
    for (command, about) in next_steps(&arguments.path, arguments.emit) {
        console.detail(format!("{command:<30}{about}").trim_end());
    }
    Ok(written)
}

/// Writes the client of the new package.
fn client(arguments: &Arguments, folder: &Path, console: Console) -> Result<Exit, Failure> {
    let started = now();
    let selection = Selection {
        manifest_path: Some(folder.join("Cargo.toml")),
        offline: arguments.offline,
        ..Selection::default()
    };
    let flags = Flags {
        selection,
        ..Flags::default()
    };
    let mut project = Project::open(flags, &console)?;
    // In the root of a workspace, all its members would count.
    project.settings.selection.packages = project.package_at(folder).into_iter().collect();
    generate::once(&project, false, started, console, &console)
}

/// What to do in the new folder, as commands and what they are for.
fn next_steps(path: &Path, emit: Emit) -> Vec<(String, &'static str)> {
    let mut steps = Vec::new();
    if path != Path::new(".") {
        steps.push((format!("cd {}", path.display()), ""));
    }
    if emit == Emit::TypeScript {
        steps.push((
            "npm install && npm run build".to_owned(),
            "compile the page; npm run watch goes on",
        ));
    }
    steps.push((
        "cargo run".to_owned(),
        "start the server, then open http://127.0.0.1:8080",
    ));
    steps.push((
        "cargo run -- 127.0.0.1:8081".to_owned(),
        "the same where port 8080 is taken",
    ));
    steps.push((
        "glue-codegen --watch".to_owned(),
        "write the client again as src/main.rs changes",
    ));
    steps
}

/// The folder of the runtime in `path`, which may be a clone with all its packages.
fn runtime_folder(path: &Path, console: Console) -> Result<PathBuf, Failure> {
    let manifest = path.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(InitError::NoRuntime(path.to_owned()).into());
    }
    let selection = Selection {
        manifest_path: Some(manifest),
        ..Selection::default()
    };
    let workspace = Workspace::load(&selection, &console)?;
    let runtime = workspace.member(RUNTIME);
    let folder = runtime
        .ok_or_else(|| InitError::NoRuntime(path.to_owned()))?
        .folder();
    Ok(fs::canonicalize(folder).map_err(failed(folder))?)
}

/// Fails unless cargo knows a published runtime that fits.
fn require_published(offline: bool, console: Console) -> Result<(), Failure> {
    let runtime = format!("{RUNTIME}@{}", files::requirement(env!("CARGO_PKG_VERSION")));
    let mut info = cargo("info");
    // Named, so that a workspace around the new project has no say.
    info.args(["--quiet", "--registry", "crates-io", &runtime]);
    if offline {
        info.arg("--offline");
    }
    let output = console.output(info.stderr(std::process::Stdio::inherit()));
    if output.map_err(DiscoverError::cargo)?.status.success() {
        Ok(())
    } else {
        Err(InitError::NotPublished(runtime).into())
    }
}

/// `path` as seen from `base`, both absolute; itself where they have nothing in common but the root.
fn relative(path: &Path, base: &Path) -> PathBuf {
    let common = path
        .components()
        .zip(base.components())
        .take_while(|(a, b)| a == b);
    let common: Vec<_> = common.map(|(component, _)| component).collect();
    if !common
        .iter()
        .any(|component| matches!(component, Component::Normal(_)))
    {
        return path.to_owned();
    }
    let up = base.components().skip(common.len()).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common.len())).collect()
}

fn write(path: &Path, text: &str) -> Result<(), InitError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |source| InitError::Io { path, source }
}

const EXAMPLES: &str = "\
Examples:
  glue-codegen init hello              A new folder; the page needs no Node
  glue-codegen init --emit ts hello    The page in TypeScript
  glue-codegen init                    In this folder

Until glue-runtime is published, name a clone of Glue:
  glue-codegen init hello --runtime-path glue";

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_are_seen_from_the_project() {
        let seen = |path: &str, base: &str| relative(Path::new(path), Path::new(base));

        assert_eq!(seen("/a/glue/runtime", "/a/hello"), Path::new("../glue/runtime"));
        assert_eq!(seen("/a/hello/runtime", "/a/hello"), Path::new("runtime"));
        assert_eq!(seen("/b", "/a/hello"), Path::new("/b"));
    }

    #[test]
    fn the_next_steps_start_the_server_where_its_port_is_taken_too() {
        let commands = |path, emit| -> Vec<_> {
            let steps = next_steps(Path::new(path), emit).into_iter();
            steps.map(|(command, _)| command).collect()
        };
        let always = ["cargo run", "cargo run -- 127.0.0.1:8081", "glue-codegen --watch"];

        assert_eq!(commands(".", Emit::JavaScript), always);
        assert_eq!(
            commands("new", Emit::TypeScript),
            [&["cd new", "npm install && npm run build"], &always[..]].concat()
        );
    }
}
