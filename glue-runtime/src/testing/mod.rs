//! A network in memory, for tests of applications: the real client and the real server, and links that fail when you say.
//!
//! Only the bytes travel otherwise than in production: HTTP, WebSocket and Glue are what they are over TCP. No port is
//! opened and nothing is waited for, so tests run side by side, and in a runtime whose clock is paused the hours of a
//! keep-alive or a back-off take no time:
//!
#![cfg_attr(
    feature = "macros",
    doc = r##"
```
#[glue::channel]
trait Greeter {
    async fn greet(&self, name: String) -> String;
}

struct Polite;

impl Greeter for Polite {
    async fn greet(&self, name: String) -> String {
        format!("Hello, {name}!")
    }
}

// #[tokio::test(start_paused = true)]
# #[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = glue::Server::builder().channel(Polite.into_channel()).build()?;

    let client = glue::testing::connect(&server).await?;
    let greeter = GreeterClient::open(&client)?;

    assert_eq!(greeter.greet("Ann".to_owned()).await?, "Hello, Ann!");
    Ok(())
}
```
"##
)]
//!
//! A service by itself, without the options of a server around it, is called by [`local`].
//!
//! To make links fail, keep the [`Network`] and its [`Connection`]s at hand:
//!
//! ```
//! use std::time::Duration;
//!
//! use glue::testing::{Direction, Network};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = glue::Server::builder().on_socket(|socket| async move {
//! #     while let Some(text) = socket.recv().await {
//! #         let _ = socket.send(text).await;
//! #     }
//! # }).build()?;
//! let network = Network::new(&server);
//! network.set_latency(Direction::Both, Duration::from_millis(80));
//! let client = network.connect().await?;
//!
//! let link = &network.connections()[0];
//! link.stall(Direction::ToClient);
//! client.send("hello").await?;
//! assert!(client.recv_timeout(Duration::from_secs(3)).await.is_err());
//!
//! link.resume(Direction::ToClient);
//! assert_eq!(client.recv().await.as_deref(), Some("hello"));
//! # Ok(())
//! # }
//! ```
//!
//! | fault | of one connection | of the network |
//! | --- | --- | --- |
//! | reset: both ends fail at once | [`Connection::cut`] | [`Network::cut_all`] |
//! | reset at a certain byte | [`Connection::cut_after`] | [`Network::cut_new`], also at random |
//! | end in due form, as proxies do it | [`Connection::end`] | – |
//! | half-open: bytes vanish, nobody is told | [`Connection::lose`] | [`Network::lose`] |
//! | bytes are held back, and come later | [`Connection::stall`] | [`Network::stall`] |
//! | a long way, a thin one | [`Connection::set_latency`], [`Connection::set_bandwidth`] | [`Network::set_latency`], [`Network::set_bandwidth`] |
//! | reads and writes of few bytes | [`Connection::set_chunk`] | [`Network::set_chunk`] |
//! | a small buffer, which makes writers wait | [`Connection::set_buffer`] | [`Network::set_buffer`] |
//! | connecting fails, or takes for ever | – | [`Network::set_arrivals`] |
//! | the server dies, another takes its place | – | [`Network::replace_server`] |
//!
//! # What repeats
//!
//! Faults are at exact bytes and, with a paused clock, at exact times; what is drawn at random, the delays of
//! [`Network::client`] among it, comes from the seed of [`Network::with_seed`]. In which order tasks run that are ready at
//! once is tokio's affair, and socket ids are random, if of the same length always. Use a runtime of one thread, as
//! `#[tokio::test]` does by itself.

mod connection;
mod direction;
mod lane;
mod local;
mod network;
mod pipe;
mod random;

pub use connection::Connection;
pub use direction::Direction;
pub use local::{Local, local};
pub use network::{Arrivals, Network, connect};
pub use pipe::Pipe;

#[cfg(test)]
mod tests;
