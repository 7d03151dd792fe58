//! The serving half of typed calls: from a channel's messages to the methods of a service and back.

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::context::Context;
use super::contract::Hashes;
use super::error::RpcError;
use super::message::{CallDecodeError, CallKind, CallMessage, EncodeError, ReplyKind, ReplyMessage};
use super::stream::{Items, Streams};
use crate::channel::{Inbound, Lane, Receipt, Turn};
use crate::proto::code::Code;
use crate::proto::envelope::{self, Envelope, Kind};
use crate::proto::limits::Limits;
use crate::proto::text::Text;

/// The methods of one channel; implemented by `#[glue::channel]`.
pub trait Dispatch: Send + Sync + 'static {
    /// Wire name of the channel.
    const CHANNEL: &'static str;
    /// What is asked of it.
    type Call: CallMessage;
    /// What it answers.
    type Reply: ReplyMessage;
    /// Whether one call must end before the next begins, on one socket.
    const IS_SEQUENTIAL: bool = false;

    /// Returns what the greeting compares; `None` for what was not generated.
    fn hashes() -> Option<&'static Hashes> {
        None
    }

    /// Runs one method. Its stream's items, if it has any, leave through `items`.
    fn dispatch(
        self: Arc<Self>,
        cx: Context,
        call: Self::Call,
        items: Items,
    ) -> impl Future<Output = Outcome<Self::Reply>> + Send + 'static;
}

/// How a method ended.
#[derive(Debug)]
pub enum Outcome<R> {
    /// With its answer.
    Reply(R),
    /// A notification is done, or a stream has sent its last message.
    Ended,
}

/// A service with its channel's name, ready to be given to a server.
#[derive(Clone)]
pub struct ChannelService {
    name: &'static str,
    open: Arc<Open>,
}

impl ChannelService {
    /// Returns the wire name of the channel.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Starts serving one socket.
    pub(crate) fn open(&self, lane: Arc<Lane>, limits: &Limits) -> Box<dyn Inbound> {
        (self.open)(lane, limits)
    }
}

impl std::fmt::Debug for ChannelService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelService")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Starts serving one socket.
type Open = dyn Fn(Arc<Lane>, &Limits) -> Box<dyn Inbound> + Send + Sync;

/// Wraps a dispatcher for the server.
pub fn service<D: Dispatch>(dispatch: D) -> ChannelService {
    let service = Arc::new(dispatch);
    ChannelService {
        name: D::CHANNEL,
        open: Arc::new(move |lane, limits| Box::new(dispatcher(service.clone(), D::dispatch, lane, limits))),
    }
}

/// Makes a [`Dispatcher`]; a function of its own because `F`, the type of the method's future, has no name.
fn dispatcher<D, F>(
    service: Arc<D>,
    run: fn(Arc<D>, Context, D::Call, Items) -> F,
    lane: Arc<Lane>,
    limits: &Limits,
) -> Dispatcher<D, F>
where
    D: Dispatch,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    Dispatcher {
        service,
        run,
        streams: Arc::new(Streams::new(lane.clone())),
        lane,
        max_in_flight: limits.in_flight,
        spare: None,
        running: FuturesUnordered::new(),
        exchanges: HashMap::new(),
        last_id: 0,
        greeted: false,
        warned: false,
    }
}

/// Serves one channel of one socket.
struct Dispatcher<D: Dispatch, F> {
    service: Arc<D>,
    run: fn(Arc<D>, Context, D::Call, Items) -> F,
    lane: Arc<Lane>,
    streams: Arc<Streams>,
    max_in_flight: usize,
    /// The box of a call that ended where it was read, for the next one: most calls need no allocation of their own.
    spare: Option<Pin<Box<F>>>,
    /// Calls and streams that are waiting for something.
    running: FuturesUnordered<Running<F>>,
    /// How to drop each of `running` that the caller may still cancel.
    exchanges: HashMap<u64, AbortHandle>,
    /// The highest id so far; ids rise and are never used twice.
    last_id: u64,
    /// Whether our `hi` was sent.
    greeted: bool,
    /// Whether the log has heard of a notification that can't be run: a peer can send as many as it likes.
    warned: bool,
}

impl<D, F> Inbound for Dispatcher<D, F>
where
    D: Dispatch,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    fn receive(&mut self, data: &str, turn: &mut Turn<'_, '_>) -> Receipt {
        match Envelope::decode(data) {
            Ok(Envelope::Request {
                id,
                terms,
                method,
                json,
            }) => {
                if id % 2 == 0 || id <= self.last_id {
                    return Receipt::Fault;
                }
                self.last_id = id;
                self.start(Some(id), terms.credit, method, json, turn);
            }
            Ok(Envelope::Notification { method, json, .. }) => self.start(None, 0, method, json, turn),
            Ok(Envelope::Cancel { id }) if self.was_opened(id) => {
                // One that has ended crossed with the answer.
                if let Some(running) = self.exchanges.remove(&id) {
                    running.abort();
                    // Aborted futures are dropped where they are polled.
                    self.poll(turn);
                }
            }
            Ok(Envelope::Credit { id, items }) if self.was_opened(id) => {
                if self.streams.grant(id, items).is_err() {
                    return Receipt::Fault;
                }
            }
            Ok(Envelope::Hello { .. }) => self.greet(turn),
            _ => return Receipt::Fault,
        }
        Receipt::Taken
    }

    fn poll(&mut self, turn: &mut Turn<'_, '_>) {
        if self.running.is_empty() {
            return;
        }
        while let Poll::Ready(Some(ended)) = self.running.poll_next_unpin(turn.cx) {
            let Ended { exchange, end } = ended;
            if let Some(id) = exchange.id {
                self.exchanges.remove(&id);
            }
            self.streams.drain(turn.out);
            match end {
                Ok(Ok(outcome)) => self.answer(exchange, outcome, turn),
                Ok(Err(Panicked)) => self.fail(exchange, &exchange.panic(), turn),
                // The caller has settled it already.
                Err(Aborted) => {}
            }
        }
        self.streams.drain(turn.out);
    }
}

impl<D, F> Dispatcher<D, F>
where
    D: Dispatch,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    /// Runs a method as far as it goes at once; `id` is `None` for a notification.
    fn start(&mut self, id: Option<u64>, credit: u32, method: &str, json: &str, turn: &mut Turn<'_, '_>) {
        let call = match self.decode(method, json, turn) {
            Ok(call) => call,
            Err(error) => return self.refuse(id, method, &error, turn),
        };
        let exchange = Exchange {
            id,
            method: call.method(),
            kind: call.kind(),
        };
        if id.is_none() && exchange.kind.sends_items() {
            let error = RpcError::new(Code::InvalidArgument, "a stream needs a call");
            return self.refuse(id, method, &error, turn);
        }

        let cx = Context::new(exchange.method, self.lane.clone());
        let items = Items::new(id.unwrap_or_default(), credit, self.streams.clone());
        // Creating the future runs none of the method yet, so this needs no guard.
        let future = (self.run)(self.service.clone(), cx, call, items);
        let mut future = match self.spare.take() {
            Some(mut spare) => {
                spare.set(future);
                spare
            }
            None => Box::pin(future),
        };
        let polled = guard(|| future.as_mut().poll(turn.cx));
        if exchange.kind.sends_items() {
            self.streams.drain(turn.out);
        }
        match polled {
            Ok(Poll::Ready(outcome)) => {
                self.spare = Some(future);
                self.answer(exchange, outcome, turn);
            }
            Ok(Poll::Pending) => self.park(exchange, future),
            Err(Panicked) => {
                self.fail(exchange, &exchange.panic(), turn);
                // What is left of it may panic again.
                let _ = guard(|| drop(future));
            }
        }
    }

    /// Reads a call, or says what is wrong with it.
    fn decode(&mut self, method: &str, json: &str, turn: &mut Turn<'_, '_>) -> Result<D::Call, RpcError> {
        if self.running.len() >= self.max_in_flight {
            // Those that have ended by now don't count.
            self.poll(turn);
        }
        if self.running.len() >= self.max_in_flight {
            return Err(RpcError::new(Code::ResourceExhausted, "too many calls under way"));
        }
        match guard(|| D::Call::decode(method, json)) {
            Ok(Ok(call)) => Ok(call),
            Ok(Err(CallDecodeError::UnknownMethod)) => Err(RpcError::new(
                Code::Unimplemented,
                format!("`{}` has no method `{method}`", D::CHANNEL),
            )),
            Ok(Err(CallDecodeError::InvalidArgument { message })) => {
                Err(RpcError::new(Code::InvalidArgument, message))
            }
            Err(Panicked) => {
                tracing::error!(channel = D::CHANNEL, method, "reading the arguments panicked");
                Err(RpcError::new(Code::Internal, INTERNAL))
            }
        }
    }

    /// Keeps a call that waits for something in the socket's own set.
    fn park(&mut self, exchange: Exchange, future: Pin<Box<F>>) {
        let (handle, registration) = AbortHandle::new_pair();
        if let Some(id) = exchange.id {
            self.exchanges.insert(id, handle);
        }
        self.running.push(Running {
            exchange,
            future: Abortable::new(Guarded(Some(future)), registration),
        });
    }

    /// Sends what the caller is owed at the end of a method.
    fn answer(&self, exchange: Exchange, outcome: Outcome<D::Reply>, turn: &mut Turn<'_, '_>) {
        let Some(id) = exchange.id else { return };
        let text = match (outcome, exchange.kind) {
            (Outcome::Reply(reply), _) => match guard(|| encode_reply(&self.lane, Kind::Ok, id, &reply)) {
                Ok(Ok((text, _))) => text,
                Ok(Err(error)) => encode_failure(&self.lane, id, &error),
                Err(Panicked) => return self.fail(exchange, &exchange.panic(), turn),
            },
            (Outcome::Ended, CallKind::Stream | CallKind::TwoWayStream) => return,
            // Somebody has called a notification and waits.
            (Outcome::Ended, CallKind::Call | CallKind::Notification | CallKind::ClientStream) => {
                let mut out = self.lane.begin(24);
                Envelope::Ok { id, json: "null" }.encode(&mut out);
                out.into()
            }
        };
        turn.out.push(text);
    }

    fn fail(&self, exchange: Exchange, error: &RpcError, turn: &mut Turn<'_, '_>) {
        if let Some(id) = exchange.id {
            turn.out.push(encode_error(&self.lane, id, error));
        }
    }

    /// Answers a call that can't be run; a notification has nobody to tell.
    fn refuse(&mut self, id: Option<u64>, method: &str, error: &RpcError, turn: &mut Turn<'_, '_>) {
        // The name and the message may quote what the peer has sent.
        tracing::trace!(channel = D::CHANNEL, id, method, %error, "call can't be run");
        let code = error.code();
        match id {
            Some(id) => {
                tracing::debug!(channel = D::CHANNEL, id, %code, "call refused");
                turn.out.push(encode_error(&self.lane, id, error));
            }
            None if !std::mem::replace(&mut self.warned, true) => {
                tracing::warn!(channel = D::CHANNEL, %code, "notification dropped; later ones are told at level debug");
            }
            None => tracing::debug!(channel = D::CHANNEL, %code, "notification dropped"),
        }
    }

    fn greet(&mut self, turn: &mut Turn<'_, '_>) {
        if std::mem::replace(&mut self.greeted, true) {
            return;
        }
        let mut out = self.lane.begin(32);
        Envelope::Hello { json: GREETING }.encode(&mut out);
        turn.out.push(out.into());
    }

    /// Returns whether the peer has opened an exchange of this id, be it still under way or not.
    fn was_opened(&self, id: u64) -> bool {
        id % 2 == 1 && id <= self.last_id
    }
}

/// Writes a reply as `kind`, or as the error it is.
pub(super) fn encode_reply<R: ReplyMessage>(
    lane: &Lane,
    kind: Kind,
    id: u64,
    reply: &R,
) -> Result<(Text, ReplyKind), EncodeError> {
    let mut out = lane.begin(64);
    envelope::begin(&mut out, kind, id);
    let head = out.len();
    let reply_kind = reply.encode(&mut out)?;
    if reply_kind == ReplyKind::Value {
        return Ok((out.into(), reply_kind));
    }
    let data = out.get(head..).unwrap_or_default();
    let mut error = lane.begin(data.len() + 96);
    envelope::begin(&mut error, Kind::Error, id);
    for part in [
        r#"{"code":"application","message":"the method returned an error","data":"#,
        data,
        "}",
    ] {
        error.push_str(part);
    }
    Ok((error.into(), reply_kind))
}

/// Writes the failure to write a value: the peer learns that there was one, the log why.
pub(super) fn encode_failure(lane: &Lane, id: u64, error: &EncodeError) -> Text {
    tracing::error!(channel = lane.name(), id, %error, "an answer could not be written");
    encode_error(lane, id, &RpcError::new(Code::Internal, INTERNAL))
}

fn encode_error(lane: &Lane, id: u64, error: &RpcError) -> Text {
    let mut out = lane.begin(96);
    envelope::begin(&mut out, Kind::Error, id);
    error.encode(&mut out);
    out.into()
}

/// What is known of a call while it runs.
#[derive(Clone, Copy, Debug)]
struct Exchange {
    /// `None` for a notification.
    id: Option<u64>,
    method: &'static str,
    kind: CallKind,
}

impl Exchange {
    fn panic(self) -> RpcError {
        tracing::error!(method = self.method, id = self.id, "method panicked");
        RpcError::new(Code::Internal, INTERNAL)
    }
}

/// A parked call.
struct Running<F> {
    exchange: Exchange,
    future: Abortable<Guarded<F>>,
}

/// How a parked call ended.
struct Ended<T> {
    exchange: Exchange,
    end: Result<Result<T, Panicked>, Aborted>,
}

impl<F: Future> Future for Running<F> {
    type Output = Ended<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let exchange = self.exchange;
        Pin::new(&mut self.future)
            .poll(cx)
            .map(|end| Ended { exchange, end })
    }
}

/// A method's future whose panics, in its destructors too, end its own call only.
struct Guarded<F>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Pending;
        };
        match guard(|| future.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    }
}

impl<F> Drop for Guarded<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        let _ = guard(|| drop(future));
    }
}

/// Application code panicked; the panic hook has reported where.
#[derive(Clone, Copy, Debug)]
struct Panicked;

/// Runs application code. What a panic leaves behind is the service's own: it must keep its state sound, as with any
/// panic in a task, while nothing of ours is touched inside.
fn guard<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

/// What a caller learns of a failure inside the server.
const INTERNAL: &str = "internal error";

/// Our greeting: who we are.
pub(super) const GREETING: &str = concat!(r#"{"peer":"rust/"#, env!("CARGO_PKG_VERSION"), r#""}"#);
