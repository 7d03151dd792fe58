//! What has arrived, held against what should have: the judge of the run. `tests/e2e/resume/records.ts` is its twin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

/// What travels, by the side that counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Calls and streams of a client: each must run once in the server.
    CallRuns,
    /// Their answers and ends, in the client.
    CallAnswers,
    /// Notifications, in the server.
    Notes,
    /// Items of server streams, in the client.
    Down,
    /// Items of client streams, in the server.
    Up,
    /// Items of two-way streams, in the server and in the client.
    BothUp,
    BothDown,
    /// Events, in the client.
    Events,
    /// Calls of the server: each must run once in the client.
    AskRuns,
    /// Their answers, in the server.
    AskAnswers,
    /// Messages of the main channel and of another one, in the server and in the client.
    RawUp,
    SideUp,
    RawDown,
    SideDown,
}

/// How many there were of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) arrived: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
    pub(crate) failed: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.failed += other.failed;
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.reordered + self.failed == 0
    }
}

/// What one side has seen of one client. Numbers begin with 1.
#[derive(Debug, Default)]
pub(crate) struct Records {
    tallies: BTreeMap<Kind, Tally>,
    /// By kind and, for items, the number of their stream; 0 for all else.
    orders: HashMap<(Kind, u32), Order>,
    /// How often each number ran.
    runs: HashMap<Kind, BTreeMap<u32, u64>>,
    faults: Vec<String>,
    /// Faults that found no room.
    more: u64,
}

/// What is told of them at the end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) tallies: BTreeMap<Kind, Tally>,
    pub(crate) faults: Vec<String>,
}

/// Numbers that must come as 1, 2, 3 …
#[derive(Debug, Default)]
struct Order {
    last: u32,
    missing: BTreeSet<u32>,
}

impl Records {
    /// Takes a number of what has an order.
    pub(crate) fn arrive(&mut self, kind: Kind, stream: u32, number: u32) {
        let order = self.orders.entry((kind, stream)).or_default();
        let expected = order.last + 1;
        let tally = self.tallies.entry(kind).or_default();
        tally.arrived += 1;
        if number >= expected {
            order.missing.extend(expected..number);
            order.last = number;
        } else if order.missing.remove(&number) {
            tally.reordered += 1;
        } else {
            tally.doubled += 1;
        }
        if number != expected {
            self.fault(format!("{kind:?} {stream}: {number} came, expected {expected}"));
        }
    }

    /// Returns the last number of what has an order.
    pub(crate) fn last(&self, kind: Kind) -> u32 {
        self.orders.get(&(kind, 0)).map_or(0, |order| order.last)
    }

    /// There were `total` of what has an order.
    pub(crate) fn end(&mut self, kind: Kind, stream: u32, total: u32) {
        let order = self.orders.remove(&(kind, stream)).unwrap_or_default();
        let lost = order.missing.len() as u64 + u64::from(total.saturating_sub(order.last));
        let tally = self.tallies.entry(kind).or_default();
        tally.lost += lost;
        if lost > 0 || order.last > total {
            let Order { last, missing } = order;
            self.fault(format!(
                "{kind:?} {stream}: {lost} of {total} lost; the last was {last}, missing {missing:?}"
            ));
        }
    }

    /// Takes a number of what must come once, in any order.
    pub(crate) fn run(&mut self, kind: Kind, number: u32) {
        let runs = self.runs.entry(kind).or_default().entry(number).or_default();
        *runs += 1;
        let tally = self.tallies.entry(kind).or_default();
        tally.arrived += 1;
        if *runs > 1 {
            tally.doubled += 1;
            let text = format!("{kind:?}: {number} came {runs} times");
            self.fault(text);
        }
    }

    /// There were `total` of what must come once.
    pub(crate) fn end_runs(&mut self, kind: Kind, total: u32) {
        let runs = self.runs.remove(&kind).unwrap_or_default();
        let lost: Vec<u32> = (1..=total).filter(|number| !runs.contains_key(number)).collect();
        self.tallies.entry(kind).or_default().lost += lost.len() as u64;
        if !lost.is_empty() {
            self.fault(format!(
                "{kind:?}: of {total} these never came: {:?}",
                some(&lost)
            ));
        }
    }

    /// What should have been done has failed.
    pub(crate) fn fail(&mut self, kind: Kind, number: u32, why: &str) {
        self.tallies.entry(kind).or_default().failed += 1;
        self.fault(format!("{kind:?}: {number} failed: {why}"));
    }

    /// Something else is wrong.
    pub(crate) fn fault(&mut self, text: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(text);
        } else {
            self.more += 1;
        }
    }

    /// Returns the result. Streams that have not ended are faults.
    pub(crate) fn outcome(&mut self) -> Outcome {
        let open: Vec<_> = self
            .orders
            .keys()
            .filter(|(_, stream)| *stream > 0)
            .copied()
            .collect();
        for (kind, stream) in open {
            self.tallies.entry(kind).or_default().failed += 1;
            self.fault(format!("{kind:?}: stream {stream} has not ended"));
        }
        let mut faults = std::mem::take(&mut self.faults);
        if self.more > 0 {
            faults.push(format!("and {} more", self.more));
        }
        Outcome {
            tallies: std::mem::take(&mut self.tallies),
            faults,
        }
    }
}

fn some(numbers: &[u32]) -> &[u32] {
    numbers.get(..20).unwrap_or(numbers)
}

/// Faults of one client that are told; the rest is counted.
const MOST_FAULTS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn order(numbers: &[u32], total: u32) -> (Tally, Vec<String>) {
        let mut records = Records::default();
        for &number in numbers {
            records.arrive(Kind::RawUp, 0, number);
        }
        records.end(Kind::RawUp, 0, total);
        let outcome = records.outcome();
        (outcome.tallies[&Kind::RawUp], outcome.faults)
    }

    fn runs(numbers: &[u32], total: u32) -> (Tally, Vec<String>) {
        let mut records = Records::default();
        for &number in numbers {
            records.run(Kind::CallRuns, number);
        }
        records.end_runs(Kind::CallRuns, total);
        let outcome = records.outcome();
        (outcome.tallies[&Kind::CallRuns], outcome.faults)
    }

    #[test]
    fn what_comes_in_order_is_clean() {
        let (tally, faults) = order(&[1, 2, 3], 3);

        assert!(tally.is_clean() && tally.arrived == 3, "{tally:?}");
        assert!(faults.is_empty());
    }

    #[test]
    fn what_never_comes_is_lost_in_the_middle_and_at_the_end() {
        assert_eq!(order(&[1, 3], 3).0.lost, 1);
        assert_eq!(order(&[1, 2], 4).0.lost, 2);
        assert_eq!(order(&[], 1).0.lost, 1);
        assert!(order(&[1, 3], 3).1[0].contains("3 came, expected 2"));
    }

    #[test]
    fn what_comes_again_is_doubled_and_what_comes_late_is_reordered() {
        let (twice, _) = order(&[1, 2, 2, 3], 3);
        let (late, _) = order(&[1, 3, 2], 3);

        assert_eq!((twice.doubled, twice.lost, twice.reordered), (1, 0, 0));
        assert_eq!((late.doubled, late.lost, late.reordered), (0, 0, 1));
    }

    #[test]
    fn what_runs_never_or_twice_is_found() {
        assert!(runs(&[2, 1, 3], 3).0.is_clean());
        assert_eq!(runs(&[3, 1], 3).0.lost, 1);
        assert_eq!(runs(&[1, 2, 1], 2).0.doubled, 1);
    }

    #[test]
    fn failures_and_streams_without_an_end_are_found() {
        let mut records = Records::default();
        records.fail(Kind::CallAnswers, 7, "unavailable");
        records.arrive(Kind::Up, 5, 1);

        let outcome = records.outcome();

        assert_eq!(outcome.tallies[&Kind::CallAnswers].failed, 1);
        assert_eq!(outcome.tallies[&Kind::Up].failed, 1);
        assert_eq!(outcome.faults.len(), 2);
    }
}
