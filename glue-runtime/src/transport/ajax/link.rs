//! What the requests of one Ajax client share with the driver of its session.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use thiserror::Error;
use tokio::sync::oneshot;

use super::push::{Push, PushSlot};
use crate::proto::ajax::{TIMED_OUT, poll_answer};
use crate::proto::limits::{MESSAGE_OVERHEAD, ServerLimits};
use crate::proto::text::Text;
use crate::transport::{Presence, TransportError};

/// One client of the Ajax transport.
pub(crate) struct AjaxLink {
    settings: AjaxSettings,
    state: Mutex<State>,
    /// Wakes the driver.
    driver: AtomicWaker,
}

/// Times and bounds of a link, and where its tokens come from.
#[derive(Clone, Debug)]
pub(crate) struct AjaxSettings {
    pub(crate) limits: ServerLimits,
    pub(crate) new_token: fn() -> io::Result<String>,
}

/// A request that is answered with an error and has no effect. The client is not told why: it is told apart by nothing
/// that a stranger could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("request refused")]
pub(crate) struct Refused;

/// What a poll gets.
pub(crate) enum Polled {
    /// This answer, at once.
    Answer(Bytes),
    /// Whatever comes first.
    Waiting(WaitingPoll),
}

pub(super) struct State {
    /// What the next poll must bear.
    token: String,
    /// The last answer that carried a message, until a poll with the next token confirms it.
    last: Option<Answer>,
    waiting: Option<Waiter>,
    /// Polls so far; the number names one.
    polls: u64,
    /// Messages in the order in which their requests arrived.
    pub(super) pushes: VecDeque<Push>,
    /// Pushes so far; the number names one.
    pub(super) pushed: u64,
    /// Pushes whose requests are not done.
    pub(super) arriving: usize,
    /// Weight of `pushes`.
    pub(super) push_bytes: usize,
    /// What broke the link: nothing that came later counts.
    pub(super) fault: Option<TransportError>,
    /// What has changed since the driver asked.
    presence: Option<Presence>,
    /// Whether bytes have moved since the driver asked.
    pub(super) moved: bool,
    /// Whether an answer is on its way: how far is not known, so it counts as moving, which the time of its
    /// [`Presence::Away`] bounds.
    answering: bool,
    closed: bool,
}

struct Answer {
    /// The token that it was asked for with.
    token: String,
    body: Bytes,
}

struct Waiter {
    id: u64,
    answer: oneshot::Sender<Bytes>,
}

impl AjaxLink {
    /// Makes a link whose first poll must bear `token`.
    pub(crate) fn new(token: String, settings: AjaxSettings) -> Self {
        let state = State {
            token,
            last: None,
            waiting: None,
            polls: 0,
            pushes: VecDeque::new(),
            pushed: 0,
            arriving: 0,
            push_bytes: 0,
            fault: None,
            presence: Some(Presence::Away {
                grace: settings.limits.unpolled,
            }),
            moved: false,
            answering: false,
            closed: false,
        };
        Self {
            settings,
            state: Mutex::new(state),
            driver: AtomicWaker::new(),
        }
    }

    /// Takes a poll.
    pub(crate) fn poll(self: &Arc<Self>, token: &str) -> Result<Polled, Refused> {
        let polled = {
            let mut state = self.lock();
            if state.closed {
                return Err(Refused);
            }
            if let Some(last) = state.last.as_ref().filter(|last| last.token == token) {
                let body = last.body.clone();
                state.note_presence(self.away(body.len()));
                Polled::Answer(body)
            } else if state.token == token {
                // Whoever waited with this token is replaced: a sender that is dropped refuses its poll.
                Polled::Waiting(self.wait(&mut state))
            } else {
                return Err(Refused);
            }
        };
        self.driver.wake();
        Ok(polled)
    }

    /// Takes a push whose message is still to come.
    pub(crate) fn begin_push(self: &Arc<Self>) -> Result<PushSlot, Refused> {
        let mut state = self.lock();
        if state.closed || state.fault.is_some() {
            return Err(Refused);
        }
        if state.arriving >= self.settings.limits.pushes {
            self.overflow(&mut state);
            return Err(Refused);
        }
        let id = state.pushed;
        state.pushed += 1;
        state.arriving += 1;
        state.push_bytes += MESSAGE_OVERHEAD;
        state.pushes.push_back(Push {
            id,
            weight: MESSAGE_OVERHEAD,
            text: None,
        });
        Ok(PushSlot::new(self.clone(), id))
    }

    /// Ends the session at once: more was pushed than may wait, and a push must not wait for room.
    pub(super) fn overflow(&self, state: &mut State) {
        state.break_off(0, TransportError::Overflow);
        state.note_presence(Presence::Broken(TransportError::Overflow));
        self.driver.wake();
    }

    /// Returns the bytes of messages that may wait.
    pub(super) fn push_bytes(&self) -> usize {
        self.settings.limits.push_bytes
    }

    /// Driver: registers who is woken by requests.
    pub(super) fn register(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Driver: returns whether a poll waits for a message.
    pub(super) fn has_poll(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// Driver: answers the poll that waits with a message.
    ///
    /// A poll that has just left will ask again with the token that it has.
    pub(super) fn answer(&self, text: &str) -> io::Result<()> {
        let token = (self.settings.new_token)()?;
        let mut state = self.lock();
        let body = Bytes::from(poll_answer(&token, text));
        state.note_presence(self.away(body.len()));
        state.answering = true;
        let asked_with = std::mem::replace(&mut state.token, token);
        state.last = Some(Answer {
            token: asked_with,
            body: body.clone(),
        });
        if let Some(waiting) = state.waiting.take() {
            let _ = waiting.answer.send(body);
        }
        Ok(())
    }

    /// Driver: answers the poll that waits with the end of the session, if there is one.
    pub(super) fn say_goodbye(&self, body: &'static str) -> bool {
        let mut state = self.lock();
        let Some(waiting) = state.waiting.take() else {
            return false;
        };
        let _ = waiting.answer.send(Bytes::from_static(body.as_bytes()));
        state.closed = true;
        true
    }

    /// Driver: takes the message whose turn it is, or what broke the link behind the last.
    pub(super) fn next_push(&self) -> Option<Result<Text, TransportError>> {
        let mut state = self.lock();
        match state.pushes.front_mut() {
            Some(push) => {
                let text = push.text.take()?;
                state.push_bytes -= push_weight(state.pushes.pop_front());
                if state.pushes.is_empty() {
                    // A burst must not leave its queue behind in an idle session.
                    state.pushes.shrink_to(IDLE_CAPACITY);
                }
                Some(Ok(text))
            }
            None => state.fault.map(Err),
        }
    }

    /// Driver: returns what has changed since the last call.
    pub(super) fn take_presence(&self) -> Option<Presence> {
        self.lock().presence.take()
    }

    /// Driver: has it told once more where the client is.
    pub(super) fn renew_presence(&self) {
        let mut state = self.lock();
        let presence = match &state.waiting {
            Some(_) => Presence::Here,
            None => self.away(0),
        };
        if state.presence.is_none() {
            state.presence = Some(presence);
        }
    }

    /// Driver: returns whether bytes have moved since the last call.
    pub(super) fn take_progress(&self) -> bool {
        let mut state = self.lock();
        std::mem::take(&mut state.moved) || state.answering
    }

    /// Driver: refuses all requests from now on.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting = None;
        state.pushes.clear();
    }

    pub(super) fn wake_driver(&self) {
        self.driver.wake();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(self: &Arc<Self>, state: &mut State) -> WaitingPoll {
        let confirmed = state.last.take().is_some();
        state.moved |= confirmed;
        state.answering = false;
        let id = state.polls;
        state.polls += 1;
        let (answer, answered) = oneshot::channel();
        state.waiting = Some(Waiter { id, answer });
        state.note_presence(Presence::Here);
        WaitingPoll {
            link: self.clone(),
            id,
            answered,
        }
    }

    /// Takes a poll back that was not answered; returns whether that was so.
    fn leave(&self, id: u64) -> bool {
        {
            let mut state = self.lock();
            if state.waiting.take_if(|waiting| waiting.id == id).is_none() {
                return false;
            }
            state.note_presence(self.away(0));
        }
        self.driver.wake();
        true
    }

    /// Returns how long a client may take to come back from an answer of so many bytes.
    fn away(&self, bytes: usize) -> Presence {
        let seconds = bytes / self.settings.limits.bytes_per_second;
        let transfer = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        Presence::Away {
            grace: self.settings.limits.unpolled.saturating_add(transfer),
        }
    }
}

impl std::fmt::Debug for AjaxLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Tokens are secrets.
        f.write_str("AjaxLink")
    }
}

impl std::fmt::Debug for Polled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An answer begins with a token.
        f.write_str(match self {
            Self::Answer(_) => "Answer",
            Self::Waiting(_) => "Waiting",
        })
    }
}

impl State {
    /// Returns the place of a push, if it has one still.
    pub(super) fn place_of(&mut self, id: u64) -> Option<&mut Push> {
        // Numbers rise along the queue.
        let index = self.pushes.binary_search_by_key(&id, |push| push.id).ok()?;
        self.pushes.get_mut(index)
    }

    /// Drops the messages from number `from` on: the link broke there.
    pub(super) fn break_off(&mut self, from: u64, error: TransportError) {
        let kept = self.pushes.partition_point(|push| push.id < from);
        for push in self.pushes.drain(kept..) {
            self.push_bytes -= push.weight;
        }
        self.fault.get_or_insert(error);
    }

    /// Takes note of where the client is; that the link is broken must reach the driver, whatever comes behind.
    fn note_presence(&mut self, presence: Presence) {
        if !matches!(self.presence, Some(Presence::Broken(_))) {
            self.presence = Some(presence);
        }
    }
}

fn push_weight(push: Option<Push>) -> usize {
    push.map_or(0, |push| push.weight)
}

/// A poll that waits. Dropped, for its connection broke or it took too long, it has taken nothing.
#[derive(Debug)]
pub(crate) struct WaitingPoll {
    link: Arc<AjaxLink>,
    id: u64,
    answered: oneshot::Receiver<Bytes>,
}

impl WaitingPoll {
    /// Waits for the answer, at most as long as a poll may wait.
    pub(crate) async fn answer(mut self) -> Result<Bytes, Refused> {
        let time = self.link.settings.limits.poll;
        match tokio::time::timeout(time, &mut self.answered).await {
            Ok(answered) => answered.map_err(|_| Refused),
            Err(_) if self.link.leave(self.id) => Ok(Bytes::from_static(TIMED_OUT.as_bytes())),
            // Answered or replaced in this very moment.
            Err(_) => self.answered.try_recv().map_err(|_| Refused),
        }
    }
}

impl Drop for WaitingPoll {
    fn drop(&mut self) {
        self.link.leave(self.id);
    }
}

/// Pushes for which an idle link keeps room; browsers send six at once.
const IDLE_CAPACITY: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_pushes_leaves_no_room_behind() {
        let settings = AjaxSettings {
            limits: ServerLimits::default(),
            new_token: || Ok("token".to_owned()),
        };
        let link = Arc::new(AjaxLink::new("first".to_owned(), settings));
        for _ in 0..10_000 {
            link.begin_push().unwrap().finish(Text::from_static("x")).unwrap();
        }

        while link.next_push().is_some() {}

        let room = link.lock().pushes.capacity();
        assert!(room <= 2 * IDLE_CAPACITY, "{room}");
    }
}
