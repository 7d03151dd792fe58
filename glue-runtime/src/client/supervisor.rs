//! The task of one client: it gets a link, drives a session over it, and when that is lost the next, until the end.
//!
//! What belongs to the application (what it has sent, its channels, its handlers) stays here between two sessions.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, pending, poll_fn};

use super::attempt::{Link, attempt};
use super::backoff::Backoff;
use super::link_error::LinkError;
use super::options::Options;
use super::send_buffer::SendBuffer;
use super::status::{ClientState, Status};
use crate::channel::Inbound;
use crate::clock::now;
use crate::driver::{Driver, Hooks, Residents};
use crate::error::Error;
use crate::mailbox::{Ending, Mailbox, Outgoing, Request};
use crate::proto::refusal::Refusal;
use crate::proto::text::Text;
use crate::session::{CloseReason, Role, Session};
use crate::transport::TransportKind;

/// Keeps one client connected.
pub(super) struct Supervisor {
    options: Arc<Options>,
    mailbox: Arc<Mailbox>,
    status: Arc<Status>,
    residents: Residents,
    buffer: SendBuffer,
    /// A session that is kept while there is no link.
    kept: Option<Box<LinkDriver>>,
    /// `None` when the first loss is the end.
    backoff: Option<Backoff>,
    /// Whether the last session has ended because its server goes, and when that was so before.
    departures: Departures,
    /// Whether it is over when the first attempt fails.
    is_first_decisive: bool,
}

impl Supervisor {
    pub(super) fn new(
        options: Options,
        mailbox: Arc<Mailbox>,
        status: Arc<Status>,
        is_first_decisive: bool,
    ) -> Self {
        let buffer = SendBuffer::new(mailbox.clone(), status.clone(), options.send_buffer_timeout);
        Self {
            backoff: options.backoff.map(Backoff::new),
            options: Arc::new(options),
            mailbox,
            status,
            residents: Residents::default(),
            kept: None,
            departures: Departures::default(),
            buffer,
            is_first_decisive,
        }
    }

    /// Runs the client to its end.
    pub(super) async fn run(mut self) {
        let End {
            reason,
            error,
            mut driver,
        } = self.run_sessions().await;

        // First no handle can ask for anything any more, then calls and tasks are dropped, so that their guards have run
        // when the application hears of the end.
        if let Some(mut kept) = self.kept.take() {
            self.take_leave(&mut kept);
        }
        let left = self.mailbox.refuse();
        let mut left: Vec<_> = left.into_iter().filter_map(Outgoing::into_text).collect();
        // What a server asks of its client has nobody to answer.
        drop(self.residents.clear());
        if let Some(driver) = &mut driver {
            driver.run_farewell().await;
            let mut unsent = driver.take_unsent();
            unsent.append(&mut left);
            left = unsent;
        }
        self.buffer.discard(left);
        self.status.closed(reason, error);
        self.mailbox.end(reason);
        if let Some(driver) = &mut driver {
            driver.run_drain().await;
        }
    }

    /// Gets one session after the other, until there will be no more.
    async fn run_sessions(&mut self) -> End {
        loop {
            let error = match self.run_session().await {
                Ok(end) => return end,
                Err(error) => error,
            };
            let reason = error.reason();
            let delay = if self.is_final(&error) {
                None
            } else {
                self.next_delay()
            };
            let error = Error::from(error);
            let Some(delay) = delay else {
                return End {
                    reason,
                    error: Some(error),
                    driver: None,
                };
            };
            tracing::debug!(%error, ?delay, "client reconnects");
            self.status.reconnecting(error, delay, self.kept.is_some());
            let pause = tokio::time::timeout(delay, pending::<()>());
            if let Err(reason) = self.idle_until(pause).await {
                return End::of(reason);
            }
        }
    }

    /// Gets a link and drives a session over it; fails with what happened to either, if it makes sense to try again.
    async fn run_session(&mut self) -> Result<End, LinkError> {
        let options = self.options.clone();
        let begin = now();
        let link = tokio::time::timeout(options.connect_timeout, attempt(&options));
        let link = match self.idle_until(link).await {
            Ok(link) => link.map_err(|_| LinkError::TimedOut)??,
            Err(reason) => return Ok(End::of(reason)),
        };

        let left = options
            .connect_timeout
            .saturating_sub(now().saturating_duration_since(begin));
        let mut driver = match self.kept.take() {
            Some(mut driver) => {
                driver.reopen(now(), Box::new(link.transport), link.auth, left);
                driver
            }
            None => Box::new(self.driver(link, left)),
        };
        let ended = poll_fn(|cx| {
            let ended = driver.poll_session(cx);
            self.status.tell_unsendable();
            // Behind the driver, which has registered who is woken by what is sent.
            self.buffer.poll(cx);
            match ended {
                Poll::Ready(reason) => Poll::Ready(Ok(reason)),
                Poll::Pending => driver
                    .detached()
                    .map_or(Poll::Pending, |reason| Poll::Ready(Err(reason))),
            }
        })
        .await;
        if self.status.is_connected()
            && let Some(backoff) = &mut self.backoff
        {
            backoff.reset();
        }
        let reason = match ended {
            Ok(reason) => reason,
            Err(reason) => {
                let error = driver.link_error(reason);
                self.kept = Some(driver);
                return Err(error);
            }
        };
        self.departures.has_left = driver.has_left();
        match reason {
            CloseReason::Local | CloseReason::Panicked => {
                self.residents = driver.take_residents();
                Ok(End {
                    reason,
                    error: None,
                    driver: Some(driver),
                })
            }
            _ => Err(self.lose(reason, driver)),
        }
    }

    /// Returns the driver of a session that must open within this time.
    fn driver(&mut self, link: Link, left: Duration) -> LinkDriver {
        let Link { transport, auth } = link;
        let mut limits = self.options.limits.clone();
        limits.init = limits.init.min(left);
        let role = Role::Client {
            // Over WebSocket there is nothing to gain from containers; but only who reads them is told the server's limit.
            batch: true,
            errors: true,
            auth,
            // Who won't come back has no use for it.
            resume: self.options.resume && self.backoff.is_some(),
        };
        let session = Session::new(role, self.options.keep_alive, limits, now());
        let hooks = ClientHooks {
            mailbox: self.mailbox.clone(),
            status: self.status.clone(),
            options: self.options.clone(),
            refusal: None,
        };
        Driver::new(session, transport, self.mailbox.clone(), hooks)
            .with_residents(std::mem::take(&mut self.residents))
    }

    /// Takes leave of a session that was not ended here.
    fn lose(&mut self, reason: CloseReason, mut driver: Box<LinkDriver>) -> LinkError {
        self.take_leave(&mut driver);
        let error = driver.link_error(reason);
        // Nobody waits for what the link still has to say; that ends within the close time.
        tokio::spawn(async move {
            driver.run_farewell().await;
            driver.run_drain().await;
        });
        error
    }

    /// Returns the delay before the next attempt, or `None` to give up.
    fn next_delay(&mut self) -> Option<Duration> {
        let backoff = self.backoff.as_mut()?;
        if self.departures.is_free(now(), backoff.step()) {
            return Some(Duration::ZERO);
        }
        backoff.next(draw(&self.options))
    }

    /// Keeps of a session what outlives it, and what has not left with it.
    fn take_leave(&mut self, driver: &mut LinkDriver) {
        let (residents, unsent) = driver.take_leave();
        self.residents = residents;
        // What the next server takes isn't known yet.
        self.mailbox.bound_texts(usize::MAX);
        self.mailbox.put_back(unsent);
    }

    fn is_final(&self, error: &LinkError) -> bool {
        let is_dismissed = match error {
            LinkError::Refused(refusal) => refusal.is_final(),
            error => error.reason() == CloseReason::Refused,
        };
        is_dismissed || (self.is_first_decisive && self.status.now().sessions == 0)
    }

    /// Waits for a future, and does meanwhile what needs no session; fails when the application wants the end.
    async fn idle_until<F: Future>(&mut self, future: F) -> Result<F::Output, CloseReason> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if let Some(reason) = self.poll_idle(cx) {
                return Poll::Ready(Err(reason));
            }
            future.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Option<CloseReason> {
        if let Some(ended) = self.poll_kept(cx) {
            return ended;
        }
        self.mailbox.register(cx.waker());
        for request in self.mailbox.take_requests() {
            match request {
                Request::Open { name, inbound } => {
                    self.residents.channels.insert(name, inbound);
                }
                Request::Spawn(task) => self.residents.spawn(task),
                // These come to servers.
                Request::Attach(_) | Request::HandedOver | Request::GiveBack(_) | Request::Drain(_) => {}
            }
        }
        if self.residents.poll_tasks(cx).is_err() {
            return Some(CloseReason::Panicked);
        }
        self.buffer.poll(cx);
        self.mailbox.end_request().map(|ending| match ending {
            Ending::Close(reason) => reason,
            Ending::Dismiss => CloseReason::Local,
        })
    }
}

impl Supervisor {
    /// Goes on with the session that is kept; `None` when there is none, else whether it has ended by the application's will.
    fn poll_kept(&mut self, cx: &mut Context<'_>) -> Option<Option<CloseReason>> {
        let driver = self.kept.as_mut()?;
        let Poll::Ready(reason) = driver.poll_session(cx) else {
            return Some(None);
        };
        let mut driver = self.kept.take()?;
        self.take_leave(&mut driver);
        self.status.gave_up();
        match reason {
            CloseReason::Local | CloseReason::Panicked => Some(Some(reason)),
            // From here on as without a session.
            _ => None,
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Only a panic of ours, or a runtime that ends, comes here without the end having been told.
        if self.status.now().state != ClientState::Closed {
            let reason = CloseReason::of_dropped(CloseReason::Local);
            self.mailbox.refuse();
            self.status.closed(reason, None);
            self.mailbox.end(reason);
        }
    }
}

/// When a client may come back without a delay [D-5]: the server has sent it away, and others are there.
#[derive(Debug, Default)]
struct Departures {
    /// Whether the last session ended so.
    has_left: bool,
    /// When the client last came back without a delay.
    last: Option<Instant>,
}

impl Departures {
    /// Returns whether the next attempt is one, for which it is then noted. Not again within `pause`: servers that send
    /// everybody away must not be asked as fast as they do that.
    fn is_free(&mut self, now: Instant, pause: Duration) -> bool {
        let is_early = |last: Instant| now.saturating_duration_since(last) < pause;
        let is_free = std::mem::take(&mut self.has_left) && !self.last.is_some_and(is_early);
        if is_free {
            self.last = Some(now);
        }
        is_free
    }
}

/// Draws from 0 to 1.
fn draw(options: &Options) -> f64 {
    f64::from((options.random)()) / f64::from(u32::MAX)
}

/// How it ended.
struct End {
    reason: CloseReason,
    error: Option<Error>,
    /// The last session, if it is not over yet.
    driver: Option<Box<LinkDriver>>,
}

impl End {
    const fn of(reason: CloseReason) -> Self {
        Self {
            reason,
            error: None,
            driver: None,
        }
    }
}

type LinkDriver = Driver<ClientHooks>;

impl LinkDriver {
    /// Returns what has happened to the link, for this reason.
    fn link_error(&mut self, reason: CloseReason) -> LinkError {
        match (self.hooks().refusal.take(), reason) {
            (Some(refusal), _) => LinkError::Refused(refusal),
            (None, CloseReason::InitTimeout) => LinkError::TimedOut,
            (None, reason) => LinkError::Ended {
                reason,
                code: self.close_code(),
            },
        }
    }
}

/// What a client does at the turns of a session's life.
struct ClientHooks {
    mailbox: Arc<Mailbox>,
    status: Arc<Status>,
    options: Arc<Options>,
    /// What the server's application has said against this client.
    refusal: Option<Refusal>,
}

impl Hooks for ClientHooks {
    fn refused(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
    }

    fn opened(&mut self, socket_id: Arc<str>) -> Option<BoxFuture<'static, ()>> {
        self.mailbox.resume();
        self.status.connected(socket_id.to_string());
        None
    }

    fn resumed(&mut self, _transport: TransportKind) {
        self.status.resumed();
    }

    fn choose_moment(&mut self, within: Duration) -> Duration {
        within.mul_f64(draw(&self.options))
    }

    fn unsendable(&mut self, text: Text) {
        self.status.unsendable(text);
    }

    fn serves(&self, _name: &str) -> bool {
        false
    }

    fn service(&mut self, _name: &str) -> Option<Box<dyn Inbound>> {
        None
    }

    fn closed(&mut self, _reason: CloseReason) {}
}
