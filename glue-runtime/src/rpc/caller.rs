//! What generated Rust clients are written against.

use std::future::Future;

use futures_util::Stream;

use super::error::RpcError;
use crate::error::Error;

/// Carries the calls of a generated client; JSON texts in and out.
///
/// `RpcChannel` (feature `client`) is the one over a socket; a test may bring its own.
pub trait Caller: Send + Sync {
    /// Calls a method with its arguments, a JSON object, and returns its value. Dropping the future cancels the call.
    fn call(
        &self,
        method: &'static str,
        args: String,
    ) -> impl Future<Output = Result<String, RpcError>> + Send;

    /// Calls a method that never answers; returns when the call is queued.
    fn notify(&self, method: &'static str, args: String)
    -> impl Future<Output = Result<(), RpcError>> + Send;

    /// Opens a stream of a method's items. It starts when polled, and ends with the first error; dropping it cancels it.
    fn stream(
        &self,
        method: &'static str,
        args: String,
    ) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static;

    /// Returns the events from now on, each with its name and its JSON; ends with the socket.
    ///
    /// When a reader leaves too many unread the socket is not read any more, as with a raw channel.
    fn events(&self) -> impl Stream<Item = (String, String)> + Send + 'static;
}

/// Something that has channels for typed calls: a socket.
pub trait OpenRpc {
    /// What carries the calls.
    type Caller: Caller;

    /// Opens a channel for typed calls; the same name gives the same channel again.
    ///
    /// # Errors
    /// [`ErrorKind::ChannelInUse`](crate::ErrorKind::ChannelInUse) when the channel is open as a raw one.
    fn open_rpc(&self, name: &str) -> Result<Self::Caller, Error>;
}
