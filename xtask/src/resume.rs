//! `cargo xtask resume`: sessions whose links are broken again and again, on both transports; nothing may be lost. See
//! docs/CONTRIBUTING.md.

use crate::node;
use crate::run::{Failure, cargo, run};
use crate::workspace;

/// What is run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How many links are broken, over all clients.
    kills: u32,
    /// Equal seeds make equal faults, as far as time allows.
    seed: u32,
    /// After this time no more are broken.
    seconds: Option<u32>,
}

/// What CI runs: a few hundred in less than a minute. The same faults each time, as far as time allows.
pub(crate) const IN_CI: Options = Options {
    kills: 400,
    seed: 9,
    seconds: None,
};

pub(crate) const USAGE: &str = "\
Usage: cargo xtask resume [--kills N] [--seed N] [--seconds N]
         Breaks the links of eight clients while they do all that clients can do, and tells what was lost.
  --kills N     how many links are broken, 300 by default; 10000 take a quarter of an hour at most
  --seed N      makes up the faults; by default another each time
  --seconds N   breaks no more after this time; with --kills 0 the clients work so long undisturbed";

/// Runs the command.
pub(crate) fn command(args: &[String]) -> Result<(), Failure> {
    let mut options = Options {
        kills: 300,
        seed: std::process::id(),
        ..IN_CI
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if matches!(arg.as_str(), "-h" | "--help") {
            eprintln!("{USAGE}");
            return Ok(());
        }
        let value = args
            .next()
            .ok_or_else(|| Failure::new(format!("{arg} has no value\n\n{USAGE}")))?;
        let number = value
            .parse()
            .map_err(|_| Failure::new(format!("{arg} {value} is no number\n\n{USAGE}")))?;
        match arg.as_str() {
            "--kills" => options.kills = number,
            "--seed" => options.seed = number,
            "--seconds" => options.seconds = Some(number),
            _ => return Err(Failure::new(format!("no such option: {arg}\n\n{USAGE}"))),
        }
    }
    resume(&options)
}

/// Builds the program and the clients, and runs them.
pub(crate) fn resume(options: &Options) -> Result<(), Failure> {
    let packages = ["--package", "glue-codegen", "--package", PACKAGE];
    run(&mut cargo(
        ["build", "--quiet", "--locked"].into_iter().chain(packages),
    ))?;
    node::install_once(&node::runtime_folder())?;
    let folder = workspace::root().join("tests/e2e");
    node::install_once(&folder)?;
    let mut codegen = std::process::Command::new(workspace::built("glue-codegen")?);
    codegen
        .current_dir(workspace::root())
        .env("CARGO_TARGET_DIR", workspace::target()?);
    codegen.args([
        "--package",
        PACKAGE,
        "--emit",
        "ts",
        "--no-lock",
        "--out",
        "tests/e2e/resume/generated",
    ]);
    run(&mut codegen)?;

    let Options { kills, seed, seconds } = options;
    let mut program = std::process::Command::new(workspace::built("resume-run")?);
    program.args(["--kills", &kills.to_string(), "--seed", &seed.to_string()]);
    if let Some(seconds) = seconds {
        program.args(["--seconds", &seconds.to_string()]);
    }
    run(program.arg("--node").arg(folder)).map_err(|failure| {
        Failure::new(format!(
            "{failure}\nagain with: cargo xtask resume --kills {kills} --seed {seed}"
        ))
    })
}

const PACKAGE: &str = "glue-resume-run";
