//! Options of a client, and its way to the server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use tokio::sync::oneshot;

use super::connector::{Connect, TcpConnector};
use super::handle::Client;
use crate::channel::{Channels, Inbound};
use crate::driver::{Driver, Hooks, now};
use crate::error::{Error, ErrorKind};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::MAIN_CHANNEL;
use crate::proto::limits::{CONNECT_TIMEOUT, KeepAlive, Limits};
use crate::session::{CloseReason, Role, Session};
use crate::transport::{Metered, WebSocketTransport, websocket_config};

/// Collects the options of a [`Client`]; every option but the host has a default.
pub struct ClientBuilder {
    host: String,
    base_url: String,
    limits: Limits,
    keep_alive: KeepAlive,
    connect_timeout: Duration,
    connector: Arc<dyn Connect>,
}

impl ClientBuilder {
    pub(super) fn new(host: String) -> Self {
        Self {
            host,
            base_url: "/glue/".to_owned(),
            limits: Limits::default(),
            keep_alive: KeepAlive::CLIENT,
            connect_timeout: CONNECT_TIMEOUT,
            connector: Arc::new(TcpConnector),
        }
    }

    /// Sets the URL path under which the server serves sockets; default `/glue/`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Sets the bounds of the socket.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the keep-alive; default [`KeepAlive::CLIENT`].
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Sets the time for connecting, handshake and init together; default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Sets what connects to the server; by default TCP without delay, to the first address of the host that answers.
    #[must_use]
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.connector = Arc::new(connector);
        self
    }

    /// Connects and does the init exchange.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when host and base URL make no URL or a limit is zero, [`ErrorKind::Connect`] when the server
    /// can't be reached in time, [`ErrorKind::Refused`] when it answers, but with an HTTP error or another version.
    pub async fn connect(self) -> Result<Client, Error> {
        let url = self.url()?;
        self.limits
            .check()
            .and_then(|()| self.keep_alive.check())
            .map_err(|name| Error::new(ErrorKind::Config, format!("`{name}` is zero")))?;
        match tokio::time::timeout(self.connect_timeout, self.open(&url)).await {
            Ok(connected) => connected,
            Err(elapsed) => Err(Error::new(ErrorKind::Connect, elapsed)),
        }
    }

    /// Returns the WebSocket endpoint, by the scheme of the host.
    fn url(&self) -> Result<Uri, Error> {
        let host = self.host.trim_end_matches('/');
        let base_url = self.base_url.trim_matches('/');
        let slash = if base_url.is_empty() { "" } else { "/" };
        let rest = host.strip_prefix("http").filter(|rest| rest.starts_with("://"));
        let rest = rest.ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("host `{host}` does not begin with `http://`"),
            )
        })?;
        format!("http{rest}/{base_url}{slash}ws")
            .parse()
            .map_err(|error| Error::new(ErrorKind::Config, error))
    }

    async fn open(self, url: &Uri) -> Result<Client, Error> {
        let connect_error = |error| Error::new(ErrorKind::Connect, error);
        let io = self.connector.connect(url).await.map_err(connect_error)?;
        let io = Metered::new(io);
        let config = Some(websocket_config(&self.limits));
        let (stream, _response) = tokio_tungstenite::client_async_with_config(websocket_url(url), io, config)
            .await
            .map_err(|error| match error {
                tungstenite::Error::Http(_) => Error::new(ErrorKind::Refused, error),
                _ => Error::new(ErrorKind::Connect, error),
            })?;

        let mailbox = Arc::new(Mailbox::new(Peer::default(), &self.limits));
        let (opened, open) = oneshot::channel();
        let hooks = ClientHooks {
            mailbox: mailbox.clone(),
            opened: Mutex::new(Some(opened)),
        };
        // Over WebSocket there is nothing to gain from containers of the server, and we write none.
        let role = Role::Client {
            batch: false,
            errors: false,
            auth: None,
        };
        let session = Session::new(role, self.keep_alive, self.limits.clone(), now());
        let driver = Driver::new(
            session,
            WebSocketTransport::from_stream(stream),
            mailbox.clone(),
            hooks,
        );
        let channels = Channels::new(mailbox, self.limits);
        // The server may speak first: the main channel is there before its first message.
        channels.channel(MAIN_CHANNEL);
        // Ends with its socket, which ends when the last handle is dropped or the session's deadlines say so.
        tokio::spawn(driver.run());

        let client = Client::new(channels);
        match open.await {
            Ok(Ok(())) => Ok(client),
            Ok(Err(CloseReason::Refused)) => Err(ErrorKind::Refused.into()),
            Ok(Err(reason)) => Err(Error::new(ErrorKind::Connect, reason.to_string())),
            Err(_) => Err(ErrorKind::Connect.into()),
        }
    }
}

/// Returns the URL with the scheme that a WebSocket handshake asks for.
fn websocket_url(url: &Uri) -> String {
    // `http` becomes `ws`, `https` `wss`.
    format!("ws{}", url.to_string().trim_start_matches("http"))
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("host", &self.host)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What a client does at the turns of its socket's life.
struct ClientHooks {
    mailbox: Arc<Mailbox>,
    /// Told once whether the socket has opened.
    opened: Mutex<Option<oneshot::Sender<Result<(), CloseReason>>>>,
}

impl Hooks for ClientHooks {
    fn opened(&mut self, socket_id: String) -> Option<BoxFuture<'static, ()>> {
        // A session opens once, so the id was not set before.
        let _ = self.mailbox.peer().socket_id.set(socket_id);
        self.tell(Ok(()));
        None
    }

    fn serves(&self, _name: &str) -> bool {
        false
    }

    fn service(&mut self, _name: &str) -> Option<Box<dyn Inbound>> {
        None
    }

    fn closed(&mut self, reason: CloseReason) {
        self.tell(Err(reason));
    }
}

impl ClientHooks {
    fn tell(&mut self, result: Result<(), CloseReason>) {
        let opened = self.opened.get_mut().map(Option::take);
        if let Ok(Some(opened)) = opened {
            // Nobody waits any more when connecting was given up.
            let _ = opened.send(result);
        }
    }
}

impl Drop for ClientHooks {
    fn drop(&mut self) {
        // Only a panic of the driver itself, or a runtime that ends, comes here without `closed`.
        self.mailbox.refuse();
        self.mailbox.end(CloseReason::Panicked);
    }
}
