//! The original's sample `ReadWrite`: a loop that reads and answers.
//!
//! `cargo run -p glue-example-samples --bin read_write [ADDR:PORT]`

#![allow(clippy::print_stdout)] // for whoever started it

use std::error::Error;
use std::time::Duration;

use glue::{ErrorKind, Server, Socket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let server = Server::builder()
        .on_socket(on_new_socket)
        .static_files(concat!(env!("CARGO_MANIFEST_DIR"), "/../echo/web"))
        .build()?;
    let listener = server.bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);

    // At the end every socket is closed, once what was written to it is delivered.
    listener.serve_until(tokio::signal::ctrl_c()).await;
    Ok(())
}

/// Runs beside the socket, from its first moment to its end.
async fn on_new_socket(socket: Socket) {
    // Set a function that is called when the socket has ended and what was sent on it is delivered.
    let address = socket.remote_addr();
    socket.on_close(move |reason| println!("socket closed with remote address: {address:?}, {reason}"));

    // Send a welcome text. That fails on a socket that has ended, and with it this function ends.
    let _ = socket.send("Hello Client").await;

    // No task of its own is needed for the loop: waiting here holds up nobody.
    loop {
        match socket.recv_timeout(Duration::from_secs(10)).await {
            Ok(text) => {
                // Echo the text.
                let _ = socket.send(text).await;
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => println!("nothing came for 10 s"),
            // The socket has ended. Not reached here, as this function is cancelled then: clean up in `on_close`.
            Err(_) => return,
        }
    }
}
