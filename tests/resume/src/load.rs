//! The channel that is put under load, and its server, who keeps books.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use glue::{
    CallError, CallOptions, Context, Incoming, KeepAlive, Refusal, ServerLimits, Socket, SocketRequest,
    Stream,
};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::log::Log;
use crate::random::{Random, padding};
use crate::records::{Kind, Records};
use crate::time::pause;

/// Every kind of method. All that a client does has a number, from 1; those of calls and streams are of one row.
#[glue::channel]
pub(crate) trait Load {
    /// Answers with its number, after a while.
    async fn call(&self, cx: &Context, number: u32, wait_ms: u32) -> u32;
    #[notification]
    async fn note(&self, cx: &Context, number: u32);
    /// Yields 1 to `to`.
    fn count(&self, cx: &Context, number: u32, to: u32) -> impl Stream<Item = u32>;
    /// Takes 1 to `to`, and returns how many came.
    async fn take(&self, cx: &Context, number: u32, to: u32, items: Incoming<u32>) -> u32;
    /// Takes 1 to `to`, and yields them.
    fn both(&self, cx: &Context, number: u32, to: u32, items: Incoming<u32>) -> impl Stream<Item = u32>;
    /// Sends events and calls the client, until `finish`; then tells how many there were.
    async fn attend(&self, cx: &Context) -> Attended;
    /// The client has sent so much and does nothing more. Answers when all of it is there, with what the server has sent.
    async fn finish(&self, cx: &Context, sent: Sent) -> Sent;
    #[event]
    fn told(number: u32);
    /// Returns its number.
    #[client]
    async fn ask(number: u32) -> u32;
}

/// How many of each there were.
#[glue::model]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(crate) raw: u32,
    pub(crate) side: u32,
    /// Notifications; 0 for the server.
    pub(crate) notes: u32,
    /// Calls and streams; 0 for the server.
    pub(crate) calls: u32,
}

/// See [`Load::attend`].
#[glue::model]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attended {
    pub(crate) events: u32,
    pub(crate) asks: u32,
}

/// What clients say of themselves at connect.
#[derive(Clone, Copy)]
struct Who(usize);

/// The books on all clients.
#[derive(Clone)]
pub(crate) struct Server {
    accounts: Arc<Vec<Account>>,
}

/// One client's.
pub(crate) struct Account {
    records: Mutex<Records>,
    sent: Mutex<Sent>,
    /// Sessions so far.
    sessions: watch::Sender<u32>,
    /// The session of which the client knows: the one in which it has called.
    has_begun: watch::Sender<Option<String>>,
    /// The client does no more.
    is_over: watch::Sender<bool>,
    /// Loops that send raw messages.
    sending: watch::Sender<u32>,
    changed: watch::Sender<()>,
    log: Log,
    seed: u64,
}

impl Server {
    pub(crate) fn new(logs: &[Log], seed: u64) -> Self {
        let accounts = logs.iter().enumerate().map(|(client, log)| Account {
            records: Mutex::default(),
            sent: Mutex::default(),
            sessions: watch::Sender::default(),
            has_begun: watch::Sender::default(),
            is_over: watch::Sender::default(),
            sending: watch::Sender::default(),
            changed: watch::Sender::default(),
            log: log.clone(),
            seed: seed ^ (client as u64) << 32,
        });
        Self {
            accounts: Arc::new(accounts.collect()),
        }
    }

    pub(crate) fn account(&self, client: usize) -> &Account {
        &self.accounts[client]
    }

    /// Makes the server, which notices soon when a link is gone.
    pub(crate) fn build(&self) -> Result<glue::Server, glue::Error> {
        let mut limits = ServerLimits::default();
        limits.unpolled = Duration::from_secs(1);
        let (authorizing, opening) = (self.clone(), self.clone());
        glue::Server::builder()
            .channel(self.clone().into_channel())
            .server_limits(limits)
            .keep_alive(KeepAlive {
                interval: Duration::from_millis(300),
                timeout: Duration::from_millis(300),
            })
            .authorize(move |request| authorizing.clone().authorize(request))
            .on_socket(move |socket| opening.clone().open(socket))
            .build()
    }

    fn of(&self, cx: &Context) -> &Account {
        let Who(client) = cx.value().unwrap_or(Who(0));
        self.account(client)
    }

    /// Clients say which one they are.
    async fn authorize(self, request: SocketRequest) -> Result<(), Refusal> {
        let client: usize = request.auth()?;
        request.set_value(Who(client % self.accounts.len()));
        Ok(())
    }

    /// Reads and writes the raw channels of a new session.
    async fn open(self, socket: Socket) {
        let Who(client) = socket.value().unwrap_or(Who(0));
        let account = self.account(client);
        // Open from the beginning, as the client may have spoken already.
        let (main, side) = (socket.channel("m"), socket.channel("side"));
        let mut has_begun = account.has_begun.subscribe();
        if has_begun.borrow().is_none() {
            // An answer that comes too late for the first attempt leaves a session of which the client never hears.
            let is_ours = |begun: &Option<String>| begun.as_deref() == Some(socket.id());
            let _ = has_begun.wait_for(is_ours).await;
        }
        account.sessions.send_modify(|sessions| *sessions += 1);
        let session = *account.sessions.borrow();
        account
            .log
            .add(&format!("server: session {session}, {}", socket.id()));
        let log = account.log.clone();
        socket.on_close(move |reason| log.add(&format!("server: session {session} ended: {reason:?}")));
        let reading_side = async {
            while let Some(text) = side.recv().await {
                account.arrive(Kind::SideUp, &text);
            }
        };
        let reading = async {
            while let Some(text) = socket.recv().await {
                account.arrive(Kind::RawUp, &text);
            }
        };
        tokio::join!(
            reading,
            reading_side,
            account.send(&main, Kind::RawDown),
            account.send(&side, Kind::SideDown)
        );
    }
}

impl Account {
    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the client knows of its session; before, there is none that it could resume.
    pub(crate) async fn begun(&self) {
        // The sender is in `self`.
        let _ = self.has_begun.subscribe().wait_for(Option::is_some).await;
    }

    pub(crate) fn sessions(&self) -> u32 {
        *self.sessions.borrow()
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        *self.is_over.borrow()
    }

    fn arrive(&self, kind: Kind, text: &str) {
        let number = number_of(text);
        self.records().arrive(kind, 0, number);
        self.changed.send_replace(());
    }

    /// Sends raw messages until the client is done.
    async fn send(&self, channel: &glue::Channel, kind: Kind) {
        self.sending.send_modify(|sending| *sending += 1);
        let _done = Done(&self.sending);
        let mut random = Random::new(self.seed, kind as u64 + u64::from(self.sessions()) * 100);
        while !self.is_over() {
            for _ in 0..random.within(1..8) {
                let number = {
                    let mut sent = self.sent();
                    let number = if kind == Kind::RawDown {
                        &mut sent.raw
                    } else {
                        &mut sent.side
                    };
                    *number += 1;
                    *number
                };
                if channel.send(text_of(number, &mut random)).await.is_err() {
                    return;
                }
            }
            pause(random.millis(0..30)).await;
        }
    }

    async fn send_events(&self, cx: &Context) -> u32 {
        let emitter = cx.emitter();
        let mut random = Random::new(self.seed, 7);
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            if let Err(error) = emitter.emit(&LoadEvent::Told { number }).await {
                self.records().fail(Kind::Events, number, &error.to_string());
                return number;
            }
            pause(random.millis(0..20)).await;
        }
        number
    }

    async fn ask(&self, cx: &Context) -> u32 {
        let mut random = Random::new(self.seed, 8);
        // Much may wait before it, on links that are short-lived.
        let options = CallOptions::default().timeout(Duration::from_secs(600));
        let mut number = 0;
        while !self.is_over() {
            number += 1;
            match LoadCallback::of(cx).with(options).ask(number).await {
                Ok(answer) if answer == number => self.records().run(Kind::AskAnswers, number),
                Ok(answer) => self
                    .records()
                    .fail(Kind::AskAnswers, number, &format!("answered {answer}")),
                Err(CallError::Rpc(error)) => {
                    self.records().fail(Kind::AskAnswers, number, &error.to_string());
                }
                Err(CallError::Application(never)) => match never {},
            }
            pause(random.millis(0..20)).await;
        }
        number
    }

    /// Waits until all that the client has sent has arrived, or nothing more can be hoped for.
    async fn settle(&self, sent: Sent) {
        let mut changes = self.changed.subscribe();
        let all = async {
            loop {
                changes.borrow_and_update();
                let is_there = {
                    let records = self.records();
                    records.last(Kind::RawUp) >= sent.raw
                        && records.last(Kind::SideUp) >= sent.side
                        && records.last(Kind::Notes) >= sent.notes
                };
                if is_there || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            self.log.add("server: not everything that was sent has come");
        }
        let mut sending = self.sending.subscribe();
        let _ = timeout(PATIENCE, sending.wait_for(|sending| *sending == 0)).await;
    }
}

impl Load for Server {
    async fn call(&self, cx: &Context, number: u32, wait_ms: u32) -> u32 {
        self.of(cx).records().run(Kind::CallRuns, number);
        if wait_ms > 0 {
            pause(Duration::from_millis(wait_ms.into())).await;
        }
        number
    }

    async fn note(&self, cx: &Context, number: u32) {
        let account = self.of(cx);
        account.records().arrive(Kind::Notes, 0, number);
        account.changed.send_replace(());
    }

    fn count(&self, cx: &Context, number: u32, to: u32) -> impl Stream<Item = u32> {
        self.of(cx).records().run(Kind::CallRuns, number);
        stream::iter(1..=to).then(|item| async move {
            if item % 40 == 0 {
                pause(Duration::from_millis(3)).await;
            }
            item
        })
    }

    async fn take(&self, cx: &Context, number: u32, to: u32, mut items: Incoming<u32>) -> u32 {
        let account = self.of(cx);
        account.records().run(Kind::CallRuns, number);
        let mut count = 0;
        while let Some(item) = items.next().await {
            account.records().arrive(Kind::Up, number, item);
            count += 1;
        }
        account.records().end(Kind::Up, number, to);
        count
    }

    fn both(&self, cx: &Context, number: u32, to: u32, items: Incoming<u32>) -> impl Stream<Item = u32> {
        let Who(client) = cx.value().unwrap_or(Who(0));
        let server = self.clone();
        self.of(cx).records().run(Kind::CallRuns, number);
        let last = server.clone();
        let items = items.inspect(move |item| {
            server
                .account(client)
                .records()
                .arrive(Kind::BothUp, number, *item);
        });
        let end = stream::once(async move {
            last.account(client).records().end(Kind::BothUp, number, to);
            None
        });
        items.map(Some).chain(end).filter_map(std::future::ready)
    }

    async fn attend(&self, cx: &Context) -> Attended {
        let account = self.of(cx);
        account.has_begun.send_replace(Some(cx.socket_id().to_owned()));
        let (events, asks) = tokio::join!(account.send_events(cx), account.ask(cx));
        account.records().end_runs(Kind::AskAnswers, asks);
        Attended { events, asks }
    }

    async fn finish(&self, cx: &Context, sent: Sent) -> Sent {
        let account = self.of(cx);
        account.is_over.send_replace(true);
        account.settle(sent).await;
        let mut records = account.records();
        records.end(Kind::RawUp, 0, sent.raw);
        records.end(Kind::SideUp, 0, sent.side);
        records.end(Kind::Notes, 0, sent.notes);
        records.end_runs(Kind::CallRuns, sent.calls);
        *account.sent()
    }
}

/// Counts a loop as long as it runs.
struct Done<'a>(&'a watch::Sender<u32>);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|loops| *loops -= 1);
    }
}

/// A numbered text; its length travels with it.
pub(crate) fn text_of(number: u32, random: &mut Random) -> String {
    let padding = padding(random);
    format!("{number}:{}:{padding}", padding.len())
}

/// Returns the number of such a text; 0, which none has, if it isn't whole.
pub(crate) fn number_of(text: &str) -> u32 {
    let mut parts = text.splitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    let (number, length) = (number(), number());
    let length_is = parts.next().map(str::len);
    number
        .filter(|_| length.is_some_and(|length: u32| length_is == usize::try_from(length).ok()))
        .unwrap_or_default()
}

/// How long what was sent is waited for, with a link that is whole.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
