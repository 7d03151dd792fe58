//! The calling half of typed calls over a channel.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::{Either, FutureExt as _};
use futures_util::{Stream, stream};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::caller::{CallRequest, Caller};
use super::contract::Contract;
use super::dispatch::GREETING;
use super::error::RpcError;
use super::in_flight::{Handled, InFlight, ItemQueue, Taken, Waiter};
use crate::channel::{Channels, Inbound, Lane, Receipt, SocketGuard, Turn};
use crate::error::{Error, ErrorKind};
use crate::inbox::Inbox;
use crate::mailbox::{Bond, Late};
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, Terms, answered};
use crate::proto::limits::{Limits, STREAM_WINDOW};
use crate::proto::text::Text;

/// A channel that carries typed calls. Cheap to clone.
#[derive(Clone)]
pub struct RpcChannel {
    shared: Arc<Shared>,
    _socket: Option<SocketGuard>,
}

impl RpcChannel {
    pub(crate) fn open(channels: &Channels, contract: Contract) -> Result<Self, Error> {
        let calls = |lane: Arc<Lane>| {
            let state = State {
                in_flight: InFlight::new(),
                session: 0,
                has_greeted: false,
                events: Vec::new(),
                is_closed: false,
            };
            let limits = channels.limits().clone();
            let shared = Arc::new(Shared {
                lane,
                limits,
                state: Mutex::new(state),
            });
            let channel = Self {
                shared: shared.clone(),
                _socket: None,
            };
            (channel, Box::new(CallerInbound { shared }) as Box<dyn Inbound>)
        };
        channels
            .open_with(contract.channel, calls)
            .ok_or_else(|| ErrorKind::ChannelInUse.into())
    }

    /// Makes the handle keep a socket open.
    pub(crate) fn keeping(self, socket: SocketGuard) -> Self {
        Self {
            _socket: Some(socket),
            ..self
        }
    }
}

impl std::fmt::Debug for RpcChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcChannel")
            .field("name", &self.shared.lane.name())
            .finish_non_exhaustive()
    }
}

impl Caller for RpcChannel {
    async fn call(&self, request: CallRequest) -> Result<String, RpcError> {
        let CallRequest { method, args, .. } = request;
        let (sender, answer) = oneshot::channel();
        let _exchange = self.shared.request(method, args, Waiter::Call(sender), 0).await?;
        answer.await.unwrap_or_else(|_| Err(unavailable("unknown")))
    }

    async fn notify(&self, request: CallRequest) -> Result<(), RpcError> {
        let CallRequest { method, args, .. } = request;
        let mut text = self.shared.lane.begin(method.len() + args.len() + 8);
        Envelope::Notification {
            trace: None,
            method,
            json: &args,
        }
        .encode(&mut text);
        let size = text.len();
        let notification = Notification {
            shared: self.shared.clone(),
            text: text.into(),
        };
        self.shared
            .send(size, Box::new(notification))
            .await
            .map_err(|_| unavailable("not_sent"))
    }

    fn stream(&self, request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        let CallRequest { method, args, .. } = request;
        let (shared, socket) = (self.shared.clone(), self._socket.clone());
        let start = async move {
            let items = Arc::new(ItemQueue::new(STREAM_WINDOW));
            let waiter = Waiter::Stream(items.clone());
            match shared.request(method, args, waiter, items.first_credit()).await {
                Ok(exchange) => Either::Left(ItemStream {
                    items,
                    exchange,
                    _socket: socket,
                }),
                Err(error) => Either::Right(stream::iter([Err(error)])),
            }
        };
        start.flatten_stream()
    }

    fn events(&self) -> impl Stream<Item = (String, String)> + Send + 'static {
        let reader = EventReader {
            inbox: self.shared.open_events(),
            shared: self.shared.clone(),
            _socket: self._socket.clone(),
        };
        stream::unfold(reader, |reader| async move {
            let event = reader.recv().await?;
            Some((event, reader))
        })
    }
}

#[derive(Debug)]
struct Shared {
    lane: Arc<Lane>,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What was asked in this session.
    in_flight: InFlight,
    /// Counts the sessions that have ended.
    session: u64,
    /// Whether this session's first envelope was written.
    has_greeted: bool,
    events: Vec<Arc<EventInbox>>,
    is_closed: bool,
}

impl Shared {
    /// Sends a request, in this session or the next; the returned guard cancels it unless it has ended by itself.
    async fn request(
        self: &Arc<Self>,
        method: &'static str,
        args: String,
        waiter: Waiter,
        credit: u32,
    ) -> Result<ExchangeGuard, RpcError> {
        let exchange = Arc::new(Mutex::new(Stage::Waiting));
        let size = method.len() + args.len() + REQUEST_OVERHEAD;
        let request = Request {
            shared: self.clone(),
            exchange: exchange.clone(),
            method,
            args,
            credit,
            waiter: Some(waiter),
        };
        self.send(size, Box::new(request))
            .await
            .map_err(|_| unavailable("not_sent"))?;
        Ok(ExchangeGuard {
            exchange,
            shared: self.clone(),
        })
    }

    /// Queues an envelope when there is room for so many bytes.
    async fn send(&self, size: usize, envelope: Box<dyn Late>) -> Result<(), Error> {
        self.lane.mailbox().reserve(size).await?.send(envelope)
    }

    /// Writes the greeting, unless it was.
    fn greet(&self, state: &mut State, send: impl FnOnce(Text)) {
        if !std::mem::replace(&mut state.has_greeted, true) {
            let mut hello = self.lane.begin(32);
            Envelope::Hello { json: GREETING }.encode(&mut hello);
            send(hello.into());
        }
    }

    /// Adds a reader of events.
    fn open_events(&self) -> Arc<EventInbox> {
        let inbox = Arc::new(Inbox::new(&self.limits));
        let mut state = self.lock();
        if state.is_closed {
            inbox.close();
        } else {
            state.events.push(inbox.clone());
        }
        inbox
    }

    /// Sends a short message of an exchange, in its own session or never. There are at most a few for each request, which did
    /// wait for room.
    fn control(self: &Arc<Self>, session: u64, envelope: Envelope<'_>) {
        let mut text = self.lane.begin(24);
        envelope.encode(&mut text);
        let control = Control {
            shared: self.clone(),
            session,
            text: text.into(),
        };
        // When the socket has ended, so has the exchange.
        let _ = self.lane.mailbox().send_control(Box::new(control));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far an exchange has come; locked inside of the channel's state only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No session has taken its request.
    Waiting,
    /// Its request was written.
    Sent { session: u64, id: u64 },
    /// Nobody wants it any more.
    Cancelled,
}

type Exchange = Mutex<Stage>;

fn replace_stage(exchange: &Exchange, stage: Stage) -> Stage {
    let mut guard = exchange.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::replace(&mut guard, stage)
}

/// A request that waits for a session, which gives it a number.
struct Request {
    shared: Arc<Shared>,
    exchange: Arc<Exchange>,
    method: &'static str,
    args: String,
    credit: u32,
    /// Taken when the request is written.
    waiter: Option<Waiter>,
}

impl Late for Request {
    fn write(mut self: Box<Self>, limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        let mut state = self.shared.lock();
        let Some(waiter) = self.waiter.take() else { return };
        if *self.exchange.lock().unwrap_or_else(PoisonError::into_inner) == Stage::Cancelled {
            return;
        }
        self.shared.greet(&mut state, |hello| send(hello, Bond::Session));
        let id = state.in_flight.open(waiter);
        let session = state.session;
        replace_stage(&self.exchange, Stage::Sent { session, id });
        let capacity = self.method.len() + self.args.len() + REQUEST_OVERHEAD;
        let mut text = self.shared.lane.begin(capacity);
        Envelope::Request {
            id,
            terms: Terms {
                credit: self.credit,
                ..Terms::default()
            },
            method: self.method,
            json: &self.args,
        }
        .encode(&mut text);
        if text.len() > limit {
            let error = format!("the request has more than the {limit} bytes that the server takes");
            state
                .in_flight
                .fail(id, &RpcError::new(Code::ResourceExhausted, error));
            return;
        }
        drop(state);
        send(text.into(), Bond::Session);
    }

    fn token(&self) -> usize {
        token(&self.exchange)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.fail(&unavailable("not_sent"));
        }
    }
}

/// A notification; it has no number, so one that a session could not send goes out in the next.
struct Notification {
    shared: Arc<Shared>,
    text: Text,
}

impl Late for Notification {
    fn write(self: Box<Self>, _limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        let mut state = self.shared.lock();
        self.shared.greet(&mut state, |hello| send(hello, Bond::Session));
        drop(state);
        send(self.text, Bond::Free);
    }

    fn into_text(self: Box<Self>) -> Option<Text> {
        Some(self.text)
    }
}

/// A message that goes with an exchange of one session.
struct Control {
    shared: Arc<Shared>,
    session: u64,
    text: Text,
}

impl Late for Control {
    fn write(self: Box<Self>, _limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        if self.shared.lock().session == self.session {
            send(self.text, Bond::Session);
        }
    }
}

/// Cancels an exchange that is given up before its end.
#[derive(Debug)]
struct ExchangeGuard {
    exchange: Arc<Exchange>,
    shared: Arc<Shared>,
}

impl ExchangeGuard {
    /// Grants credit, where the exchange is under way.
    fn grant(&self, items: u32) {
        let stage = *self.exchange.lock().unwrap_or_else(PoisonError::into_inner);
        if let Stage::Sent { session, id } = stage {
            self.shared.control(session, Envelope::Credit { id, items });
        }
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        // Under this lock requests are written: one is either cancelled here before that, or under its number.
        let mut state = self.shared.lock();
        match replace_stage(&self.exchange, Stage::Cancelled) {
            Stage::Sent { session, id } => {
                let is_under_way = session == state.session && state.in_flight.close(id);
                drop(state);
                if is_under_way {
                    self.shared.control(session, Envelope::Cancel { id });
                }
            }
            Stage::Waiting => {
                drop(state);
                self.shared.lane.mailbox().withdraw(token(&self.exchange));
            }
            Stage::Cancelled => {}
        }
    }
}

/// Names an exchange to the mailbox.
fn token(exchange: &Arc<Exchange>) -> usize {
    Arc::as_ptr(exchange).addr()
}

/// The items of one stream.
struct ItemStream {
    items: Arc<ItemQueue>,
    exchange: ExchangeGuard,
    _socket: Option<SocketGuard>,
}

impl Stream for ItemStream {
    type Item = Result<String, RpcError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_take(cx).map(|taken| {
            taken.map(|taken| {
                let Taken { item, grant } = taken?;
                if let Some(items) = grant {
                    self.exchange.grant(items);
                }
                Ok(item)
            })
        })
    }
}

/// Events of a channel, each with its name and its JSON, for one reader.
type EventInbox = Inbox<(String, String)>;

/// One reader of the events.
struct EventReader {
    inbox: Arc<EventInbox>,
    shared: Arc<Shared>,
    _socket: Option<SocketGuard>,
}

impl EventReader {
    async fn recv(&self) -> Option<(String, String)> {
        let taken = self.inbox.recv().await?;
        if taken.made_room {
            self.shared.lane.mailbox().wake_driver();
        }
        Some(taken.message)
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        self.inbox.close();
        // The driver may be waiting for this reader.
        self.shared.lane.mailbox().wake_driver();
    }
}

/// Driver's end of a calling channel.
struct CallerInbound {
    shared: Arc<Shared>,
}

impl CallerInbound {
    /// Ends the exchange that an unreadable envelope was for, or it would never end [Q-5].
    fn break_answered(&self, data: &str) {
        let Some(id) = answered(data) else {
            return;
        };
        let session = {
            let mut state = self.shared.lock();
            let error = RpcError::new(Code::Internal, "the peer's answer can't be read");
            if !state.in_flight.fail(id, &error) {
                return;
            }
            state.session
        };
        self.shared.control(session, Envelope::Cancel { id });
    }
}

impl Inbound for CallerInbound {
    fn receive(&mut self, data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        let envelope = match Envelope::decode(data) {
            Ok(Envelope::Hello { .. }) => return Receipt::Taken,
            Ok(Envelope::Event { event, json }) => return self.event(event, json),
            Ok(envelope) => envelope,
            Err(_) => {
                self.break_answered(data);
                return Receipt::Fault;
            }
        };
        let (handled, session) = {
            let mut state = self.shared.lock();
            (state.in_flight.handle(envelope), state.session)
        };
        match handled {
            Handled::Taken => Receipt::Taken,
            Handled::Fault => Receipt::Fault,
            Handled::Broken { id } => {
                self.shared.control(session, Envelope::Cancel { id });
                Receipt::Fault
            }
        }
    }

    fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}

    fn opened(&mut self, turn: &mut Turn<'_, '_>) {
        let mut state = self.shared.lock();
        self.shared.greet(&mut state, |hello| turn.out.push(hello));
    }

    /// [R-11]: nobody will ever answer. Numbers start anew.
    fn lost(&mut self) {
        let mut lost = {
            let mut state = self.shared.lock();
            state.session += 1;
            state.has_greeted = false;
            std::mem::replace(&mut state.in_flight, InFlight::new())
        };
        lost.fail_all(&unavailable("unknown"));
    }
}

impl CallerInbound {
    /// Gives an event to all readers or, when one has no room, to none yet.
    fn event(&self, name: &str, json: &str) -> Receipt {
        let mut state = self.shared.lock();
        state.events.retain(|reader| !reader.is_closed());
        let bytes = name.len() + json.len();
        // Every reader is asked, as each that has no room must say when it has.
        let full = state
            .events
            .iter()
            .filter(|reader| !reader.has_room(bytes))
            .count();
        if full > 0 {
            return Receipt::Full;
        }
        for reader in &state.events {
            reader.push((name.to_owned(), json.to_owned()), bytes);
        }
        Receipt::Taken
    }
}

impl Drop for CallerInbound {
    fn drop(&mut self) {
        self.lost();
        let mut state = self.shared.lock();
        state.is_closed = true;
        for reader in state.events.drain(..) {
            reader.close();
        }
    }
}

/// The connection is lost; `outcome` says whether the peer may have run the call.
fn unavailable(outcome: &str) -> RpcError {
    let data = RawValue::from_string(format!(r#"{{"outcome":"{outcome}"}}"#)).ok();
    RpcError::new(Code::Unavailable, "the connection was lost").with_data(data)
}

/// Head of a request: kind, id, credit and separators.
const REQUEST_OVERHEAD: usize = 48;
