//! The peer jsonrpsee: `add`, `echo`, a stream of items and a broadcast, as its own documentation writes them.
//!
//! At its best settings: one thread, WebSocket only, no middleware, its limits raised out of the way.
//! A subscription's items go out by [`SubscriptionSink::send`], which waits for room in the connection's queue.

use std::sync::Mutex;

use jsonrpsee::core::SubscriptionResult;
use jsonrpsee::server::{RpcModule, Server, ServerConfig, SubscriptionMessage, SubscriptionSink};
use jsonrpsee::types::ErrorObjectOwned;
use serde_json::value::to_raw_value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Everyone who listens to the broadcast.
type Listeners = Mutex<Vec<SubscriptionSink>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = ServerConfig::builder()
        .ws_only()
        .max_connections(100_000)
        // Its default of 1,024 would do for calls; a broadcast must never find a queue full.
        .set_message_buffer_capacity(4096)
        .build();
    let server = Server::builder().set_config(config).build("127.0.0.1:0").await?;
    let port = server.local_addr()?.port();

    let handle = server.start(module()?);
    println!(r#"{{"port":{port}}}"#);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    handle.stop()?;
    Ok(())
}

fn module() -> Result<RpcModule<Listeners>, Box<dyn std::error::Error>> {
    let mut module = RpcModule::new(Listeners::default());
    module.register_method("add", |params, _, _| {
        let (a, b) = params.parse::<(u32, u32)>()?;
        Ok::<_, ErrorObjectOwned>(a.wrapping_add(b))
    })?;
    module.register_method("echo", |params, _, _| params.one::<String>())?;
    module.register_subscription("count", "item", "uncount", |params, pending, _, _| async move {
        let total = params.one::<u32>()?;
        let sink = pending.accept().await?;
        for item in 0..total {
            sink.send(to_raw_value(&item)?).await?;
        }
        // A subscription has no end of its own.
        sink.send(to_raw_value("end")?).await?;
        SubscriptionResult::Ok(())
    })?;
    module.register_subscription(
        "listen",
        "shouted",
        "unlisten",
        |_, pending, listeners, _| async move {
            let sink = pending.accept().await?;
            listeners.lock().expect("no holder panics").push(sink);
            SubscriptionResult::Ok(())
        },
    )?;
    module.register_method("shout", |params, listeners, _| {
        let text = params.one::<String>()?;
        Ok::<_, ErrorObjectOwned>(shout(&text, listeners))
    })?;
    Ok(module)
}

/// Hands `text`, serialised once, to every listener; returns how many took it and forgets who has left.
fn shout(text: &str, listeners: &Listeners) -> usize {
    let message = SubscriptionMessage::from(to_raw_value(text).expect("a text is always JSON"));
    let mut listeners = listeners.lock().expect("no holder panics");
    listeners.retain_mut(|sink| sink.try_send(message.clone()).is_ok());
    listeners.len()
}
