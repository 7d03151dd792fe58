//! `cargo xtask test`: the tests of all languages.

use std::time::Instant;

use crate::debian;
use crate::fidelity::IN_CI;
use crate::guide::guide;
use crate::init::init;
use crate::node::{self, npm};
use crate::quickstart::quickstart;
use crate::run::{Failure, capture, cargo, run};
use crate::workspace;

/// All stages, in the order in which they run.
pub(crate) const STAGES: &[Stage] = &[
    Stage::new("rust", "tests and doc tests of all crates", rust),
    Stage::new("ts", "the TypeScript runtime and the generated code", typescript),
    Stage::new(
        "ecosystem",
        "references, AsyncAPI documents and TanStack Query's options, as others read them",
        ecosystem,
    ),
    Stage::new(
        "package",
        "the npm package: its size, its import, packed and installed",
        package,
    ),
    Stage::new(
        "e2e",
        "servers and the examples, driven from Node and from Chromium",
        e2e,
    ),
    Stage::new(
        "quickstart",
        "README.md's quick start in an empty folder",
        quickstart,
    ),
    Stage::new(
        "init",
        "what glue-codegen init sets up, from nothing to a call",
        init,
    ),
    Stage::new(
        "fidelity",
        "made-up Rust types and values, sent to TypeScript and back",
        fidelity,
    ),
    Stage::new(
        "resume",
        "links broken again and again, on both transports: nothing may be lost",
        resume,
    ),
    Stage::new("guide", "the TypeScript of docs/GUIDE.md", guide),
    Stage::new(
        "deployment",
        "nginx and Caddy, as docs/DEPLOYMENT.md configures them",
        deployment,
    ),
    Stage::new("house", "layers, twins, file sizes, rule ids", house),
    Stage {
        is_extra: true,
        ..Stage::new(
            "platforms",
            "by name only: later Nodes, Deno and Bun, which npm brings (Linux on x64)",
            platforms,
        )
    },
];

/// A part of the tests that can be run by itself.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Run by its name alone.
    is_extra: bool,
    run: fn() -> Result<(), Failure>,
}

impl Stage {
    const fn new(name: &'static str, about: &'static str, run: fn() -> Result<(), Failure>) -> Self {
        Self {
            name,
            about,
            is_extra: false,
            run,
        }
    }
}

/// Runs the stages of these names, or all.
pub(crate) fn test(names: &[String]) -> Result<(), Failure> {
    for name in names {
        if STAGES.iter().all(|stage| stage.name != name) {
            let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
            return Err(Failure::new(format!(
                "no stage `{name}`; there are {}",
                known.join(", ")
            )));
        }
    }
    let mut done = Vec::new();
    for stage in STAGES.iter().filter(|stage| {
        let is_named = names.iter().any(|name| name == stage.name);
        is_named || names.is_empty() && !stage.is_extra
    }) {
        eprintln!("\n== {}: {}", stage.name, stage.about);
        let started = now();
        (stage.run)().map_err(|failure| failure.during(format!("stage `{}` failed", stage.name)))?;
        done.push(format!("{} ({} s)", stage.name, started.elapsed().as_secs()));
    }
    eprintln!("\nxtask: all passed: {}", done.join(", "));
    Ok(())
}

fn rust() -> Result<(), Failure> {
    // Without `--all-targets`, which would leave out the doc tests.
    run(&mut cargo(["test", "--workspace", "--all-features", "--locked"]))
}

fn typescript() -> Result<(), Failure> {
    let folder = node::runtime_folder();
    node::install(&folder)?;
    for script in ["check", "lint", "test"] {
        run(npm(&folder).args(["run", script]))?;
    }
    run(npm(&folder).args(["run", "build"]))?;
    unchanged("glue-codegen/typescript/dist", "npm run build")?;
    run(node::tsc()
        .args(["--project", "glue-codegen/tests/golden"])
        .current_dir(workspace::root()))
}

fn ecosystem() -> Result<(), Failure> {
    // The linter is the runtime's.
    node::install_once(&node::runtime_folder())?;
    let folder = workspace::root().join("glue-codegen/ecosystem");
    node::install(&folder)?;
    for script in ["check", "lint", "test", "build"] {
        run(npm(&folder).args(["run", script]))?;
    }
    unchanged("glue-codegen/ecosystem/dist", "npm run build")
}

fn package() -> Result<(), Failure> {
    let folder = node::runtime_folder();
    node::install_once(&folder)?;
    run(npm(&folder).args(["run", "test:package"]))
}

fn e2e() -> Result<(), Failure> {
    let folder = workspace::root().join("tests/e2e");
    node::install(&folder)?;
    let chromium = node::chromium()?;
    for script in ["build", "test"] {
        let mut command = npm(&folder);
        command
            .env("CHROMIUM", &chromium)
            .env("CARGO_TARGET_DIR", workspace::target()?);
        run(command.args(["run", script]))?;
    }
    Ok(())
}

/// Takes 500 MB from the registry, so it isn't for every run.
fn platforms() -> Result<(), Failure> {
    let folder = workspace::root().join("tests/e2e");
    node::install_once(&folder)?;
    node::install(&folder.join("platforms"))?;
    for script in ["build", "test:platforms"] {
        let mut command = npm(&folder);
        run(command
            .env("CARGO_TARGET_DIR", workspace::target()?)
            .args(["run", script]))?;
    }
    Ok(())
}

fn fidelity() -> Result<(), Failure> {
    crate::fidelity::fidelity(&IN_CI)
}

fn resume() -> Result<(), Failure> {
    crate::resume::resume(&crate::resume::IN_CI)
}

fn deployment() -> Result<(), Failure> {
    let nginx = debian::program("NGINX", &["nginx"], "nginx-light")?;
    let caddy = debian::program("CADDY", &["caddy"], "caddy")?;
    // As `rust` builds it, whose build this then is.
    let mut command = cargo([
        "test",
        "--workspace",
        "--all-features",
        "--locked",
        "--test",
        "deployment",
    ]);
    run(command.env("NGINX", nginx).env("CADDY", caddy))
}

fn house() -> Result<(), Failure> {
    run(&mut cargo([
        "test",
        "--locked",
        "--package",
        "glue-tests",
        "--test",
        "house",
    ]))
}

/// Fails when files that are checked in differ from what a command has just written.
fn unchanged(path: &str, command: &str) -> Result<(), Failure> {
    let mut git = std::process::Command::new("git");
    let changes = capture(
        git.args(["status", "--porcelain", "--", path])
            .current_dir(workspace::root()),
    )?;
    if changes.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{path} is not what its sources give; run `{command}` and commit it:\n{changes}"
    )))
}

#[allow(clippy::disallowed_methods)] // how long a stage took is for the reader
fn now() -> Instant {
    Instant::now()
}
