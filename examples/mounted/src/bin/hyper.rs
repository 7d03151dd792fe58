//! `cargo run -p glue-example-mounted --bin mounted-hyper -- 127.0.0.1:8080`

#![allow(clippy::print_stdout)] // the address is for whoever starts it

use std::error::Error;

use glue::{Drain, Server};
use glue_example_mounted::{echo, plain_hyper};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080")).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let server = Server::builder().on_socket(echo).build()?;
    let serving = tokio::spawn(plain_hyper::serve(listener, server.clone()));
    tokio::signal::ctrl_c().await?;
    // Clients finish their calls and leave, one after the other. Requests are answered meanwhile: clients that poll need that
    // to take what was sent to them.
    server.drain(Drain::default()).await;
    serving.abort();
    Ok(())
}
