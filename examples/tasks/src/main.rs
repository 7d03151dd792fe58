//! Tasks: a page with React and TanStack Query over typed calls.
//!
//! README.md says how the page is built.

#![allow(clippy::print_stdout)] // the address is for whoever starts it

mod tasks;

use std::error::Error;

use glue::Server;
use tasks::{Board, Tasks as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listen = listen_address(std::env::args().skip(1))?;

    let server = Server::builder()
        .channel(Board::default().into_channel())
        .static_files(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
        .build()?;
    let listener = server.bind(&listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    // At the end every socket is closed, once what was written to it is delivered.
    listener.serve_until(tokio::signal::ctrl_c()).await;
    Ok(())
}

fn listen_address(mut args: impl Iterator<Item = String>) -> Result<String, String> {
    match (args.next().as_deref(), args.next(), args.next()) {
        (None, None, None) => Ok("127.0.0.1:8080".to_owned()),
        (Some("--listen"), Some(address), None) => Ok(address),
        _ => Err("usage: glue-example-tasks [--listen ADDR:PORT]".to_owned()),
    }
}
