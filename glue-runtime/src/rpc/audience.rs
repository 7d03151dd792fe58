//! All sockets that have opened a channel, and events for them.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::context::write_event;
use super::message::EventMessage;
use crate::error::Error;
use crate::mailbox::{Delivery, FanOut, Mailbox, SlowConsumer};
use crate::proto::pair;
use crate::table;

/// All sockets that have opened a typed channel: a handle to send them events, each encoded once. Cheap to clone.
///
/// A socket is among them from its first call on the channel until it ends. [`Groups`](crate::Groups) are some of them.
pub struct Everyone<E> {
    audience: Arc<Audience>,
    slow_consumer: SlowConsumer,
    event: PhantomData<fn(&E)>,
}

impl<E: EventMessage> Everyone<E> {
    pub(crate) fn new(audience: Arc<Audience>) -> Self {
        Self {
            audience,
            slow_consumer: SlowConsumer::default(),
            event: PhantomData,
        }
    }

    /// Sets what happens to sockets that are too slow; default [`SlowConsumer::Close`].
    #[must_use]
    pub fn slow_consumer(mut self, policy: SlowConsumer) -> Self {
        self.slow_consumer = policy;
        self
    }

    /// Sends an event to all of them.
    ///
    /// Waits under [`SlowConsumer::Wait`] only, and then for all sockets at once. A future that is dropped has sent to those
    /// that had room.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when JSON can't hold the event.
    pub async fn emit(&self, event: &E) -> Result<Delivery, Error> {
        send_event(event, self.slow_consumer, self.audience.list()).await
    }

    /// Sends an event to all of them but one.
    ///
    /// # Errors
    /// As [`Everyone::emit`].
    pub async fn emit_except(&self, event: &E, socket_id: &str) -> Result<Delivery, Error> {
        let mut sockets = self.audience.list();
        sockets.retain(|mailbox| mailbox.socket_id() != socket_id);
        send_event(event, self.slow_consumer, sockets).await
    }

    /// Returns how many sockets there are.
    pub fn len(&self) -> usize {
        self.audience.lock().len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E> Clone for Everyone<E> {
    fn clone(&self) -> Self {
        Self {
            audience: self.audience.clone(),
            ..*self
        }
    }
}

impl<E> std::fmt::Debug for Everyone<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Everyone")
            .field("slow_consumer", &self.slow_consumer)
            .finish_non_exhaustive()
    }
}

/// The sockets that have opened one channel of a server.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// By their addresses, which nothing else has as long as they are here.
    sockets: Mutex<HashMap<usize, Arc<Mailbox>>>,
}

impl Audience {
    /// Adds a socket, for as long as the guard lives.
    pub(crate) fn enter(self: &Arc<Self>, mailbox: &Arc<Mailbox>) -> Attendance {
        let key = Arc::as_ptr(mailbox).addr();
        self.lock().insert(key, mailbox.clone());
        Attendance {
            audience: self.clone(),
            key,
        }
    }

    fn list(&self) -> Vec<Arc<Mailbox>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<usize, Arc<Mailbox>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a socket in an [`Audience`]; what serves the channel owns it.
#[must_use]
#[derive(Debug)]
pub(crate) struct Attendance {
    audience: Arc<Audience>,
    key: usize,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        // It may be the last handle of the socket, with which the application's values go: not under the lock.
        let mailbox = table::remove(&mut self.audience.lock(), &self.key);
        drop(mailbox);
    }
}

/// Sends an event to these sockets, encoded once. All get it on the event's channel, so one prefix serves all.
pub(crate) async fn send_event<E: EventMessage>(
    event: &E,
    slow_consumer: SlowConsumer,
    sockets: Vec<Arc<Mailbox>>,
) -> Result<Delivery, Error> {
    let text = write_event(pair::prefix(E::CHANNEL), event)?;
    let mut fan_out = FanOut::new(&text, slow_consumer);
    // Each is let go while its memory is at hand: there may be thousands.
    for mailbox in sockets {
        fan_out.offer(&mailbox);
    }
    Ok(fan_out.finish().await)
}
