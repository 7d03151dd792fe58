//! The serving half of one channel of one socket: from messages to methods and back.

mod answers;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::accepted::Accepted;
use super::context::Context;
use super::deadlines::{Deadlines, TimeoutPolicy};
use super::dispatch::{Dispatch, Exchange, Outcome};
use super::error::RpcError;
use super::exchanges::Exchanges;
use super::measure::Measure;
use super::message::{CallDecodeError, CallMessage};
use super::running::{Ended, Panicked, Place, Running, Stage, guard};
use super::service::{Quotas, Setting};
use super::serving::Serving;
use super::stream::Items;
use super::trace::TraceContext;
use super::turn_waker::TurnWaker;
use crate::channel::{Receipt, Turn};
use crate::clock::now;
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, Terms};
use crate::quota::Quota;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Server,
    Client,
}

impl Side {
    /// Returns whether the other side may open an exchange of this id.
    pub(super) const fn serves(self, id: u64) -> bool {
        match self {
            Self::Server => id % 2 == 1,
            Self::Client => id.is_multiple_of(2),
        }
    }
}

/// Serves one channel of one socket.
pub(super) struct Dispatcher<D: Dispatch, R, F> {
    run: R,
    exchanges: Arc<Exchanges>,
    side: Side,
    timeouts: TimeoutPolicy,
    quotas: Quotas,
    /// The box of a call that ended where it was read, for the next one: most calls need no allocation of their own.
    spare: Option<Pin<Box<F>>>,
    /// Calls and streams that are waiting for something.
    running: Option<FuturesUnordered<Running<F>>>,
    /// With what they are polled, from the first on.
    waker: Option<TurnWaker>,
    /// Those of `running`, and of `queue`, that somebody waits for.
    open: BTreeMap<u64, Open>,
    deadlines: Deadlines,
    /// Calls that wait for the one before them, in a sequential channel.
    queue: VecDeque<(Pending<D>, Place)>,
    /// Key of the call that the queue waits for.
    holder: Option<u64>,
    /// The highest id so far; ids rise and are never used twice.
    last_id: u64,
    /// Counts notifications, which have no id.
    notifications: u64,
    /// Whether our `hi` was sent.
    greeted: bool,
    /// Whether the log has heard of a notification that can't be run: a peer can send as many as it likes.
    warned: bool,
    /// Older contracts whose clients may go on.
    accepted: Option<Arc<Accepted>>,
    service: PhantomData<fn() -> D>,
}

/// What is known of an exchange while it waits for something.
struct Open {
    stage: Stage,
    deadline: Option<Instant>,
    exchange: Exchange,
}

/// A call that was read and not begun.
struct Pending<D: Dispatch> {
    exchange: Exchange,
    call: D::Call,
    deadline: Option<Instant>,
    trace: Option<TraceContext>,
}

impl<D, R, F> Serving for Dispatcher<D, R, F>
where
    D: Dispatch,
    R: Fn(Context, D::Call, Items) -> F + Send + 'static,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    fn receive(&mut self, envelope: Envelope<'_>, turn: &mut Turn<'_, '_>) -> Receipt {
        let receipt = match envelope {
            Envelope::Request {
                id,
                terms,
                method,
                json,
            } => {
                if !self.side.serves(id) || id <= self.last_id {
                    return Receipt::Fault;
                }
                self.last_id = id;
                self.begin(Some(id), terms, method, json, turn);
                Receipt::Taken
            }
            Envelope::Notification { trace, method, json } => {
                let terms = Terms {
                    trace,
                    ..Terms::default()
                };
                self.begin(None, terms, method, json, turn);
                Receipt::Taken
            }
            Envelope::Cancel { id } if self.was_opened(id) => {
                self.cancel(id, Code::Cancelled);
                Receipt::Taken
            }
            Envelope::Credit { id, items } if self.was_opened(id) => {
                match self.quietly(|exchanges| exchanges.grant(id, items)) {
                    Ok(()) => Receipt::Taken,
                    Err(_) => Receipt::Fault,
                }
            }
            Envelope::Item { id, json } if self.was_opened(id) => {
                match self.quietly(|exchanges| exchanges.receive_item(id, json)) {
                    Ok(()) => Receipt::Taken,
                    Err(_) => {
                        let error = RpcError::new(Code::ResourceExhausted, "more items than were granted");
                        self.end_with(id, &error, turn);
                        Receipt::Fault
                    }
                }
            }
            Envelope::End { id } if self.was_opened(id) => {
                self.quietly(|exchanges| exchanges.receive_end(id));
                Receipt::Taken
            }
            Envelope::Hello { json } => {
                self.greet(json, turn);
                Receipt::Taken
            }
            _ => Receipt::Fault,
        };
        self.settle(turn);
        receipt
    }

    fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        Self::settle(self, turn);
    }

    fn poll(&mut self, turn: &mut Turn<'_, '_>) {
        self.drive(turn);
        self.settle(turn);
    }

    fn lost(&mut self) {
        // A client's methods are all dropped.
        drop(self.finish());
        self.last_id = 0;
        self.greeted = false;
    }

    fn rest(&mut self) {
        // As large as the largest method.
        let spare = self.spare.take();
        let _ = guard(|| drop(spare));
        if !self.has_running() {
            self.running = None;
        }
    }

    fn is_busy(&self) -> bool {
        let running = self.running.iter().flatten().map(Running::exchange);
        let queued = self.queue.iter().map(|(pending, _)| pending.exchange);
        running.chain(queued).any(|exchange| !exchange.is_stream())
    }

    fn is_idle(&self) -> bool {
        !self.has_running() && self.queue.is_empty()
    }
}

impl<D, R, F> Dispatcher<D, R, F>
where
    D: Dispatch,
    R: Fn(Context, D::Call, Items) -> F + Send + 'static,
    F: Future<Output = Outcome<D::Reply>> + Send + 'static,
{
    /// Handles what can't wait until there is room to send: calls whose time has run out or whose caller has broken the rules,
    /// credits and cancellations.
    pub(super) fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        if self.deadlines.is_idle() && !self.exchanges.has_news() {
            return;
        }
        loop {
            let failed = self.exchanges.take_failed();
            let due = self.deadlines.poll_due(turn.cx);
            if failed.is_empty() && due.is_pending() {
                break;
            }
            for (id, error) in failed {
                self.end_with(id, &error, turn);
            }
            if let Poll::Ready(id) = due {
                let error = RpcError::new(Code::DeadlineExceeded, "the call's time has run out");
                self.end_with(id, &error, turn);
            }
        }
        self.exchanges.drain_control(turn.urgent);
    }

    /// The socket has ended: drops what is under way, and returns what runs on.
    pub(super) fn finish(&mut self) -> Option<BoxFuture<'static, ()>> {
        self.queue.clear();
        self.open.clear();
        self.deadlines = Deadlines::default();
        self.holder = None;
        let (unfinished, mut dropped): (FuturesUnordered<_>, FuturesUnordered<_>) =
            std::mem::take(&mut self.running)
                .into_iter()
                .flatten()
                .partition(|call| call.exchange().runs_to_end);
        for call in &mut dropped {
            call.stop(Code::Cancelled);
        }
        self.exchanges.end();
        let ended = |ended: Ended<_>| {
            drop(ended);
            std::future::ready(())
        };
        (!unfinished.is_empty()).then(|| Box::pin(unfinished.for_each(ended)) as BoxFuture<'static, ()>)
    }

    pub(super) fn new(run: R, exchanges: Arc<Exchanges>, side: Side, setting: &Setting) -> Self {
        Self {
            run,
            exchanges,
            side,
            timeouts: setting.timeouts,
            quotas: setting.quotas,
            spare: None,
            running: None,
            waker: None,
            open: BTreeMap::new(),
            deadlines: Deadlines::default(),
            queue: VecDeque::new(),
            holder: None,
            last_id: 0,
            notifications: 0,
            greeted: false,
            warned: false,
            accepted: setting.accepted.clone(),
            service: PhantomData,
        }
    }

    /// Reads a call and runs it as far as it goes at once; `id` is `None` for a notification.
    fn begin(
        &mut self,
        id: Option<u64>,
        terms: Terms<'_>,
        method: &str,
        json: &str,
        turn: &mut Turn<'_, '_>,
    ) {
        let call = match self.read(method, json, turn) {
            Ok(call) => call,
            Err(error) => return self.refuse(id, method, &error, turn),
        };
        let kind = call.kind();
        let is_stream = kind.sends_items() || kind.takes_items();
        if id.is_none() && is_stream {
            let error = RpcError::new(Code::InvalidArgument, "a stream needs a call");
            return self.refuse(id, method, &error, turn);
        }
        if is_stream && self.quota().streams() >= self.quotas.streams {
            let error = format!("more than {} streams open", self.quotas.streams);
            return self.refuse(id, method, &RpcError::new(Code::ResourceExhausted, error), turn);
        }
        let exchange = Exchange {
            id,
            key: id.unwrap_or_else(|| self.next_notification()),
            method: call.method(),
            kind,
            runs_to_end: call.runs_to_end(),
        };
        let deadline = id
            .and_then(|_| self.timeouts.decide(terms.timeout))
            .and_then(|time| now().checked_add(time));
        let pending = Pending {
            exchange,
            call,
            deadline,
            trace: terms.trace.and_then(|trace| trace.parse().ok()),
        };
        if let Some(id) = id {
            self.exchanges.open(id, kind, terms.credit);
        }
        if D::IS_SEQUENTIAL && (self.holder.is_some() || !self.queue.is_empty()) {
            self.keep(&exchange, deadline, Stage::Queued);
            let place = Place::take(&self.exchanges, exchange);
            self.queue.push_back((pending, place));
        } else {
            self.start(pending, turn);
        }
    }

    /// Reads a call, or says what is wrong with it.
    fn read(&mut self, method: &str, json: &str, turn: &mut Turn<'_, '_>) -> Result<D::Call, RpcError> {
        if let Some(limit) = self.quotas.calls_per_second
            && !self.quota().admit(now(), limit)
        {
            let error = format!("more than {limit} calls a second");
            return Err(RpcError::new(Code::ResourceExhausted, error));
        }
        if self.quota().calls() >= self.quotas.calls {
            // Those that have ended by now don't count.
            self.drive(turn);
        }
        if self.quota().calls() >= self.quotas.calls {
            let error = format!("more than {} calls under way", self.quotas.calls);
            return Err(RpcError::new(Code::ResourceExhausted, error));
        }
        match guard(|| D::Call::decode(method, json)) {
            Ok(Ok(call)) => Ok(call),
            Ok(Err(CallDecodeError::UnknownMethod)) => Err(RpcError::new(
                Code::Unimplemented,
                format!("`{}` has no method `{method}`", D::CHANNEL),
            )),
            Ok(Err(CallDecodeError::InvalidArgument { message })) => {
                Err(RpcError::new(Code::InvalidArgument, message))
            }
            Err(Panicked) => {
                tracing::error!(channel = D::CHANNEL, method, "reading the arguments panicked");
                Err(RpcError::internal())
            }
        }
    }

    /// Runs a method as far as it goes at once.
    fn start(&mut self, pending: Pending<D>, turn: &mut Turn<'_, '_>) {
        let Pending {
            exchange,
            call,
            deadline,
            trace,
        } = pending;
        let measure = Measure::start(D::CHANNEL, exchange.method, exchange.id, trace);
        let id = exchange.id.unwrap_or_default();
        self.exchanges.enter(exchange.key);
        let cx = Context::new(&exchange, self.exchanges.clone(), deadline, trace);
        let items = Items::new(id, exchange.is_stream().then(|| self.exchanges.clone()));
        // Creating the future runs none of the method yet, so this needs no guard.
        let future = (self.run)(cx, call, items);
        let mut future = match self.spare.take() {
            Some(mut spare) => {
                spare.set(future);
                spare
            }
            None => Box::pin(future),
        };
        let polled = measure.within(|| guard(|| future.as_mut().poll(turn.cx)));
        let is_told = exchange.kind.sends_items() && self.exchanges.drain(turn.out).contains(&id);
        let stage = if is_told { Stage::Told } else { Stage::Running };
        match polled {
            Ok(Poll::Ready(outcome)) => {
                self.spare = Some(future);
                measure.end(self.answer(exchange, stage, outcome, turn));
            }
            Ok(Poll::Pending) => {
                self.keep(&exchange, deadline, stage);
                self.park(exchange, measure, future);
            }
            Err(Panicked) => {
                measure.end(self.answer(exchange, stage, exchange.panicked(), turn));
                // What is left of it may panic again.
                let _ = guard(|| drop(future));
            }
        }
    }

    /// Keeps a call that waits for something in the socket's own set.
    fn park(&mut self, exchange: Exchange, measure: Measure, future: Pin<Box<F>>) {
        self.exchanges.park(exchange.key);
        self.waker.get_or_insert_with(TurnWaker::new);
        if D::IS_SEQUENTIAL && !exchange.kind.sends_items() {
            self.holder = Some(exchange.key);
        }
        let place = Place::take(&self.exchanges, exchange);
        let running = self.running.get_or_insert_default();
        running.push(Running::new(exchange, place, measure, future));
    }

    /// Takes note of an exchange that somebody waits for.
    fn keep(&mut self, exchange: &Exchange, deadline: Option<Instant>, stage: Stage) {
        let Some(id) = exchange.id else { return };
        if let Some(deadline) = deadline {
            self.deadlines.insert(deadline, id);
        }
        let open = Open {
            stage,
            deadline,
            exchange: *exchange,
        };
        self.open.insert(id, open);
    }

    /// Goes on with what waits.
    fn drive(&mut self, turn: &mut Turn<'_, '_>) {
        while let Poll::Ready(Some(ended)) = self.poll_running(turn.cx) {
            let Ended {
                exchange,
                measure,
                end,
            } = ended;
            self.drain(turn);
            let outcome = match end {
                Ok(Ok(outcome)) => Some(outcome),
                Ok(Err(Panicked)) => Some(exchange.panicked()),
                Err(_) => None,
            };
            // Of one that runs to its end its caller may have left.
            let stage = match exchange.id {
                Some(_) => self.close(exchange.id).map(|open| open.stage),
                None => Some(Stage::Running),
            };
            let ended = match (outcome, stage) {
                (Some(outcome), Some(stage)) => self.answer(exchange, stage, outcome, turn),
                _ => Code::Cancelled.as_str(),
            };
            measure.into_iter().for_each(|measure| measure.end(ended));
            if self.holder == Some(exchange.key) {
                self.holder = None;
                self.start_queued(turn);
            }
        }
        self.drain(turn);
    }

    fn has_running(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.is_empty())
    }

    /// Polls what was woken, and what that wakes, once each.
    fn poll_running(&mut self, cx: &TaskContext<'_>) -> Poll<Option<Ended<F::Output>>> {
        let running = self.running.as_mut().filter(|running| !running.is_empty());
        let (Some(running), Some(waker)) = (running, &self.waker) else {
            return Poll::Ready(None);
        };
        let mut inner = TaskContext::from_waker(waker.waker());
        waker.begin(cx.waker());
        let mut polled = running.poll_next_unpin(&mut inner);
        if polled.is_pending() && waker.begin(cx.waker()) {
            polled = running.poll_next_unpin(&mut inner);
        }
        if waker.end() && polled.is_pending() {
            // One that wakes itself lets others go first.
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// Lets calls go on; they are polled when the driver has read all that is at hand.
    fn quietly<T>(&self, act: impl FnOnce(&Exchanges) -> T) -> T {
        match &self.waker {
            Some(waker) => waker.mute(|| act(&self.exchanges)),
            None => act(&self.exchanges),
        }
    }

    /// Sends what streams have written, and takes note of those that it ends.
    fn drain(&mut self, turn: &mut Turn<'_, '_>) {
        if !self.exchanges.has_out() {
            return;
        }
        for id in self.exchanges.drain(turn.out) {
            if let Some(open) = self.open.get_mut(&id) {
                open.stage = Stage::Told;
            }
        }
    }

    /// Starts what has waited for the call before it, up to the first that takes its time.
    fn start_queued(&mut self, turn: &mut Turn<'_, '_>) {
        while self.holder.is_none() {
            let Some((pending, place)) = self.queue.pop_front() else {
                return;
            };
            drop(place);
            self.close(pending.exchange.id);
            self.start(pending, turn);
        }
    }

    /// Forgets that somebody waits for an exchange.
    fn close(&mut self, id: Option<u64>) -> Option<Open> {
        let id = id?;
        let open = self.open.remove(&id)?;
        if let Some(deadline) = open.deadline {
            self.deadlines.remove(deadline, id);
        }
        Some(open)
    }

    /// The caller has given up; returns how far the exchange had come. No other call is polled here: there may be no room for
    /// what it would say.
    fn cancel(&mut self, id: u64, code: Code) -> Option<Stage> {
        // One that has ended crossed with the answer.
        let Open { stage, exchange, .. } = self.close(Some(id))?;
        self.exchanges.forget(id);
        self.exchanges.leave(exchange.key);
        match stage {
            Stage::Queued => self.queue.retain(|(pending, _)| pending.exchange.id != Some(id)),
            // It runs on; its answer will find nobody.
            _ if exchange.runs_to_end => {}
            Stage::Running | Stage::Told => {
                let mut running = self.running.iter_mut().flatten();
                if let Some(call) = running.find(|call| call.exchange().key == exchange.key) {
                    call.stop(code);
                }
            }
        }
        Some(stage)
    }

    /// Ends an exchange with an error of ours, unless it has ended for its caller.
    fn end_with(&mut self, id: u64, error: &RpcError, turn: &mut Turn<'_, '_>) {
        if matches!(
            self.cancel(id, error.code()),
            Some(Stage::Queued | Stage::Running)
        ) {
            self.fail(id, error, turn);
        }
    }

    fn quota(&self) -> &Quota {
        self.exchanges.lane().mailbox().quota()
    }

    fn next_notification(&mut self) -> u64 {
        self.notifications += 1;
        NOTIFICATION | self.notifications
    }

    /// Returns whether the peer has opened an exchange of this id, be it still under way or not.
    fn was_opened(&self, id: u64) -> bool {
        self.side.serves(id) && id <= self.last_id
    }
}

impl<D: Dispatch, R, F> Dispatcher<D, R, F> {
    pub(super) fn exchanges(&self) -> &Arc<Exchanges> {
        &self.exchanges
    }
}

impl<D: Dispatch, R, F> Drop for Dispatcher<D, R, F> {
    fn drop(&mut self) {
        self.exchanges.end();
    }
}

/// Set in the keys of notifications, and beyond all ids.
const NOTIFICATION: u64 = 1 << 63;
