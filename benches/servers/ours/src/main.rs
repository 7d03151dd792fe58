//! Our server, as a user would write it: resume is on, and so is every default but the number of sockets of one address.
//!
//! Its first line is `{"port":N}`; it has one thread, and ends with its input.

use std::error::Error;

use futures_util::stream;
use glue::{Context, Server, ServerLimits, Stream};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// What is called.
#[glue::channel]
trait Desk {
    /// Adds two numbers.
    async fn add(&self, a: u32, b: u32) -> u32;
    /// Sends a text back.
    async fn echo(&self, text: String) -> String;
    /// Counts.
    fn count(&self, count: u32) -> impl Stream<Item = u32>;
    /// Sends a text to everybody, and tells how many that are.
    async fn shout(&self, cx: &Context, text: String) -> usize;

    #[event]
    fn shouted(text: String);
}

struct Clerk;

impl Desk for Clerk {
    async fn add(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    async fn echo(&self, text: String) -> String {
        text
    }

    fn count(&self, count: u32) -> impl Stream<Item = u32> {
        stream::iter(0..count)
    }

    async fn shout(&self, cx: &Context, text: String) -> usize {
        let delivery = cx.everyone().emit(&DeskEvent::Shouted { text }).await;
        delivery.map_or(0, |delivery| delivery.queued)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut limits = ServerLimits::default();
    limits.sockets_per_address = limits.sockets;
    let server = Server::builder()
        .server_limits(limits)
        .channel(Clerk.into_channel())
        .build()?;
    let listener = server.bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(listener.serve());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}
