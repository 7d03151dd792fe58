//! `cargo xtask fidelity`: random Rust types and values, sent to TypeScript and back through real channels.
//!
//! A package with made-up models is written to a temporary folder, glue-codegen writes its client, `tsc --strict` compiles that,
//! and `tests/e2e/fidelity` drives it: each value that arrives is held against its TypeScript type, sent back, and compared with
//! the original. See docs/CONTRIBUTING.md.

mod grow;
mod known;
mod names;
mod random;
mod rust;
mod types;
mod typescript;

use std::path::PathBuf;

use crate::node;
use crate::run::{Failure, cargo, run};
use crate::scratch::{self, Scratch};
use crate::workspace;

/// What is run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Equal seeds make equal types and values.
    seed: u32,
    /// Models of one package.
    types: u32,
    /// Values of each type that methods send.
    values: u32,
    /// How many packages, each with the next seed.
    rounds: u32,
    /// Makes up what is known to be wrong, too.
    with_known: bool,
    /// Where the package is written, and stays.
    folder: Option<PathBuf>,
}

/// What CI runs: about a minute on two cores. The same types each time, so that a failure is the change's.
pub(crate) const IN_CI: Options = Options {
    seed: 9,
    types: 80,
    values: 30,
    rounds: 1,
    with_known: false,
    folder: None,
};

pub(crate) const USAGE: &str = "\
Usage: cargo xtask fidelity [--seed N] [--types N] [--values N] [--rounds N] [--with-known] [--folder DIR]
         Makes up Rust types and values, and sends them to TypeScript and back.
  --seed N       begins with this one; by default another each time
  --types N      models of a round, 80 by default
  --values N     values of each type, 30 by default
  --rounds N     how many rounds, each with the next seed; 1 by default
  --with-known   with shapes that are known to be wrong (xtask/src/fidelity/known.rs)
  --folder DIR   writes the package there and leaves it";

/// Runs the command.
pub(crate) fn command(args: &[String]) -> Result<(), Failure> {
    let mut options = Options {
        seed: std::process::id(),
        ..IN_CI
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--with-known" {
            options.with_known = true;
            continue;
        }
        if matches!(arg.as_str(), "-h" | "--help") {
            eprintln!("{USAGE}");
            return Ok(());
        }
        let value = args
            .next()
            .ok_or_else(|| Failure::new(format!("{arg} has no value\n\n{USAGE}")))?;
        if arg == "--folder" {
            options.folder = Some(std::env::current_dir().unwrap_or_default().join(value));
            continue;
        }
        let number = value
            .parse()
            .map_err(|_| Failure::new(format!("{arg} {value} is no number\n\n{USAGE}")))?;
        match arg.as_str() {
            "--seed" => options.seed = number,
            "--types" => options.types = number,
            "--values" => options.values = number,
            "--rounds" => options.rounds = number,
            _ => return Err(Failure::new(format!("no such option: {arg}\n\n{USAGE}"))),
        }
    }
    fidelity(&options)
}

/// Runs all rounds.
pub(crate) fn fidelity(options: &Options) -> Result<(), Failure> {
    run(&mut cargo([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "glue-codegen",
    ]))?;
    node::install_once(&node::runtime_folder())?;
    node::install_once(&workspace::root().join("tests/e2e"))?;
    for round in 0..options.rounds {
        let seed = options.seed.wrapping_add(round);
        eprintln!(
            "-- seed {seed}, {} types, {} values of each",
            options.types, options.values
        );
        let again = format!(
            "again with: cargo xtask fidelity --seed {seed} --types {} --values {}{}",
            options.types,
            options.values,
            if options.with_known { " --with-known" } else { "" }
        );
        self::round(seed, options).map_err(|failure| Failure::new(format!("{failure}\n{again}")))?;
    }
    Ok(())
}

fn round(seed: u32, options: &Options) -> Result<(), Failure> {
    let home = match &options.folder {
        Some(folder) => Home::Kept(folder.clone()),
        None => Home::Scratch(Scratch::new("fidelity")?),
    };
    let home = home.path();
    let left_out = if options.with_known { &[] } else { known::KNOWN };
    let count = usize::try_from(options.types).unwrap_or_default();
    let package = grow::grow(seed.into(), count, left_out);

    let runtime = workspace::root().display().to_string().replace('\\', "/");
    for (file, text) in [
        ("Cargo.toml", MANIFEST.replace("ROOT", &runtime)),
        ("src/main.rs", rust::source(&package)),
        ("package.json", r#"{ "type": "module" }"#.to_owned()),
        ("web/tsconfig.json", TSCONFIG.to_owned()),
        ("web/rounds.ts", typescript::source(&package)),
        ("sources.json", typescript::sources(&package)),
    ] {
        scratch::write(&home.join(file), &text)?;
    }
    scratch::lock(home)?;

    let mut codegen = scratch::command(workspace::built("glue-codegen")?, home)?;
    run(codegen.args(["--out", "web/generated"]))?;
    let mut tsc = node::tsc();
    run(tsc.current_dir(home).args(["--project", "web"]))?;
    let mut build = scratch::command("cargo", home)?;
    run(build.args(["build", "--quiet"]))?;

    let mut driver = std::process::Command::new("node");
    driver.current_dir(workspace::root().join("tests/e2e"));
    driver.args(["--import", "tsx", "fidelity/main.ts"]).arg(home);
    driver.arg(workspace::built("fidelity-types")?);
    run(driver.args([seed.to_string(), options.values.to_string()]))
}

/// Where the package is written.
enum Home {
    Kept(PathBuf),
    Scratch(Scratch),
}

impl Home {
    fn path(&self) -> &std::path::Path {
        match self {
            Self::Kept(path) => path,
            Self::Scratch(scratch) => scratch.path(),
        }
    }
}

/// Dependencies as the guide's package has them, whose builds then serve us, too.
const MANIFEST: &str = r#"
[package]
name = "fidelity-types"
version = "0.0.0"
edition = "2024"

[dependencies]
futures-util = "0.3"
glue = { package = "glue-runtime", path = "ROOT/glue-runtime" }
glue-fidelity = { path = "ROOT/tests/fidelity" }
tokio = { version = "1", default-features = false, features = ["macros", "net", "rt"] }

# Nobody debugs it, and it is large.
[profile.dev.package.fidelity-types]
debug = false
"#;

const TSCONFIG: &str = r#"{
  "compilerOptions": { "strict": true, "target": "es2022", "module": "nodenext", "outDir": "js", "rootDir": ".", "types": [] },
  "files": ["rounds.ts"]
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn in_ci() -> String {
        let count = usize::try_from(IN_CI.types).unwrap();
        rust::source(&grow::grow(IN_CI.seed.into(), count, known::KNOWN))
    }

    #[test]
    fn equal_seeds_make_up_equal_types() {
        assert_eq!(in_ci(), in_ci());
    }

    #[test]
    fn what_ci_runs_has_a_type_of_each_kind() {
        let source = in_ci();

        for part in [
            "tag = ",
            "content = ",
            "#[serde(untagged)]\npub enum",
            "#[serde(untagged)]\n    ",
            "transparent",
            "flatten",
            "deny_unknown_fields",
            "rename_all = ",
            "rename_all_fields = ",
            "rename = ",
            "alias = ",
            "#[serde(skip)]",
            "skip_serializing_if = ",
            "<T>",
            "<T, U>",
            "Option<Box<M",
            "HashMap<",
            "BTreeMap<",
            "HashSet<",
            "Exact<",
            "#[glue(exact)]",
            "Result<",
            "Range<",
            "u128",
            "r#",
            "__proto__",
        ] {
            assert!(source.contains(part), "none with {part}");
        }
    }
}
