//! Letting clients go one after the other, before the server ends.

use std::time::Duration;

use super::handle::Server;
use crate::proto::limits::{Leave, MAX_DRAIN};

/// How long [`Server::drain`] takes. To change something, begin with the defaults:
///
/// ```
/// let mut drain = glue::Drain::default();
/// drain.spread = std::time::Duration::from_secs(60);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drain {
    /// Time over which the clients leave, each at a moment of its own choice; default 10 s, at most 24 days. With 1,000 clients the
    /// other servers get 100 of them a second then. Zero sends all away at once.
    pub spread: Duration,
    /// Time that the calls of a client, and those to it, have to end from that moment on; default 30 s. Those that take longer fail with
    /// [`Code::Unavailable`](crate::Code::Unavailable), outcome `unknown`. Zero waits for none.
    pub finish: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            spread: Duration::from_secs(10),
            finish: Duration::from_secs(30),
        }
    }
}

impl Server {
    /// Ends the server, as [`Server::shutdown`] does, but lets its clients finish: for a restart that nobody notices, where other servers
    /// (or the next version of this one) take them.
    ///
    /// From the first poll on no new socket is let in (503, `Retry-After`), and sessions that are kept without a connection end. Glue's
    /// clients are asked to leave at a random moment within [`Drain::spread`]. At that moment a client begins nothing more here; when
    /// the calls that are under way have ended, in both directions, or [`Drain::finish`] has passed, its socket is closed
    /// ([`CloseReason::Shutdown`](crate::CloseReason::Shutdown)) and it connects again at once. What its application asks for
    /// meanwhile waits for the next connection: such calls run once, and of messages none is lost. Streams are not waited for.
    /// Clients that can't be asked, original ones for example, are closed at a random moment in the same way, when nothing of theirs is
    /// under way. Messages of plain channels that nobody has taken yet count as under way, and so do those that
    /// [`Channel::on_message`](crate::Channel::on_message) handles.
    ///
    /// When all have gone, at the latest `spread` and `finish` and [`Limits::close`](crate::Limits::close) later, it goes on as
    /// [`Server::shutdown`] and returns with that. A `shutdown` or [`Server::release`] meanwhile closes all sockets that are left, at once.
    /// Another `drain` can make times shorter, not longer. There is no way back: [`Server::unblock`] changes nothing.
    ///
    /// A future that is dropped, once it was polled, has done all but the waiting. [`Listener::serve`](crate::Listener::serve) must go on
    /// meanwhile; it ends by itself:
    ///
    /// ```
    /// use glue::{Drain, Server};
    ///
    /// # async fn terminated() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder().build()?;
    /// let listener = server.bind("127.0.0.1:0").await?;
    /// let ending = async {
    ///     terminated().await;
    ///     server.drain(Drain::default()).await;
    /// };
    /// tokio::join!(listener.serve(), ending);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drain(&self, drain: Drain) {
        let Drain { spread, finish } = drain;
        let spread = spread.min(MAX_DRAIN);
        let shared = &self.shared;
        shared.shutdown.stop();
        let asked = shared.registry.drain(|| Leave {
            spread,
            moment: spread.mul_f64(random()),
            finish,
        });
        tracing::info!(sockets = asked, ?spread, ?finish, "draining");
        let longest = spread
            .saturating_add(finish)
            .saturating_add(shared.options.limits.close);
        // Who is left then is closed without further ado.
        let _ = tokio::time::timeout(longest, shared.shutdown.sockets_ended()).await;
        self.shutdown().await;
    }
}

/// Draws from 0 to 1. Without randomness all clients go at once, but they do.
fn random() -> f64 {
    let drawn = getrandom::u32().unwrap_or_default();
    f64::from(drawn) / f64::from(u32::MAX)
}
