//! Servers that go, and the clients that they send to the next one: in virtual time over a network in memory, and on real sockets
//! where raw peers show what they are told.

mod client;
mod raw;
mod server;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use glue::testing::Network;
use glue::{CallError, Client, CloseReason, Code, Context, Drain, Server, ServerBuilder, Socket};
use tokio::sync::watch;

use crate::outcome::{UNKNOWN, outcome};
use crate::virtual_time::{SECOND, eventually, now, pass};

#[glue::channel]
trait Desk {
    /// Takes this many seconds, and tells whose desk it was.
    async fn work(&self, number: u32, seconds: u32) -> String;
    #[notification]
    async fn note(&self, number: u32, seconds: u32);
    /// An item each second; without an end where that is 0.
    fn count(&self, to: u32) -> impl Stream<Item = u32>;
    /// Has the server ask its client, and doesn't wait for the answer.
    async fn consult(&self, cx: &Context);
    #[client]
    async fn advise() -> u32;
}

/// The service of one server, which writes down what it is asked for.
#[derive(Clone)]
struct Firm {
    name: &'static str,
    log: Log,
}

/// What all servers have heard, in order: whose name, and what.
type Log = Arc<watch::Sender<Vec<String>>>;

impl Firm {
    fn note(&self, what: impl std::fmt::Display) {
        let entry = format!("{} {what}", self.name);
        self.log.send_modify(|log| log.push(entry));
    }

    /// Returns a server that notes the texts of its main channels as well, and why its sockets end.
    fn server(&self, builder: ServerBuilder) -> Server {
        let service = self.clone().into_channel();
        let firm = self.clone();
        let listen = move |socket| firm.clone().listen(socket);
        builder.channel(service).on_socket(listen).build().unwrap()
    }

    async fn listen(self, socket: Socket) {
        self.note("open");
        let firm = self.clone();
        socket.on_close(move |reason| firm.note(format_args!("closed: {reason:?}")));
        while let Some(text) = socket.recv().await {
            self.note(text);
        }
    }
}

impl Desk for Firm {
    async fn work(&self, number: u32, seconds: u32) -> String {
        self.note(format_args!("work {number}"));
        pass(Duration::from_secs(seconds.into())).await;
        format!("{number} by {}", self.name)
    }

    async fn note(&self, number: u32, seconds: u32) {
        pass(Duration::from_secs(seconds.into())).await;
        self.note(format_args!("noted {number}"));
    }

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        let numbers = futures_util::stream::iter((0..).take_while(move |number| to == 0 || *number < to));
        numbers.then(|number| async move {
            pass(SECOND).await;
            number
        })
    }

    async fn consult(&self, cx: &Context) {
        let client = DeskCallback::of(cx);
        let firm = self.clone();
        tokio::spawn(async move {
            let advice = client.advise().await.map_err(code);
            firm.note(format_args!("advised {advice:?}"));
        });
    }
}

/// What a client advises, after a time.
struct Adviser;

impl DeskHandler for Adviser {
    async fn advise(&self) -> u32 {
        pass(3 * SECOND).await;
        7
    }
}

/// Two servers that stand in for each other, and a network that leads to the first.
struct World {
    a: Server,
    b: Server,
    network: Network,
    log: Log,
}

impl World {
    fn new() -> Self {
        Self::with(0, Server::builder)
    }

    fn with(seed: u64, builder: fn() -> ServerBuilder) -> Self {
        let log = Log::default();
        let [a, b] = ["a", "b"].map(|name| {
            let log = log.clone();
            Firm { name, log }.server(builder())
        });
        let network = Network::with_seed(&a, seed);
        Self { a, b, network, log }
    }

    /// Connects a client to the first server; those that connect later find the second.
    async fn client(&self) -> (Client, DeskClient<glue::RpcChannel>) {
        self.network.replace_server(&self.a);
        let client = self.network.connect().await.unwrap();
        self.network.replace_server(&self.b);
        let desk = DeskClient::open(&client).unwrap();
        (client, desk)
    }

    /// Waits until so many entries of the log begin so, and returns those.
    async fn heard(&self, beginning: &str, count: usize) -> Vec<String> {
        let matching = |log: &Vec<String>| {
            let log = log.iter().filter(|entry| entry.starts_with(beginning));
            log.cloned().collect::<Vec<_>>()
        };
        let mut log = self.log.subscribe();
        let log = eventually(log.wait_for(|log| matching(log).len() >= count)).await;
        matching(&log.unwrap())
    }
}

/// Returns times of a drain.
fn times(spread: Duration, finish: Duration) -> Drain {
    let mut drain = Drain::default();
    drain.spread = spread;
    drain.finish = finish;
    drain
}

/// All clients at once, and half a minute for their calls.
fn at_once() -> Drain {
    times(Duration::ZERO, 30 * SECOND)
}

fn code<E>(error: CallError<E>) -> Code {
    match error {
        CallError::Rpc(error) => error.code(),
        CallError::Application(_) => Code::Application,
    }
}
