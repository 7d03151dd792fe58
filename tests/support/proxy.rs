//! A TCP proxy that breaks connections where a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::deadline::within;

/// A running proxy; it ends with this value, and with it all of its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    plan: Arc<Plan>,
    accepting: JoinHandle<()>,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Proxy {
    /// Starts a proxy in front of a server. At first it only forwards.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let plan = Arc::new(Plan::default());
        Self {
            address: listener.local_addr().expect("the port is known"),
            accepting: tokio::spawn(accept(listener, server, plan.clone())),
            plan,
        }
    }

    /// Returns where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many connections there were so far; the next one has this number.
    pub fn connections(&self) -> usize {
        *self.plan.connections.borrow()
    }

    /// Waits until there were this many connections.
    pub async fn connected(&self, count: usize) {
        let mut connections = self.plan.connections.subscribe();
        let reached = connections.wait_for(|connections| *connections >= count);
        let _ = within("a connection", reached).await.expect("the plan is there");
    }

    /// Returns how many bytes have gone in this direction, over all connections.
    pub fn forwarded(&self, direction: Direction) -> u64 {
        lock(&self.plan.forwarded)[direction as usize]
    }

    /// Cuts the connection with this number, both ways, once exactly `bytes` of it have gone in this direction.
    ///
    /// Bytes count from the beginning of the connection. Those that went before the call count, but can't be taken back.
    pub fn cut(&self, connection: usize, direction: Direction, bytes: u64) {
        self.add(Some(connection), direction, bytes);
    }

    /// Cuts whichever connection carries it, once exactly `bytes` have gone in this direction over all connections.
    pub fn cut_any(&self, direction: Direction, bytes: u64) {
        self.add(None, direction, bytes);
    }

    /// Returns how many connections were cut.
    pub fn cuts(&self) -> usize {
        *self.plan.cuts.borrow()
    }

    /// Waits until this many connections were cut.
    pub async fn cut_done(&self, count: usize) {
        let mut cuts = self.plan.cuts.subscribe();
        let reached = cuts.wait_for(|cuts| *cuts >= count);
        let _ = within("a cut", reached).await.expect("the plan is there");
    }

    /// Forwards nothing in this direction until [`Proxy::release`]. What is on its way already arrives.
    pub fn hold(&self, direction: Direction) {
        self.plan.gate(direction).send_replace(false);
    }

    /// Forwards again what was held back.
    pub fn release(&self, direction: Direction) {
        self.plan.gate(direction).send_replace(true);
    }

    fn add(&self, connection: Option<usize>, direction: Direction, bytes: u64) {
        self.plan.cuts_to_come().push(Cut {
            connection,
            direction,
            bytes,
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        for connection in self.plan.tasks().drain(..) {
            connection.abort();
        }
    }
}

/// What is to happen, and what has.
#[derive(Debug)]
struct Plan {
    connections: watch::Sender<usize>,
    cuts: watch::Sender<usize>,
    to_server: watch::Sender<bool>,
    to_client: watch::Sender<bool>,
    cuts_to_come: Mutex<Vec<Cut>>,
    /// Bytes that went over all connections: to the server, to the client.
    forwarded: Mutex<[u64; 2]>,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// An order to cut; it is carried out once.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// `None`: any.
    connection: Option<usize>,
    direction: Direction,
    bytes: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            connections: watch::Sender::new(0),
            cuts: watch::Sender::new(0),
            to_server: watch::Sender::new(true),
            to_client: watch::Sender::new(true),
            cuts_to_come: Mutex::default(),
            forwarded: Mutex::default(),
            tasks: Mutex::default(),
        }
    }
}

impl Plan {
    fn gate(&self, direction: Direction) -> &watch::Sender<bool> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }

    fn cuts_to_come(&self) -> MutexGuard<'_, Vec<Cut>> {
        lock(&self.cuts_to_come)
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        lock(&self.tasks)
    }

    /// Returns how many of `length` more bytes may go on, and whether the connection is cut behind them.
    fn admit(&self, connection: usize, direction: Direction, before: u64, length: usize) -> (usize, bool) {
        let mut forwarded = lock(&self.forwarded);
        let forwarded = &mut forwarded[direction as usize];
        let mut cuts = self.cuts_to_come();
        let due = cuts
            .iter()
            .enumerate()
            .filter(|(_, cut)| {
                cut.direction == direction && cut.connection.is_none_or(|number| number == connection)
            })
            .filter_map(|(index, cut)| {
                let so_far = if cut.connection.is_some() {
                    before
                } else {
                    *forwarded
                };
                let left = usize::try_from(cut.bytes.saturating_sub(so_far)).unwrap_or(usize::MAX);
                (left <= length).then_some((left, index))
            })
            .min();
        let (admitted, is_cut) = match due {
            Some((left, index)) => {
                cuts.remove(index);
                (left, true)
            }
            None => (length, false),
        };
        *forwarded += admitted as u64;
        (admitted, is_cut)
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, plan: Arc<Plan>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = *plan.connections.borrow();
        let task = tokio::spawn(serve(number, client, server, plan.clone()));
        plan.tasks().push(task.abort_handle());
        plan.connections.send_modify(|connections| *connections += 1);
    }
}

/// Carries one connection until both ways have ended, or one is cut.
async fn serve(number: usize, client: TcpStream, server: SocketAddr, plan: Arc<Plan>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // What a test sends in pieces arrives in pieces, at once.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = forward(number, Direction::ToServer, from_client, to_server, &plan);
    let back = forward(number, Direction::ToClient, from_server, to_client, &plan);
    // Only a cut is an error, and it ends the other way too.
    if tokio::try_join!(there, back).is_err() {
        plan.cuts.send_modify(|cuts| *cuts += 1);
    }
}

/// The connection is to be cut.
struct CutHere;

async fn forward(
    number: usize,
    direction: Direction,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    plan: &Plan,
) -> Result<(), CutHere> {
    let mut gate = plan.gate(direction).subscribe();
    let mut forwarded = 0;
    let mut chunk = [0; 16 << 10];
    loop {
        // A cut at what has gone already doesn't wait for more.
        if plan.admit(number, direction, forwarded, 0).1 {
            return Err(CutHere);
        }
        let length = from.read(&mut chunk).await.unwrap_or(0);
        let _ = gate.wait_for(|is_open| *is_open).await;
        if length == 0 {
            // The other way goes on until its own end.
            let _ = to.shutdown().await;
            return Ok(());
        }
        let (admitted, is_cut) = plan.admit(number, direction, forwarded, length);
        forwarded += admitted as u64;
        let written = to.write_all(&chunk[..admitted]).await;
        if is_cut {
            return Err(CutHere);
        }
        if written.is_err() {
            return Ok(());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        address
    }

    /// Sends a text and returns what comes back before the connection ends.
    async fn exchange(proxy: &Proxy, text: &str) -> String {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        // A cut may look like an end or like a reset.
        while let Ok(1..) = within("the answer", stream.read_buf(&mut answer)).await {}
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_connection_is_cut_behind_the_byte_that_was_named() {
        let proxy = Proxy::start(echo().await).await;
        for bytes in 0..=5 {
            proxy.cut(proxy.connections(), Direction::ToClient, bytes);
            assert_eq!(
                exchange(&proxy, "hello").await,
                "hello"[..usize::try_from(bytes).unwrap()]
            );
        }
        proxy.cut_done(6).await;

        assert_eq!(exchange(&proxy, "hello").await, "hello");
        assert_eq!(proxy.cuts(), 6);
        assert_eq!(proxy.connections(), 7);
    }

    #[tokio::test]
    async fn bytes_are_counted_over_the_whole_proxy_as_well() {
        let proxy = Proxy::start(echo().await).await;
        proxy.cut_any(Direction::ToClient, 7);

        assert_eq!(exchange(&proxy, "hello").await, "hello");
        assert_eq!(exchange(&proxy, "hello").await, "he");
        assert_eq!(exchange(&proxy, "hello").await, "hello");
    }

    #[tokio::test]
    async fn what_is_held_back_comes_later() {
        let proxy = Proxy::start(echo().await).await;
        proxy.hold(Direction::ToServer);
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        proxy.connected(1).await;
        // An echo through another proxy: the held one had its turn.
        assert_eq!(exchange(&Proxy::start(echo().await).await, "x").await, "x");
        let mut answer = [0; 5];
        assert!(stream.try_read(&mut answer).is_err(), "nothing is there yet");

        proxy.release(Direction::ToServer);

        within("the answer", stream.read_exact(&mut answer))
            .await
            .unwrap();
        assert_eq!(&answer, b"hello");
    }
}
