//! What old clients may go on calling, for `ChannelService::accept` of the server.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{Breaks, Report, Tolerance};
use crate::{
    lock::{ChannelLock, Lock, LockError, MethodLock, json},
    output,
};

/// Version of the file's form, which the runtime checks.
const FORMAT: u32 = 1;

/// The file: per channel, the contract it is for, and per older contract the methods that its clients understand as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    accept: u32,
    #[serde(default)]
    channels: BTreeMap<String, Channel>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Channel {
    /// Hash of the contract that the server has.
    contract: String,
    /// By the hash of the contract that a client has: the hashes it knows, by method.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    clients: BTreeMap<String, BTreeMap<String, String>>,
}

impl Accepted {
    /// Returns what clients of `old` understand at a server of `new`, where `report` is what differs.
    pub fn of(old: &Lock, new: &Lock, report: &Report, tolerance: Tolerance) -> Self {
        let breaks = |breaks| match breaks {
            Breaks::Nobody => false,
            Breaks::Rust => tolerance.rust_clients,
            Breaks::All => true,
        };
        let is_broken = |method: &str| {
            let mut findings = report
                .findings
                .iter()
                .filter(|finding| finding.methods.contains(method));
            findings.any(|finding| breaks(finding.clients))
        };
        let mut channels = BTreeMap::new();
        for (name, after) in &new.channels {
            let mut channel = Channel {
                contract: after.hash.clone(),
                ..Channel::default()
            };
            if let Some(before) = old.channels.get(name).filter(|before| before.hash != after.hash) {
                let now = hashes(after);
                let known = hashes(before).into_iter();
                let known = known.filter(|(method, hash)| {
                    now.get(method).is_some_and(|now| now != hash) && !is_broken(&format!("{name}.{method}"))
                });
                channel.clients.insert(before.hash.clone(), known.collect());
            }
            channels.insert(name.clone(), channel);
        }
        Self {
            accept: FORMAT,
            channels,
        }
    }

    /// Brings the file at `path` up to date: what it says of the same contract stays, all else goes.
    ///
    /// # Errors
    /// [`LockError`] if the file isn't ours, or can't be read or written.
    pub fn write(mut self, path: &Path) -> Result<(), LockError> {
        let io = |source| LockError::Io {
            path: path.to_owned(),
            source,
        };
        if path.exists() {
            let text = fs::read_to_string(path).map_err(io)?;
            let foreign = |_| LockError::Foreign(path.to_owned());
            let known: Self = serde_json::from_str(&text).map_err(foreign)?;
            for (name, known) in known.channels {
                if let Some(channel) = self.channels.get_mut(&name)
                    && channel.contract == known.contract
                {
                    for (contract, methods) in known.clients {
                        channel.clients.entry(contract).or_insert(methods);
                    }
                }
            }
        }
        let value = serde_json::to_value(&self).expect("a list of hashes is JSON");
        output::replace(path, &json::pretty(&value)).map_err(io)
    }
}

/// The hashes of all that a channel has, by name: a method and an event of one name share theirs.
fn hashes(channel: &ChannelLock) -> BTreeMap<String, String> {
    let all = [&channel.methods, &channel.events, &channel.client_methods];
    let hash = |(name, method): (&String, &MethodLock)| (name.clone(), method.hash.clone());
    all.into_iter().flatten().map(hash).collect()
}
