//! One call from the caller's side: waiting for a session, under its number, or over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::caller::OnLoss;
use super::calls::{Shared, UnderWay, unavailable};
use super::error::RpcError;
use super::in_flight::{Entry, Waiter};
use super::item_queue::Grant;
use super::tracked::resumed;
use super::upload::Upload;
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::mailbox::{Bond, Late, Room};
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, Terms};
use crate::proto::limits::MAX_TIMEOUT;
use crate::proto::text::Text;

/// An exchange that this side opens.
#[derive(Debug)]
pub(super) struct Exchange {
    shared: Arc<Shared>,
    _under_way: UnderWay,
    question: Question,
    /// Changed under the lock of the channel's state only.
    stage: Mutex<Stage>,
}

/// How far an exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No session has taken its request.
    Waiting,
    /// Its request was written, in this session.
    Sent { session: u64, id: u64 },
    /// Nobody wants it any more.
    Cancelled,
}

/// What a request says, but for its arguments.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) method: &'static str,
    pub(super) deadline: Option<Instant>,
    pub(super) trace: Option<String>,
    /// What becomes of it when its session ends.
    pub(super) on_loss: OnLoss,
}

impl Exchange {
    /// Makes a request, to be sent in this session or the next.
    pub(super) fn open(
        shared: &Arc<Shared>,
        question: Question,
        args: String,
        under_way: UnderWay,
        waiter: Waiter,
        upload: Option<Arc<Upload>>,
    ) -> Result<Opening, RpcError> {
        if let Some(error) = shared.stale(question.method) {
            return Err(error);
        }
        let size = question.method.len() + args.len() + REQUEST_OVERHEAD;
        let exchange = Arc::new(Self {
            shared: shared.clone(),
            _under_way: under_way,
            question,
            stage: Mutex::new(Stage::Waiting),
        });
        let request = Box::new(Request {
            exchange: exchange.clone(),
            args,
            waiter: Some(waiter),
            upload,
            has_left: false,
        });
        Ok(Opening {
            exchange,
            request,
            size,
        })
    }

    /// Sends a part of an exchange that is under way, when there is room for it.
    pub(super) async fn send<'a>(self: &Arc<Self>, envelope: impl FnOnce(u64) -> Envelope<'a>) {
        let Stage::Sent { session, id } = self.stage() else {
            return;
        };
        let text = self.shared.encode(envelope(id));
        // When the socket has ended, so has the exchange, and its end tells why.
        let Ok(room) = self.shared.lane.mailbox().reserve(text.len()).await else {
            return;
        };
        let piece: Box<dyn Late> = Box::new(Piece {
            shared: self.shared.clone(),
            session,
            id,
            text,
        });
        let _ = room.send(piece);
    }

    fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace_stage(&self, stage: Stage) -> Stage {
        std::mem::replace(
            &mut self.stage.lock().unwrap_or_else(PoisonError::into_inner),
            stage,
        )
    }

    /// Names an exchange to the mailbox.
    fn token(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

/// A request that was made and not sent.
pub(super) struct Opening {
    exchange: Arc<Exchange>,
    request: Box<Request>,
    size: usize,
}

impl Opening {
    pub(super) const fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// Sends the request if there is room for it now; the guard cancels it unless it has ended by itself.
    pub(super) fn try_send(self) -> Result<Result<ExchangeGuard, RpcError>, Self> {
        let shared = self.exchange.shared.clone();
        match shared.lane.mailbox().try_reserve(self.size) {
            Err(error) if error.kind() == ErrorKind::Full => Err(self),
            room => Ok(self.send_to(room)),
        }
    }

    /// Sends the request when there is room for it.
    pub(super) async fn send(self) -> Result<ExchangeGuard, RpcError> {
        let shared = self.exchange.shared.clone();
        let room = shared.lane.mailbox().reserve(self.size).await;
        self.send_to(room)
    }

    fn send_to(self, room: Result<Room<'_>, Error>) -> Result<ExchangeGuard, RpcError> {
        let Self {
            exchange, request, ..
        } = self;
        // The guard is there before the request: from here on it may have been sent.
        let guard = ExchangeGuard(exchange);
        match room.and_then(|room| room.send(request as Box<dyn Late>)) {
            Ok(()) => Ok(guard),
            Err(_) => Err(unavailable("not_sent")),
        }
    }
}

/// Cancels an exchange that is given up before its end.
#[derive(Debug)]
pub(super) struct ExchangeGuard(Arc<Exchange>);

impl ExchangeGuard {
    /// Grants credit, where the exchange is still under way in the session that it is meant for: a later one was granted it with
    /// its request.
    pub(super) fn grant(&self, Grant { items, session }: Grant) {
        let shared = &self.0.shared;
        if let Stage::Sent { session: current, id } = self.0.stage()
            && current == session
            // Behind a request that was sent again nothing may have come yet.
            && let Some(pace) = shared.lock().in_flight.pace(id)
        {
            shared.control(session, Envelope::Credit { id, items }, pace);
        }
    }

    /// Gives up the exchange, unless it has ended; nobody hears of it here.
    pub(super) fn cancel(&self) {
        let shared = &self.0.shared;
        // Under this lock requests are written: one is either cancelled here before that, or under its number.
        let mut state = shared.lock();
        match self.0.replace_stage(Stage::Cancelled) {
            Stage::Sent { session, id } => {
                let under_way = if session == state.session {
                    state.in_flight.close(id)
                } else {
                    None
                };
                drop(state);
                if let Some(pace) = under_way {
                    shared.control(session, Envelope::Cancel { id }, pace);
                }
            }
            Stage::Waiting => {
                drop(state);
                shared.lane.mailbox().withdraw(self.0.token());
            }
            Stage::Cancelled => {}
        }
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A request that waits for a session, which gives it a number.
struct Request {
    exchange: Arc<Exchange>,
    /// JSON.
    args: String,
    /// Taken when the request is written.
    waiter: Option<Waiter>,
    upload: Option<Arc<Upload>>,
    /// Whether it has left with an earlier session, so that nobody knows whether the peer has run it.
    has_left: bool,
}

/// What it takes to ask once more.
#[derive(Debug)]
pub(super) struct Asked {
    exchange: Arc<Exchange>,
    /// Kept only where the request may be sent after it has left.
    args: Option<String>,
    has_left: bool,
}

impl Asked {
    /// Makes the request anew, which has not left with its session; `args` are those that it has been written with. The caller
    /// holds the lock of the channel's state.
    pub(super) fn recall(self, args: &str, waiter: Waiter, upload: Option<Arc<Upload>>) -> Box<dyn Late> {
        self.exchange.replace_stage(Stage::Waiting);
        Box::new(Request {
            exchange: self.exchange,
            args: self.args.unwrap_or_else(|| args.to_owned()),
            waiter: Some(waiter),
            upload,
            has_left: self.has_left,
        })
    }

    /// Makes the request anew, which may have arrived [R-18] [S-14]; gives back who waits if it is not to be sent again. The caller
    /// holds the lock of the channel's state.
    pub(super) fn repeat(self, waiter: Waiter) -> Result<Box<dyn Late>, Waiter> {
        let Some(mut args) = self.args else {
            return Err(waiter);
        };
        if let OnLoss::ResumeFrom(param) = self.exchange.question.on_loss
            && let Waiter::Stream(items) = &waiter
            && let Some(resumed) = items.cursor().and_then(|cursor| resumed(&args, param, &cursor))
        {
            args = resumed;
        }
        self.exchange.replace_stage(Stage::Waiting);
        Ok(Box::new(Request {
            exchange: self.exchange,
            args,
            waiter: Some(waiter),
            upload: None,
            has_left: true,
        }))
    }
}

impl Late for Request {
    fn write(mut self: Box<Self>, limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        let Some(waiter) = self.waiter.take() else { return };
        let shared = self.exchange.shared.clone();
        let mut state = shared.lock();
        if self.exchange.stage() == Stage::Cancelled {
            return;
        }
        let Question {
            method,
            deadline,
            trace,
            on_loss,
        } = &self.exchange.question;
        if let Some(error) = state.stale.error(shared.lane.name(), method) {
            return waiter.fail(&error);
        }
        shared.greet(&mut state, |hello| send(hello, Bond::Session));
        let upload = self.upload.take();
        let (may_leave_again, items) = match (&waiter, &upload, on_loss) {
            (Waiter::Call(_), None, OnLoss::Repeat) => (true, None),
            (Waiter::Stream(items), None, OnLoss::ResumeFrom(_)) => (true, Some(items.clone())),
            (Waiter::Stream(items), ..) => (false, Some(items.clone())),
            (Waiter::Call(_), ..) => (false, None),
        };
        let asked = Asked {
            exchange: self.exchange.clone(),
            args: may_leave_again.then(|| self.args.clone()),
            has_left: self.has_left,
        };
        let id = state
            .in_flight
            .open(Entry::new(method, waiter, upload).asked(asked));
        let session = state.session;
        self.exchange.replace_stage(Stage::Sent { session, id });
        // Behind that: who takes an item from now on grants credit in this session, and who has taken one before is counted here.
        let credit = items.map_or(0, |items| items.start(session));
        let args = &self.args;
        let mut text = shared.lane.begin(method.len() + args.len() + REQUEST_OVERHEAD);
        Envelope::Request {
            id,
            terms: Terms {
                credit,
                timeout: deadline.map(remaining),
                trace: trace.as_deref(),
            },
            method,
            json: args,
        }
        .encode(&mut text);
        if text.len() > limit {
            state.in_flight.fail(id, &too_large("request", limit));
            return;
        }
        drop(state);
        send(text.into(), Bond::Session);
    }

    fn token(&self) -> usize {
        self.exchange.token()
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            waiter.fail(&unavailable(if self.has_left { "unknown" } else { "not_sent" }));
        }
    }
}

/// A notification; it has no number, so one that a session could not send goes out in the next.
pub(super) struct Notification {
    shared: Arc<Shared>,
    method: &'static str,
    text: Text,
}

impl Notification {
    pub(super) fn new(shared: &Arc<Shared>, method: &'static str, json: &str, trace: Option<&str>) -> Self {
        let text = shared.encode(Envelope::Notification { trace, method, json });
        Self {
            shared: shared.clone(),
            method,
            text,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.text.len()
    }
}

impl Late for Notification {
    fn write(self: Box<Self>, _limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        let mut state = self.shared.lock();
        let channel = self.shared.lane.name();
        if state.stale.error(channel, self.method).is_some() {
            tracing::debug!(
                channel,
                method = self.method,
                "the server has this notification otherwise; dropped"
            );
            return;
        }
        self.shared.greet(&mut state, |hello| send(hello, Bond::Session));
        drop(state);
        send(self.text, Bond::Free);
    }

    fn into_text(self: Box<Self>) -> Option<Text> {
        Some(self.text)
    }
}

/// A part of what is streamed in an exchange of one session, which is not sent when that has ended or nobody wants it.
struct Piece {
    shared: Arc<Shared>,
    session: u64,
    id: u64,
    text: Text,
}

impl Late for Piece {
    fn write(self: Box<Self>, limit: usize, send: &mut dyn FnMut(Text, Bond)) {
        let mut state = self.shared.lock();
        if state.session != self.session || !state.in_flight.wants_items(self.id) {
            return;
        }
        if self.text.len() <= limit {
            drop(state);
            return send(self.text, Bond::Session);
        }
        state.in_flight.fail(self.id, &too_large("item", limit));
        drop(state);
        let cancel = self.shared.encode(Envelope::Cancel { id: self.id });
        send(cancel, Bond::Session);
    }

    fn is_part(&self) -> bool {
        true
    }
}

/// Returns the milliseconds that are left, rounded up, as `t` says them [E-12].
fn remaining(deadline: Instant) -> u32 {
    let left = deadline.saturating_duration_since(now()).min(MAX_TIMEOUT);
    let millis = left.as_nanos().div_ceil(1_000_000).max(1);
    u32::try_from(millis).unwrap_or(u32::MAX >> 1)
}

fn too_large(what: &str, limit: usize) -> RpcError {
    let message = format!("the {what} has more than the {limit} bytes that the other side takes");
    RpcError::new(Code::ResourceExhausted, message)
}

/// Head of a request: kind, id, credit, time and separators.
const REQUEST_OVERHEAD: usize = 64;
