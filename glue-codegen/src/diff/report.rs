//! A report as text for people, as annotations for GitHub, as JSON for programs.

use std::{collections::BTreeSet, fmt::Write};

use glue::schema::ChannelSchema;
use serde_json::json;

use super::{Breaks, Finding, Place, Report, Rule, Tolerance};

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
        found.count()
            + if tolerance.servers || tolerance.stale {
                refused
            } else {
                0
            }
    }

    /// Whether the hash of a method, as `channel.method`, has changed.
    fn is_stale(&self, method: &str) -> bool {
        let split = method.split_once('.');
        split.is_some_and(|(channel, method)| {
            self.stale
                .get(channel)
                .is_some_and(|methods| methods.contains(method))
        })
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
        let with_kind = |name: String| match self.events.contains(&name) {
            true => format!("{name} (event: not delivered)"),
            false => name,
        };
        names
            .filter(|method| is_broken(method) == are_broken)
            .map(with_kind)
            .collect()
    }
}

/// Writes `report`; `channels` are those of the new side, of which the annotations name file and line.
pub fn print(report: &Report, format: Format, tolerance: Tolerance, channels: &[ChannelSchema]) -> String {
    match format {
        Format::Text => text(report, tolerance),
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

fn text(report: &Report, tolerance: Tolerance) -> String {
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
            let _ = writeln!(out, "  {} [{}]", told(report, finding), finding.rule.id());
        }
        out.push('\n');
    }
    if report.findings.is_empty() {
        out.push_str("nothing has changed on the wire\n");
    }
    for line in refused(report, tolerance) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{}", verdict(report, tolerance));
    out
}

/// What becomes of methods whose hashes differ, a line each.
fn refused(report: &Report, tolerance: Tolerance) -> Vec<String> {
    let (broken, accepted) = (report.stale(true), report.stale(false));
    let all: BTreeSet<_> = broken.iter().chain(&accepted).map(String::as_str).collect();
    let all: Vec<_> = all.into_iter().collect();
    let mut lines = Vec::new();
    if !broken.is_empty() {
        let methods = broken.join(", ");
        lines.push(format!(
            "older clients at the new server: refused with stale_client in {methods}, for good"
        ));
    }
    if !accepted.is_empty() {
        lines.push(format!(
            "older clients at the new server: refused with stale_client in {} until you run \
             `glue-codegen diff --against … --accept FILE` and give FILE to `.accept(…)` (docs/CONTRACTS.md)",
            accepted.join(", ")
        ));
    }
    if tolerance.servers && !all.is_empty() {
        let methods = all.join(", ");
        lines.push(format!(
            "clients built after this fail at older servers with stale_client: {methods}"
        ));
    }
    lines
}

/// Why the exit code is what it is.
fn verdict(report: &Report, tolerance: Tolerance) -> String {
    let failing = |finding: &&Finding| finding.fails(tolerance);
    let changes = report.findings.iter().filter(failing).count();
    let refused = report.failures(tolerance) - changes;
    let counted = [(changes, "change"), (refused, "method")];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    let counted: Vec<_> = counted
        .map(|(count, name)| {
            let plural = if count == 1 { "" } else { "s" };
            let refused = if name == "method" {
                " refused with stale_client"
            } else {
                ""
            };
            format!("{count} {name}{plural}{refused}")
        })
        .collect();
    let rust = if tolerance.rust_clients {
        " --rust-clients"
    } else {
        ""
    };
    let asked = format!("--fail-on {}{rust}", tolerance.name());
    if counted.is_empty() {
        format!("exit code 0: nothing here counts under {asked}")
    } else {
        let counted = counted.join(" and ");
        format!("exit code 4: {counted} under {asked}")
    }
}

/// The change in one sentence, with what generated clients see of it first: they compare hashes before they send anything.
fn told(report: &Report, finding: &Finding) -> String {
    if finding.consequences.is_empty() || finding.methods.is_empty() {
        return message(finding);
    }
    let stale = finding
        .methods
        .iter()
        .filter(|method| report.is_stale(method))
        .count();
    if stale == finding.methods.len() {
        let consequences = finding.consequences.iter().cloned().collect::<Vec<_>>();
        let sees = if finding.methods.is_subset(&report.events) {
            "don't get the event"
        } else {
            "fail with stale_client"
        };
        return format!(
            "{}: generated clients {sees}; without hashes: {}",
            head(finding),
            consequences.join("; ")
        );
    }
    let is_unseen = matches!(
        finding.rule,
        Rule::NumberNarrowed | Rule::NumberWidened | Rule::StringForm
    );
    let unseen = if stale == 0 && is_unseen {
        "; no hash warns them"
    } else {
        ""
    };
    format!("{}{unseen}", message(finding))
}

/// The change in one sentence, with what it does where nobody compares hashes.
pub(super) fn message(finding: &Finding) -> String {
    let mut text = head(finding);
    for (index, consequence) in finding.consequences.iter().enumerate() {
        let mark = if index == 0 { ": " } else { "; " };
        let _ = write!(text, "{mark}{consequence}");
    }
    text
}

/// Where it is, and what has changed.
fn head(finding: &Finding) -> String {
    let place = match &finding.place {
        Place::Channel(name) | Place::Method(name) => name.clone(),
        Place::Type(name) => format!("type {name} (of {})", some(finding)),
    };
    format!("{place}: {}", finding.what)
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
        let _ = writeln!(
            out,
            "::{level} {place}title={title}::{}",
            data(&told(report, finding))
        );
    }
    let level = if tolerance.servers || tolerance.stale {
        "error"
    } else {
        "notice"
    };
    for line in refused(report, tolerance) {
        let _ = writeln!(out, "::{level} title=glue%3A stale_client::{}", data(&line));
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
            "message": told(report, finding),
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
