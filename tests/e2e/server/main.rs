//! The server of the end-to-end tests: a channel with every shape of type and what a call can come to, others for calls both
//! ways, values that travel exactly, groups and middleware, and raw echoes.
//!
//! `e2e-server [--port N] [--keep-alive MS] [--pong MS] [--files FOLDER] [--origin ORIGIN] [--rate CALLS]`. Its first line is
//! `{"port":N}`.

#![allow(clippy::print_stdout)] // the port is for whoever starts it

mod again;
mod bank;
mod duplex;
mod ledger;
mod lobby;
mod vault;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::future::ready;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt as _, stream};
use glue::{
    CloseReason, Code, Context, Drain, KeepAlive, Limits, Origins, Refusal, Server, Socket, SocketRequest,
    Stream,
};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use self::again::{Again as _, Counts};
use self::bank::{Bank as _, Counter};
use self::duplex::{Both, Duplex as _};
use self::ledger::Ledger;
use self::lobby::{House, Lobby as _};
use self::vault::{Cellar, Principal};

/// Every kind of method, and every shape of type.
#[glue::channel]
trait Probe {
    /// Does nothing.
    async fn unit(&self);
    async fn add(&self, a: i32, b: i32) -> i32;
    async fn echo_text(&self, text: String) -> String;
    async fn echo_point(&self, point: Point) -> Point;
    async fn echo_option(&self, value: Option<String>) -> Option<String>;
    async fn echo_list(&self, list: Vec<Point>) -> Vec<Point>;
    async fn echo_map(&self, map: BTreeMap<String, u32>) -> BTreeMap<String, u32>;
    async fn echo_shape(&self, shape: Shape) -> Shape;
    /// Fails with a typed error if `b` is zero.
    async fn divide(&self, a: i32, b: i32) -> Result<i32, MathError>;
    /// Returns a number that JavaScript can't hold.
    async fn too_big(&self) -> u64;
    /// Returns the caller's socket id.
    async fn whoami(&self, cx: &Context) -> String;
    /// Returns as many characters.
    async fn large(&self, length: u32) -> String;
    async fn panics(&self) -> u32;
    /// Never answers.
    async fn hang(&self, label: String);
    /// Answers once the `hang` or `endless` of this label is dropped.
    async fn dropped(&self, label: String);
    /// Keeps a text for `notes`.
    #[notification]
    async fn note(&self, text: String);
    async fn notes(&self) -> Vec<String>;
    /// Sends an event back.
    async fn emit(&self, cx: &Context, text: String, times: u32);
    /// Yields the numbers below `to`.
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    /// Yields numbers as fast as they are read.
    fn endless(&self, label: String) -> impl Stream<Item = u32>;
    /// Returns how many numbers the `endless` of this label has yielded.
    async fn produced(&self, label: String) -> u32;
    /// Yields texts of this length.
    fn blocks(&self, count: u32, length: u32) -> impl Stream<Item = String>;
    /// Yields each text of `note`, from now on.
    fn follow_notes(&self) -> impl Stream<Item = String>;
    /// Yields the numbers below `after`, then fails.
    fn failing(&self, after: u32) -> impl Stream<Item = Result<u32, MathError>>;
    /// Yields the numbers below `after`, then panics.
    fn panicking(&self, after: u32) -> impl Stream<Item = u32>;
    /// Returns how the socket of this id ended, once it has.
    async fn ended(&self, id: String) -> Ended;
    /// Returns what came on the raw channel `journal`, of all sockets, behind this label and a colon, once `last` is there.
    async fn journal(&self, label: String, last: String) -> Vec<String>;
    /// Something was emitted.
    #[event]
    fn emitted(text: String, point: Option<Point>);
}

/// A struct.
#[glue::model]
#[derive(Clone)]
struct Point {
    x: f64,
    y: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// An enum with every form of variant.
#[glue::model]
enum Shape {
    Nothing,
    Dot(Point),
    Line(Point, Point),
    Circle { center: Point, radius: f64 },
}

/// Why there is no result.
#[glue::model]
#[serde(tag = "reason", rename_all = "snake_case")]
enum MathError {
    DivisionByZero { dividend: i32 },
    Exhausted,
}

/// The end of a socket, as the server saw it.
#[glue::model]
#[derive(Clone)]
struct Ended {
    /// The name of a [`CloseReason`].
    reason: String,
    /// When, in milliseconds since 1970.
    at: f64,
}

#[derive(Clone, Default)]
struct State {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    notes: watch::Sender<Vec<String>>,
    dropped: watch::Sender<HashSet<String>>,
    produced: Mutex<HashMap<String, u32>>,
    ended: watch::Sender<HashMap<String, Ended>>,
    journal: watch::Sender<Vec<String>>,
}

impl Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl State {
    fn guard(&self, label: String) -> Guard {
        Guard {
            label,
            dropped: self.dropped.clone(),
        }
    }

    fn produced(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.produced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Echoes the main channel and the channel `golang`, and opens those through which tests look behind the scenes.
    fn open(&self, socket: &Socket) {
        for name in ["m", "golang"] {
            let channel = socket.channel(name);
            channel.clone().on_message(move |text| {
                let channel = channel.clone();
                async move {
                    // An error means that the socket has ended, and this handler with it.
                    let _ = channel.send(text).await;
                }
            });
        }

        let state = self.clone();
        socket.channel("journal").on_message(move |text| {
            state.journal.send_modify(|journal| journal.push(text));
            ready(())
        });

        let orders = socket.clone();
        socket.channel("order").on_message(move |order| {
            match order.as_str() {
                "close" => orders.close(),
                "dismiss" => orders.dismiss(),
                _ => {}
            }
            ready(())
        });

        let state = self.clone();
        let id = socket.id().to_owned();
        socket.on_close(move |reason| {
            state.ended.send_modify(|ended| {
                ended.insert(id, Ended::now(reason));
            });
        });
    }
}

impl Ended {
    #[allow(clippy::disallowed_methods)] // tests compare it with the moment at which a page went, in another process
    fn now(reason: CloseReason) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            reason: format!("{reason:?}"),
            at: since.as_secs_f64() * 1000.0,
        }
    }
}

/// Tells that the future or stream which owns it is gone.
struct Guard {
    label: String,
    dropped: watch::Sender<HashSet<String>>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let label = std::mem::take(&mut self.label);
        self.dropped.send_modify(|dropped| {
            dropped.insert(label);
        });
    }
}

impl Probe for State {
    async fn unit(&self) {}

    async fn add(&self, a: i32, b: i32) -> i32 {
        a + b
    }

    async fn echo_text(&self, text: String) -> String {
        text
    }

    async fn echo_point(&self, point: Point) -> Point {
        point
    }

    async fn echo_option(&self, value: Option<String>) -> Option<String> {
        value
    }

    async fn echo_list(&self, list: Vec<Point>) -> Vec<Point> {
        list
    }

    async fn echo_map(&self, map: BTreeMap<String, u32>) -> BTreeMap<String, u32> {
        map
    }

    async fn echo_shape(&self, shape: Shape) -> Shape {
        shape
    }

    async fn divide(&self, a: i32, b: i32) -> Result<i32, MathError> {
        a.checked_div(b).ok_or(MathError::DivisionByZero { dividend: a })
    }

    async fn too_big(&self) -> u64 {
        u64::MAX
    }

    async fn whoami(&self, cx: &Context) -> String {
        cx.socket_id().to_owned()
    }

    async fn large(&self, length: u32) -> String {
        "x".repeat(length as usize)
    }

    async fn panics(&self) -> u32 {
        panic!("a secret of the server")
    }

    async fn hang(&self, label: String) {
        let _guard = self.guard(label);
        std::future::pending().await
    }

    async fn dropped(&self, label: String) {
        let mut dropped = self.dropped.subscribe();
        let _ = dropped.wait_for(|dropped| dropped.contains(&label)).await;
    }

    async fn note(&self, text: String) {
        self.notes.send_modify(|notes| notes.push(text));
    }

    async fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    async fn emit(&self, cx: &Context, text: String, times: u32) {
        for n in 0..times {
            let point = (n > 0).then(|| Point {
                x: f64::from(n),
                y: 0.0,
                label: None,
            });
            // An error means that the caller is gone.
            let _ = cx
                .emit(&ProbeEvent::Emitted {
                    text: text.clone(),
                    point,
                })
                .await;
        }
    }

    async fn ended(&self, id: String) -> Ended {
        let mut sockets = self.ended.subscribe();
        let ended = sockets.wait_for(|sockets| sockets.contains_key(&id)).await;
        let ended = ended.ok().and_then(|sockets| sockets.get(&id).cloned());
        ended.expect("the sender lives in `self`")
    }

    async fn journal(&self, label: String, last: String) -> Vec<String> {
        let (head, last) = (format!("{label}:"), format!("{label}:{last}"));
        let mut journal = self.journal.subscribe();
        let written = journal.wait_for(|journal| journal.contains(&last)).await;
        let written = written.expect("the sender lives in `self`");
        let entries = written.iter().filter_map(|text| text.strip_prefix(&head));
        entries.map(str::to_owned).collect()
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    fn endless(&self, label: String) -> impl Stream<Item = u32> {
        let guard = self.guard(label.clone());
        stream::iter(0..).inspect(move |n| {
            let _ = &guard;
            self.produced().insert(label.clone(), n + 1);
        })
    }

    async fn produced(&self, label: String) -> u32 {
        self.produced().get(&label).copied().unwrap_or_default()
    }

    fn blocks(&self, count: u32, length: u32) -> impl Stream<Item = String> {
        stream::iter(0..count).map(move |_| "x".repeat(length as usize))
    }

    fn follow_notes(&self) -> impl Stream<Item = String> {
        let notes = self.notes.subscribe();
        let read = notes.borrow().len();
        stream::unfold((notes, read), |(mut notes, read)| async move {
            let note = notes
                .wait_for(|notes| notes.len() > read)
                .await
                .ok()?
                .get(read)
                .cloned()?;
            Some((note, (notes, read + 1)))
        })
    }

    fn failing(&self, after: u32) -> impl Stream<Item = Result<u32, MathError>> {
        stream::iter(0..after)
            .map(Ok)
            .chain(stream::iter([Err(MathError::Exhausted)]))
    }

    fn panicking(&self, after: u32) -> impl Stream<Item = u32> {
        stream::iter(0..).inspect(move |&n| assert!(n < after, "a secret of the server"))
    }
}

/// Accepts who says nothing, is Ann, an owner, or Eve, a guest. Who is nobody may try again, all others need not.
async fn authorize(request: SocketRequest) -> Result<(), Refusal> {
    let name: Option<String> = request.auth()?;
    match name.as_deref() {
        None => Ok(()),
        Some(name @ ("Ann" | "Eve")) => {
            request.set_value(Principal {
                name: name.to_owned(),
                is_owner: name == "Ann",
            });
            Ok(())
        }
        Some("nobody") => Err(Refusal::new(Code::Unauthenticated, "sign in")),
        Some(name) => {
            let refusal = Refusal::new(Code::PermissionDenied, "not you").for_good();
            Err(refusal
                .with_data(&name)
                .unwrap_or_else(|_| Refusal::new(Code::Internal, "no JSON")))
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let mut options = HashMap::new();
    for pair in arguments.chunks(2) {
        let [name, value] = pair else {
            return Err("an option has no value".into());
        };
        options.insert(name.as_str(), value.as_str());
    }
    let millis = |name: &str, default: u64| -> Result<Duration, Box<dyn Error>> {
        Ok(Duration::from_millis(
            options.get(name).map_or(Ok(default), |value| value.parse())?,
        ))
    };
    // Pings are frequent, so that every test sees some; the answer has time, as these tests share their machine.
    let keep_alive = KeepAlive {
        interval: millis("--keep-alive", 300)?,
        timeout: millis("--pong", 20_000)?,
    };

    let mut limits = Limits::default();
    if let Some(rate) = options.get("--rate") {
        limits.calls_per_second = Some(rate.parse()?);
    }

    let state = State::default();
    let ledger = Ledger::default();
    let mut builder = Server::builder()
        .channel(state.clone().into_channel())
        .channel(
            Both {
                ledger: ledger.clone(),
            }
            .into_channel(),
        )
        .channel(House::default().into_channel())
        .channel(Counter.into_channel())
        .channel(Counts::default().into_channel())
        .channel(Cellar { ledger }.service())
        .limits(limits)
        .authorize(authorize)
        .on_socket(move |socket| {
            state.open(&socket);
            ready(())
        })
        .keep_alive(keep_alive);
    if let Some(folder) = options.get("--files") {
        builder = builder.static_files(folder);
    }
    if let Some(&origin) = options.get("--origin") {
        builder = builder.origins(Origins::List(vec![origin.to_owned()]));
    }
    let server = builder.build()?;
    let listener = server
        .bind(&format!("127.0.0.1:{}", options.get("--port").unwrap_or(&"0")))
        .await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    tokio::join!(listener.serve(), go_when_told(&server));
    Ok(())
}

/// Lets all clients go on SIGTERM, at once but with their calls done.
async fn go_when_told(server: &Server) {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal(SignalKind::terminate()) {
        terminate.recv().await;
        let mut drain = Drain::default();
        drain.spread = Duration::from_millis(100);
        server.drain(drain).await;
    }
}
