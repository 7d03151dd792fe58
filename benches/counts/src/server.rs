//! The server that is counted.

use std::error::Error;
use std::path::Path;

use futures_util::stream;
use glue::{Server, Socket, Stream};

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

pub(crate) struct Clerk;

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

/// Starts a server on a Unix socket at this path; it ends with the runtime.
pub(crate) async fn start(path: &Path) -> Result<(), Box<dyn Error>> {
    let server = Server::builder()
        .channel(Clerk.into_channel())
        .on_socket(attend)
        .build()?;
    let listener = server.bind_unix(path).await?;
    tokio::spawn(listener.serve());
    Ok(())
}
