//! The calling half of one channel of one socket, of either side.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::value::RawValue;

use super::contract::Hashes;
use super::error::RpcError;
use super::greeting::{Greeting, Stale, greeting};
use super::in_flight::{Handled, InFlight, Pace};
use super::rpc_channel::{EventInbox, RpcChannel};
use super::serving::{ClientHandler, Serving};
use crate::channel::{Lane, Receipt, Turn};
use crate::inbox::Inbox;
use crate::mailbox::{Bond, Late};
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, answered};
use crate::proto::limits::{CALLBACKS, Limits};
use crate::proto::text::Text;

/// The calling half of one channel, as the socket's driver sees it: it hears the answers to what handles ask.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    shared: Arc<Shared>,
}

/// Which side calls.
#[derive(Clone, Debug)]
pub(super) enum Opener {
    /// It greets, has odd ids and hears events.
    Client {
        limits: Limits,
        hashes: Option<fn() -> &'static Hashes>,
    },
    /// It has even ids; the serving half greets.
    Server,
}

impl Calls {
    pub(super) fn new(lane: Arc<Lane>, opener: Opener) -> (RpcChannel, Self) {
        let calls = Self::of(lane, opener);
        (calls.channel(), calls)
    }

    fn of(lane: Arc<Lane>, opener: Opener) -> Self {
        let state = State {
            in_flight: InFlight::new(opener.first_id()),
            session: 0,
            has_greeted: opener.is_server(),
            stale: Stale::default(),
            events: Vec::new(),
            serving: None,
            is_closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                lane,
                opener,
                under_way: AtomicUsize::new(0),
                state: Mutex::new(state),
            }),
        }
    }

    /// Returns a handle that calls.
    pub(super) fn channel(&self) -> RpcChannel {
        RpcChannel::new(self.shared.clone())
    }

    /// Returns whether this side gives such ids to the exchanges that it opens [R-1].
    pub(super) fn is_mine(&self, id: u64) -> bool {
        id % 2 == self.shared.opener.first_id() % 2
    }

    /// Takes what the peer says of an exchange of ours; on a client also a greeting and events.
    pub(super) fn handle(&self, envelope: Envelope<'_>, turn: &mut Turn<'_, '_>) -> Receipt {
        match envelope {
            Envelope::Hello { json } => self.greeted(json),
            Envelope::Event { event, json } if !self.shared.opener.is_server() => self.event(event, json),
            envelope => {
                let handled = self.shared.lock().in_flight.handle(envelope);
                match handled {
                    Handled::Taken => Receipt::Taken,
                    Handled::Fault => Receipt::Fault,
                    Handled::Broken { id } => {
                        turn.urgent.push(self.shared.encode(Envelope::Cancel { id }));
                        Receipt::Fault
                    }
                }
            }
        }
    }

    /// Ends the exchange that an unreadable envelope was for, or it would never end [Q-5].
    pub(super) fn unreadable(&self, data: &str, turn: &mut Turn<'_, '_>) {
        let Some(id) = answered(data) else {
            return;
        };
        let error = RpcError::new(Code::Internal, "the peer's answer can't be read");
        if self.shared.lock().in_flight.fail(id, &error).is_some() {
            turn.urgent.push(self.shared.encode(Envelope::Cancel { id }));
        }
    }

    /// A session has opened.
    pub(super) fn opened(&self, turn: &mut Turn<'_, '_>) {
        let mut state = self.shared.lock();
        self.shared.greet(&mut state, |hello| turn.out.push(hello));
    }

    /// [R-12]: the session has ended, and this has not left with it. Returns the request anew, if it is one that somebody waits for.
    pub(super) fn recall(&self, data: &str) -> Option<Box<dyn Late>> {
        let Ok(Envelope::Request { id, json, .. }) = Envelope::decode(data) else {
            return None;
        };
        self.shared.lock().in_flight.recall(id, json)
    }

    /// [R-11]: the session has ended, so nobody will ever answer. Numbers start anew. Returns the requests that are sent again in
    /// the next session, ahead of what waits [R-18] [S-14]; dropped, they are settled like the others.
    pub(super) fn lost(&self) -> Vec<Box<dyn Late>> {
        let (again, lost) = {
            let mut state = self.shared.lock();
            state.session += 1;
            state.has_greeted = self.shared.opener.is_server();
            state.stale = Stale::default();
            let none = InFlight::new(self.shared.opener.first_id());
            std::mem::replace(&mut state.in_flight, none).lose()
        };
        let error = unavailable("unknown");
        for lost in lost {
            lost.fail(&error);
        }
        again
    }

    /// Returns whether the peer has a call of this side under way; streams are none.
    pub(super) fn is_busy(&self) -> bool {
        self.shared.lock().in_flight.has_calls()
    }

    /// The socket has ended.
    pub(super) fn close(&self) {
        drop(self.lost());
        let (events, serving) = {
            let mut state = self.shared.lock();
            state.is_closed = true;
            (std::mem::take(&mut state.events), state.serving.take())
        };
        for reader in events {
            reader.close();
        }
        // It is the application's, so its destructor runs behind the lock.
        drop(serving);
    }

    /// Takes what is to serve from now on, if that has changed.
    pub(super) fn take_serving(&self) -> Option<Box<dyn Serving>> {
        self.shared.lock().serving.take()
    }

    /// Settles the calls of methods that the server has otherwise; later ones fail before they are sent.
    fn greeted(&self, json: &str) -> Receipt {
        let Opener::Client { hashes, .. } = &self.shared.opener else {
            return Receipt::Fault;
        };
        let Some(own) = hashes else {
            return Receipt::Taken;
        };
        let stale = Greeting::decode(json).stale(own());
        let mut state = self.shared.lock();
        state.stale = stale;
        if state.stale.is_empty() {
            return Receipt::Taken;
        }
        let State { in_flight, stale, .. } = &mut *state;
        let ended = in_flight.fail_methods(|method| stale.error(self.shared.lane.name(), method));
        let session = state.session;
        drop(state);
        for (id, pace) in ended {
            self.shared.control(session, Envelope::Cancel { id }, pace);
        }
        Receipt::Taken
    }

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

impl Opener {
    pub(super) const fn is_server(&self) -> bool {
        matches!(self, Self::Server)
    }

    const fn first_id(&self) -> u64 {
        match self {
            Self::Client { .. } => 1,
            Self::Server => 2,
        }
    }
}

/// The calls of a server to one client in one channel, made when one is first wanted: few channels have any.
///
/// Any task may ask for them; the serving half hears the answers, and calls [`Calls::close`] at its end.
#[derive(Debug)]
pub(super) struct LazyCalls {
    lane: Arc<Lane>,
    calls: OnceLock<Calls>,
}

impl LazyCalls {
    pub(super) const fn new(lane: Arc<Lane>) -> Self {
        Self {
            lane,
            calls: OnceLock::new(),
        }
    }

    /// Returns a handle that calls the client. Once the socket has ended its calls fail.
    pub(super) fn channel(&self) -> RpcChannel {
        let make = || Calls::of(self.lane.clone(), Opener::Server);
        self.calls.get_or_init(make).channel()
    }

    /// Returns the calls, if there ever was one.
    pub(super) fn get(&self) -> Option<&Calls> {
        self.calls.get()
    }
}

/// What the handles of one channel share with its driver.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) lane: Arc<Lane>,
    pub(super) opener: Opener,
    /// Calls of a server that have not ended.
    under_way: AtomicUsize,
    state: Mutex<State>,
}

pub(super) struct State {
    /// What was asked in this session.
    pub(super) in_flight: InFlight,
    /// Counts the sessions that have ended.
    pub(super) session: u64,
    /// Whether this session's first envelope was written.
    has_greeted: bool,
    /// What the server of this session has otherwise.
    pub(super) stale: Stale,
    events: Vec<Arc<EventInbox>>,
    /// What serves the other side's calls from now on, until the driver takes it.
    serving: Option<Box<dyn Serving>>,
    is_closed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("in_flight", &self.in_flight)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Counts a call until it is dropped. A client that doesn't answer must not hold any number of the server's.
    pub(super) fn begin(self: &Arc<Self>) -> Result<UnderWay, RpcError> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        let under_way = UnderWay(self.clone());
        if self.opener.is_server() && before >= CALLBACKS {
            let error = "the client leaves too many calls unanswered";
            return Err(RpcError::new(Code::ResourceExhausted, error));
        }
        Ok(under_way)
    }

    /// Returns why a method must not be called in this session.
    pub(super) fn stale(&self, method: &str) -> Option<RpcError> {
        self.lock().stale.error(self.lane.name(), method)
    }

    /// Writes the greeting, unless it was.
    pub(super) fn greet(&self, state: &mut State, send: impl FnOnce(Text)) {
        if std::mem::replace(&mut state.has_greeted, true) {
            return;
        }
        if let Opener::Client { hashes, .. } = &self.opener {
            let schema = hashes.map(|hashes| hashes().schema.as_str());
            let json = &greeting(schema, None);
            send(self.encode(Envelope::Hello { json }));
        }
    }

    /// Adds a reader of events.
    pub(super) fn open_events(&self) -> Arc<EventInbox> {
        let Opener::Client { limits, .. } = &self.opener else {
            // Events are the server's own.
            let none = Arc::new(Inbox::new(&Limits::default()));
            none.close();
            return none;
        };
        let inbox = Arc::new(Inbox::new(limits));
        let mut state = self.lock();
        if state.is_closed {
            inbox.close();
        } else {
            state.events.push(inbox.clone());
        }
        inbox
    }

    /// Leaves to the driver what serves from now on.
    pub(super) fn serve(&self, handler: ClientHandler) {
        let Opener::Client { limits, .. } = &self.opener else {
            return;
        };
        let serving = handler.start(self.lane.clone(), limits);
        let unused = {
            let mut state = self.lock();
            if state.is_closed {
                Some(serving)
            } else {
                state.serving.replace(serving)
            }
        };
        // Of the application, so dropped behind the lock.
        drop(unused);
    }

    /// Sends a short message of an exchange, in its own session or never. There are at most a few for each request, which did
    /// wait for room.
    pub(super) fn control(self: &Arc<Self>, session: u64, envelope: Envelope<'_>, pace: Pace) {
        let control = Box::new(Control {
            shared: self.clone(),
            session,
            text: self.encode(envelope),
        });
        let mailbox = self.lane.mailbox();
        // When the socket has ended, so has the exchange.
        let _ = match pace {
            Pace::InOrder => mailbox.send_control(control),
            Pace::Urgent => mailbox.send_urgent(control),
        };
    }

    /// Writes an envelope as a message of the channel.
    pub(super) fn encode(&self, envelope: Envelope<'_>) -> Text {
        let mut text = self.lane.begin(32);
        envelope.encode(&mut text);
        text.into()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that has not ended.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A short message that goes with an exchange of one session.
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

    fn is_part(&self) -> bool {
        true
    }
}

/// The connection is lost; `outcome` says whether the peer may have run the call.
pub(super) fn unavailable(outcome: &str) -> RpcError {
    let data = RawValue::from_string(format!(r#"{{"outcome":"{outcome}"}}"#)).ok();
    RpcError::new(Code::Unavailable, "the connection was lost").with_data(data)
}

#[cfg(test)]
mod tests;
