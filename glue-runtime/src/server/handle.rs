//! Handle to the whole endpoint.

use std::collections::HashMap;
use std::net::IpAddr;
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;

use super::admission::{Admission, Admissions, RefusedBy};
use super::broadcast::Broadcast;
use super::builder::{Options, ServerBuilder};
use super::counters::Counters;
use super::detached::DetachedSessions;
use super::registry::Registry;
use super::resume::Sessions;
use super::serve::Listener;
use super::service::GlueService;
use super::shutdown::{LiveGuard, Shutdown};
use super::socket::Socket;
use super::stats::ServerStats;
use crate::error::{Error, ErrorKind};
use crate::mailbox::Delivery;
use crate::rpc::ChannelService;
use crate::transport::ajax::AjaxTable;

/// A Glue server. Cheap to clone; all clones are one server.
#[derive(Clone)]
pub struct Server {
    pub(super) shared: Arc<Shared>,
}

/// What all tasks of a server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) services: HashMap<&'static str, ChannelService>,
    pub(super) registry: Registry,
    pub(super) sessions: Sessions,
    pub(super) detached: Arc<DetachedSessions>,
    pub(super) admissions: Arc<Admissions>,
    pub(super) counters: Arc<Counters>,
    pub(super) ajax: Arc<AjaxTable>,
    pub(super) shutdown: Arc<Shutdown>,
}

impl Shared {
    /// Fails once the server was told to end: it doesn't begin again.
    fn check_running(&self) -> Result<(), Error> {
        if self.shutdown.is_stopping() {
            return Err(Error::new(ErrorKind::Closed, "the server was shut down"));
        }
        Ok(())
    }

    /// Gives a place to a socket of this address, if there may be one more; shutdown waits for its guard.
    pub(super) fn admit(&self, address: Option<IpAddr>) -> Result<(Admission, LiveGuard), RefusedBy> {
        // The guard first: either shutdown waits for it, or it is seen here.
        let live = self.shutdown.socket();
        if self.shutdown.is_stopping() {
            return Err(RefusedBy::Stopping);
        }
        Ok((self.admissions.admit(address)?, live))
    }
}

impl Server {
    /// Returns a builder with the default options.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    pub(super) fn new(options: Options, services: HashMap<&'static str, ChannelService>) -> Self {
        let admissions = Admissions::new(options.server_limits.clone());
        let detached = DetachedSessions::new(options.server_limits.clone(), &options.limits);
        Self {
            shared: Arc::new(Shared {
                options,
                services,
                registry: Registry::default(),
                sessions: Sessions::default(),
                detached: Arc::new(detached),
                admissions: Arc::new(admissions),
                counters: Arc::new(Counters::new()),
                ajax: Arc::default(),
                shutdown: Arc::new(Shutdown::new()),
            }),
        }
    }

    /// Listens on a TCP address such as `127.0.0.1:8080`; port 0 picks a free one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the address can't be had, [`ErrorKind::Closed`] after [`Server::shutdown`].
    pub async fn bind(&self, addr: &str) -> Result<Listener, Error> {
        self.shared.check_running()?;
        Listener::bind(self.clone(), addr).await
    }

    /// Listens on a Unix socket at this path, for a proxy on the same machine. A socket that a killed server has left there
    /// is replaced; the file is removed when [`Listener::serve`] ends.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when there is another file or a living server, [`ErrorKind::Closed`] after [`Server::shutdown`].
    #[cfg(unix)]
    pub async fn bind_unix(&self, path: impl AsRef<Path>) -> Result<Listener, Error> {
        self.shared.check_running()?;
        Listener::bind_unix(self.clone(), path.as_ref()).await
    }

    /// Returns the server as a service, for an HTTP server of one's own.
    pub fn service(&self) -> GlueService {
        GlueService::new(self.clone())
    }

    /// Lets no new connections in until [`Server::unblock`]: they are refused with 503. The sockets that are there stay; one whose client
    /// has lost its connection waits as long as ever, but the client can't come back to it meanwhile.
    pub fn block(&self) {
        self.shared.admissions.set_blocked(true);
    }

    /// Lets new sockets in again.
    pub fn unblock(&self) {
        self.shared.admissions.set_blocked(false);
    }

    /// Returns whether new sockets are refused because of [`Server::block`] or [`Server::release`].
    pub fn is_blocked(&self) -> bool {
        self.shared.admissions.is_blocked()
    }

    /// [Blocks](Server::block) the server, and closes every socket once what was sent on it is delivered, at once where its client
    /// has no connection. Returns when all have ended, at the latest after [`Limits::close`](crate::Limits::close).
    ///
    /// The listener stays, and [`Server::unblock`] lets sockets in again. Clients in browsers ask for that until their
    /// attempts are used up: those that shall stay away are [dismissed](Socket::dismiss) before. A future that is dropped has
    /// done all but the waiting.
    pub async fn release(&self) {
        let release = self.shared.admissions.release();
        self.shared.registry.shut_down();
        self.shared.admissions.released(release).await;
    }

    /// Ends the server: it lets no new socket in, and every socket is closed once what was sent on it is delivered. Then
    /// listeners and connections end. Returns when all have, at the latest after twice
    /// [`Limits::close`](crate::Limits::close), or when the last method has ended that is `#[glue(no_cancel)]` or `#[glue(blocking)]`: those are waited
    /// for, however long they take.
    ///
    /// Calls under way are dropped: [`Server::drain`] lets clients finish them first, and leave one after the other.
    ///
    /// Of a server that is [mounted](Server::service) only the sockets end; its requests are still answered, new sockets
    /// with 503. A future that is dropped, as that of a handler is with its socket, has done all but the waiting.
    pub async fn shutdown(&self) {
        let shutdown = &self.shared.shutdown;
        shutdown.stop();
        self.shared.registry.shut_down();
        shutdown.sockets_ended().await;
        // A listener whose future is kept, and polled no more, would never end.
        let time = self.shared.options.limits.close;
        let _ = tokio::time::timeout(time, shutdown.connections_ended()).await;
    }

    /// Returns the open socket of this id.
    pub fn socket(&self, id: &str) -> Option<Socket> {
        self.shared.registry.get(id)
    }

    /// Sends a text to all open sockets, on the channel of this name, without waiting: a socket that is too slow is closed.
    ///
    /// [`Broadcast`](crate::Broadcast) sends to some of them, or treats slow ones otherwise.
    pub fn broadcast(&self, channel: &str, text: impl AsRef<str>) -> Delivery {
        // By default nobody is waited for.
        Broadcast::new(channel, text).offer_to(self.sockets()).delivery()
    }

    /// Returns all open sockets, in no order; those whose clients are away and may come back are among them.
    pub fn sockets(&self) -> Vec<Socket> {
        self.shared.registry.list()
    }

    /// Returns what the server has counted: sockets, messages, refused requests. Cheap enough to be asked every second.
    pub fn stats(&self) -> ServerStats {
        self.shared.counters.read()
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("base_url", &self.shared.options.base_url)
            .finish_non_exhaustive()
    }
}
