//! The original's sample `Channels`: a named channel beside the main one.
//!
//! `cargo run -p glue-example-samples --bin channels [ADDR:PORT]`

#![allow(clippy::print_stdout)] // for whoever started it

use std::error::Error;

use glue::{Server, Socket};

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
    // Nothing is read from the socket's main channel.
    socket.discard();

    // Set a function that is called when the socket has ended and what was sent on it is delivered.
    let address = socket.remote_addr();
    socket.on_close(move |reason| println!("socket closed with remote address: {address:?}, {reason}"));

    // Create a channel: before the first `await`, so that it is there when the client writes to it.
    let channel = socket.channel("golang");

    // Set the channel's function for texts.
    let echo = channel.clone();
    channel.on_message(move |text| {
        let echo = echo.clone();
        async move {
            // Fails on a socket that has ended, and this function has ended with it.
            let _ = echo.send(format!("channel golang: {text}")).await;
        }
    });

    // Write to the channel.
    let _ = channel.send("Hello Gophers!").await;
}
