//! What a client was told to do.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;

use super::attempt::Credentials;
use super::backoff::BackoffOptions;
use super::connector::Connect;
use crate::proto::limits::{KeepAlive, Limits};

/// Draws a number, from zero to the greatest.
pub(super) type Random = Arc<dyn Fn() -> u32 + Send + Sync>;

/// The options of a client, checked.
pub(super) struct Options {
    /// The WebSocket endpoint, by the scheme of the host.
    pub(super) url: Uri,
    pub(super) limits: Limits,
    pub(super) keep_alive: KeepAlive,
    pub(super) connect_timeout: Duration,
    pub(super) send_buffer_timeout: Duration,
    /// `None` when the first loss is the end.
    pub(super) backoff: Option<BackoffOptions>,
    pub(super) random: Random,
    pub(super) connector: Arc<dyn Connect>,
    pub(super) auth: Option<Credentials>,
    /// Whether sessions are to outlive their links.
    pub(super) resume: bool,
    /// Set where the host is `https`.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::tls::Tls>,
}
