//! Who may connect, and who may call what: a token at connect, a principal in the context, a method for editors only.
//!
//! `cargo run -p glue-example-auth -- --listen 127.0.0.1:8080` serves. `cargo run -p glue-example-auth -- --as token-of-eve
//! http://127.0.0.1:8080` calls it.

#![allow(clippy::print_stdout)] // it is what this program is for

mod archive;

use std::error::Error;

use glue::{CallError, Client, Server};

use crate::archive::{ArchiveClient, Documents, NoSuchDocument, authorize};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match *args {
        [] => serve("127.0.0.1:8080").await,
        ["--listen", address] => serve(address).await,
        ["--as", token, url] => call(token, url).await,
        _ => Err("usage: glue-example-auth [--listen ADDR:PORT | --as TOKEN URL]".into()),
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let server = Server::builder()
        .authorize(authorize)
        .channel(Documents::new().service())
        .build()?;
    let listener = server.bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);

    listener.serve_until(tokio::signal::ctrl_c()).await;
    Ok(())
}

async fn call(token: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let client = match Client::builder(url).auth(token).connect().await {
        Ok(client) => client,
        Err(error) => {
            // What the server has against us, or what else went wrong.
            let refusal = error.refusal().ok_or("no connection")?;
            println!("refused: {}: {}", refusal.code(), refusal.message());
            return Ok(());
        }
    };
    let archive = ArchiveClient::open(&client)?;

    println!(
        "{} sees {}",
        archive.whoami().await?,
        archive.titles().await?.join(", ")
    );
    for title in ["diary", "atlas"] {
        match archive.delete(title.to_owned()).await {
            Ok(receipt) => println!("{receipt}"),
            Err(CallError::Application(NoSuchDocument { title })) => println!("{title} isn't there"),
            Err(CallError::Rpc(error)) => println!("{title} stays: {}: {}", error.code(), error.message()),
        }
    }
    Ok(())
}
