//! What generated Rust clients are written against.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::BoxStream;

use super::contract::Contract;
use super::error::RpcError;
use super::trace::TraceContext;
use crate::error::Error;

/// Carries the calls of a generated client; JSON texts in and out.
///
/// `RpcChannel` is the one over a socket; a test may bring its own.
pub trait Caller: Send + Sync {
    /// Calls a method and returns its value. Dropping the future cancels the call.
    fn call(&self, request: CallRequest) -> impl Future<Output = Result<String, RpcError>> + Send;

    /// Calls a method that never answers; returns when the call is queued.
    fn notify(&self, request: CallRequest) -> impl Future<Output = Result<(), RpcError>> + Send;

    /// Opens a stream of a method's items. It starts when polled, and ends with the first error; dropping it cancels it.
    fn stream(&self, request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static;

    /// Returns the events from now on, each with its name and its JSON; ends with the socket.
    ///
    /// When a reader leaves too many unread the socket is not read any more, as with a raw channel.
    fn events(&self) -> impl Stream<Item = (String, String)> + Send + 'static;
}

/// What is asked of the other side.
#[non_exhaustive]
pub struct CallRequest {
    /// Wire name of the method.
    pub method: &'static str,
    /// The arguments, a JSON object by parameter name.
    pub args: String,
    /// What the caller streams to the method, for a method that takes a stream.
    pub items: Option<SentItems>,
    /// How it is called.
    pub options: CallOptions,
    /// What becomes of it when its session ends.
    pub on_loss: OnLoss,
}

/// The items that a caller streams, each as JSON; the first error cancels the call and is what it fails with.
pub type SentItems = BoxStream<'static, Result<String, RpcError>>;

impl CallRequest {
    /// Asks for a method with these arguments, a JSON object.
    pub fn new(method: &'static str, args: impl Into<String>) -> Self {
        Self {
            method,
            args: args.into(),
            items: None,
            options: CallOptions::default(),
            on_loss: OnLoss::default(),
        }
    }
}

impl fmt::Debug for CallRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRequest")
            .field("method", &self.method)
            .field("args", &self.args)
            .field("has_items", &self.items.is_some())
            .field("options", &self.options)
            .field("on_loss", &self.on_loss)
            .finish()
    }
}

/// What becomes of a call or a stream when the session in which its request was sent ends under it: the other side may have run
/// it, or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnLoss {
    /// It fails with [`Code::Unavailable`](crate::Code::Unavailable), outcome unknown.
    #[default]
    Fail,
    /// It is asked again in the next session, and so on, within its time: `#[glue(idempotent)]`. For calls without a stream; of
    /// anything else it is as [`OnLoss::Fail`].
    Repeat,
    /// The stream is opened again in the next session, with the cursor of the last item that came as the argument of this name:
    /// `#[glue(resume_from = …)]`. Its items are [`Tracked`](crate::Tracked). For streams to the caller alone; of anything else it is
    /// as [`OnLoss::Fail`].
    ResumeFrom(&'static str),
}

/// How calls are made; of a generated client all of them, see its `with`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// Time for the whole call, from here and back; default none. When it has run out the call fails with
    /// [`Code::DeadlineExceeded`](crate::Code::DeadlineExceeded), here and on the other side, which drops what it does for it.
    /// Cut off at 2^31-1 ms, 24 days.
    pub timeout: Option<Duration>,
    /// Where the calls belong in a distributed trace.
    pub trace: Option<TraceContext>,
}

impl CallOptions {
    /// Sets the time for each call.
    #[must_use]
    pub const fn timeout(self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self
        }
    }

    /// Sets where the calls belong in a distributed trace.
    #[must_use]
    pub const fn trace(self, trace: TraceContext) -> Self {
        Self {
            trace: Some(trace),
            ..self
        }
    }
}

/// Something that has channels for typed calls: a socket.
pub trait OpenRpc {
    /// What carries the calls.
    type Caller: Caller;

    /// Opens a channel for typed calls; the same name gives the same channel again.
    ///
    /// # Errors
    /// [`ErrorKind::ChannelInUse`](crate::ErrorKind::ChannelInUse) when the channel is open as a raw one.
    fn open_rpc(&self, contract: impl Into<Contract>) -> Result<Self::Caller, Error>;
}
