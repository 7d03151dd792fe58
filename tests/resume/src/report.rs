//! What a run has come to, for people.

use std::collections::BTreeMap;

use crate::client::Report;
use crate::fault::{Mode, Transport};
use crate::log::Log;
use crate::plan::{Counts, Where};
use crate::records::{Kind, Outcome, Tally};

/// All that is known of one client at the end.
pub(crate) struct Story {
    /// `Rust, WebSocket` for example.
    pub(crate) name: String,
    pub(crate) counts: Counts,
    /// `None` if it never told.
    pub(crate) client: Option<Report>,
    pub(crate) server: Outcome,
    pub(crate) sessions: u32,
    pub(crate) log: Log,
}

impl Story {
    /// Returns what is wrong.
    fn problems(&self) -> Vec<String> {
        let server = self.server.faults.iter().map(|fault| format!("server: {fault}"));
        let mut problems: Vec<_> = server.collect();
        match &self.client {
            Some(report) => problems.extend(
                report
                    .outcome
                    .faults
                    .iter()
                    .map(|fault| format!("client: {fault}")),
            ),
            None => problems.push("client: hangs, or has ended without a word".to_owned()),
        }
        if self.sessions != 1 {
            problems.push(format!("server: {} sessions instead of one", self.sessions));
        }
        let tallies = self.tallies();
        for (kind, name) in KINDS {
            let tally = tallies.get(kind).copied().unwrap_or_default();
            if !tally.is_clean() && problems.is_empty() {
                problems.push(format!("{name}: {tally:?}"));
            }
            if tally.arrived == 0 {
                problems.push(format!("{name}: none came, so nothing was shown"));
            }
        }
        problems
    }

    fn tallies(&self) -> BTreeMap<Kind, Tally> {
        let mut sum: BTreeMap<Kind, Tally> = self.server.tallies.clone();
        if let Some(report) = &self.client {
            for (kind, tally) in &report.outcome.tallies {
                sum.entry(*kind).or_default().add(*tally);
            }
        }
        sum
    }
}

/// Returns the tables, and whether all is well.
pub(crate) fn report(stories: &[Story], seed: u64, seconds: u64) -> (String, bool) {
    let mut lines = Vec::new();
    let sum = |count: &dyn Fn(&Story) -> u64| stories.iter().map(count).sum::<u64>();
    let split = |lines: &mut Vec<String>, name: &str, count: &dyn Fn(&Counts, Transport) -> u64| {
        let [web_socket, ajax] = [Transport::WebSocket, Transport::Ajax]
            .map(|transport| sum(&|story| count(&story.counts, transport)));
        lines.push(format!(
            "{name:<42}{web_socket:>10}{ajax:>10}{:>10}",
            web_socket + ajax
        ));
        web_socket + ajax
    };
    let mut kills = 0;
    lines.push(format!(
        "{:<42}{:>10}{:>10}{:>10}",
        "links broken, by how", "WebSocket", "Ajax", "all"
    ));
    for mode in Mode::ALL {
        kills += split(&mut lines, mode.name(), &|counts, transport| {
            counts.modes.get(&(mode, transport)).copied().unwrap_or_default()
        });
    }
    lines.push(format!(
        "\n{:<42}{:>10}{:>10}{:>10}",
        "by where", "WebSocket", "Ajax", "all"
    ));
    for place in Where::ALL {
        split(&mut lines, place.name(), &|counts, transport| {
            counts
                .places
                .get(&(place, transport))
                .copied()
                .unwrap_or_default()
        });
    }

    lines.push(format!(
        "\n{:<42}{:>10}{:>8}{:>8}{:>10}{:>8}",
        "what travelled", "arrived", "lost", "doubled", "reordered", "failed"
    ));
    let tallies: Vec<_> = stories.iter().map(Story::tallies).collect();
    let mut all = Tally::default();
    for (kind, name) in KINDS {
        let mut total = Tally::default();
        for tally in tallies.iter().filter_map(|tallies| tallies.get(kind)) {
            total.add(*tally);
        }
        all.add(total);
        lines.push(row(name, total));
    }
    lines.push(row("all", all));

    let of_clients = |count: &dyn Fn(&Report) -> u64| sum(&|story| story.client.as_ref().map_or(0, count));
    lines.push(format!(
        "\n{} clients: {}",
        stories.len(),
        stories
            .iter()
            .map(|story| story.name.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    ));
    lines.push(format!(
        "{kills} links broken in {seconds} s, {} messages held back, {} pushes sent twice, {} requests refused, {} connections",
        sum(&|story| story.counts.delays),
        sum(&|story| story.counts.twice),
        sum(&|story| story.counts.refused),
        sum(&|story| story.counts.connections)
    ));
    lines.push(format!(
        "{} times resumed, {} of them by the other transport; {} fresh sessions",
        of_clients(&|report| report.resumed),
        of_clients(&|report| report.switched),
        of_clients(&|report| report.fresh)
    ));

    let mut is_well = true;
    for story in stories {
        let problems = story.problems();
        if problems.is_empty() {
            continue;
        }
        is_well = false;
        lines.push(format!("\n{} has problems:", story.name));
        lines.extend(problems.iter().map(|problem| format!("  {problem}")));
        lines.push("  its last events:".to_owned());
        lines.extend(story.log.events().iter().map(|event| format!("  {event}")));
    }
    let verdict = if is_well {
        "nothing lost, doubled or reordered"
    } else {
        "FAILED, see above"
    };
    lines.push(format!("\nseed {seed}: {verdict}"));
    (lines.join("\n"), is_well)
}

fn row(name: &str, tally: Tally) -> String {
    let Tally {
        arrived,
        lost,
        doubled,
        reordered,
        failed,
    } = tally;
    format!("{name:<42}{arrived:>10}{lost:>8}{doubled:>8}{reordered:>10}{failed:>8}")
}

const KINDS: &[(Kind, &str)] = &[
    (Kind::CallRuns, "calls and streams: runs of the handler"),
    (Kind::CallAnswers, "calls and streams: answers and ends"),
    (Kind::Notes, "notifications"),
    (Kind::Down, "items of server streams"),
    (Kind::Up, "items of client streams"),
    (Kind::BothUp, "items of two-way streams, up"),
    (Kind::BothDown, "items of two-way streams, down"),
    (Kind::Events, "events"),
    (Kind::AskRuns, "calls of the server: runs of the handler"),
    (Kind::AskAnswers, "calls of the server: answers"),
    (Kind::RawUp, "raw messages up, main channel"),
    (Kind::SideUp, "raw messages up, another channel"),
    (Kind::RawDown, "raw messages down, main channel"),
    (Kind::SideDown, "raw messages down, another channel"),
];
