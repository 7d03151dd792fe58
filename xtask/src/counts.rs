//! `cargo xtask counts`: how many instructions a server needs for a call, an item, a text and a connection.
//!
//! Callgrind counts what is executed, so it tells the same on a busy machine as on a quiet one: runs differ by less than 0.1 %, and a slow-down
//! is seen without a stopwatch. What it can't see is the time inside the system, and how long an instruction takes.
//!
//! The program is `benches/counts`. Callgrind is driven from here, without a crate for it: all that is needed is one function whose
//! instructions are collected, and such a crate wants a runner of its own version installed.

#![allow(clippy::print_stdout)] // the table is for whoever asked for it

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::run::{Failure, capture, cargo, run};
use crate::scratch::{read, write};
use crate::workspace;

/// Counts, prints a table, and fails where there is more than the committed figures allow for; with `--bless` commits to what was counted.
pub(crate) fn command(args: &[String]) -> Result<(), Failure> {
    let bless = match args {
        [] => false,
        [flag] if flag == "--bless" => true,
        [flag] if flag == "-h" || flag == "--help" => {
            println!("{USAGE}");
            return Ok(());
        }
        _ => return Err(Failure::new(USAGE)),
    };
    let valgrind = debian::program("VALGRIND", &["valgrind"], "valgrind")?;
    let file = workspace::root()
        .join("benches/counts/counted")
        .join(file_name()?);
    let target = workspace::target()?;
    run(cargo(["build", "--quiet", "--release", "--locked"])
        .args([
            "--manifest-path",
            "benches/Cargo.toml",
            "--package",
            "glue-counts",
        ])
        .arg("--target-dir")
        .arg(&target))?;

    let mut counts = Vec::new();
    for work in WORK {
        counts.push(work.count(&valgrind, &target)?);
    }
    if bless {
        write(&file, &written(&counts))?;
    }
    let committed = if file.exists() {
        WORK.iter()
            .map(|work| committed(&read(&file)?, work.order))
            .collect::<Result<_, _>>()?
    } else {
        vec![None; WORK.len()]
    };
    report(&counts, &committed, &file)
}

/// Something that a server is made to do.
struct Work {
    about: &'static str,
    order: &'static str,
    /// How often: so that it takes valgrind a second or two.
    times: u32,
}

impl Work {
    /// Returns the instructions for each time.
    fn count(&self, valgrind: &Path, target: &Path) -> Result<u64, Failure> {
        let out = target.join(format!("counts-{}.callgrind", self.order));
        let mut command = Command::new(valgrind);
        command
            .env("GLIBC_TUNABLES", TUNABLES)
            .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
            .arg(format!("--toggle-collect={COUNTED}"))
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(target.join("release/counts"))
            .args([self.order, &self.times.to_string()]);
        capture(&mut command)?;
        let total = total(&read(&out)?).filter(|&total| total > 0);
        let total = total.ok_or_else(|| {
            Failure::new(format!(
                "{}: callgrind has collected nothing; is `{COUNTED}` still called?",
                self.order
            ))
        })?;
        Ok(total / u64::from(self.times))
    }
}

/// Prints a table; fails if something takes more instructions than it may.
fn report(counts: &[u64], committed: &[Option<u64>], file: &Path) -> Result<(), Failure> {
    let mut verdicts = Vec::new();
    println!(
        "{:<42}{:>10}{:>12}{:>10}",
        "instructions", "counted", "committed", "change"
    );
    for ((work, &count), &committed) in WORK.iter().zip(counts).zip(committed) {
        let change = committed.map(|committed| change(count, committed));
        println!(
            "{:<42}{count:>10}{:>12}{:>10}",
            work.about,
            committed.map_or_else(|| "-".to_owned(), |committed| committed.to_string()),
            change.map_or_else(|| "-".to_owned(), |change| format!("{change:+.1} %")),
        );
        verdicts.push((work.order, Verdict::of(change)));
    }
    println!(
        "where they are: callgrind_annotate {}",
        workspace::shown(&workspace::target()?.join("counts-ORDER.callgrind"))
    );

    let those = |verdict| {
        let of_it = verdicts.iter().filter(|(_, found)| *found == verdict);
        of_it.map(|(order, _)| *order).collect::<Vec<_>>().join(", ")
    };
    let (more, fewer, new) = (those(Verdict::More), those(Verdict::Fewer), those(Verdict::New));
    let shown = workspace::shown(file);
    if !new.is_empty() {
        println!(
            "nothing to compare with: {new}; `cargo xtask counts --bless` writes {shown}, for this compiler and C library"
        );
    }
    if !fewer.is_empty() {
        println!(
            "fewer by more than {TOLERANCE} %: {fewer}; keep that by `cargo xtask counts --bless` and commit {shown}"
        );
    }
    if more.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "more instructions than {shown} has, by more than {TOLERANCE} %: {more}\nIf it is worth that, `cargo xtask counts --bless`, and \
         say in the commit why"
    )))
}

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    New,
    Fewer,
    Same,
    More,
}

impl Verdict {
    fn of(change: Option<f64>) -> Self {
        match change {
            None => Self::New,
            Some(change) if change > TOLERANCE => Self::More,
            Some(change) if change < -TOLERANCE => Self::Fewer,
            Some(_) => Self::Same,
        }
    }
}

/// Returns how much more one is than the other, in per cent.
fn change(count: u64, committed: u64) -> f64 {
    (count as f64 / committed.max(1) as f64 - 1.0) * 100.0
}

/// Returns all instructions that a file of callgrind's tells of.
fn total(text: &str) -> Option<u64> {
    let mut totals = text.lines().filter_map(|line| line.strip_prefix("totals: "));
    totals.next_back()?.trim().parse().ok()
}

fn written(counts: &[u64]) -> String {
    let lines = WORK.iter().zip(counts);
    let lines: Vec<_> = lines
        .map(|(work, count)| format!("  \"{}\": {count}", work.order))
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// Returns the figure of this name; `None` where there is none yet.
fn committed(text: &str, order: &str) -> Result<Option<u64>, Failure> {
    let key = format!("\"{order}\":");
    let Some(value) = text.lines().find_map(|line| line.trim().strip_prefix(&key)) else {
        return Ok(None);
    };
    let value = value.trim().trim_end_matches(',').parse();
    value
        .map(Some)
        .map_err(|_| Failure::new(format!("`{order}` of the committed counts is no number")))
}

/// Returns the name of the file for what decides about instructions beside our own code: the compiler with the machine that it
/// compiles for, and the C library, whose `malloc` is a tenth of them.
fn file_name() -> Result<PathBuf, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = capture(Command::new(rustc).arg("-vV"))?;
    let of = |key: &str| {
        version
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap_or("unknown")
            .trim()
    };
    let libc = capture(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let libc = libc.trim().replace(' ', "-");
    Ok(format!("{}-{}-{libc}.json", of("release:"), of("host:")).into())
}

const WORK: &[Work] = &[
    Work {
        about: "add, one call for each wake-up",
        order: "add",
        times: 4_000,
    },
    Work {
        about: "echo of 100 bytes, 16 calls for each",
        order: "echo",
        times: 8_000,
    },
    Work {
        about: "item of a stream, 16 for each",
        order: "items",
        times: 32_000,
    },
    Work {
        about: "raw text of 100 bytes, 16 for each",
        order: "raw",
        times: 8_000,
    },
    Work {
        about: "connection, with upgrade, init and end",
        order: "connect",
        times: 200,
    },
];

/// How many per cent more or fewer are the same. Runs differ by less than 0.1; the layout of unrelated code makes out up to 1.
const TOLERANCE: f64 = 3.0;

/// The function of `benches/counts` whose instructions are collected.
const COUNTED: &str = "counts::counted";

/// The plainest variants of `memcpy` and the like, whatever the processor: those for better ones differ, and of `rep stosb` callgrind
/// counts every byte.
const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";

const USAGE: &str = "\
Usage: cargo xtask counts [--bless]
  Counts the instructions of a server for each call, item, text and connection, under callgrind, and compares them with the committed
  ones of this compiler. Needs Linux with valgrind, which is installed where we may.
    --bless   commits to what was counted: writes the file in benches/counts/counted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let counts: Vec<_> = (1..).take(WORK.len()).collect();

        let text = written(&counts);

        for (work, count) in WORK.iter().zip(counts) {
            assert_eq!(committed(&text, work.order).unwrap(), Some(count), "{text}");
        }
        assert_eq!(committed(&text, "more").unwrap(), None);
        assert!(committed("\"add\": x", "add").is_err());
    }

    #[test]
    fn the_total_of_a_profile_is_found() {
        assert_eq!(
            total("events: Ir\nfn=(1)\n7 8\n\ntotals: 38171399\n"),
            Some(38_171_399)
        );
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn a_change_within_the_tolerance_is_none() {
        let verdict = |count| Verdict::of(Some(change(count, 10_000)));

        assert_eq!(verdict(10_299), Verdict::Same);
        assert_eq!(verdict(9_701), Verdict::Same);
        assert_eq!(verdict(10_301), Verdict::More);
        assert_eq!(verdict(9_699), Verdict::Fewer);
        assert_eq!(Verdict::of(None), Verdict::New);
    }
}
