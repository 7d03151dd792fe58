//! A server that greets, and serves the page that asks it to.

use futures_util::stream;
use glue::{Server, Stream};

/// What the page may call. After a change here, run `glue-codegen`.
#[glue::channel]
trait Greeter {
    /// Returns a greeting.
    async fn greet(&self, name: String) -> String;

    /// Counts down, as fast as the caller reads.
    fn countdown(&self, from: u32) -> impl Stream<Item = u32>;
}

struct Polite;

impl Greeter for Polite {
    async fn greet(&self, name: String) -> String {
        format!("Hello, {name}!")
    }

    fn countdown(&self, from: u32) -> impl Stream<Item = u32> {
        stream::iter((1..=from).rev())
    }
}

/// Listens on the address that is given, or on port 8080 of this machine.
#[tokio::main]
async fn main() -> Result<(), glue::Error> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let server = Server::builder()
        .channel(Polite.into_channel())
        .static_files(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
        .build()?;
    let listener = server.bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    listener.serve().await;
    Ok(())
}
