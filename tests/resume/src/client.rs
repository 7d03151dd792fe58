//! A client in Rust that does all that a client can do, all the time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use glue::{Channel, Client, ClientBuilder, ClientEvent, KeepAlive};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::load::{Attended, LoadClient, LoadEvent, LoadHandler, PATIENCE, Sent, number_of, text_of};
use crate::log::Log;
use crate::random::Random;
use crate::records::{Kind, Outcome, Records};
use crate::time::pause;

/// What a client tells at its end.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    /// How often a link was there again, with the same session.
    pub(crate) resumed: u64,
    /// How often with another one; none should be.
    pub(crate) fresh: u64,
    /// How often the next link was of the other transport.
    pub(crate) switched: u64,
}

/// Works until `is_over`, and tells how it was.
pub(crate) async fn run(
    builder: ClientBuilder,
    log: Log,
    is_over: watch::Receiver<bool>,
    seed: u64,
) -> Report {
    match Worker::start(builder, log, is_over, seed) {
        Ok(worker) => worker.work().await,
        Err(error) => Report {
            outcome: Outcome {
                faults: vec![format!("the client didn't start: {error}")],
                ..Outcome::default()
            },
            ..Report::default()
        },
    }
}

/// Sets the options of a client that notices soon when its link is gone, and never gives up.
pub(crate) fn impatient(builder: ClientBuilder, client: usize) -> ClientBuilder {
    builder
        .auth(client)
        .reconnect_attempts(0)
        .reconnect_delay(Duration::from_millis(10))
        .reconnect_delay_max(Duration::from_millis(60))
        .connect_timeout(Duration::from_millis(800))
        .keep_alive(KeepAlive {
            interval: Duration::from_millis(200),
            timeout: Duration::from_millis(250),
        })
}

struct Worker {
    client: Client,
    load: LoadClient<glue::RpcChannel>,
    seed: u64,
    is_over: watch::Receiver<bool>,
    calls: AtomicU32,
    shared: Arc<Shared>,
    log: Log,
}

struct Shared {
    records: Mutex<Records>,
    changed: watch::Sender<()>,
}

/// The methods of the client.
struct Answers(Arc<Shared>);

impl LoadHandler for Answers {
    async fn ask(&self, number: u32) -> u32 {
        self.0.records().run(Kind::AskRuns, number);
        // Some are answered at once, some by another link.
        pause(Duration::from_millis(u64::from(number % 4) * 10)).await;
        number
    }
}

impl Shared {
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(&self, kind: Kind, number: u32) {
        self.records().arrive(kind, 0, number);
        self.changed.send_replace(());
    }
}

impl Worker {
    fn start(
        builder: ClientBuilder,
        log: Log,
        is_over: watch::Receiver<bool>,
        seed: u64,
    ) -> Result<Self, glue::Error> {
        let client = builder.start()?;
        Ok(Self {
            load: LoadClient::open(&client)?,
            client,
            seed,
            is_over,
            calls: AtomicU32::new(0),
            shared: Arc::new(Shared {
                records: Mutex::default(),
                changed: watch::Sender::default(),
            }),
            log,
        })
    }

    async fn work(self) -> Report {
        let mut report = Report::default();
        self.load.handle(Answers(self.shared.clone()));
        tokio::select! {
            () = self.watch(&mut report) => {}
            () = self.receive() => {}
            () = self.do_everything() => {}
        }
        self.client.close();
        report.outcome = self.shared.records().outcome();
        report
    }

    async fn do_everything(&self) {
        let main = self.client.channel("m");
        let side = self.client.channel("side");
        // The server is told to end this by `finish`.
        let attend = async {
            let attended = self.load.attend().await;
            self.log.add(&format!("client: attend: {attended:?}"));
            attended
        };
        let (attended, (sent, answer)) = tokio::join!(attend, async {
            let (raw, side, notes, ..) = tokio::join!(
                self.send(&main, Kind::RawUp),
                self.send(&side, Kind::SideUp),
                self.note(),
                self.call(1),
                self.call(2),
                self.call(3),
                self.count(),
                self.take(),
                self.both()
            );
            let calls = self.calls.load(Ordering::Relaxed);
            let sent = Sent {
                raw,
                side,
                notes,
                calls,
            };
            self.log.add(&format!("client: finish {sent:?}"));
            (sent, self.load.finish(sent).await)
        });
        self.shared.records().end_runs(Kind::CallAnswers, sent.calls);
        match (attended, answer) {
            (Ok(attended), Ok(theirs)) => self.settle(attended, theirs).await,
            (attended, answer) => {
                let fault = format!("attend: {attended:?}, finish: {answer:?}");
                self.shared.records().fail(Kind::CallAnswers, 0, &fault);
            }
        }
    }

    /// Waits until all that the server has sent is there, or nothing more can be hoped for.
    async fn settle(&self, Attended { events, asks }: Attended, theirs: Sent) {
        let mut changes = self.shared.changed.subscribe();
        let all = async {
            loop {
                changes.borrow_and_update();
                let is_there = {
                    let records = self.shared.records();
                    records.last(Kind::RawDown) >= theirs.raw
                        && records.last(Kind::SideDown) >= theirs.side
                        && records.last(Kind::Events) >= events
                };
                if is_there || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            self.log.add("client: not everything that was sent has come");
        }
        let mut records = self.shared.records();
        records.end(Kind::RawDown, 0, theirs.raw);
        records.end(Kind::SideDown, 0, theirs.side);
        records.end(Kind::Events, 0, events);
        records.end_runs(Kind::AskRuns, asks);
    }

    /// Notes what becomes of the link.
    async fn watch(&self, report: &mut Report) {
        let mut turns = Box::pin(self.client.events());
        let mut session: Option<String> = None;
        while let Some(turn) = turns.next().await {
            match turn {
                ClientEvent::Connected { socket_id } => {
                    self.log.add(&format!("client: connected, {socket_id}"));
                    match session.replace(socket_id.clone()) {
                        None => {}
                        Some(before) if before == socket_id => report.resumed += 1,
                        Some(_) => {
                            report.fresh += 1;
                            self.shared
                                .records()
                                .fault(format!("a fresh session, {socket_id}"));
                        }
                    }
                }
                ClientEvent::Reconnecting { error, .. } => {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    self.log
                        .add(&format!("client: {error}: {}", source.unwrap_or_default()));
                }
                ClientEvent::Discarded(messages) => {
                    let fault = format!("{} messages were discarded", messages.len());
                    self.shared.records().fault(fault);
                }
                ClientEvent::Closed { reason, .. } => {
                    self.shared.records().fault(format!("closed: {reason:?}"));
                    return;
                }
                _ => {}
            }
        }
    }

    async fn receive(&self) {
        let main = async {
            while let Some(text) = self.client.recv().await {
                self.shared.arrive(Kind::RawDown, number_of(&text));
            }
        };
        let side = self.client.channel("side");
        let side = async {
            while let Some(text) = side.recv().await {
                self.shared.arrive(Kind::SideDown, number_of(&text));
            }
        };
        let events = async {
            let mut events = Box::pin(self.load.events());
            while let Some(event) = events.next().await {
                match event {
                    Ok(LoadEvent::Told { number }) => self.shared.arrive(Kind::Events, number),
                    Err(error) => self.shared.records().fault(format!("events: {error}")),
                }
            }
        };
        tokio::join!(main, side, events);
    }

    async fn send(&self, channel: &Channel, kind: Kind) -> u32 {
        let mut random = self.random(kind as u64);
        let mut sent = 0;
        while self.goes_on() {
            for _ in 0..random.within(1..8) {
                if let Err(error) = channel.send(text_of(sent + 1, &mut random)).await {
                    self.shared
                        .records()
                        .fault(format!("{kind:?}: {} wasn't taken: {error}", sent + 1));
                    self.rest().await;
                } else {
                    sent += 1;
                }
            }
            pause(random.millis(0..30)).await;
        }
        sent
    }

    async fn note(&self) -> u32 {
        let mut random = self.random(20);
        let mut sent = 0;
        while self.goes_on() {
            match self.load.note(sent + 1).await {
                Ok(()) => sent += 1,
                Err(error) => {
                    self.shared
                        .records()
                        .fail(Kind::Notes, sent + 1, &error.to_string());
                    self.rest().await;
                }
            }
            pause(random.millis(0..12)).await;
        }
        sent
    }

    async fn call(&self, part: u64) {
        let mut random = self.random(20 + part);
        while self.goes_on() {
            let number = self.next();
            let wait = if random.percent(70) {
                0
            } else {
                random.within(1..120)
            };
            match self.load.call(number, wait).await {
                Ok(answer) if answer == number => self.answered(number),
                answer => self.failed(number, "call", &answer).await,
            }
            pause(random.millis(0..10)).await;
        }
    }

    async fn count(&self) {
        let mut random = self.random(30);
        while self.goes_on() {
            let (number, to) = (self.next(), random.within(1..150));
            let mut items = Box::pin(self.load.count(number, to));
            let end = loop {
                match items.next().await {
                    Some(Ok(item)) => self.shared.records().arrive(Kind::Down, number, item),
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                }
            };
            self.shared.records().end(Kind::Down, number, to);
            match end {
                Ok(()) => self.answered(number),
                Err(error) => self.failed(number, "count", &error).await,
            }
            pause(random.millis(0..20)).await;
        }
    }

    async fn take(&self) {
        let mut random = self.random(31);
        while self.goes_on() {
            let (number, to) = (self.next(), random.within(1..150));
            match self.load.take(number, to, items(to)).await {
                Ok(count) if count == to => self.answered(number),
                answer => self.failed(number, "take", &answer).await,
            }
            pause(random.millis(0..20)).await;
        }
    }

    async fn both(&self) {
        let mut random = self.random(32);
        while self.goes_on() {
            let (number, to) = (self.next(), random.within(1..150));
            let mut back = Box::pin(self.load.both(number, to, items(to)));
            let end = loop {
                match back.next().await {
                    Some(Ok(item)) => self.shared.records().arrive(Kind::BothDown, number, item),
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                }
            };
            self.shared.records().end(Kind::BothDown, number, to);
            match end {
                Ok(()) => self.answered(number),
                Err(error) => self.failed(number, "both", &error).await,
            }
            pause(random.millis(0..20)).await;
        }
    }

    fn answered(&self, number: u32) {
        self.shared.records().run(Kind::CallAnswers, number);
    }

    async fn failed(&self, number: u32, method: &str, why: &impl std::fmt::Debug) {
        self.log.add(&format!("client: {method} {number}: {why:?}"));
        self.shared
            .records()
            .fail(Kind::CallAnswers, number, &format!("{method}: {why:?}"));
        self.rest().await;
    }

    /// Something is wrong already; a loop that fails again and again needn't be fast.
    async fn rest(&self) {
        pause(Duration::from_millis(20)).await;
    }

    fn next(&self) -> u32 {
        self.calls.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn goes_on(&self) -> bool {
        !*self.is_over.borrow()
    }

    fn random(&self, part: u64) -> Random {
        Random::new(self.seed, part)
    }
}

/// 1 to `to`, some of them after a while.
fn items(to: u32) -> impl futures_util::Stream<Item = u32> + Send + 'static {
    stream::iter(1..=to).then(|item| async move {
        if item % 50 == 0 {
            pause(Duration::from_millis(5)).await;
        }
        item
    })
}
