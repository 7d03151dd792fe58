//! The two sides of `cargo xtask resume-cost`, which measures them from outside.
//!
//! | started as | what it is |
//! | --- | --- |
//! | `cost server RESUME` | a server; its first line is `{"port":N}` |
//! | `cost clients ADDRESS RESUME` | Rust clients; each line of its input is an order, answered with a line when it is carried out |
//!
//! RESUME is `true` or `false`: whether sessions outlive their links. Either ends with its input, and has one thread, so that
//! it takes one core at most. The orders, N being how many calls, items or texts there are in all:
//!
//! | order | what is done |
//! | --- | --- |
//! | `open SOCKETS` | so many clients connect, and each calls once |
//! | `echo N` | each client keeps 16 calls under way that send a text of 100 bytes there and back |
//! | `add N` | each client makes one call after another, of two numbers |
//! | `items N` | each client takes a stream of numbers |
//! | `raw N` | each client keeps 16 texts of 100 bytes under way on a channel without types, which the server sends back |

#![allow(clippy::print_stdout)] // the answers are for whoever started it
#![allow(clippy::unwrap_used)] // a panic is how it fails

use std::error::Error;

use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt as _, stream};
use glue::{Client, Resume, RpcChannel, Server, ServerLimits, Socket, Stream};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// What is called.
#[glue::channel]
trait Desk {
    /// Sends a text back.
    async fn echo(&self, text: String) -> String;
    /// Adds two numbers.
    async fn add(&self, a: u32, b: u32) -> u32;
    /// Counts.
    fn items(&self, count: u32) -> impl Stream<Item = u32>;
}

struct Clerk;

impl Desk for Clerk {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn add(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    fn items(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }
}

/// Sends raw texts back.
async fn attend(socket: Socket) {
    while let Some(text) = socket.recv().await {
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

async fn serve(resume: bool) -> Result<(), Box<dyn Error>> {
    let mut limits = ServerLimits::default();
    limits.sockets_per_address = limits.sockets;
    let server = Server::builder()
        .server_limits(limits)
        .resume(resume.then(Resume::default))
        .channel(Clerk.into_channel())
        .on_socket(attend)
        .build()?;
    let listener = server.bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(listener.serve());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}

/// A client, and its channel with types.
#[derive(Clone)]
struct Visitor {
    client: Client,
    desk: DeskClient<RpcChannel>,
}

impl Visitor {
    async fn open(address: &str, resume: bool) -> Result<Self, Box<dyn Error>> {
        let client = Client::builder(format!("http://{address}")).resume(resume);
        let client = client.connect().await?;
        let desk = DeskClient::open(&client)?;
        assert_eq!(desk.add(1, 2).await?, 3);
        Ok(Self { client, desk })
    }

    async fn echo(self, calls: usize) {
        let lanes: FuturesUnordered<_> = (0..UNDER_WAY)
            .map(|_| async {
                let text = "x".repeat(TEXT_BYTES);
                for _ in 0..calls / UNDER_WAY {
                    assert_eq!(self.desk.echo(text.clone()).await.unwrap(), text);
                }
            })
            .collect();
        lanes.collect().await
    }

    async fn add(self, calls: usize) {
        for a in (0..).take(calls) {
            assert_eq!(self.desk.add(a, 1).await.unwrap(), a + 1);
        }
    }

    async fn items(self, count: usize) {
        let items = self.desk.items(count.try_into().unwrap());
        assert_eq!(items.map(Result::unwrap).count().await, count);
    }

    async fn raw(self, texts: usize) {
        let text = "x".repeat(TEXT_BYTES);
        for _ in 0..UNDER_WAY {
            self.client.send(&text).await.unwrap();
        }
        for received in 1..=texts {
            assert_eq!(self.client.recv().await.as_ref(), Some(&text));
            if received + UNDER_WAY <= texts {
                self.client.send(&text).await.unwrap();
            }
        }
    }
}

async fn visit(address: &str, resume: bool) -> Result<(), Box<dyn Error>> {
    let mut visitors = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let (order, number) = line.split_once(' ').ok_or("an order is a word and a number")?;
        let number: usize = number.parse()?;
        if order == "open" {
            let opening = stream::iter(0..number).map(|_| Visitor::open(address, resume));
            let opened: Vec<_> = opening.buffer_unordered(AT_ONCE).collect().await;
            for visitor in opened {
                visitors.push(visitor?);
            }
        } else {
            let share = number / visitors.len().max(1);
            let tasks = visitors.iter().cloned().map(|visitor| match order {
                "echo" => Ok(tokio::spawn(visitor.echo(share))),
                "add" => Ok(tokio::spawn(visitor.add(share))),
                "items" => Ok(tokio::spawn(visitor.items(share))),
                "raw" => Ok(tokio::spawn(visitor.raw(share))),
                _ => Err("no such order"),
            });
            try_join_all(tasks.collect::<Result<Vec<_>, _>>()?).await?;
        }
        println!(r#"{{"done":{number}}}"#);
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["server", resume] => serve(resume.parse()?).await,
        ["clients", address, resume] => visit(address, resume.parse()?).await,
        _ => Err("usage: cost server RESUME | cost clients ADDRESS RESUME".into()),
    }
}

/// Calls or texts that a client has under way.
const UNDER_WAY: usize = 16;

/// Bytes of a text that travels.
const TEXT_BYTES: usize = 100;

/// Clients that connect at the same time: fewer than wait in the server's queue of connections.
const AT_ONCE: usize = 64;
