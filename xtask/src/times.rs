//! `cargo xtask codegen-times`: how long glue-codegen takes, and what its macros add to a compilation.
//!
//! Everything is measured in turn, codegen and what it is compared with, so that a machine that is busy for a while slows both. Read
//! only large gaps.

#![allow(clippy::print_stdout)] // the tables are for whoever asked for them

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{Failure, capture, cargo, run};
use crate::scratch::{self, Scratch};
use crate::workspace;

/// Measures and prints two tables.
pub(crate) fn times() -> Result<(), Failure> {
    run(&mut cargo([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "glue-codegen",
    ]))?;
    let home = Scratch::new("times")?;
    let large = Project::generated(&home, "large", &GLUE)?;
    let plain = Project::generated(&home, "plain", &SERDE)?;
    let chat = Project {
        folder: workspace::root().join("examples/chat"),
        source: "src/chat.rs",
        target: home.path().join("target-chat"),
        out: home.path().join("out-chat"),
    };
    fetch(&large)?;
    fetch(&plain)?;

    println!("{:<34}{:>14}{:>14}", "seconds", "glue-codegen", "cargo build");
    for (name, project) in [("examples/chat", &chat), ("200 methods, 60 models", &large)] {
        let cold = [project.codegen()?, project.cargo("build")?];
        row(name, "cold: nothing built yet *", cold);
        row("", "warm: after an edit", project.pairs(|| project.edit())?);
        row("", "unchanged", project.pairs(|| Ok(()))?);
    }
    println!("* in one target folder after another, so cargo build finds what both need\n");

    println!(
        "{:<34}{:>14}{:>14}",
        "seconds of cargo check", "with glue", "plain serde"
    );
    let checks = |name, setting: &'static str| -> Result<(), Failure> {
        let mut pairs = Vec::new();
        for project in [&large, &plain] {
            project.check(setting)?;
        }
        for _ in 0..ROUNDS {
            let mut pair = [Duration::ZERO; 2];
            for (time, project) in pair.iter_mut().zip([&large, &plain]) {
                project.edit()?;
                *time = project.check(setting)?;
            }
            pairs.push(pair);
        }
        row("200 methods, 60 models", name, medians(&pairs));
        Ok(())
    };
    checks("from nothing", "0")?;
    checks("after an edit", "1")
}

/// A package, with folders of its own for what is built and written.
struct Project {
    folder: PathBuf,
    /// The file that is edited.
    source: &'static str,
    target: PathBuf,
    out: PathBuf,
}

impl Project {
    /// Writes a package of the size that large applications have.
    fn generated(home: &Scratch, name: &str, flavour: &Flavour) -> Result<Self, Failure> {
        let folder = home.path().join(name);
        let runtime = workspace::root().join("glue-runtime").display().to_string();
        let manifest = MANIFEST
            .replace("NAME", name)
            .replace("RUNTIME", &runtime.replace('\\', "/"));
        scratch::write(&folder.join("Cargo.toml"), &manifest)?;
        scratch::write(&folder.join("src/lib.rs"), &library(flavour))?;
        scratch::lock(&folder)?;
        Ok(Self {
            folder,
            source: "src/lib.rs",
            target: home.path().join(format!("target-{name}")),
            out: home.path().join(format!("out-{name}")),
        })
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    fn codegen(&self) -> Result<Duration, Failure> {
        let program = workspace::target()?.join("release/glue-codegen");
        let mut command = self.command(program.with_extension(std::env::consts::EXE_EXTENSION));
        timed(
            command
                .args(["--quiet", "--offline", "--no-lock", "--out"])
                .arg(&self.out),
        )
    }

    fn cargo(&self, subcommand: &str) -> Result<Duration, Failure> {
        timed(self.command("cargo").args([subcommand, "--quiet", "--offline"]))
    }

    /// Checks the package with or without cargo's incremental compilation.
    fn check(&self, incremental: &str) -> Result<Duration, Failure> {
        let mut command = self.command("cargo");
        timed(
            command
                .args(["check", "--quiet", "--offline"])
                .env("CARGO_INCREMENTAL", incremental),
        )
    }

    /// Saves the source anew, as it is: for cargo that is a change.
    fn edit(&self) -> Result<(), Failure> {
        let path = self.folder.join(self.source);
        scratch::write(&path, &scratch::read(&path)?)
    }

    /// Median times of glue-codegen and of cargo build, each after `prepare`.
    fn pairs(&self, prepare: impl Fn() -> Result<(), Failure>) -> Result<[Duration; 2], Failure> {
        let mut pairs = Vec::new();
        for _ in 0..ROUNDS {
            prepare()?;
            pairs.push([self.codegen()?, self.cargo("build")?]);
        }
        Ok(medians(&pairs))
    }
}

/// What the items of a generated package carry.
struct Flavour {
    model: &'static str,
    channel: &'static str,
}

const GLUE: Flavour = Flavour {
    model: "#[glue::model]",
    channel: "#[glue::channel]",
};

const SERDE: Flavour = Flavour {
    model: "#[derive(serde::Serialize, serde::Deserialize)]",
    channel: "#[allow(async_fn_in_trait)]",
};

/// 60 models, a fifth of them enums, and 20 channels of 10 methods each.
fn library(flavour: &Flavour) -> String {
    let Flavour { model, channel } = flavour;
    let mut text = String::new();
    for number in 0..60 {
        let text = &mut text;
        let next = number / 10 * 10 + (number + 1) % 10;
        let written = if number % 5 == 4 {
            writeln!(
                text,
                "/// A choice.\n{model}\npub enum Model{number} {{\n    None,\n    One(u32),\n    Some {{ id: u32, names: Vec<String> }},\n}}\n"
            )
        } else {
            writeln!(
                text,
                "/// A thing with parts.\n{model}\npub struct Model{number} {{\n    /// Rises.\n    pub id: u32,\n    pub name: String,\n    \
                 pub note: Option<String>,\n    pub parts: Vec<Model{next}>,\n}}\n"
            )
        };
        written.expect("a string takes all");
    }
    for number in 0..20 {
        writeln!(text, "/// An area.\n{channel}\npub trait Area{number} {{").expect("a string takes all");
        for method in 0..10 {
            let (argument, answer) = ((number * 3 + method) % 60, (number * 7 + method) % 60);
            writeln!(
                text,
                "    /// Does something.\n    async fn method_{method}(&self, input: Model{argument}, limit: Option<u32>) -> \
                 Result<Vec<Model{answer}>, String>;"
            )
            .expect("a string takes all");
        }
        text.push_str("}\n\n");
    }
    text
}

/// Gets what the registry has to give, which is not what is measured.
fn fetch(project: &Project) -> Result<(), Failure> {
    capture(project.command("cargo").args(["fetch", "--quiet"])).map(drop)
}

fn timed(command: &mut Command) -> Result<Duration, Failure> {
    let started = now();
    capture(command)?;
    Ok(started.elapsed())
}

fn medians(pairs: &[[Duration; 2]]) -> [Duration; 2] {
    [0, 1].map(|side| {
        let mut times: Vec<_> = pairs.iter().map(|pair| pair[side]).collect();
        times.sort();
        times[times.len() / 2]
    })
}

fn row(project: &str, what: &str, times: [Duration; 2]) {
    if !project.is_empty() {
        println!("{project}");
    }
    let times = times.map(|time| format!("{:>14.2}", time.as_secs_f64()));
    println!("  {what:<32}{}", times.concat());
}

#[allow(clippy::disallowed_methods)] // how long it takes is what was asked for
fn now() -> Instant {
    Instant::now()
}

const MANIFEST: &str = r#"
[package]
name = "NAME"
version = "0.0.0"
edition = "2024"

[dependencies]
glue = { package = "glue-runtime", path = "RUNTIME" }
serde = { version = "1", features = ["derive"] }

[workspace]
"#;

/// Of how many runs the median is taken.
const ROUNDS: usize = 5;
