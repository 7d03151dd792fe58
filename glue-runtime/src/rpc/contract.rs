//! What two peers compare in their greeting: hashes of what each was generated from.

use std::collections::BTreeMap;

#[cfg(feature = "macros")]
use crate::schema::collect::{self, Collector};

/// Hashes of one channel's description (docs/PROTOCOL.md, calls): 16 hex digits each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// Of the whole channel.
    pub schema: String,
    /// Of each method and event with all types that it reaches, by its name on the wire.
    pub methods: BTreeMap<String, String>,
}

/// A channel that describes itself; implemented by `#[glue::channel]`.
#[cfg(feature = "macros")]
pub trait Described {
    /// Tells `collector` of each method, event and client method.
    fn describe(collector: &mut Collector);

    /// Returns the hashes of that description, computed when they are first asked for.
    fn hashes() -> &'static Hashes;
}

/// Computes the hashes of a channel from its description: the ones that the generated TypeScript carries.
#[cfg(feature = "macros")]
pub fn hashes(channel: &'static str, describe: fn(&mut Collector)) -> Hashes {
    let schema = collect::collect_at_run_time(channel, describe);
    Hashes {
        schema: schema.hash(),
        methods: schema.method_hashes(),
    }
}

/// A channel as generated code names it.
#[derive(Clone, Copy, Debug)]
pub struct Contract {
    /// Name on the wire.
    pub channel: &'static str,
    /// Computed once, when it is first asked for; `None` for what was not generated.
    pub hashes: Option<fn() -> &'static Hashes>,
}

impl From<&'static str> for Contract {
    /// Names a channel of which nothing else is known.
    fn from(channel: &'static str) -> Self {
        Self {
            channel,
            hashes: None,
        }
    }
}
