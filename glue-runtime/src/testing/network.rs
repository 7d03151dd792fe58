//! The network itself: who is at its end, and how connections are made.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use tokio::sync::watch;

use super::connection::{Connection, Link};
use super::direction::Direction;
use super::lane::Conditions;
use super::pipe::Pipe;
use super::random::Random;
use crate::client::{Client, ClientBuilder, Connect, Io};
use crate::error::Error;
use crate::server::Server;

/// A network in memory that leads to one server. Cheap to clone; all clones are one network.
///
/// Give it to a client as its connector, or take the shorter [`Network::client`] and [`Network::connect`]; the host of a URL
/// is not looked at. What is set for the network holds for the connections that there are and for those to come.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
    /// Where clients seem to be.
    address: IpAddr,
}

/// What becomes of those who connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Arrivals {
    /// They get a connection, as long as the server runs.
    #[default]
    Accept,
    /// They are refused at once, as by a machine where nobody listens.
    Refuse,
    /// They get no answer until this changes, as from a machine that is off or behind a firewall.
    Ignore,
}

/// Connects a client with the default options to a server, over a [`Network`] of their own that never fails.
///
/// # Errors
/// As [`ClientBuilder::connect`].
pub async fn connect(server: &Server) -> Result<Client, Error> {
    Network::new(server).connect().await
}

impl Network {
    /// Creates a network that leads to this server. It need not be bound to an address.
    pub fn new(server: &Server) -> Self {
        Self::with_seed(server, 0)
    }

    /// Creates a network that leads to this server and draws what is random from this seed.
    pub fn with_seed(server: &Server, seed: u64) -> Self {
        Self::create(Destination::of(server), seed)
    }

    /// Creates a network that leads elsewhere: `accept` gets the server's end of each connection. So can a router be
    /// tested in which a Glue server is mounted, or a client against a server that says what it shouldn't.
    ///
    /// ```
    /// use glue::testing::Network;
    /// use hyper::server::conn::http1;
    /// use hyper_util::rt::TokioIo;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = glue::Server::builder().build()?;
    /// let service = server.service();
    /// let network = Network::custom(move |pipe| {
    ///     let connection = http1::Builder::new().serve_connection(TokioIo::new(pipe), service.clone());
    ///     tokio::spawn(connection.with_upgrades());
    /// });
    /// network.connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn custom(accept: impl Fn(Pipe) + Send + Sync + 'static) -> Self {
        Self::create(Destination::Custom(Arc::new(accept)), 0)
    }

    /// Returns the same network for clients at another address; by default they are at 127.0.0.1.
    #[must_use]
    pub fn at(&self, address: impl Into<IpAddr>) -> Self {
        Self {
            shared: self.shared.clone(),
            address: address.into(),
        }
    }

    /// Returns the options of a client that connects over this network, to the base URL of its server. The random part of its
    /// delays comes from the network's seed.
    pub fn client(&self) -> ClientBuilder {
        let network = self.clone();
        let builder = Client::builder(HOST)
            .connector(self.clone())
            .random(move || network.state().random.number());
        match &self.state().destination {
            Destination::Server(server) => builder.base_url(server.base_url()),
            Destination::Custom(_) => builder,
        }
    }

    /// Connects a client with the default options.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`].
    pub async fn connect(&self) -> Result<Client, Error> {
        self.client().connect().await
    }

    /// Makes a connection and returns its client's end, for peers that speak HTTP by themselves. It takes the latency of both
    /// ways.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] when the server was shut down, or with [`Arrivals::Refuse`].
    pub async fn open(&self) -> io::Result<Pipe> {
        let round_trip = {
            let mut state = self.state();
            state.attempts += 1;
            state.conditions.iter().map(|way| way.latency).sum()
        };
        if round_trip > Duration::ZERO {
            travel(round_trip).await;
        }
        let mut arrivals = self.shared.arrivals.subscribe();
        // The sender lives as long as `self`.
        let arrivals = arrivals
            .wait_for(|arrivals| *arrivals != Arrivals::Ignore)
            .await
            .map_or(Arrivals::Refuse, |arrivals| *arrivals);
        if arrivals == Arrivals::Refuse {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.make()
    }

    /// Leads those who connect from now on to another server. Connections that there are stay with theirs.
    ///
    /// To let a server die and come back: [`Network::cut_all`], then this.
    pub fn replace_server(&self, server: &Server) {
        self.state().destination = Destination::of(server);
    }

    /// Sets what becomes of those who connect from now on, and of those who wait because of [`Arrivals::Ignore`].
    pub fn set_arrivals(&self, arrivals: Arrivals) {
        self.shared.arrivals.send_replace(arrivals);
    }

    /// Returns the connections so far, in the order in which they were made, ended ones too.
    pub fn connections(&self) -> Vec<Connection> {
        self.state().connections.clone()
    }

    /// Waits until there were this many connections, and returns the last of them. Cancel safe.
    pub async fn connected(&self, count: usize) -> Connection {
        let mut made = self.shared.made.subscribe();
        // The sender lives as long as `self`.
        let _ = made.wait_for(|made| *made >= count).await;
        let state = self.state();
        let connection = state.connections.get(count.saturating_sub(1));
        connection.expect("there were so many, and one at least").clone()
    }

    /// Returns how many times somebody has tried to connect, in vain or not.
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }

    /// Returns how many bytes have arrived, over all connections.
    pub fn bytes(&self, direction: Direction) -> u64 {
        let connections = self.connections();
        let bytes = connections.iter().map(|connection| connection.bytes(direction));
        bytes.sum()
    }

    /// Cuts all connections; see [`Connection::cut`].
    pub fn cut_all(&self) {
        for connection in self.connections() {
            connection.cut();
        }
    }

    /// Cuts each connection that is made from now on, once so many bytes have arrived in this direction; with
    /// [`Direction::Both`] in one that is drawn. The bytes are drawn from the range, for each connection anew.
    ///
    /// So a test can go through every byte of an exchange (`n..=n`), or through many seeds:
    ///
    /// ```
    /// use glue::testing::{Direction, Network};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = glue::Server::builder().build()?;
    /// for seed in 0..100 {
    ///     let network = Network::with_seed(&server, seed);
    ///     network.cut_new(Direction::Both, 1..=100);
    ///
    ///     // What your application does when connecting fails …
    ///     assert!(network.connect().await.is_err(), "seed {seed}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn cut_new(&self, direction: Direction, bytes: RangeInclusive<u64>) {
        self.state().cuts = Some((direction, bytes));
    }

    /// Cuts no more connections by [`Network::cut_new`]. Those that have drawn their byte already keep it.
    pub fn spare_new(&self) {
        self.state().cuts = None;
    }

    /// Makes the connections that there are half-open; see [`Connection::lose`]. Those to come work.
    pub fn lose(&self, direction: Direction) {
        for connection in self.connections() {
            connection.lose(direction);
        }
    }

    /// Holds back bytes; see [`Connection::stall`]. Connecting works.
    pub fn stall(&self, direction: Direction) {
        self.set(direction, |conditions| conditions.is_stalled = true);
    }

    /// Lets arrive what was held back, by [`Connection::stall`] as well.
    pub fn resume(&self, direction: Direction) {
        self.set(direction, |conditions| conditions.is_stalled = false);
    }

    /// Sets how long bytes are on their way; see [`Connection::set_latency`].
    pub fn set_latency(&self, direction: Direction, latency: Duration) {
        self.set(direction, |conditions| conditions.latency = latency);
    }

    /// Sets how many bytes a second each connection takes; see [`Connection::set_bandwidth`].
    pub fn set_bandwidth(&self, direction: Direction, bytes_per_second: impl Into<Option<u64>>) {
        let bandwidth = bytes_per_second.into();
        self.set(direction, |conditions| conditions.set_bandwidth(bandwidth));
    }

    /// Sets how many bytes are read or written at once; see [`Connection::set_chunk`].
    pub fn set_chunk(&self, direction: Direction, bytes: impl Into<Option<usize>>) {
        let bytes = bytes.into();
        self.set(direction, |conditions| conditions.set_chunk(bytes));
    }

    /// Sets how many bytes may be on their way; see [`Connection::set_buffer`].
    pub fn set_buffer(&self, direction: Direction, bytes: usize) {
        self.set(direction, |conditions| conditions.set_buffer(bytes));
    }

    fn create(destination: Destination, seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    destination,
                    conditions: Default::default(),
                    cuts: None,
                    random: Random::new(seed),
                    connections: Vec::new(),
                    attempts: 0,
                }),
                arrivals: watch::Sender::default(),
                made: watch::Sender::new(0),
            }),
            address: Ipv4Addr::LOCALHOST.into(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what all ways are like, of connections to come too.
    fn set(&self, direction: Direction, change: impl Fn(&mut Conditions)) {
        let connections = {
            let mut state = self.state();
            for &way in direction.ways() {
                change(&mut state.conditions[way]);
            }
            state.connections.clone()
        };
        for connection in connections {
            connection.set(direction, &change);
        }
    }

    /// Makes a connection, and hands its other end over.
    fn make(&self) -> io::Result<Pipe> {
        let (client, server, destination, count) = {
            let mut state = self.state();
            if !state.destination.is_there() {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let link = Arc::new(Link::new(self.address, &state.conditions));
            let (client, server) = Pipe::pair(&link);
            let connection = Connection::new(link);
            if let Some((direction, bytes)) = state.draw_cut() {
                connection.cut_after(direction, bytes);
            }
            state.connections.push(connection);
            (client, server, state.destination.clone(), state.connections.len())
        };
        destination.accept(server);
        self.shared.made.send_replace(count);
        Ok(client)
    }
}

impl Connect for Network {
    fn connect(&self, _uri: &Uri) -> BoxFuture<'static, io::Result<Box<dyn Io>>> {
        let network = self.clone();
        Box::pin(async move {
            let pipe: Box<dyn Io> = Box::new(network.open().await?);
            Ok(pipe)
        })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Network")
            .field("attempts", &state.attempts)
            .field("connections", &state.connections.len())
            .finish_non_exhaustive()
    }
}

struct Shared {
    state: Mutex<State>,
    arrivals: watch::Sender<Arrivals>,
    /// How many connections there were.
    made: watch::Sender<usize>,
}

struct State {
    destination: Destination,
    /// Of connections to come: to the server, to the client.
    conditions: [Conditions; 2],
    /// Where connections to come are cut.
    cuts: Option<(Direction, RangeInclusive<u64>)>,
    random: Random,
    connections: Vec<Connection>,
    attempts: usize,
}

impl State {
    fn draw_cut(&mut self) -> Option<(Direction, u64)> {
        let (direction, range) = self.cuts.as_ref()?;
        let bytes = self.random.within(range);
        let direction = match direction {
            Direction::Both if self.random.coin() => Direction::ToServer,
            Direction::Both => Direction::ToClient,
            one => *one,
        };
        Some((direction, bytes))
    }
}

/// Who is at the end of the network.
#[derive(Clone)]
enum Destination {
    Server(Server),
    Custom(Arc<dyn Fn(Pipe) + Send + Sync>),
}

impl Destination {
    fn of(server: &Server) -> Self {
        Self::Server(server.clone())
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Server(server) => !server.has_ended(),
            Self::Custom(_) => true,
        }
    }

    fn accept(&self, pipe: Pipe) {
        match self {
            Self::Server(server) => {
                let address = pipe.remote_addr();
                server.serve_stream(pipe, address);
            }
            Self::Custom(accept) => accept(pipe),
        }
    }
}

/// Waits as long as the way takes.
#[allow(clippy::disallowed_methods)] // the latency of a network, which is no deadline of a session
async fn travel(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Nobody's name, as RFC 6761 has it.
const HOST: &str = "http://glue.test";
