//! A channel that carries typed calls, as the application holds it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::future::{Either, FutureExt as _};
use futures_util::{Stream, stream};
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep_until};

use super::caller::{CallOptions, CallRequest, Caller, OnLoss};
use super::calls::{Shared, unavailable};
use super::error::RpcError;
use super::exchange::{Exchange, ExchangeGuard, Notification, Opening, Question};
use super::in_flight::Waiter;
use super::item_queue::{ItemQueue, Taken};
use super::serving::{ClientHandler, ServeRpc};
use super::trace::TraceContext;
use super::upload::Pump;
use crate::channel::SocketGuard;
use crate::clock::now;
use crate::inbox::Inbox;
use crate::mailbox::Late;
use crate::proto::code::Code;
use crate::proto::limits::{CALLBACK_TIMEOUT, MAX_TIMEOUT};

/// A channel that carries typed calls, to a server or, inside of a service, to one of its clients. Cheap to clone.
///
/// Calls of a server have 30 s unless they say otherwise, and there are at most 1,024 of them in one channel of a socket at the same
/// time; one more fails with [`Code::ResourceExhausted`](crate::Code::ResourceExhausted). They fail with
/// [`Code::Unavailable`](crate::Code::Unavailable) when the socket ends.
#[derive(Clone)]
pub struct RpcChannel {
    shared: Arc<Shared>,
    /// Where its calls belong that don't say so themselves.
    trace: Option<TraceContext>,
    _socket: Option<SocketGuard>,
}

impl RpcChannel {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            trace: None,
            _socket: None,
        }
    }

    /// Makes its calls belong there, unless they say otherwise.
    pub(super) fn traced(self, trace: Option<TraceContext>) -> Self {
        Self { trace, ..self }
    }

    /// Makes the handle keep a socket open.
    #[cfg(feature = "client")]
    pub(crate) fn keeping(self, socket: SocketGuard) -> Self {
        Self {
            _socket: Some(socket),
            ..self
        }
    }

    /// Makes a request, without anything that waits: what a future holds is moved about with it.
    fn prepare(&self, request: CallRequest, waiter: Waiter) -> Result<Prepared, RpcError> {
        let CallRequest {
            method,
            args,
            items,
            options,
            on_loss,
        } = request;
        let deadline = self.deadline(options);
        let question = Question {
            method,
            deadline,
            trace: self.trace(options),
            on_loss,
        };
        let upload = items.is_some().then(Arc::default);
        let under_way = self.shared.begin()?;
        let opening = Exchange::open(&self.shared, question, args, under_way, waiter, upload.clone())?;
        let exchange = opening.exchange();
        let pump = upload
            .zip(items)
            .map(|(upload, source)| Pump::new(exchange.clone(), upload, source));
        Ok(Prepared {
            opening,
            pump,
            deadline,
        })
    }

    fn deadline(&self, options: CallOptions) -> Option<Instant> {
        let unasked = self.shared.opener.is_server().then_some(CALLBACK_TIMEOUT);
        let timeout = options.timeout.or(unasked)?;
        Some(now() + timeout.min(MAX_TIMEOUT))
    }

    fn trace(&self, options: CallOptions) -> Option<String> {
        options.trace.or(self.trace).map(|trace| trace.to_string())
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
        let (sender, mut answer) = oneshot::channel();
        let Opened {
            exchange: _exchange,
            mut pump,
            mut timer,
        } = self.prepare(request, Waiter::Call(sender))?.open().await?;
        poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.poll_unpin(cx) {
                return Poll::Ready(answer.unwrap_or_else(|_| Err(unavailable("unknown"))));
            }
            if let Some(error) = poll_pump(&mut pump, cx) {
                return Poll::Ready(Err(error));
            }
            match &mut timer {
                Some(timer) => timer.as_mut().poll(cx).map(|()| Err(too_late())),
                None => Poll::Pending,
            }
        })
        .await
    }

    async fn notify(&self, request: CallRequest) -> Result<(), RpcError> {
        let CallRequest {
            method,
            args,
            options,
            ..
        } = request;
        if let Some(error) = self.shared.stale(method) {
            return Err(error);
        }
        let notification = Notification::new(&self.shared, method, &args, self.trace(options).as_deref());
        within(self.deadline(options), async {
            let room = self.shared.lane.mailbox().reserve(notification.size()).await;
            let notification: Box<dyn Late> = Box::new(notification);
            room.and_then(|room| room.send(notification))
                .map_err(|_| unavailable("not_sent"))
        })
        .await
    }

    fn stream(&self, request: CallRequest) -> impl Stream<Item = Result<String, RpcError>> + Send + 'static {
        let channel = self.clone();
        let start = async move {
            match channel.start(request).await {
                Ok(items) => Either::Left(items),
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

impl RpcChannel {
    /// Opens a stream, whose time runs from here.
    async fn start(self, request: CallRequest) -> Result<ItemStream, RpcError> {
        // Where items go up as well, the stream can't begin again.
        let is_tracked = matches!(request.on_loss, OnLoss::ResumeFrom(_)) && request.items.is_none();
        let items = Arc::new(ItemQueue::new(is_tracked));
        let prepared = self.prepare(request, Waiter::Stream(items.clone()))?;
        let Opened {
            exchange,
            pump,
            timer,
        } = prepared.open().await?;
        Ok(ItemStream {
            items,
            pump,
            timer,
            exchange,
            _channel: self,
        })
    }
}

impl ServeRpc for RpcChannel {
    fn serve(&self, handler: ClientHandler) {
        self.shared.serve(handler);
    }
}

/// A call that was not made yet.
struct Prepared {
    opening: Opening,
    pump: Option<Pump>,
    deadline: Option<Instant>,
}

/// A call that was made.
struct Opened {
    /// Cancels the call when it is dropped.
    exchange: ExchangeGuard,
    /// Moves the caller's items.
    pump: Option<Pump>,
    /// Runs out with the call's time.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Prepared {
    /// Queues the request.
    async fn open(self) -> Result<Opened, RpcError> {
        let Self {
            opening,
            pump,
            deadline,
        } = self;
        let exchange = match opening.try_send() {
            Ok(exchange) => exchange?,
            // In a box, as hardly any call has to wait for room, and all would have room for that in them.
            Err(opening) => Box::pin(within(deadline, opening.send())).await?,
        };
        Ok(Opened {
            exchange,
            pump,
            timer: deadline.map(|deadline| Box::pin(sleep_until(deadline.into()))),
        })
    }
}

/// Waits for work until its time has run out.
async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, RpcError>>,
) -> Result<T, RpcError> {
    match deadline {
        Some(deadline) => {
            let in_time = tokio::time::timeout_at(deadline.into(), work).await;
            in_time.unwrap_or_else(|_| Err(too_late()))
        }
        None => work.await,
    }
}

fn too_late() -> RpcError {
    RpcError::new(Code::DeadlineExceeded, "the call's time ran out")
}

/// Moves items to the callee; returns why their source has failed.
fn poll_pump(pump: &mut Option<Pump>, cx: &mut Context<'_>) -> Option<RpcError> {
    let Poll::Ready(ended) = pump.as_mut()?.poll(cx) else {
        return None;
    };
    *pump = None;
    ended.err()
}

/// The items of one stream; polling it also moves those that go the other way.
struct ItemStream {
    items: Arc<ItemQueue>,
    pump: Option<Pump>,
    /// Runs out with the call's time.
    timer: Option<Pin<Box<Sleep>>>,
    exchange: ExchangeGuard,
    _channel: RpcChannel,
}

impl ItemStream {
    /// Gives up the exchange; the items that have come are still there.
    fn fail(&mut self, error: RpcError) {
        self.items.end(Some(error));
        self.exchange.cancel();
        self.pump = None;
        self.timer = None;
    }
}

impl Stream for ItemStream {
    type Item = Result<String, RpcError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // First, as items may always be at hand.
        let is_late = self
            .timer
            .as_mut()
            .is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        if is_late {
            self.fail(too_late());
        }
        if let Some(error) = poll_pump(&mut self.pump, cx) {
            self.fail(error);
        }
        self.items.poll_take(cx).map(|taken| {
            taken.map(|taken| {
                let Taken { item, grant } = taken?;
                if let Some(grant) = grant {
                    self.exchange.grant(grant);
                }
                Ok(item)
            })
        })
    }
}

/// Events of a channel, each with its name and its JSON, for one reader.
pub(super) type EventInbox = Inbox<(String, String)>;

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
