//! The server of a crowd: it counts what it holds.
//!
//! `crowd-server [SOCKETS]`; so many sockets are admitted in all and from one address, otherwise as many as by default. Its
//! first line is `{"port":N}`. Then each line of its input is answered with its [`Counters`]:
//!
//! | line | when it is answered |
//! | --- | --- |
//! | `sockets N` | once there are N sockets |
//! | `settled` | once all is as it was before the first socket |
//!
//! or when the wait has become hopeless. It ends with its input.

#![allow(clippy::print_stdout)] // the answers are for whoever started it

mod counters;

use std::error::Error;
use std::time::Duration;

use counters::Counters;
use glue::{KeepAlive, Server, ServerLimits, Socket};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::watch;
use tokio::time::timeout;

/// Echoes the main channel and the channel `golang`; on the main channel it takes orders, too:
///
/// | text | what is done |
/// | --- | --- |
/// | `neglect NAME` | the channel is opened and never read; the text comes back |
/// | `flood BYTES` | so many bytes come, in texts of 16 KiB |
async fn attend(socket: Socket, population: watch::Sender<usize>) {
    let _counted = Counted::new(population);
    let golang = socket.channel("golang");
    golang.clone().on_message(move |text| {
        let golang = golang.clone();
        async move {
            // An error means that the socket has ended, and this handler with it; so below.
            let _ = golang.send(text).await;
        }
    });
    let main = socket.clone();
    socket.on_message(move |text| {
        let socket = main.clone();
        async move {
            match text.split_once(' ') {
                Some(("flood", bytes)) => flood(&socket, bytes.parse().unwrap_or_default()).await,
                Some(("neglect", name)) => drop(socket.channel(name)),
                _ => {}
            }
            let _ = socket.send(text).await;
        }
    });
    // Dropped with the socket.
    std::future::pending().await
}

async fn flood(socket: &Socket, bytes: usize) {
    let text = "x".repeat(16 << 10);
    for _ in 0..bytes / text.len() {
        if socket.send(&text).await.is_err() {
            return;
        }
    }
}

/// Counts a socket as long as it lives.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(population: watch::Sender<usize>) -> Self {
        population.send_modify(|population| *population += 1);
        Self(population)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|population| *population -= 1);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut limits = ServerLimits::default();
    if let Some(sockets) = std::env::args().nth(1).filter(|sockets| !sockets.is_empty()) {
        limits.sockets = sockets.parse()?;
        limits.sockets_per_address = limits.sockets;
        // A crowd takes turns: nobody is gone because he waits for his.
        limits.header = PATIENCE;
        limits.unpolled = PATIENCE;
    }
    let population = watch::Sender::new(0);
    let counted = population.clone();
    let server = Server::builder()
        .server_limits(limits)
        // Raw peers answer no pings, and wait for each other for as long as it takes.
        .keep_alive(KeepAlive {
            interval: Duration::MAX,
            ..KeepAlive::SERVER
        })
        .on_socket(move |socket| attend(socket, counted.clone()))
        .build()?;
    let listener = server.bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(listener.serve());

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut population = population.subscribe();
    let at_first = Counters::read(&server);
    while let Some(line) = lines.next_line().await? {
        // When it is in vain, the counters tell what is missing.
        let _ = match line.split_once(' ') {
            Some(("sockets", number)) => {
                let number: usize = number.parse()?;
                timeout(PATIENCE, async {
                    let _ = population.wait_for(|population| *population == number).await;
                })
                .await
            }
            None if line == "settled" => {
                timeout(PATIENCE, settled(&server, &mut population, &at_first)).await
            }
            _ => return Err(format!("no such order: {line}").into()),
        };
        println!("{}", serde_json::to_string(&Counters::read(&server))?);
    }
    Ok(())
}

/// Waits until the sockets are gone, and what belonged to them.
async fn settled(server: &Server, population: &mut watch::Receiver<usize>, at_first: &Counters) {
    let _ = population.wait_for(|population| *population == 0).await;
    // Nobody tells when the runtime has put a task away; connections that became no socket are not counted either.
    while !Counters::read(server).holds_what(at_first) {
        tokio::task::yield_now().await;
    }
}

/// Far above all of the server's own time-outs.
const PATIENCE: Duration = Duration::from_secs(120);
