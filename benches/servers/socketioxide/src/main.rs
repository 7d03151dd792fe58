//! The peer socketioxide: `add`, `echo`, a stream of items and a broadcast, as its own documentation writes them.
//!
//! At its best settings: one thread, WebSocket only, the text parser, straight on hyper without a router.
//! Socket.IO has no flow control: when a socket's queue is full, the stream lets the writer work and tries again.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::{SendError, SocketError, SocketIo, TransportType};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let (service, io) = SocketIo::builder()
        .transports([TransportType::Websocket])
        // More than any workload has in flight on one socket, so that no answer is refused.
        .max_buffer_size(4096)
        // A load generator that is busy elsewhere isn't gone.
        .ping_interval(Duration::from_secs(300))
        .build_svc();
    io.ns("/", on_connect);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A connection that breaks is no news.
                let _ = connection.with_upgrades().await;
                std::io::Result::Ok(())
            });
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}

async fn on_connect(socket: SocketRef) {
    socket.on("add", add);
    socket.on("echo", echo);
    socket.on("count", count);
    socket.on("shout", shout);
}

async fn add(Data((a, b)): Data<(u32, u32)>, ack: AckSender) {
    let _ = ack.send(&a.wrapping_add(b));
}

async fn echo(Data(text): Data<String>, ack: AckSender) {
    let _ = ack.send(&text);
}

/// Emits the items of a stream, and acknowledges it at its end.
async fn count(socket: SocketRef, Data(total): Data<u32>, ack: AckSender) {
    for item in 0..total {
        loop {
            match socket.emit("item", &item) {
                Ok(()) => break,
                Err(SendError::Socket(SocketError::InternalChannelFull)) => tokio::task::yield_now().await,
                Err(_) => return,
            }
        }
    }
    // The writer takes all that waits: then there is room for one more.
    tokio::task::yield_now().await;
    let _ = ack.send(&total);
}

async fn shout(io: SocketIo, Data(text): Data<String>, ack: AckSender) {
    let _ = io.emit("shouted", &text).await;
    let _ = ack.send(&true);
}
