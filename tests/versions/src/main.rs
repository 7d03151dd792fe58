//! A shop in two versions, which differ by one rule of docs/CONTRACTS.md in each method.
//!
//! `glue-versions old|new [FILE]` serves one of them; FILE says which older clients may go on. Its first line is `{"port":N}`.

#![allow(clippy::print_stdout)] // the port is for whoever starts it

#[cfg(feature = "new")]
mod new;
#[cfg(feature = "old")]
mod old;

use std::error::Error;

use glue::{ChannelService, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let version = arguments.next().unwrap_or_default();
    let mut shop = shop(&version).ok_or("which version?")?;
    if let Some(file) = arguments.next() {
        shop = shop.accept(&std::fs::read_to_string(file)?);
    }
    let server = Server::builder().channel(shop).build()?;
    let bound = server.bind("127.0.0.1:0").await?;
    println!("{{\"port\":{}}}", bound.local_addr()?.port());
    bound.serve().await;
    Ok(())
}

fn shop(version: &str) -> Option<ChannelService> {
    match version {
        #[cfg(feature = "old")]
        "old" => Some(old::shop()),
        #[cfg(feature = "new")]
        "new" => Some(new::shop()),
        _ => None,
    }
}
