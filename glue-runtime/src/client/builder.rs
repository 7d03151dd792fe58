//! Options of a client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use http::Uri;
use serde::Serialize;

use super::attempt::{BoxError, Credentials};
use super::backoff::BackoffOptions;
use super::connector::{Connect, TcpConnector};
use super::handle::Client;
use super::options::{Options, Random};
use super::status::{ClientState, Status};
use super::supervisor::Supervisor;
use crate::channel::Channels;
use crate::error::{Error, ErrorKind};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::MAIN_CHANNEL;
use crate::proto::init::Auth;
use crate::proto::limits::{CONNECT_TIMEOUT, KeepAlive, Limits, SEND_BUFFER_TIMEOUT};
use crate::rpc::codec;

/// Collects the options of a [`Client`]; every option but the host has a default.
pub struct ClientBuilder {
    host: String,
    base_url: String,
    limits: Limits,
    keep_alive: KeepAlive,
    connect_timeout: Duration,
    send_buffer_timeout: Duration,
    reconnect: bool,
    backoff: BackoffOptions,
    random: Random,
    connector: Arc<dyn Connect>,
    auth: Option<Result<Credentials, serde_json::Error>>,
    resume: bool,
    #[cfg(feature = "tls")]
    tls: Option<Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl ClientBuilder {
    pub(super) fn new(host: String) -> Self {
        Self {
            host,
            base_url: "/glue/".to_owned(),
            limits: Limits::default(),
            keep_alive: KeepAlive::CLIENT,
            connect_timeout: CONNECT_TIMEOUT,
            send_buffer_timeout: SEND_BUFFER_TIMEOUT,
            reconnect: true,
            backoff: BackoffOptions::default(),
            // Without randomness all clients come back at once, but they do.
            random: Arc::new(|| getrandom::u32().unwrap_or(u32::MAX / 2)),
            connector: Arc::new(TcpConnector),
            auth: None,
            resume: true,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sets the URL path under which the server serves sockets; default `/glue/`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Sets the bounds of the socket. [`Limits::send_bytes`] bounds what waits for a connection, too.
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

    /// Sets the time of an attempt: for credentials, connecting, TLS, handshake and init together; default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = connect_timeout;
        self
    }

    /// Sets whether a lost connection is tried again; default `true`. Without, the first loss is the end.
    #[must_use]
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Sets by how much the pause between two attempts grows with each of them; default 1 s. The pause itself is drawn from
    /// the upper half, so that clients that lost a server together don't come back together.
    #[must_use]
    pub fn reconnect_delay(mut self, reconnect_delay: Duration) -> Self {
        self.backoff.delay = reconnect_delay;
        self
    }

    /// Sets how long the pause between two attempts gets; default 5 s. Less than [`ClientBuilder::reconnect_delay`] counts as
    /// that.
    #[must_use]
    pub fn reconnect_delay_max(mut self, reconnect_delay_max: Duration) -> Self {
        self.backoff.delay_max = reconnect_delay_max;
        self
    }

    /// Sets whether a session goes on when its connection breaks, where the server offers that; default `true`. Without, or without
    /// [`ClientBuilder::reconnect`], each connection has a session of its own, as with original servers.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Sets after how many attempts without a session the client gives up; default 20, 0 for never. A session that the server
    /// accepts starts the count anew.
    #[must_use]
    pub fn reconnect_attempts(mut self, reconnect_attempts: u32) -> Self {
        self.backoff.attempts = reconnect_attempts;
        self
    }

    /// Sets how long what is sent waits for a session, from the first message that does; default 10 s, zero for not at all. What is
    /// sent in a session that may still go on ([`ClientBuilder::resume`]) waits as long as that one does.
    ///
    /// Then it is thrown away ([`ClientEvent::Discarded`](crate::ClientEvent::Discarded)), and sending fails with
    /// [`ErrorKind::NotConnected`] up to the next session. Typed calls wait to the end of the client; while they take all
    /// of [`Limits::send_bytes`], a message waits for room with them, and not only for this time.
    #[must_use]
    pub fn send_buffer_timeout(mut self, send_buffer_timeout: Duration) -> Self {
        self.send_buffer_timeout = send_buffer_timeout;
        self
    }

    /// Sets what connects to the server; by default TCP without delay, to the first address of the host that answers.
    #[must_use]
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.connector = Arc::new(connector);
        self
    }

    /// Sets how TLS is spoken to a host that begins with `https`, with roots or a certificate of one's own for example; by
    /// default with the roots that the operating system trusts. Application protocols (ALPN) are best left alone.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, config: impl Into<Arc<tokio_rustls::rustls::ClientConfig>>) -> Self {
        self.tls = Some(config.into());
        self
    }

    /// Sets what the client says of itself to the server's application as it connects, as JSON; `null` for nothing. Use it over
    /// TLS only, if it is a secret.
    #[must_use]
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        self.auth = Some(codec::write(&auth).map(|json| {
            let auth = Auth::new(json);
            Box::new(move || std::future::ready(Ok(auth.clone())).boxed()) as Credentials
        }));
        self
    }

    /// Asks a function what to say of the client, anew for each attempt; see [`ClientBuilder::auth`]. When it fails, so does the
    /// attempt, with [`LinkError::Auth`](crate::LinkError::Auth).
    #[must_use]
    pub fn auth_with<F, Fut, T, E>(mut self, auth: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: Into<BoxError>,
    {
        self.auth = Some(Ok(Box::new(move || {
            let auth = auth();
            async move {
                let json = codec::write(&auth.await.map_err(Into::into)?)?;
                Ok(Auth::new(json))
            }
            .boxed()
        })));
        self
    }

    /// Connects, and returns when the server has accepted the session. From then on the client reconnects by itself.
    ///
    /// When the future is dropped, the attempt is given up.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when host and base URL make no URL or an option can't work, [`ErrorKind::Connect`] when the server
    /// can't be reached in time, [`ErrorKind::Refused`] when it answers, but with an HTTP error, with another version or with
    /// a refusal. [`Error::link`] tells more.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn connect(self) -> Result<Client, Error> {
        let client = self.launch(true)?;
        let has_come = |sessions, state| sessions > 0 || state == ClientState::Closed;
        let snapshot = client
            .status()
            .wait_for(|now| has_come(now.sessions, now.state))
            .await;
        if snapshot.sessions > 0 {
            return Ok(client);
        }
        Err(snapshot.error.unwrap_or_else(|| ErrorKind::Connect.into()))
    }

    /// Begins to connect, and returns at once: what is sent meanwhile waits. A first attempt that fails is followed by others
    /// like a lost connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when host and base URL make no URL or an option can't work.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<Client, Error> {
        self.launch(false)
    }

    /// Sets where the random part of delays comes from.
    #[cfg(feature = "testing")]
    pub(crate) fn random(mut self, random: impl Fn() -> u32 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    fn launch(self, is_first_decisive: bool) -> Result<Client, Error> {
        let options = self.options()?;
        let limits = options.limits.clone();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let status = Arc::new(Status::new());
        let channels = Channels::new(mailbox.clone(), limits);
        // The server may speak first: the main channel is there before its first message.
        channels.channel(MAIN_CHANNEL);
        let supervisor = Supervisor::new(options, mailbox, status.clone(), is_first_decisive);
        // Ends when the last handle is dropped, or when it gives up.
        tokio::spawn(supervisor.run());
        Ok(Client::new(channels, status))
    }

    fn options(self) -> Result<Options, Error> {
        let url = self.url()?;
        let times = [
            ("connect_timeout", self.connect_timeout),
            ("reconnect_delay", self.backoff.delay),
        ];
        let zero = times.into_iter().find(|(_, time)| time.is_zero());
        self.limits
            .check()
            .and_then(|()| self.keep_alive.check())
            .and_then(|()| zero.map_or(Ok(()), |(name, _)| Err(name)))
            .map_err(|name| config_error(format!("`{name}` is zero")))?;
        Ok(Options {
            #[cfg(feature = "tls")]
            tls: super::tls::Tls::new(&url, self.tls)?,
            url,
            limits: self.limits,
            keep_alive: self.keep_alive,
            connect_timeout: self.connect_timeout,
            send_buffer_timeout: self.send_buffer_timeout,
            backoff: self.reconnect.then_some(self.backoff),
            random: self.random,
            connector: self.connector,
            auth: self.auth.transpose().map_err(config_error)?,
            resume: self.resume,
        })
    }

    /// Returns the WebSocket endpoint, by the scheme of the host.
    fn url(&self) -> Result<Uri, Error> {
        let host = self.host.trim_end_matches('/');
        let is_https = host.starts_with("https://");
        if !is_https && !host.starts_with("http://") {
            return Err(config_error(format!(
                "host `{host}` does not begin with `http://` or `https://`"
            )));
        }
        if is_https && cfg!(not(feature = "tls")) {
            return Err(config_error("`https` needs the feature `tls` of glue-runtime"));
        }
        let base_url = self.base_url.trim_matches('/');
        let slash = if base_url.is_empty() { "" } else { "/" };
        format!("{host}/{base_url}{slash}ws")
            .parse()
            .map_err(config_error)
    }
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("host", &self.host)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

fn config_error(error: impl Into<BoxError>) -> Error {
    Error::new(ErrorKind::Config, error)
}
