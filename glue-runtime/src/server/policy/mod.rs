//! Who may connect, who may read the answers, and where a request comes from: pure decisions on a request's head.

mod cors;
mod forwarded;
mod origin;

pub(super) use cors::{Cors, is_preflight};
pub(super) use forwarded::network_of;
pub use forwarded::{ForwardedHeader, TrustedProxies};
pub use origin::Origins;
pub(super) use origin::Verdict;

/// What the options of a server say of strangers.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) origins: Origins,
    pub(super) proxies: TrustedProxies,
}
