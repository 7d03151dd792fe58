//! A report as text for people, as annotations for GitHub, as JSON for programs.

use std::{collections::BTreeSet, fmt::Write};

use glue::schema::ChannelSchema;
use serde_json::json;

use super::{Breaks, Finding, Place, Report, Tolerance};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// Workflow commands of GitHub, which become annotations of the channel's file.
    Github,
    /// One JSON document.
    Json,
}

impl Report {
    /// Returns how many changes fail under `tolerance`.
    pub fn failures(&self, tolerance: Tolerance) -> usize {
        let found = self.findings.iter().filter(|finding| finding.fails(tolerance));
        // Clients refuse what has another hash at a server that can't know them.
        let refused = self.stale.values().map(BTreeSet::len).sum::<usize>();
        found.count() + if tolerance.servers { refused } else { 0 }
    }

    /// Names the methods that have another hash, and do or don't break clients besides.
    fn stale(&self, are_broken: bool) -> Vec<String> {
        let is_broken = |method: &String| {
            let mut findings = self.findings.iter();
            findings.any(|finding| finding.clients == Breaks::All && finding.methods.contains(method))
        };
        let names = self.stale.iter().flat_map(|(channel, methods)| {
            let name = move |method: &String| format!("{channel}.{method}");
            methods.iter().map(name)
        });
        names.filter(|method| is_broken(method) == are_broken).collect()
    }
}

/// Writes `report`; `channels` are those of the new side, of which the annotations name file and line.
pub fn print(report: &Report, format: Format, tolerance: Tolerance, channels: &[ChannelSchema]) -> String {
    match format {
        Format::Text => text(report),
        Format::Github => github(report, tolerance, channels),
        Format::Json => json(report, tolerance),
    }
}

/// The classes of a change, worst first; one that breaks both sides stands in the first.
fn class(finding: &Finding) -> &'static str {
    match (finding.clients, finding.servers) {
        (Breaks::All, _) => "clients",
        (_, Breaks::All) => "servers",
        (Breaks::Rust, _) | (_, Breaks::Rust) => "rust-clients",
        _ => "compatible",
    }
}

const CLASSES: [(&str, &str); 4] = [
    ("clients", "breaking for clients that were built before"),
    ("servers", "breaking for servers that were built before"),
    ("rust-clients", "breaking for clients in Rust only"),
    ("compatible", "compatible"),
];

fn text(report: &Report) -> String {
    let mut out = String::new();
    for (id, title) in CLASSES {
        let mut of_class = report
            .findings
            .iter()
            .filter(|finding| class(finding) == id)
            .peekable();
        if of_class.peek().is_none() {
            continue;
        }
        let _ = writeln!(out, "{title}:");
        for finding in of_class {
            let _ = writeln!(out, "  {} [{}]", message(finding), finding.rule.id());
        }
        out.push('\n');
    }
    if report.findings.is_empty() {
        out.push_str("nothing has changed on the wire\n");
    }
    for (methods, says) in [(report.stale(true), BROKEN), (report.stale(false), REFUSED)] {
        if !methods.is_empty() {
            let _ = writeln!(out, "{says}:\n  {}", methods.join(", "));
        }
    }
    out
}

/// What becomes of methods whose hashes differ.
const BROKEN: &str = "Clients that glue-codegen has generated fail there with stale_client, and send nothing";
const REFUSED: &str = "Clients built before fail here with stale_client too, until the server accepts their contract (--accept)";

/// The change in one sentence.
pub(super) fn message(finding: &Finding) -> String {
    let mut text = match &finding.place {
        Place::Channel(name) | Place::Method(name) => name.clone(),
        Place::Type(name) => format!("type {name} (of {})", some(finding)),
    };
    let _ = write!(text, ": {}", finding.what);
    for (index, consequence) in finding.consequences.iter().enumerate() {
        let mark = if index == 0 { ": " } else { "; " };
        let _ = write!(text, "{mark}{consequence}");
    }
    text
}

/// The methods that a change of a type reaches: the first ones, if they are many.
fn some(finding: &Finding) -> String {
    const MOST: usize = 4;
    let names: Vec<_> = finding.methods.iter().take(MOST).map(String::as_str).collect();
    let names = names.join(", ");
    match finding.methods.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn github(report: &Report, tolerance: Tolerance, channels: &[ChannelSchema]) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let level = match (finding.fails(tolerance), class(finding)) {
            (true, _) => "error",
            (false, "compatible") => "notice",
            (false, _) => "warning",
        };
        let place = match &finding.place {
            Place::Channel(name) => Some(name.as_str()),
            _ => finding
                .methods
                .first()
                .and_then(|method| method.split('.').next()),
        };
        let schema = channels
            .iter()
            .find(|schema| Some(schema.channel.as_str()) == place);
        let place = schema.map_or_else(String::new, |schema| {
            format!("file={},line={},", property(&schema.file), schema.line)
        });
        let title = property(&format!("glue: {}", finding.rule.id()));
        let _ = writeln!(out, "::{level} {place}title={title}::{}", data(&message(finding)));
    }
    let level = if tolerance.servers { "error" } else { "notice" };
    for (methods, says) in [(report.stale(true), BROKEN), (report.stale(false), REFUSED)] {
        if !methods.is_empty() {
            let text = format!("{says}: {}", methods.join(", "));
            let _ = writeln!(out, "::{level} title=glue%3A stale_client::{}", data(&text));
        }
    }
    out
}

/// As GitHub's own toolkit escapes what stands behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As GitHub's own toolkit escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn json(report: &Report, tolerance: Tolerance) -> String {
    let breaks = |breaks| match breaks {
        Breaks::Nobody => "nobody",
        Breaks::Rust => "rust",
        Breaks::All => "all",
    };
    let findings = report.findings.iter().map(|finding| {
        let (kind, name) = match &finding.place {
            Place::Channel(name) => ("channel", name),
            Place::Method(name) => ("method", name),
            Place::Type(name) => ("type", name),
        };
        json!({
            "rule": finding.rule.id(),
            "class": class(finding),
            "fails": finding.fails(tolerance),
            "kind": kind,
            "name": name,
            "methods": finding.methods,
            "what": finding.what,
            "message": message(finding),
            "breaks": { "clients": breaks(finding.clients), "servers": breaks(finding.servers) },
        })
    });
    let document = json!({
        "failures": report.failures(tolerance),
        "changes": findings.collect::<Vec<_>>(),
        "stale": report.stale,
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a report is JSON");
    text.push('\n');
    text
}
