//! A channel that does a bit of everything, and what its servers have got.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glue::{CallError, Code, Context, Limits, Server, Socket, Stream};
use glue_tests::deadline::within;
use tokio::sync::Semaphore;

use crate::virtual_time::pass;

#[glue::channel]
pub(super) trait Ledger {
    /// Enters a number, and returns how often it stands there now.
    async fn enter(&self, number: u32) -> u32;
    /// Enters a number when it is this call's turn.
    async fn enter_late(&self, number: u32) -> u32;
    /// Enters a number and tells of it.
    #[notification]
    async fn note(&self, cx: &Context, number: u32);
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    #[event]
    fn noted(number: u32);
}

/// What has arrived at a server and at those that took its place.
#[derive(Clone)]
pub(super) struct Book {
    entries: Arc<Mutex<BTreeMap<u32, u32>>>,
    texts: Arc<Mutex<Vec<u32>>>,
    turn: Arc<Semaphore>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            entries: Arc::default(),
            texts: Arc::default(),
            turn: Arc::new(Semaphore::new(2)),
        }
    }

    /// Makes a server that writes into the book.
    pub(super) fn server(&self) -> Server {
        self.server_with(Limits::default())
    }

    pub(super) fn server_with(&self, limits: Limits) -> Server {
        let book = self.clone();
        let builder = Server::builder().channel(self.clone().into_channel());
        let builder = builder.on_socket(move |socket| echo(socket, book.clone()));
        builder.limits(limits).build().unwrap()
    }

    /// Returns how often a number was entered.
    pub(super) fn times(&self, number: u32) -> u32 {
        let entries = self.entries.lock().unwrap();
        entries.get(&number).copied().unwrap_or_default()
    }

    /// Returns the numbers that came as texts.
    pub(super) fn texts(&self) -> Vec<u32> {
        self.texts.lock().unwrap().clone()
    }

    fn write(&self, number: u32) -> u32 {
        let mut entries = self.entries.lock().unwrap();
        let entry = entries.entry(number).or_default();
        *entry += 1;
        *entry
    }
}

impl Ledger for Book {
    async fn enter(&self, number: u32) -> u32 {
        self.write(number)
    }

    async fn enter_late(&self, number: u32) -> u32 {
        let _turn = self.turn.acquire().await.unwrap();
        pass(Duration::from_millis(u64::from(number % 7))).await;
        self.write(number)
    }

    async fn note(&self, cx: &Context, number: u32) {
        self.write(number);
        let _ = cx.emitter().emit(&LedgerEvent::Noted { number }).await;
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter(0..to)
    }
}

/// Takes note of each text, and sends it back.
async fn echo(socket: Socket, book: Book) {
    while let Some(text) = socket.recv().await {
        book.texts.lock().unwrap().push(text.parse().unwrap());
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

/// What a call came to, where it may fail because of the network only.
pub(super) fn settled<T: Debug>(result: Result<T, CallError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(CallError::Rpc(error)) if error.code() == Code::Unavailable => None,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn soon<T>(event: impl Future<Output = T>) -> T {
    within("the other side", event).await
}

/// Seeds of a test that tries many; `GLUE_SEEDS=5000` tries more of them.
pub(super) fn seeds(count: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("GLUE_SEEDS").ok();
    0..asked.map_or(count, |asked| asked.parse().unwrap())
}
