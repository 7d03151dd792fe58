//! Where a client stands, and who is told of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use crate::error::Error;
use crate::proto::frame::Frame;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::text::Text;
use crate::session::CloseReason;

/// Where a client stands. It changes at the moment of a loss, not with the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientState {
    /// The first attempt is under way.
    Connecting,
    /// There is a connection, and a session on it.
    Connected,
    /// The connection, or an attempt to get one, was lost; there will be another.
    Reconnecting,
    /// It is over for good.
    Closed,
}

/// A turn in the life of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The first attempt begins.
    Connecting,
    /// The server has accepted a session, or goes on with the one that there was: then `socket_id` is as before. What waited in
    /// the send buffer goes out ahead of what is sent from now on.
    Connected {
        /// The name that the server gave to the session.
        socket_id: String,
    },
    /// The connection, or an attempt to get one, was lost; the next attempt follows after `delay`. The session may go on with it:
    /// it does if the next [`Connected`](Self::Connected) has the same socket id.
    Reconnecting {
        /// What happened; see [`Error::link`].
        error: Error,
        /// Time until the next attempt.
        delay: Duration,
    },
    /// Messages that were sent have waited for a connection for too long, or to the end, or turned out to be too long for the
    /// server, and were thrown away; in the order in which they were sent.
    Discarded(Arc<[DiscardedMessage]>),
    /// It is over for good. Nothing follows.
    Closed {
        /// Why.
        reason: CloseReason,
        /// What happened last, unless the application has closed the client; see [`Error::link`].
        error: Option<Error>,
    },
}

/// A message that was sent and never left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiscardedMessage {
    /// The name of its channel; `m` is the main channel.
    pub channel: String,
    /// What was sent; on the channel of a generated client, a notification as it is on the wire.
    pub text: String,
}

impl DiscardedMessage {
    /// Reads a message of ours.
    fn read(text: &str) -> Option<Self> {
        let Ok(Frame::ChannelData(data)) = Frame::decode(text) else {
            return None;
        };
        let (channel, text) = pair::decode(data, LengthUnit::Bytes).ok()?;
        Some(Self {
            channel: channel.to_owned(),
            text: text.to_owned(),
        })
    }
}

/// Told by the supervisor, heard by the handles.
#[derive(Debug)]
pub(super) struct Status {
    current: watch::Sender<Snapshot>,
    events: broadcast::Sender<ClientEvent>,
    /// Has heard everything; for the first who asks. The end is told under this lock, so that nobody begins to listen behind
    /// it.
    first: Mutex<Option<broadcast::Receiver<ClientEvent>>>,
    /// What was too long for the server in this turn of the driver.
    unsendable: Mutex<Vec<Text>>,
}

/// Where the client stands at one moment.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) state: ClientState,
    /// The server's name for the session.
    pub(super) socket_id: Option<String>,
    /// Sessions so far.
    pub(super) sessions: u64,
    /// What has happened last to the link.
    pub(super) error: Option<Error>,
    /// Whether the session is kept while there is no connection.
    pub(super) is_kept: bool,
}

impl Status {
    pub(super) fn new() -> Self {
        let (events, first) = broadcast::channel(EVENTS);
        // Whoever listens first hears this one, too.
        let _ = events.send(ClientEvent::Connecting);
        let snapshot = Snapshot {
            state: ClientState::Connecting,
            socket_id: None,
            sessions: 0,
            error: None,
            is_kept: false,
        };
        Self {
            current: watch::Sender::new(snapshot),
            events,
            first: Mutex::new(Some(first)),
            unsendable: Mutex::default(),
        }
    }

    pub(super) fn connected(&self, socket_id: String) {
        self.current.send_modify(|current| {
            current.state = ClientState::Connected;
            current.socket_id = Some(socket_id.clone());
            current.sessions += 1;
            current.error = None;
            current.is_kept = false;
        });
        self.tell(ClientEvent::Connected { socket_id });
    }

    /// The session goes on over another link.
    pub(super) fn resumed(&self) {
        self.current.send_modify(|current| {
            current.state = ClientState::Connected;
            current.error = None;
            current.is_kept = false;
        });
        if let Some(socket_id) = self.now().socket_id {
            self.tell(ClientEvent::Connected { socket_id });
        }
    }

    /// The session that was kept has ended.
    pub(super) fn gave_up(&self) {
        self.current.send_modify(|current| {
            current.socket_id = None;
            current.is_kept = false;
        });
    }

    /// `is_kept` says whether the session goes on with the next link, if that comes in time.
    pub(super) fn reconnecting(&self, error: Error, delay: Duration, is_kept: bool) {
        if is_kept {
            self.current.send_modify(|current| {
                current.state = ClientState::Reconnecting;
                current.error = Some(error.clone());
                current.is_kept = true;
            });
        } else {
            self.leave(ClientState::Reconnecting, Some(error.clone()));
        }
        self.tell(ClientEvent::Reconnecting { error, delay });
    }

    pub(super) fn closed(&self, reason: CloseReason, error: Option<Error>) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        self.leave(ClientState::Closed, error.clone());
        self.tell(ClientEvent::Closed { reason, error });
        // Who never listened needs no events any more.
        *first = None;
    }

    /// Takes note of a message that is too long for the server.
    pub(super) fn unsendable(&self, text: Text) {
        self.lock_unsendable().push(text);
    }

    /// Tells of what was too long: at once, as many events of one turn would push each other out.
    pub(super) fn tell_unsendable(&self) {
        let texts = std::mem::take(&mut *self.lock_unsendable());
        if !texts.is_empty() {
            self.discarded(&texts);
        }
    }

    /// Tells of messages that will never be sent.
    pub(super) fn discarded(&self, texts: &[Text]) {
        let messages = texts
            .iter()
            .filter_map(|text| DiscardedMessage::read(text))
            .collect();
        self.tell(ClientEvent::Discarded(messages));
    }

    fn tell(&self, event: ClientEvent) {
        // Nobody may listen.
        let _ = self.events.send(event);
    }

    pub(super) fn now(&self) -> Snapshot {
        self.current.borrow().clone()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.current.borrow().state == ClientState::Connected
    }

    /// Returns whether there is a session, be it one that is kept without a connection.
    pub(super) fn has_session(&self) -> bool {
        let current = self.current.borrow();
        current.state == ClientState::Connected || current.is_kept
    }

    /// Waits for a moment such as this.
    pub(super) async fn wait_for(&self, is_it: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let mut current = self.current.subscribe();
        match current.wait_for(is_it).await {
            Ok(snapshot) => snapshot.clone(),
            // The sender lives as long as `self`.
            Err(_) => self.now(),
        }
    }

    /// Returns the events; see [`Client::events`](super::Client::events).
    pub(super) fn events(self: &Arc<Self>) -> impl Stream<Item = ClientEvent> + Send + use<> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let has_ended = self.now().state == ClientState::Closed;
        let receiver = (!has_ended).then(|| first.take().unwrap_or_else(|| self.events.subscribe()));
        drop(first);
        stream::unfold(receiver, |receiver| async move {
            let mut receiver = receiver?;
            loop {
                match receiver.recv().await {
                    Ok(event) => {
                        let is_last = matches!(event, ClientEvent::Closed { .. });
                        return Some((event, (!is_last).then_some(receiver)));
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        })
    }

    fn lock_unsendable(&self) -> MutexGuard<'_, Vec<Text>> {
        self.unsendable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, state: ClientState, error: Option<Error>) {
        self.current.send_modify(|current| {
            current.state = state;
            current.socket_id = None;
            current.error = error;
            current.is_kept = false;
        });
    }
}

/// Events that wait for a listener at most; with half as many a listener that sleeps through an outage of a minute might miss
/// its beginning.
const EVENTS: usize = 64;
