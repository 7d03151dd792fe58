//! What a change of the contract does to clients and servers that were built before it.
//!
//! [`compare`] takes two [locks](crate::lock::Lock), and finds each change with the [`Rule`] that judges it. A value is judged by
//! the way it goes: what a client sends is read by serde, strictly; what a server sends is taken by a client in TypeScript as it comes.
//! docs/CONTRACTS.md has all rules.

mod accept;
mod choice;
mod fields;
mod git;
mod methods;
mod node;
mod report;
mod rule;
mod rust;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

pub use accept::Accepted;
pub use git::{OtherError, other};
pub use methods::compare;
pub use report::{Format, print};
pub use rule::{Breaks, Rule};

/// One change of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What judges it.
    pub rule: Rule,
    /// What has changed: a channel, a method of one, or a type.
    pub place: Place,
    /// The channel's methods that are concerned, as `channel.method`; empty where the place is a channel.
    pub methods: BTreeSet<String>,
    /// What has changed there, in words.
    pub what: String,
    /// Whether clients that were built before it break at a server that was built after it.
    pub clients: Breaks,
    /// Whether clients that were built after it break at a server that was built before it.
    pub servers: Breaks,
    /// What that comes to, in words; empty if nothing breaks.
    pub consequences: BTreeSet<String>,
}

/// Where a change is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A channel.
    Channel(String),
    /// A method, as `channel.method`.
    Method(String),
    /// A named type, by its name in TypeScript.
    Type(String),
}

/// All changes between two contracts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Sorted by place.
    pub findings: Vec<Finding>,
    /// Methods of both contracts whose hashes differ, by channel: clients that were built before refuse them with `stale_client` unless
    /// the server accepts the old contract.
    pub stale: BTreeMap<String, BTreeSet<String>>,
    /// Those of them that are events, as `channel.event`: clients don't deliver them.
    pub events: BTreeSet<String>,
}

/// Which changes count as a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// Whether those that break older clients count, as they do unless told otherwise.
    pub clients: bool,
    /// Whether those that break older servers count; not unless told so, as servers are deployed before the clients that need them.
    pub servers: bool,
    /// Whether those count that break clients in Rust only.
    pub rust_clients: bool,
    /// Whether each method counts that older clients are refused because of its hash, even if they would understand it.
    pub stale: bool,
}

impl Tolerance {
    /// Returns what `--fail-on` calls it.
    const fn name(self) -> &'static str {
        match (self.clients, self.servers) {
            _ if self.stale => "stale",
            (true, true) => "both",
            (true, false) => "clients",
            (false, true) => "servers",
            (false, false) => "none",
        }
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            clients: true,
            servers: false,
            rust_clients: false,
            stale: false,
        }
    }
}

impl Finding {
    /// Whether the change counts as a failure.
    pub fn fails(&self, tolerance: Tolerance) -> bool {
        let counts = |breaks| match breaks {
            Breaks::Nobody => false,
            Breaks::Rust => tolerance.rust_clients,
            Breaks::All => true,
        };
        (counts(self.clients) && tolerance.clients) || (counts(self.servers) && tolerance.servers)
    }
}

#[cfg(test)]
mod tests;
