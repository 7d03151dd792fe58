//! A service as a server takes it: its methods with all that runs around them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::accepted::Accepted;
use super::audience::{Audience, Everyone};
use super::deadlines::TimeoutPolicy;
use super::dispatch::Dispatch;
use super::dispatcher::{Dispatcher, Side};
use super::exchanges::Exchanges;
use super::message::{CallDecodeError, CallMessage as _, EventMessage};
use super::middleware::{self, Layer, Layers, Middleware};
use super::served::Served;
use super::serving::{ClientHandler, Serving};
use crate::channel::{Inbound, Lane};
use crate::proto::limits::Limits;

/// A service with its channel's name, ready to be given to a server.
///
/// ```
/// # use glue::{Context, Next};
/// # #[glue::channel] trait Chat { async fn post(&self, text: String); }
/// # struct Rooms;
/// # impl Chat for Rooms { async fn post(&self, _text: String) {} }
/// use std::time::Duration;
///
/// let chat = Rooms
///     .into_channel()
///     .layer(|cx: Context, next: Next| async move {
///         tracing::info!(method = cx.method(), "called");
///         next.run(cx).await
///     })
///     .max_timeout(Duration::from_secs(60));
/// # let _ = chat;
/// ```
#[derive(Clone)]
pub struct ChannelService {
    name: &'static str,
    methods: Arc<Open>,
    layers: Layers,
    timeouts: TimeoutPolicy,
    audience: Arc<Audience>,
    /// Returns whether the channel has a method of this name.
    knows: fn(&str) -> bool,
    /// The first method that middleware was to be for and that the channel doesn't have.
    unknown: Option<String>,
    /// Older contracts whose clients may go on.
    accepted: Option<Arc<Accepted>>,
    /// What is wrong with the file that was to say so.
    unreadable: Option<String>,
}

/// Starts serving one socket.
type Open = dyn Fn(Arc<Exchanges>, Setting) -> Box<dyn Inbound> + Send + Sync;

impl ChannelService {
    /// Returns the wire name of the channel.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs a middleware around every method, inside of those that were added before.
    #[must_use]
    pub fn layer(mut self, middleware: impl Middleware) -> Self {
        self.layers = with(&self.layers, Layer::new(None, middleware));
        self
    }

    /// Runs a middleware around some methods, named as in the trait. A name that the channel doesn't have makes
    /// [`ServerBuilder::build`](crate::ServerBuilder::build) fail, as a guard that guards nothing is worse than none.
    #[must_use]
    pub fn layer_for<I>(mut self, methods: I, middleware: impl Middleware) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let methods: Arc<[String]> = methods.into_iter().map(Into::into).collect();
        let unknown = methods.iter().find(|method| !(self.knows)(method));
        if let Some(unknown) = unknown.filter(|_| self.unknown.is_none()) {
            self.unknown = Some(unknown.clone());
        }
        self.layers = with(&self.layers, Layer::new(Some(methods), middleware));
        self
    }

    /// Sets the time for calls whose caller names none; by default they may take as long as they like. It counts for streams
    /// as well.
    #[must_use]
    pub fn default_timeout(mut self, time: Duration) -> Self {
        self.timeouts.default = Some(time);
        self
    }

    /// Sets the least time that a call gets, however little its caller waits; by default there is none.
    #[must_use]
    pub fn min_timeout(mut self, time: Duration) -> Self {
        self.timeouts.min = Some(time);
        self
    }

    /// Sets the most time that a call gets, streams too; by default there is no bound. Then the method is dropped and its
    /// caller gets [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded).
    #[must_use]
    pub fn max_timeout(mut self, time: Duration) -> Self {
        self.timeouts.max = Some(time);
        self
    }

    /// Lets clients that were built before go on calling what they still understand: `json` is the text of the file that
    /// `glue-codegen diff --accept FILE` writes. Without it, whatever has another hash since a client was built fails there with
    /// [`Code::StaleClient`](crate::Code::StaleClient).
    ///
    /// An empty text accepts nothing, for as long as there is no file. A file that was written for another version of the channel
    /// changes nothing, and the log warns of it. One that can't be read
    /// makes [`ServerBuilder::build`](crate::ServerBuilder::build) fail.
    #[must_use]
    pub fn accept(mut self, json: &str) -> Self {
        match Accepted::read(json, self.name) {
            Ok(accepted) => self.accepted = accepted.map(Arc::new),
            Err(what) => self.unreadable = Some(what),
        }
        self
    }

    /// Returns all sockets that have opened the channel, to send them events; also after the service was given to a server.
    pub fn everyone<E: EventMessage>(&self) -> Everyone<E> {
        Everyone::new(self.audience.clone())
    }

    /// Returns what is wrong with how the service was set up.
    #[cfg(feature = "server")]
    pub(crate) fn mistake(&self) -> Option<String> {
        let name = self.name;
        if let Some(method) = &self.unknown {
            return Some(format!(
                "`layer_for`: the channel `{name}` has no method `{method}`"
            ));
        }
        let what = self.unreadable.as_ref()?;
        Some(format!("`accept` of the channel `{name}`: {what}"))
    }

    /// Starts serving one socket.
    pub(crate) fn open(&self, lane: Arc<Lane>, limits: &Limits) -> Box<dyn Inbound> {
        let setting = Setting {
            layers: self.layers.clone(),
            timeouts: self.timeouts,
            quotas: Quotas::new(limits),
            accepted: self.accepted.clone(),
        };
        let exchanges = Exchanges::new(lane, self.audience.clone());
        (self.methods)(Arc::new(exchanges), setting)
    }
}

impl std::fmt::Debug for ChannelService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelService")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How a service is run on one socket.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) layers: Layers,
    pub(super) timeouts: TimeoutPolicy,
    pub(super) quotas: Quotas,
    pub(super) accepted: Option<Arc<Accepted>>,
}

/// What one socket may have under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotas {
    pub(super) calls: usize,
    pub(super) streams: usize,
    pub(super) calls_per_second: Option<u32>,
}

impl Quotas {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            calls: limits.in_flight,
            streams: limits.streams,
            calls_per_second: limits.calls_per_second,
        }
    }
}

fn with(layers: &Layers, layer: Layer) -> Layers {
    layers.iter().cloned().chain([layer]).collect()
}

/// Wraps a dispatcher for the server.
pub fn service<D: Dispatch>(dispatch: D) -> ChannelService {
    let service = Arc::new(dispatch);
    ChannelService {
        name: D::CHANNEL,
        methods: Arc::new(move |exchanges, setting| {
            let service = service.clone();
            if setting.layers.is_empty() {
                let run = move |cx, call, items| service.clone().dispatch(cx, call, items);
                return Box::new(Served::new(Dispatcher::<D, _, _>::new(
                    run,
                    exchanges,
                    Side::Server,
                    &setting,
                )));
            }
            let layers = setting.layers.clone();
            let run = move |cx, call, items| -> BoxFuture<'static, _> {
                Box::pin(middleware::run(layers.clone(), service.clone(), cx, call, items))
            };
            Box::new(Served::new(Dispatcher::<D, _, _>::new(
                run,
                exchanges,
                Side::Server,
                &setting,
            )))
        }),
        layers: Arc::new([]),
        timeouts: TimeoutPolicy::default(),
        audience: Arc::default(),
        knows: |method| {
            // Without arguments, so that any other answer is about those.
            !matches!(D::Call::decode(method, ""), Err(CallDecodeError::UnknownMethod))
        },
        unknown: None,
        accepted: None,
        unreadable: None,
    }
}

/// Wraps a dispatcher for a client, whose server calls it.
pub fn client_handler<D: Dispatch>(dispatch: D) -> ClientHandler {
    let service = Arc::new(dispatch);
    ClientHandler::new(move |lane, limits| {
        let exchanges = Arc::new(Exchanges::new(lane, Arc::default()));
        let run = move |cx, call, items| service.clone().dispatch(cx, call, items);
        let setting = Setting {
            layers: Arc::new([]),
            timeouts: TimeoutPolicy::default(),
            quotas: Quotas::new(limits),
            accepted: None,
        };
        Box::new(Dispatcher::<D, _, _>::new(run, exchanges, Side::Client, &setting)) as Box<dyn Serving>
    })
}
