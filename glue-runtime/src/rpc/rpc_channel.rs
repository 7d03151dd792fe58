//! The calling half of typed calls over a channel.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::{Either, FutureExt as _};
use futures_util::{Stream, stream};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::caller::Caller;
use super::dispatch::GREETING;
use super::error::RpcError;
use super::in_flight::{Handled, InFlight, ItemQueue, Taken, Waiter};
use crate::channel::{Channels, Inbound, Lane, Receipt, SocketGuard, Turn};
use crate::error::{Error, ErrorKind};
use crate::inbox::Inbox;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::limits::{Limits, STREAM_WINDOW};

/// A channel that carries typed calls. Cheap to clone.
#[derive(Clone)]
pub struct RpcChannel {
    shared: Arc<Shared>,
    _socket: Option<SocketGuard>,
}

impl RpcChannel {
    pub(crate) fn open(channels: &Channels, name: &str) -> Result<Self, Error> {
        let calls = |lane: Arc<Lane>| {
            let mut hello = lane.begin(32);
            Envelope::Hello { json: GREETING }.encode(&mut hello);
            // On a socket that has ended, calls say so.
            let _ = lane.mailbox().send_control(hello.into());

            let state = State {
                in_flight: InFlight::new(),
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
            .open_with(name, calls)
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
    async fn call(&self, method: &'static str, args: String) -> Result<String, RpcError> {
        let (sender, answer) = oneshot::channel();
        let _exchange = self
            .shared
            .request(method, &args, Waiter::Call(sender), 0)
            .await?;
        answer.await.unwrap_or_else(|_| Err(unavailable("unknown")))
    }

    async fn notify(&self, method: &'static str, args: String) -> Result<(), RpcError> {
        let lane = &self.shared.lane;
        let mut out = lane.begin(method.len() + args.len() + 8);
        Envelope::Notification { method, json: &args }.encode(&mut out);
        lane.mailbox()
            .send(out.into())
            .await
            .map_err(|_| unavailable("not_sent"))
    }

    fn stream(
        &self,
        method: &'static str,
        args: String,
    ) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        let (shared, socket) = (self.shared.clone(), self._socket.clone());
        let start = async move {
            let items = Arc::new(ItemQueue::new(STREAM_WINDOW));
            let waiter = Waiter::Stream(items.clone());
            match shared.request(method, &args, waiter, items.first_credit()).await {
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
    in_flight: InFlight,
    events: Vec<Arc<EventInbox>>,
    is_closed: bool,
}

impl Shared {
    /// Sends a request; the returned guard cancels it unless it has ended by itself.
    async fn request(
        self: &Arc<Self>,
        method: &str,
        args: &str,
        waiter: Waiter,
        credit: u32,
    ) -> Result<ExchangeGuard, RpcError> {
        let room = self
            .lane
            .mailbox()
            .reserve(method.len() + args.len() + REQUEST_OVERHEAD)
            .await;
        let room = room.map_err(|_| unavailable("not_sent"))?;

        // Ids must reach the peer rising, so giving one and queueing its request is one step.
        let mut state = self.lock();
        if state.is_closed {
            // The socket has ended since there was room: nobody would ever answer.
            return Err(unavailable("not_sent"));
        }
        let id = state.in_flight.open(waiter);
        let mut out = self.lane.begin(method.len() + args.len() + REQUEST_OVERHEAD);
        Envelope::Request {
            id,
            credit,
            method,
            json: args,
        }
        .encode(&mut out);
        if room.send(out.into()).is_err() {
            state.in_flight.close(id);
            return Err(unavailable("not_sent"));
        }
        Ok(ExchangeGuard {
            id,
            shared: self.clone(),
        })
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

    /// Sends a short message of an exchange. There are at most a few for each request, which did wait for room.
    fn control(&self, envelope: Envelope<'_>) {
        let mut out = self.lane.begin(24);
        envelope.encode(&mut out);
        // When the socket has ended, so has the exchange.
        let _ = self.lane.mailbox().send_control(out.into());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cancels an exchange that is given up before its end.
#[derive(Debug)]
struct ExchangeGuard {
    id: u64,
    shared: Arc<Shared>,
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        if self.shared.lock().in_flight.close(self.id) {
            self.shared.control(Envelope::Cancel { id: self.id });
        }
    }
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
                    self.exchange.shared.control(Envelope::Credit {
                        id: self.exchange.id,
                        items,
                    });
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

impl Inbound for CallerInbound {
    fn receive(&mut self, data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        let envelope = match Envelope::decode(data) {
            Ok(Envelope::Hello { .. }) => return Receipt::Taken,
            Ok(Envelope::Event { event, json }) => return self.event(event, json),
            Ok(envelope) => envelope,
            Err(_) => return Receipt::Fault,
        };
        let handled = self.shared.lock().in_flight.handle(envelope);
        match handled {
            Handled::Taken => Receipt::Taken,
            Handled::Fault => Receipt::Fault,
            Handled::Broken { id } => {
                self.shared.control(Envelope::Cancel { id });
                Receipt::Fault
            }
        }
    }

    fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
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
        let mut state = self.shared.lock();
        state.is_closed = true;
        for reader in state.events.drain(..) {
            reader.close();
        }
        state.in_flight.fail_all(&unavailable("unknown"));
    }
}

/// The connection is lost; `outcome` says whether the peer may have run the call.
fn unavailable(outcome: &str) -> RpcError {
    let data = RawValue::from_string(format!(r#"{{"outcome":"{outcome}"}}"#)).ok();
    RpcError::new(Code::Unavailable, "the connection was lost").with_data(data)
}

/// Head of a request: kind, id, credit and separators.
const REQUEST_OVERHEAD: usize = 48;
