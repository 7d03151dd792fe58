//! Raw channels: echoes the main channel and a channel called `golang`.
//!
//! `cargo run -p glue-example-echo -- --listen 127.0.0.1:8080`, then open the address that it prints.

#![allow(clippy::print_stdout)] // the address is for whoever starts it

use std::error::Error;

use glue::{Server, Socket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = listen_address(std::env::args().skip(1))?;

    let server = Server::builder()
        .on_socket(echo)
        .static_files(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
        .build()?;
    let listener = server.bind(&listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    // At the end every socket is closed, once what was written to it is delivered.
    listener.serve_until(tokio::signal::ctrl_c()).await;
    Ok(())
}

/// Runs for each socket, as long as it lives.
async fn echo(socket: Socket) {
    // A handler is called for each text, in order.
    let golang = socket.channel("golang");
    golang.clone().on_message(move |text| {
        let golang = golang.clone();
        async move {
            // An error means that the socket has ended, and this handler with it.
            let _ = golang.send(text).await;
        }
    });

    // Or read in a loop, here on the main channel.
    while let Some(text) = socket.recv().await {
        if socket.send(text).await.is_err() {
            return;
        }
    }
}

fn listen_address(mut args: impl Iterator<Item = String>) -> Result<String, String> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, None, None) => Ok("127.0.0.1:8080".to_owned()),
        (Some("--listen"), Some(address), None) => Ok(address),
        _ => Err("usage: glue-example-echo [--listen ADDR:PORT]".to_owned()),
    }
}
