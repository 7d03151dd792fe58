//! What runs around the methods of a channel: to authorise, log, limit, measure.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::context::Context;
use super::dispatch::{Dispatch, Outcome, write_reply};
use super::error::RpcError;
use super::message::{CallMessage, ReplyKind};
use super::stream::{Items, StreamEnd};
use crate::proto::envelope::Kind;

/// One step around every call, notification and stream of a channel; added by
/// [`ChannelService::layer`](crate::ChannelService::layer).
///
/// It goes on with [`Next::run`], or ends the call with an error of its own. What stands before that runs when the call
/// starts, what stands behind when it ends; of a stream that is when its last item was sent. When the call is cancelled the
/// future is dropped, so what must happen at every end belongs into a destructor.
///
/// Functions are middleware:
///
/// ```
/// use glue::{Code, Context, Next, RpcError};
///
/// #[derive(Clone)]
/// struct Principal { is_admin: bool }
///
/// let only_admins = |cx: Context, next: Next| async move {
///     match cx.value::<Principal>() {
///         Some(principal) if principal.is_admin => next.run(cx).await,
///         Some(_) => Err(RpcError::new(Code::PermissionDenied, "only for administrators")),
///         None => Err(RpcError::new(Code::Unauthenticated, "sign in first")),
///     }
/// };
/// # fn check(_: impl glue::Middleware) {}
/// # check(only_admins);
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Handles one call.
    ///
    /// # Errors
    /// An error is what the caller gets instead of the method's answer. Of a stream that has ended it gets nothing more.
    fn handle(&self, cx: Context, next: Next) -> impl Future<Output = Result<Completion, RpcError>> + Send;
}

impl<F, Fut> Middleware for F
where
    F: Fn(Context, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Completion, RpcError>> + Send + 'static,
{
    fn handle(&self, cx: Context, next: Next) -> impl Future<Output = Result<Completion, RpcError>> + Send {
        self(cx, next)
    }
}

/// How a method ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    is_application_error: bool,
}

impl Completion {
    /// Returns whether the method, or its stream, ended with the method's own error.
    pub const fn is_application_error(self) -> bool {
        self.is_application_error
    }
}

/// The rest of the way to the method.
#[must_use = "the method runs only if it is run"]
pub struct Next {
    layers: Layers,
    /// How many layers are behind us.
    place: usize,
    end: Box<dyn End>,
}

impl Next {
    /// Goes on, to the next middleware or to the method.
    ///
    /// # Errors
    /// What a middleware further inside fails with, and [`Code::Internal`](crate::Code::Internal) when the value could not be written.
    pub async fn run(self, cx: Context) -> Result<Completion, RpcError> {
        let Self { layers, place, end } = self;
        let inner = layers.iter().enumerate().skip(place);
        let next = inner
            .filter(|(_, layer)| layer.concerns(cx.method()))
            .map(|(place, layer)| (place + 1, layer.middleware.clone()))
            .next();
        match next {
            Some((place, middleware)) => {
                let next = Self { layers, place, end };
                middleware.handle(cx, next).await
            }
            None => end.run(cx).await,
        }
    }

    /// Returns the call with its arguments, of the type that was generated for the channel: `next.message::<ChatCall>()`.
    /// `None` for a call of another channel.
    pub fn message<C: CallMessage>(&self) -> Option<&C> {
        self.end.message().downcast_ref()
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// All middleware of a channel, the outermost first.
pub(super) type Layers = Arc<[Layer]>;

/// One middleware and the methods that it is for.
#[derive(Clone)]
pub(super) struct Layer {
    /// Wire names; `None` for all methods.
    methods: Option<Arc<[String]>>,
    middleware: Arc<dyn Erased>,
}

impl Layer {
    pub(super) fn new(methods: Option<Arc<[String]>>, middleware: impl Middleware) -> Self {
        Self {
            methods,
            middleware: Arc::new(middleware),
        }
    }

    fn concerns(&self, method: &str) -> bool {
        let names = self.methods.as_ref();
        names.is_none_or(|names| names.iter().any(|name| name == method))
    }
}

/// A [`Middleware`] of any type.
trait Erased: Send + Sync {
    fn handle(self: Arc<Self>, cx: Context, next: Next) -> BoxFuture<'static, Result<Completion, RpcError>>;
}

impl<M: Middleware> Erased for M {
    fn handle(self: Arc<Self>, cx: Context, next: Next) -> BoxFuture<'static, Result<Completion, RpcError>> {
        Box::pin(async move { Middleware::handle(&*self, cx, next).await })
    }
}

/// The method at the end of the way.
trait End: Send {
    fn message(&self) -> &dyn Any;

    fn run(self: Box<Self>, cx: Context) -> BoxFuture<'static, Result<Completion, RpcError>>;
}

struct Method<D: Dispatch> {
    service: Arc<D>,
    call: D::Call,
    items: Items,
    outcome: Arc<Place<D>>,
}

/// Where the method's outcome is put: middleware sees only that there is one.
type Place<D> = Mutex<Option<Outcome<<D as Dispatch>::Reply>>>;

impl<D: Dispatch> End for Method<D> {
    fn message(&self) -> &dyn Any {
        &self.call
    }

    fn run(self: Box<Self>, cx: Context) -> BoxFuture<'static, Result<Completion, RpcError>> {
        Box::pin(async move {
            let Self {
                service,
                call,
                items,
                outcome: place,
            } = *self;
            let (lane, id) = (cx.lane().clone(), items.id());
            let outcome = service.dispatch(cx, call, items).await;
            let (outcome, is_application_error) = match outcome {
                // Written here, so that middleware hears whether it is an error, and of one that can't be written.
                Outcome::Reply(reply) => {
                    let mut text = String::with_capacity(ANSWER_BYTES);
                    let kind = write_reply(&lane, Kind::Ok, id, &reply, &mut text).map_err(|error| {
                        tracing::error!(channel = lane.name(), id, %error, "an answer could not be written");
                        RpcError::internal()
                    })?;
                    (Outcome::Written(text, kind), kind == ReplyKind::ApplicationError)
                }
                Outcome::Streamed(end) => (outcome, end == StreamEnd::ApplicationError),
                Outcome::Failed(error) => return Err(error),
                outcome => (outcome, false),
            };
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            Ok(Completion { is_application_error })
        })
    }
}

/// Runs a method behind all its middleware.
pub(super) async fn run<D: Dispatch>(
    layers: Layers,
    service: Arc<D>,
    cx: Context,
    call: D::Call,
    items: Items,
) -> Outcome<D::Reply> {
    let place: Arc<Place<D>> = Arc::default();
    let method = Method {
        service,
        call,
        items,
        outcome: place.clone(),
    };
    let next = Next {
        layers,
        place: 0,
        end: Box::new(method),
    };
    let result = next.run(cx).await;
    let outcome = place.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (result, outcome) {
        // Nothing can follow the end of a stream.
        (_, Some(outcome @ Outcome::Streamed(_))) | (Ok(_), Some(outcome)) => outcome,
        (Err(error), _) => Outcome::Failed(error),
        // A completion of another call.
        (Ok(_), None) => Outcome::Failed(RpcError::internal()),
    }
}

/// Bytes for which there is room in an answer before it is written; one that is longer makes room for itself.
const ANSWER_BYTES: usize = 128;
