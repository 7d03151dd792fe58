//! `cargo run -p glue-example-mounted --bin mounted-tls -- cert.pem key.pem 127.0.0.1:8443`

#![allow(clippy::print_stdout)] // the address is for whoever starts it

use std::error::Error;
use std::path::Path;

use glue::Server;
use glue_example_mounted::{echo, tls};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [certificates, key, address] = args.as_slice() else {
        return Err("usage: mounted-tls CERTIFICATES.pem KEY.pem ADDR:PORT".into());
    };
    let config = tls::config(Path::new(certificates), Path::new(key))?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on https://{}", listener.local_addr()?);

    let server = Server::builder().on_socket(echo).build()?;
    let serving = tokio::spawn(tls::serve(listener, config, server.clone()));
    tokio::signal::ctrl_c().await?;
    // Requests are answered meanwhile: clients that poll need that to take what was sent to them.
    server.shutdown().await;
    serving.abort();
    Ok(())
}
