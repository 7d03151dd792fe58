//! The proxy between one client and the server: real sockets on loopback, whose links break as a plan says.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::fault::{Mode, Way};
use crate::plan::{Break, Plan, Verdict};
use crate::time::pause;
use crate::wire::{End, Reader, Unit, Writer};

/// Starts a proxy; it ends with the runtime.
pub(crate) async fn start(server: SocketAddr, plan: Arc<Plan>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(accept(listener, server, plan));
    Ok(address)
}

async fn accept(listener: TcpListener, server: SocketAddr, plan: Arc<Plan>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { return };
                connections.spawn(serve(client, server, plan.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(client: TcpStream, server: SocketAddr, plan: Arc<Plan>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (number, mut orders) = plan.enter();
    let mut line = Line {
        number,
        plan: plan.clone(),
        client: End::new(client),
        server: End::new(server),
        held: Default::default(),
    };
    let end = tokio::select! {
        end = line.carry() => end,
        Some(order) = orders.recv() => Ended::Broken(order),
    };
    plan.leave(number);
    match end {
        Ended::Gone => {}
        Ended::Refused => line.client.reset(),
        Ended::Broken(order) => line.fail(order).await,
    }
}

/// How a connection came to its end.
enum Ended {
    /// By one of its two sides.
    Gone,
    Refused,
    Broken(Break),
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// One connection of a client, and the one to the server that belongs to it.
struct Line {
    number: u64,
    plan: Arc<Plan>,
    client: End,
    server: End,
    /// What was on its way when the line broke: to the server, to the client.
    held: [Vec<u8>; 2],
}

impl Line {
    /// Carries messages until an end.
    async fn carry(&mut self) -> Ended {
        match self.carry_requests().await {
            Ok(()) => self.carry_frames().await,
            Err(end) => end,
        }
    }

    /// Returns when the connection has become a WebSocket.
    async fn carry_requests(&mut self) -> Result<(), Ended> {
        loop {
            let (unit, request) = self.client.reader().request().await?;
            if !self.plan.admits(self.number, unit) {
                return Err(Ended::Refused);
            }
            let verdict = self.plan.judge(self.number, Way::ToServer, unit, request.len());
            pass(verdict, &request, &mut self.server.writer(), &mut self.held[0]).await?;

            let (mut reader, _) = self.client.split();
            let (answer, is_upgrade) = tokio::select! {
                answer = async { self.server.reader().answer().await } => answer?,
                // Who doesn't wait any more wants no answer.
                () = reader.gone() => return Err(Ended::Gone),
            };
            if matches!(verdict, Verdict::Twice) {
                self.repeat(&request).await;
            }
            let verdict = self
                .plan
                .judge(self.number, Way::ToClient, unit.answer(), answer.len());
            pass(verdict, &answer, &mut self.client.writer(), &mut self.held[1]).await?;
            self.plan.rest(self.number, is_upgrade);
            if is_upgrade {
                return Ok(());
            }
        }
    }

    async fn carry_frames(&mut self) -> Ended {
        let Self {
            number, plan, held, ..
        } = self;
        let [up, down] = held;
        let (from_client, to_client) = self.client.split();
        let (from_server, to_server) = self.server.split();
        let there = frames(*number, plan, Way::ToServer, from_client, to_server, up);
        let back = frames(*number, plan, Way::ToClient, from_server, to_client, down);
        tokio::select! {
            end = there => end,
            end = back => end,
        }
    }

    /// Sends a request again, as proxies do that didn't get the answer.
    async fn repeat(&mut self, request: &[u8]) {
        let again = async {
            let address = self.server.address()?;
            let mut server = End::new(TcpStream::connect(address).await?);
            server.writer().write(request).await?;
            server.reader().answer().await
        };
        // It may be refused; the client gets the first answer.
        let _ = timeout(Duration::from_secs(5), again).await;
    }

    async fn fail(self, Break { mode, time }: Break) {
        let Self {
            held: [up, down],
            mut client,
            mut server,
            ..
        } = self;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        // Each of these ends when its side has gone, or in time.
        match mode {
            Mode::DeafServer => {
                let rest = copy(down, &mut from_server, &mut to_client);
                let both = async { tokio::join!(swallow(&mut from_client), rest) };
                let _ = timeout(time, both).await;
            }
            Mode::DeafClient => {
                let rest = copy(up, &mut from_client, &mut to_server);
                let both = async { tokio::join!(swallow(&mut from_server), rest) };
                let _ = timeout(time, both).await;
            }
            Mode::DeafBoth => {
                let both = async { tokio::join!(swallow(&mut from_client), swallow(&mut from_server)) };
                let _ = timeout(time, both).await;
            }
            Mode::ServerGone => {
                server.reset();
                let _ = timeout(time, swallow(&mut from_client)).await;
                return client.reset();
            }
            Mode::Takeover => {
                client.reset();
                let _ = timeout(time, swallow(&mut from_server)).await;
                return server.end().await;
            }
            Mode::Late => {
                // What was read of the client and not yet sent on is late as well.
                let late = [up, from_client.rest()].concat();
                client.reset();
                let _ = timeout(time, swallow(&mut from_server)).await;
                let _ = timeout(WRITING, to_server.write(&late)).await;
                return server.end().await;
            }
            Mode::End => {
                client.end().await;
                return server.end().await;
            }
            Mode::Reset | Mode::Refused | Mode::Barred => {}
        }
        client.reset();
        server.reset();
    }
}

/// Carries WebSocket frames one way.
async fn frames(
    line: u64,
    plan: &Plan,
    way: Way,
    mut from: Reader<'_>,
    mut to: Writer<'_>,
    held: &mut Vec<u8>,
) -> Ended {
    loop {
        let frame = match from.frame().await {
            Ok(frame) => frame,
            Err(error) => return error.into(),
        };
        let verdict = plan.judge(line, way, Unit::Frame, frame.len());
        if let Err(end) = pass(verdict, &frame, &mut to, held).await {
            return end;
        }
    }
}

/// Sends a message on, as far as it may go.
async fn pass(
    verdict: Verdict,
    message: &[u8],
    to: &mut Writer<'_>,
    held: &mut Vec<u8>,
) -> Result<(), Ended> {
    match verdict {
        Verdict::Pass | Verdict::Twice => {}
        Verdict::Delay(time) => {
            // So it isn't lost when the line breaks meanwhile: there are no holes in what TCP brings.
            to.add(message);
            pause(time).await;
            return to.write(&[]).await.map_err(Ended::from);
        }
        Verdict::Break(bytes, order) => {
            let (before, behind) = message.split_at(bytes.min(message.len()));
            *held = behind.to_vec();
            // A side that doesn't read gets less.
            let _ = timeout(WRITING, to.write(before)).await;
            return Err(Ended::Broken(order));
        }
    }
    to.write(message).await.map_err(Ended::from)
}

/// Reads and throws away, until the side has gone.
async fn swallow(from: &mut Reader<'_>) {
    while from.some().await.is_ok() {}
}

/// Carries bytes, these first.
async fn copy(first: Vec<u8>, from: &mut Reader<'_>, to: &mut Writer<'_>) {
    if to.write(&first).await.is_err() {
        return;
    }
    while let Ok(bytes) = from.some().await {
        if to.write(&bytes).await.is_err() {
            return;
        }
    }
}

/// Time for the last bytes of a line that breaks.
const WRITING: Duration = Duration::from_secs(1);
