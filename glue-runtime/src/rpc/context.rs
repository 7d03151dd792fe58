//! What a method may know about its call, and the way back to the caller's page.

use std::net::IpAddr;
use std::sync::Arc;

use super::message::EventMessage;
use crate::channel::Lane;
use crate::error::{Error, ErrorKind};
use crate::proto::text::Text;
use crate::session::CloseReason;

/// The circumstances of one call: who calls, and how to send events to that socket.
///
/// A method takes it as `cx: &Context` right behind `&self`. Cheap to clone; a clone may outlive the call.
#[derive(Clone, Debug)]
pub struct Context {
    method: &'static str,
    lane: Arc<Lane>,
}

impl Context {
    pub(crate) fn new(method: &'static str, lane: Arc<Lane>) -> Self {
        Self { method, lane }
    }

    /// Returns the wire name of the method.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// Returns the caller's socket id: it names the socket, and proves nothing.
    pub fn socket_id(&self) -> &str {
        self.lane.mailbox().socket_id()
    }

    /// Returns the caller's network address, if the socket has one.
    pub fn remote_addr(&self) -> Option<IpAddr> {
        self.lane.mailbox().peer().remote_addr
    }

    /// Returns the `User-Agent` with which the socket was opened.
    pub fn user_agent(&self) -> Option<&str> {
        self.lane.mailbox().peer().user_agent.as_deref()
    }

    /// Returns a clone of the value of this type that is bound to the caller's socket: by
    /// [`Socket::set_value`](crate::Socket::set_value), by
    /// [`SocketRequest::set_value`](crate::SocketRequest::set_value) before the socket was accepted, or by another call.
    pub fn value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lane.mailbox().values().get()
    }

    /// Binds a value to the caller's socket, and returns the former one of the same type. There is one place per type.
    ///
    /// It lives as long as any handle to the socket, unless it is replaced or removed; so one that owns such a handle, a
    /// [`Context`] or an [`Emitter`], keeps both for ever.
    pub fn set_value<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.lane.mailbox().values().set(value)
    }

    /// Removes the value of this type from the caller's socket and returns it.
    pub fn remove_value<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.lane.mailbox().values().remove()
    }

    /// Returns a handle that sends events on this channel to this socket.
    pub fn emitter(&self) -> Emitter {
        Emitter {
            lane: self.lane.clone(),
        }
    }

    /// Sends an event to the caller's socket; see [`Emitter::emit`].
    ///
    /// # Errors
    /// As [`Emitter::emit`].
    pub async fn emit<E: EventMessage>(&self, event: &E) -> Result<(), Error> {
        emit(&self.lane, event).await
    }

    /// Waits for the end of the caller's socket. Cancel safe.
    ///
    /// Not inside the method itself: that is dropped with the socket. Await it in a task of one's own, with a clone.
    pub async fn closed(&self) -> CloseReason {
        self.lane.mailbox().closed().await
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
}

async fn emit<E: EventMessage>(lane: &Lane, event: &E) -> Result<(), Error> {
    lane.mailbox().send(encode(lane, event)?).await
}

/// Writes `ev&<event>&<json>` as a message of the channel.
fn encode<E: EventMessage>(lane: &Lane, event: &E) -> Result<Text, Error> {
    let mut out = lane.begin(128);
    out.push_str("ev&");
    out.push_str(event.name());
    out.push('&');
    event
        .encode(&mut out)
        .map_err(|error| Error::new(ErrorKind::Config, error))?;
    Ok(out.into())
}
