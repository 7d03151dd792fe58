//! The application behind the recorded conversations, as far as they show what it did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use glue::{Channel, Server, Socket};

use crate::server::TestServer;

/// Starts a server with this application and all defaults.
pub async fn start() -> TestServer {
    TestServer::start(serve(Server::builder())).await
}

/// Gives the application to a server that is being built.
pub fn serve(builder: glue::ServerBuilder) -> glue::ServerBuilder {
    let starts: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
    builder.on_socket(move |socket: Socket| {
        let mut starts = starts.lock().unwrap_or_else(PoisonError::into_inner);
        let start = starts.entry(socket.id().to_owned()).or_default();
        *start += 1;
        let start = *start;
        async move { run(&socket, start) }
    })
}

/// Opens the channels; `start` counts how often this was done for the socket.
fn run(socket: &Socket, start: u32) {
    for name in ["m", "golang", "é", "日本", "😀"] {
        echo(socket.channel(name));
    }
    // Open, but nobody ever reads it.
    socket.channel("unread");

    let sink = socket.channel("sink");
    let commands = socket.channel("cmd");
    let socket = socket.clone();
    commands.clone().on_message(move |command| {
        let (socket, sink, commands) = (socket.clone(), sink.clone(), commands.clone());
        async move { obey(&command, start, &socket, &sink, &commands).await }
    });
}

fn echo(channel: Channel) {
    channel.clone().on_message(move |text| {
        let channel = channel.clone();
        async move {
            let _ = channel.send(text).await;
        }
    });
}

async fn obey(command: &str, start: u32, socket: &Socket, sink: &Channel, commands: &Channel) {
    let (verb, count) = command.split_once(' ').unwrap_or((command, "0"));
    let count: usize = count.parse().unwrap_or_default();
    match verb {
        "init" => answer(commands, &format!("true new#{start}")).await,
        "raw-empty" => answer(&socket.channel("m"), "").await,
        "write-unopened" => answer(&socket.channel("serveronly"), "hello").await,
        "burst" => burst(socket, count, " ").await,
        "writeclose" => {
            burst(socket, count, "").await;
            socket.close();
        }
        "close" => socket.close(),
        "sinkdump" => {
            let mut texts = Vec::new();
            // All that was sent before the command waits in the channel by now.
            while let Some(text) = next_at_hand(sink).await {
                texts.push(text);
            }
            answer(commands, &serde_json::to_string(&texts).unwrap_or_default()).await;
        }
        _ => {}
    }
}

async fn burst(socket: &Socket, count: usize, end: &str) {
    let channel = socket.channel("burst");
    for number in 0..count {
        answer(&channel, &format!("{number:06}{end}")).await;
    }
}

async fn answer(channel: &Channel, text: &str) {
    // On a socket that has ended there is nobody to answer.
    let _ = channel.send(text).await;
}

async fn next_at_hand(channel: &Channel) -> Option<String> {
    tokio::select! {
        biased;
        text = channel.recv() => text,
        () = std::future::ready(()) => None,
    }
}
