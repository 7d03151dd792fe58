//! `cargo run -p glue-example-mounted --bin mounted-axum -- 127.0.0.1:8080`

#![allow(clippy::print_stdout)] // the address is for whoever starts it

use std::error::Error;

use glue::Server;
use glue_example_mounted::{axum_app, echo};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080")).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let live = Server::builder().on_socket(echo).build()?;
    let admin = Server::builder()
        .base_url("/admin/live/")
        .on_socket(echo)
        .build()?;
    let serving = tokio::spawn(axum_app::serve(listener, axum_app::router(&live, &admin)));
    tokio::signal::ctrl_c().await?;
    // Requests are answered meanwhile: clients that poll need that to take what was sent to them.
    tokio::join!(live.shutdown(), admin.shutdown());
    serving.abort();
    Ok(())
}
