//! The original's sample `ReadEventWrite`: functions that are called for each text and for the end.
//!
//! `cargo run -p glue-example-samples --bin event [ADDR:PORT]`

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
    // Set a function that is called when the socket has ended and what was sent on it is delivered.
    let address = socket.remote_addr();
    socket.on_close(move |reason| println!("socket closed with remote address: {address:?}, {reason}"));

    // Set a function that is called for each text: in order, one at a time.
    let echo = socket.clone();
    socket.on_message(move |text| {
        let echo = echo.clone();
        async move {
            // Fails on a socket that has ended, and this function has ended with it.
            let _ = echo.send(text).await;
        }
    });

    // Send a welcome text.
    let _ = socket.send("Hello Client").await;
}
