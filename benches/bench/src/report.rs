//! What was measured, as tables for people and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::options::Options;
use crate::peer::{Failure, Peer, Program};
use crate::server::{servers, workspace};
use crate::work::{Bound, Figure, Row, Sample, Work};

/// Samples, and where they come from.
pub struct Report {
    peers: Vec<&'static dyn Peer>,
    works: Vec<&'static Work>,
    entries: Vec<Entry>,
    about: Vec<(String, String)>,
}

struct Entry {
    round: usize,
    work: &'static str,
    /// Place among the peers.
    peer: usize,
    sample: Sample,
}

impl Report {
    /// Begins without samples.
    ///
    /// # Errors
    /// The lock file can't be read.
    pub fn begin(options: &Options) -> Result<Self, Failure> {
        Ok(Self {
            peers: options.peers.clone(),
            works: options.works.clone(),
            entries: Vec::new(),
            about: about(&options.peers)?,
        })
    }

    /// Adds what a workload has shown on a peer's server.
    pub fn add(&mut self, round: usize, work: &Work, peer: usize, sample: Sample) {
        self.entries.push(Entry {
            round,
            work: work.name,
            peer,
            sample,
        });
    }

    /// Writes the tables: costs with their ratios to the first peer, then what helps to read them.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for (what, value) in &self.about {
            let _ = writeln!(out, "{what}: {value}  ");
        }
        let rounds = self
            .entries
            .iter()
            .map(|entry| entry.round + 1)
            .max()
            .unwrap_or(0);
        let _ = writeln!(
            out,
            "Medians of {rounds} rounds; ratios are medians of each round's own.\n"
        );
        self.head(&mut out, "", "at most");
        for (work, row) in self.rows() {
            let bound = match row.bound {
                None => "–".to_owned(),
                Some(Bound::Ratio(ratio)) => format!("{ratio:.2}"),
                Some(Bound::Value(value)) => shown(value),
            };
            self.row(&mut out, work, row.about, row.figure, &bound);
        }
        out.push('\n');
        self.head(&mut out, "the same runs", "");
        for work in self
            .works
            .iter()
            .filter(|work| self.median(work, 0, Figure::Rate).is_some())
        {
            self.row(
                &mut out,
                work,
                &format!("{}: thousands a second", work.name),
                Figure::Rate,
                "",
            );
            self.row(
                &mut out,
                work,
                &format!("{}: load generator, µs each", work.name),
                Figure::Client,
                "",
            );
        }
        out
    }

    /// Writes the single samples.
    pub fn json(&self) -> String {
        let about: serde_json::Map<_, _> = self
            .about
            .iter()
            .map(|(what, value)| (what.clone(), Value::from(value.as_str())))
            .collect();
        let samples: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                let figures: serde_json::Map<_, _> = entry
                    .sample
                    .iter()
                    .map(|(figure, value)| (format!("{figure:?}").to_lowercase(), Value::from(*value)))
                    .collect();
                let peer = self.peers[entry.peer].name();
                json!({ "round": entry.round, "workload": entry.work, "peer": peer, "figures": figures })
            })
            .collect();
        format!("{:#}\n", json!({ "about": about, "samples": samples }))
    }

    fn rows(&self) -> impl Iterator<Item = (&'static Work, &'static Row)> {
        self.works
            .iter()
            .flat_map(|&work| work.rows.iter().map(move |row| (work, row)))
    }

    fn head(&self, out: &mut String, about: &str, last: &str) {
        let mut line = "| --- |".to_owned();
        let _ = write!(out, "| {about} |");
        for (place, peer) in self.peers.iter().enumerate() {
            let _ = write!(out, " {} |", peer.name());
            line.push_str(" ---: |");
            if place > 0 {
                out.push_str(" ratio |");
                line.push_str(" ---: |");
            }
        }
        let _ = writeln!(out, " {last} |\n{line} ---: |");
    }

    fn row(&self, out: &mut String, work: &Work, about: &str, figure: Figure, bound: &str) {
        let _ = write!(out, "| {about} |");
        let scale = if figure == Figure::Rate { 1e-3 } else { 1.0 };
        for peer in 0..self.peers.len() {
            let value = self.median(work, peer, figure).map(|value| shown(value * scale));
            let _ = write!(out, " {} |", value.unwrap_or_else(none));
            if peer > 0 {
                let ratio = self.ratio(work, peer, figure).map(|ratio| format!("{ratio:.2}"));
                let _ = write!(out, " {} |", ratio.unwrap_or_else(none));
            }
        }
        let _ = writeln!(out, " {bound} |");
    }

    fn median(&self, work: &Work, peer: usize, figure: Figure) -> Option<f64> {
        let values = self.values(work, peer, figure);
        median(values.into_iter().map(|(_, value)| value).collect())
    }

    /// Returns the median of the ratios to the first peer in the same round.
    fn ratio(&self, work: &Work, peer: usize, figure: Figure) -> Option<f64> {
        let first = self.values(work, 0, figure);
        let ratios = self
            .values(work, peer, figure)
            .into_iter()
            .filter_map(|(round, value)| {
                let (_, first) = first.iter().find(|(other, _)| *other == round)?;
                Some(value / first)
            });
        median(ratios.collect())
    }

    fn values(&self, work: &Work, peer: usize, figure: Figure) -> Vec<(usize, f64)> {
        let entries = self
            .entries
            .iter()
            .filter(|entry| entry.work == work.name && entry.peer == peer);
        let of = |entry: &Entry| {
            entry
                .sample
                .iter()
                .find(|(other, _)| *other == figure)
                .map(|(_, value)| *value)
        };
        entries
            .filter_map(|entry| Some((entry.round, of(entry)?)))
            .collect()
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let above = *values.get(middle)?;
    Some(if values.len() % 2 == 1 {
        above
    } else {
        (values[middle - 1] + above) / 2.0
    })
}

/// Shows three digits that count.
fn shown(value: f64) -> String {
    match value {
        ..1.0 => format!("{value:.3}"),
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

fn none() -> String {
    "–".to_owned()
}

/// Tells when, on what, and of what versions.
fn about(peers: &[&dyn Peer]) -> Result<Vec<(String, String)>, Failure> {
    let mut versions = Vec::new();
    let lock = fs::read_to_string(workspace().join("Cargo.lock"))?;
    for peer in peers {
        let of = |package: &&str| match peer.program() {
            Program::Rust(_) => locked(&lock, package),
            Program::Node { folder, .. } => installed(folder, package),
        };
        for package in peer.packages() {
            let version = of(package).unwrap_or_else(|| "?".to_owned());
            versions.push(format!("{package} {version}"));
        }
    }
    if peers
        .iter()
        .any(|peer| matches!(peer.program(), Program::Node { .. }))
    {
        versions.push(format!("Node {}", said("node", &["--version"])));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let first = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let commit = said("git", &["describe", "--always", "--dirty"]);
    Ok([
        ("Date", said("date", &["-u", "+%F %R UTC"])),
        ("Commit", commit),
        (
            "Machine",
            format!("{cores} cores, {}", processor.map_or("?", |(_, name)| name)),
        ),
        (
            "System",
            format!(
                "Linux {}, load {} at the beginning",
                first("/proc/sys/kernel/osrelease"),
                first("/proc/loadavg")
            ),
        ),
        ("Compiler", said("rustc", &["--version"])),
        ("Versions", versions.join(", ")),
    ]
    .map(|(what, value)| (what.to_owned(), value))
    .into())
}

/// Returns the version of a package in Cargo.lock.
fn locked(lock: &str, package: &str) -> Option<String> {
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split('"').next()?.to_owned())
}

/// Returns the version of a package in a folder's package-lock.json.
fn installed(folder: &str, package: &str) -> Option<String> {
    let lock = fs::read_to_string(servers().join(folder).join("package-lock.json")).ok()?;
    let lock: Value = serde_json::from_str(&lock).ok()?;
    Some(
        lock["packages"][format!("node_modules/{package}")]["version"]
            .as_str()?
            .to_owned(),
    )
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(workspace()).output();
    output.map_or_else(
        |_| "?".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn the_version_of_a_package_is_not_that_of_another() {
        let lock = "name = \"tokio-tungstenite\"\nversion = \"1.0\"\n\nname = \"tokio\"\nversion = \"2.0\"\n";
        assert_eq!(locked(lock, "tokio").as_deref(), Some("2.0"));
    }
}
