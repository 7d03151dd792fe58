//! Options of a server.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::handle::Server;
use super::policy::{Origins, Policy, TrustedProxies};
use super::socket::Socket;
use super::socket_request::SocketRequest;
use crate::error::{Error, ErrorKind};
use crate::proto::MAIN_CHANNEL;
use crate::proto::limits::{KeepAlive, Limits, Resume, ServerLimits};
use crate::proto::refusal::Refusal;
use crate::rpc::ChannelService;

/// Collects the options of a [`Server`]; every option has a default.
#[derive(Debug, Default)]
pub struct ServerBuilder {
    options: Options,
    services: Vec<ChannelService>,
}

impl ServerBuilder {
    /// Serves a channel's typed calls on every socket: `.channel(MyChat::new().into_channel())`.
    #[must_use]
    pub fn channel(mut self, service: ChannelService) -> Self {
        self.services.push(service);
        self
    }

    /// Calls `handler` for each new socket, once its init exchange is done.
    ///
    /// The future runs in the socket's own task: as far as it goes at once before any message of the socket is
    /// delivered, then beside the socket until that ends. **It is cancelled then**: what stands behind a read loop does not
    /// run, so clean up in [`Socket::on_close`] or in a guard's `Drop`. A panic closes that socket.
    ///
    /// A later handler takes the place of an earlier one.
    #[must_use]
    pub fn on_socket<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Socket) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.options.on_socket = Some(OnSocket(Arc::new(move |socket| {
            let handler = handler.clone();
            // Called inside the future, so that a panic of the call itself is the socket's as well.
            Box::pin(async move { handler(socket).await })
        })));
        self
    }

    /// Asks `handler` about each client before it is accepted: may it have a socket, and who is it?
    ///
    /// It sees what the client says of itself and the head of its HTTP request. `Ok(())` accepts the client; the values
    /// that were set are there from the socket's first moment, for [`on_socket`](Self::on_socket) and for typed calls. A
    /// [`Refusal`] ends the session. It is asked anew each time a client connects, on either transport, and by default
    /// every client is accepted. So are clients that come back to the socket that they have had
    /// ([`SocketRequest::resumes`]); use [`SocketRequest::set_principal`] where that must be the same user's.
    ///
    /// ```
    /// use glue::{Code, Refusal, Server, SocketRequest};
    ///
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// async fn user_of(token: &str) -> Option<User> {
    /// #     Some(User(token.to_owned()))
    ///     // Look it up.
    /// }
    ///
    /// let server = Server::builder()
    ///     .authorize(|request: SocketRequest| async move {
    ///         let token: String = request.auth()?;
    ///         let user = user_of(&token).await;
    ///         request.set_value(user.ok_or_else(|| Refusal::new(Code::Unauthenticated, "unknown token"))?);
    ///         Ok(())
    ///     })
    ///     .build()?;
    /// # Ok::<_, glue::Error>(())
    /// ```
    ///
    /// The future may take its time within [`Limits::init`], of which it has what the client has left of it; then, and when
    /// the client goes, it is dropped. It runs in the socket's own task. A panic ends that socket only.
    ///
    /// A later handler takes the place of an earlier one.
    #[must_use]
    pub fn authorize<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(SocketRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.options.authorize = Some(Authorize(Arc::new(move |request| {
            let handler = handler.clone();
            // Called inside the future, so that a panic of the call itself is the socket's as well.
            Box::pin(async move { handler(request).await })
        })));
        self
    }

    /// Sets the URL path under which sockets are served; default `/glue/`. Slashes at both ends are added.
    ///
    /// It is the path of the requests as the server sees them. Where a proxy or a router takes a prefix away, as axum's
    /// `nest_service` does, this is what is left: `/` in `Router::new().nest_service("/live", server.service())`.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.options.base_url = base_url.into();
        self
    }

    /// Sets which pages may open sockets; default [`Origins::SameHost`].
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.options.policy.origins = origins;
        self
    }

    /// Sets the proxies whose word on a client's address is believed; default none, so that behind a proxy all sockets have
    /// the proxy's address.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.options.policy.proxies = proxies;
        self
    }

    /// Sets the bounds of each socket.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits.into();
        self
    }

    /// Sets the bounds of the whole server.
    #[must_use]
    pub fn server_limits(mut self, limits: ServerLimits) -> Self {
        self.options.server_limits = limits;
        self
    }

    /// Sets the keep-alive; default [`KeepAlive::SERVER`]. Original clients ping after 35 s of silence by themselves.
    #[must_use]
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.options.keep_alive = keep_alive;
        self
    }

    /// Sets how sessions outlive their links; `None` for not at all, as with original clients. By default they do, as
    /// [`Resume::default`] says.
    #[must_use]
    pub fn resume(mut self, resume: impl Into<Option<Resume>>) -> Self {
        self.options.resume = resume.into();
        self
    }

    /// Serves the files of a folder at all paths outside the base URL, so that must not be `/`; `index.html` stands for its
    /// folder.
    #[cfg(feature = "static-files")]
    #[must_use]
    pub fn static_files(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.static_files = Some(folder.into());
        self
    }

    /// Makes the server. It does nothing until it is bound to an address.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when an option can't work: two services of one name, middleware for a method that isn't there, a limit or a time of zero, a base URL that
    /// is no URL path, an origin that no browser sends, files from a folder that isn't there or under the base URL `/`. The
    /// source says which.
    pub fn build(self) -> Result<Server, Error> {
        let Self {
            mut options,
            services,
        } = self;
        options.settle()?;

        let mut by_name = HashMap::new();
        for service in services {
            let name = service.name();
            if name == MAIN_CHANNEL {
                return Err(Error::new(ErrorKind::Config, "`m` is the main channel's name"));
            }
            if let Some(what) = service.mistake() {
                return Err(Error::new(ErrorKind::Config, what));
            }
            if by_name.insert(name, service).is_some() {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("two services for the channel `{name}`"),
                ));
            }
        }
        Ok(Server::new(options, by_name))
    }
}

/// Validated options.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) base_url: String,
    pub(super) policy: Policy,
    /// Shared by all sockets.
    pub(super) limits: Arc<Limits>,
    pub(super) server_limits: ServerLimits,
    pub(super) keep_alive: KeepAlive,
    pub(super) resume: Option<Resume>,
    pub(super) authorize: Option<Authorize>,
    pub(super) on_socket: Option<OnSocket>,
    #[cfg_attr(not(feature = "static-files"), allow(dead_code))] // set by that feature's option only
    pub(super) static_files: Option<PathBuf>,
}

impl Options {
    /// Gives the base URL its slashes, and refuses what can't work.
    fn settle(&mut self) -> Result<(), Error> {
        let config = |text: String| Err(Error::new(ErrorKind::Config, text));
        let trimmed = self.base_url.trim_matches('/');
        self.base_url = if trimmed.is_empty() {
            "/".to_owned()
        } else {
            format!("/{trimmed}/")
        };
        let is_path = !self.base_url.contains(['?', '#', '%', ' ']) && !self.base_url.contains("//");
        // Browsers resolve them, so no request would match.
        let has_dots = self.base_url.split('/').any(|part| part == "." || part == "..");
        if !is_path || has_dots {
            return config(format!("`{}` is no URL path", self.base_url));
        }
        let checks = [
            self.limits.check(),
            self.server_limits.check(),
            self.keep_alive.check(),
            self.resume.map_or(Ok(()), |resume| resume.check()),
        ];
        if let Some(name) = checks.into_iter().find_map(Result::err) {
            return config(format!("`{name}` is zero"));
        }
        if let Err(problem) = self.policy.origins.check() {
            return config(problem);
        }
        if let Some(folder) = &self.static_files {
            if self.base_url == "/" {
                return config("files can't be served outside of the base URL `/`".to_owned());
            }
            if !folder.is_dir() {
                return config(format!("`{}` is no folder of files", folder.display()));
            }
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_url: "/glue/".to_owned(),
            policy: Policy::default(),
            limits: Arc::default(),
            server_limits: ServerLimits::default(),
            keep_alive: KeepAlive::SERVER,
            resume: Some(Resume::default()),
            authorize: None,
            on_socket: None,
            static_files: None,
        }
    }
}

/// The application's decision on who gets a socket.
pub(super) struct Authorize(
    pub(super) Arc<dyn Fn(SocketRequest) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync>,
);

impl std::fmt::Debug for Authorize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authorize")
    }
}

/// The application's handler of new sockets.
pub(super) struct OnSocket(pub(super) Arc<dyn Fn(Socket) -> BoxFuture<'static, ()> + Send + Sync>);

impl std::fmt::Debug for OnSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnSocket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_zero_are_refused() {
        let limits = Limits {
            send_bytes: 0,
            ..Limits::default()
        };

        let error = ServerBuilder::default().limits(limits).build().unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[test]
    fn options_that_cannot_work_are_refused_and_named() {
        let never = KeepAlive {
            interval: std::time::Duration::ZERO,
            ..KeepAlive::SERVER
        };
        let cases = [
            (ServerBuilder::default().keep_alive(never), "`interval`"),
            (
                ServerBuilder::default().origins(Origins::List(vec!["app.example".to_owned()])),
                "`app.example`",
            ),
            #[cfg(feature = "static-files")]
            (
                ServerBuilder::default().static_files("no/such/folder"),
                "`no/such/folder`",
            ),
            #[cfg(feature = "static-files")]
            (ServerBuilder::default().static_files(".").base_url("/"), "`/`"),
        ];
        for (builder, named) in cases {
            let error = builder.build().unwrap_err();

            assert_eq!(error.kind(), ErrorKind::Config, "{named}");
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains(named), "{source}");
        }
    }

    #[test]
    fn base_urls_get_their_slashes_and_nonsense_is_refused() {
        let base_url = |url: &str| {
            ServerBuilder::default()
                .base_url(url)
                .build()
                .map(|server| server.shared.options.base_url.clone())
        };

        assert_eq!(base_url("live").unwrap(), "/live/");
        assert_eq!(base_url("/a/b/").unwrap(), "/a/b/");
        assert_eq!(base_url("").unwrap(), "/");
        for nonsense in ["/a//b/", "/a?b", "/a%20b", "/a/../b", "/a b"] {
            assert_eq!(
                base_url(nonsense).unwrap_err().kind(),
                ErrorKind::Config,
                "{nonsense}"
            );
        }
    }
}
