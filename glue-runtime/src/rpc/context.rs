//! What a method may know about its call, and the way back to the caller's page.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audience::Everyone;
use super::dispatch::Exchange;
use super::exchanges::Exchanges;
use super::message::EventMessage;
use super::rpc_channel::RpcChannel;
use super::trace::TraceContext;
use crate::channel::Lane;
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::mailbox::Mailbox;
use crate::proto::text::Text;
use crate::session::CloseReason;

/// The circumstances of one call: who calls, how long it may take, and the ways back to that socket.
///
/// A method takes it as `cx: &Context` right behind `&self`. Cheap to clone; a clone may outlive the call.
#[derive(Clone, Debug)]
pub struct Context {
    method: &'static str,
    key: u64,
    exchanges: Arc<Exchanges>,
    deadline: Option<Instant>,
    trace: Option<TraceContext>,
}

impl Context {
    pub(super) fn new(
        exchange: &Exchange,
        exchanges: Arc<Exchanges>,
        deadline: Option<Instant>,
        trace: Option<TraceContext>,
    ) -> Self {
        Self {
            method: exchange.method,
            key: exchange.key,
            exchanges,
            deadline,
            trace,
        }
    }

    /// The circumstances of a call that nobody made.
    #[cfg(test)]
    pub(crate) fn of_lane(lane: Arc<Lane>) -> Self {
        Self {
            method: "method",
            key: 1,
            exchanges: Arc::new(Exchanges::new(lane, Arc::default())),
            deadline: None,
            trace: None,
        }
    }

    #[cfg(test)]
    pub(super) fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    pub(super) fn lane(&self) -> &Arc<Lane> {
        self.exchanges.lane()
    }

    /// Returns the wire name of the method.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Returns the wire name of the channel.
    pub fn channel(&self) -> &str {
        self.lane().name()
    }

    /// Returns when the call's time runs out: what its caller waits, within what the service allows
    /// ([`ChannelService::max_timeout`](crate::ChannelService::max_timeout) and its siblings). Then the method is dropped.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns how much of that time is left, zero when it has run out; `None` for a call that may take as long as it likes.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(now()))
    }

    /// Returns whether nobody waits for this call any more: it has ended, was cancelled, ran out of time, or its socket has
    /// ended.
    ///
    /// A method is dropped then, so this is for what it has started elsewhere with a clone, and for methods that are
    /// `#[glue(no_cancel)]` or `#[glue(blocking)]`.
    pub fn is_cancelled(&self) -> bool {
        self.exchanges.is_over(self.key)
    }

    /// Waits until nobody waits for this call any more; see [`Context::is_cancelled`]. Cancel safe.
    pub async fn cancelled(&self) {
        poll_fn(|cx| self.exchanges.poll_over(self.key, cx)).await;
    }

    /// Returns where the call belongs in a distributed trace, if its caller said so. The span `call`, in which the method runs,
    /// has it as `trace_id` and `parent_id`.
    pub fn trace(&self) -> Option<TraceContext> {
        self.trace
    }

    /// Returns what calls the methods that the client implements, those with `#[client]`; the generated `…Callback::of` wraps
    /// it. Its calls carry this call's trace context.
    pub fn caller(&self) -> RpcChannel {
        self.exchanges.calls().channel().traced(self.trace)
    }

    /// Returns the caller's socket id: it names the socket, and proves nothing.
    pub fn socket_id(&self) -> &str {
        self.lane().mailbox().socket_id()
    }

    /// Returns the caller's network address, if the socket has one: that of its last connection.
    pub fn remote_addr(&self) -> Option<IpAddr> {
        self.lane().mailbox().peer().remote_addr()
    }

    /// Returns the `User-Agent` with which the socket was opened.
    pub fn user_agent(&self) -> Option<&str> {
        self.lane().mailbox().peer().user_agent.as_deref()
    }

    /// Returns a clone of the value of this type that is bound to the caller's socket: by
    /// [`Socket::set_value`](crate::Socket::set_value), by
    /// [`SocketRequest::set_value`](crate::SocketRequest::set_value) before the socket was accepted, or by another call.
    pub fn value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lane().mailbox().values().get()
    }

    /// Binds a value to the caller's socket, and returns the former one of the same type. There is one place per type.
    ///
    /// It lives as long as any handle to the socket, unless it is replaced or removed; so one that owns such a handle, a
    /// [`Context`] or an [`Emitter`], keeps both for ever.
    pub fn set_value<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.lane().mailbox().values().set(value)
    }

    /// Removes the value of this type from the caller's socket and returns it.
    pub fn remove_value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lane().mailbox().values().remove()
    }

    /// Returns a handle that sends events on this channel to this socket.
    pub fn emitter(&self) -> Emitter {
        Emitter {
            lane: self.lane().clone(),
        }
    }

    /// Sends an event to the caller's socket; see [`Emitter::emit`].
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub async fn emit<E: EventMessage>(&self, event: &E) -> Result<(), Error> {
        emit(self.lane(), event).await
    }

    /// Returns all sockets that have opened this channel, to send them events.
    pub fn everyone<E: EventMessage>(&self) -> Everyone<E> {
        Everyone::new(self.exchanges.audience().clone())
    }

    /// Waits for the end of the caller's socket. Cancel safe.
    ///
    /// Not inside the method itself: that is dropped with the socket. Await it in a task of one's own, with a clone.
    pub async fn closed(&self) -> CloseReason {
        self.lane().mailbox().closed().await
    }
}

/// Sends the events of one channel to one socket, for as long as that lives. Cheap to clone and to keep.
#[derive(Clone, Debug)]
pub struct Emitter {
    lane: Arc<Lane>,
}

impl Emitter {
    /// Sends an event, waiting while the socket has too much to send already. Cancel safe.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when the socket has ended, [`ErrorKind::Config`] when JSON can't hold the event.
    pub async fn emit<E: EventMessage>(&self, event: &E) -> Result<(), Error> {
        emit(&self.lane, event).await
    }

    /// Sends an event if the socket has room for it now.
    ///
    /// # Errors
    /// [`ErrorKind::Full`] when it has not, else as [`Emitter::emit`].
    pub fn try_emit<E: EventMessage>(&self, event: &E) -> Result<(), Error> {
        self.lane.mailbox().try_send(encode(&self.lane, event)?)
    }

    /// Returns the id of the socket.
    pub fn socket_id(&self) -> &str {
        self.lane.mailbox().socket_id()
    }

    /// Returns whether the socket has ended, so that nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.lane.mailbox().is_closed()
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        self.lane.mailbox()
    }
}

impl From<&Self> for Emitter {
    fn from(emitter: &Self) -> Self {
        emitter.clone()
    }
}

impl From<&Context> for Emitter {
    fn from(cx: &Context) -> Self {
        cx.emitter()
    }
}

async fn emit<E: EventMessage>(lane: &Lane, event: &E) -> Result<(), Error> {
    lane.mailbox().send(encode(lane, event)?).await
}

fn encode<E: EventMessage>(lane: &Lane, event: &E) -> Result<Text, Error> {
    write_event(lane.begin(128), event)
}

/// Writes `ev&<event>&<json>` behind the channel's prefix.
pub(super) fn write_event<E: EventMessage>(mut out: String, event: &E) -> Result<Text, Error> {
    out.push_str("ev&");
    out.push_str(event.name());
    out.push('&');
    event
        .encode(&mut out)
        .map_err(|error| Error::new(ErrorKind::Config, error))?;
    Ok(out.into())
}
