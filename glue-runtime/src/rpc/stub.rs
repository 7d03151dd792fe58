//! What the methods of generated Rust clients do: write the arguments, call, read the answer.

use std::convert::Infallible;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};

use super::caller::{CallOptions, CallRequest, Caller, SentItems};
use super::codec::Codec;
use super::error::{CallError, RpcError};
use super::message::{CallMessage, EncodeError, EventMessage};
use crate::proto::code::Code;

/// Calls a method that cannot fail by itself.
///
/// # Errors
/// Fails if the call does not get through.
pub async fn call<T>(
    caller: &impl Caller,
    options: CallOptions,
    message: impl CallMessage,
    items: Option<SentItems>,
    ok: impl Codec<T>,
) -> Result<T, CallError<Infallible>> {
    let method = message.method();
    let request = request(&message, items, options)?;
    let answer = caller.call(request).await?;
    Ok(read(method, ok, &answer)?)
}

/// Calls a method that returns a `Result`.
///
/// # Errors
/// Fails with the method's own error, or if the call does not get through.
pub async fn call_result<T, E>(
    caller: &impl Caller,
    options: CallOptions,
    message: impl CallMessage,
    items: Option<SentItems>,
    ok: impl Codec<T>,
    err: impl Codec<E>,
) -> Result<T, CallError<E>> {
    let method = message.method();
    let request = request(&message, items, options)?;
    let answer = caller.call(request).await;
    read_result(method, ok, err, answer)
}

/// Sends a notification.
///
/// # Errors
/// Fails if it cannot be sent.
pub async fn notify(
    caller: &impl Caller,
    options: CallOptions,
    message: impl CallMessage,
) -> Result<(), RpcError> {
    caller.notify(request(&message, None, options)?).await
}

/// Writes the items that a caller streams to the parameter `param` of `method`, one by one as they are asked for.
///
/// One that JSON can't hold ends them with [`Code::InvalidArgument`], which cancels the call and is what it fails with.
pub fn items<T: Send + 'static>(
    method: &'static str,
    param: &'static str,
    items: impl Stream<Item = T> + Send + 'static,
    codec: impl Codec<T> + Send + 'static,
) -> Option<SentItems> {
    let write = move |item: T| {
        let mut json = String::new();
        codec
            .write(&item, &mut json)
            .map_err(|source| EncodeError::new(format!("an item of `{param}` of `{method}`"), source))
            .map_err(|error| RpcError::new(Code::InvalidArgument, error.to_string()))?;
        Ok(json)
    };
    Some(items.map(write).boxed())
}

/// Opens a stream whose items cannot fail by themselves. Boxed, so that users need not pin it; it ends with its first error.
pub fn stream<T: Send + 'static>(
    caller: &impl Caller,
    options: CallOptions,
    message: &impl CallMessage,
    items: Option<SentItems>,
    ok: impl Codec<T> + Send + 'static,
) -> BoxStream<'static, Result<T, CallError<Infallible>>> {
    let method = message.method();
    match request(message, items, options) {
        Ok(request) => until_error(
            caller
                .stream(request)
                .map(move |item| Ok(read(method, ok, &item?)?)),
        ),
        Err(error) => stream::iter([Err(error.into())]).boxed(),
    }
}

/// Opens a stream of `Result`s.
pub fn stream_result<T: Send + 'static, E: Send + 'static>(
    caller: &impl Caller,
    options: CallOptions,
    message: &impl CallMessage,
    items: Option<SentItems>,
    ok: impl Codec<T> + Send + 'static,
    err: impl Codec<E> + Send + 'static,
) -> BoxStream<'static, Result<T, CallError<E>>> {
    let method = message.method();
    match request(message, items, options) {
        Ok(request) => until_error(
            caller
                .stream(request)
                .map(move |item| read_result(method, ok, err, item)),
        ),
        Err(error) => stream::iter([Err(error.into())]).boxed(),
    }
}

/// Ends a stream with its first error, and drops it there: an item that can't be read cancels the exchange.
fn until_error<T: Send + 'static, E: Send + 'static>(
    items: impl Stream<Item = Result<T, E>> + Send + 'static,
) -> BoxStream<'static, Result<T, E>> {
    let next = |items: Option<BoxStream<'static, Result<T, E>>>| async move {
        let mut items = items?;
        let item = items.next().await?;
        let rest = item.is_ok().then_some(items);
        Some((item, rest))
    };
    stream::unfold(Some(items.boxed()), next).boxed()
}

/// Reads the events of one channel. One that this client does not know, as its server is newer, is passed over.
pub fn events<E: EventMessage>(caller: &impl Caller) -> BoxStream<'static, Result<E, RpcError>> {
    let read = |(name, json): (String, String)| async move {
        E::decode(&name, &json)
            .map_err(|error| RpcError::new(Code::Internal, format!("the event does not fit: {error}")))
            .transpose()
    };
    caller.events().filter_map(read).boxed()
}

fn request(
    message: &impl CallMessage,
    items: Option<SentItems>,
    options: CallOptions,
) -> Result<CallRequest, RpcError> {
    let mut args = String::with_capacity(ARGS_BYTES);
    message
        .encode_args(&mut args)
        .map_err(|error| RpcError::new(Code::InvalidArgument, error.to_string()))?;
    Ok(CallRequest {
        items,
        options,
        on_loss: message.on_loss(),
        ..CallRequest::new(message.method(), args)
    })
}

/// Reads a value. One that does not fit is `internal` (docs/PROTOCOL.md, errors): the peer broke its word.
fn read<T>(method: &str, codec: impl Codec<T>, json: &str) -> Result<T, RpcError> {
    codec.read(json).map_err(|error| {
        RpcError::new(
            Code::Internal,
            format!("the answer of `{method}` does not fit: {error}"),
        )
    })
}

fn read_result<T, E>(
    method: &str,
    ok: impl Codec<T>,
    err: impl Codec<E>,
    answer: Result<String, RpcError>,
) -> Result<T, CallError<E>> {
    match answer {
        Ok(json) => Ok(read(method, ok, &json)?),
        Err(error) if error.code() == Code::Application => {
            // An application error without data is that of a method which fails with `()`.
            Err(CallError::Application(read(
                method,
                err,
                error.data().unwrap_or("null"),
            )?))
        }
        Err(error) => Err(error.into()),
    }
}

/// Bytes for which there is room in arguments before they are written; longer ones make room for themselves.
const ARGS_BYTES: usize = 128;
