//! The application behind the recorded conversations, as far as they show what it did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use glue::{Channel, Server, Socket};
use tokio::sync::Semaphore;

use crate::server::TestServer;

/// Starts a server with this application and all defaults.
pub async fn start() -> TestServer {
    TestServer::start(serve(Server::builder())).await
}

/// Gives the application to a server that is being built.
pub fn serve(builder: glue::ServerBuilder) -> glue::ServerBuilder {
    App::default().serve(builder)
}

/// The application, with what the recorder could change about it.
#[derive(Clone, Debug)]
pub struct App {
    echoes: bool,
    panics: bool,
    /// A new socket needs one before its channels are opened, and puts it back.
    gate: Option<Arc<Semaphore>>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            echoes: true,
            panics: false,
            gate: None,
        }
    }
}

impl App {
    /// Returns one that doesn't answer on the main channel.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            echoes: false,
            ..Self::default()
        }
    }

    /// Returns one that panics at each new socket.
    #[must_use]
    pub fn panicking() -> Self {
        Self {
            panics: true,
            ..Self::default()
        }
    }

    /// Returns one that opens the channels of a socket only after [`App::go`].
    #[must_use]
    pub fn slow() -> Self {
        Self {
            gate: Some(Arc::new(Semaphore::new(0))),
            ..Self::default()
        }
    }

    /// Lets a slow one go on.
    pub fn go(&self) {
        if let Some(gate) = &self.gate {
            gate.add_permits(1);
        }
    }

    /// Gives the application to a server that is being built.
    pub fn serve(&self, builder: glue::ServerBuilder) -> glue::ServerBuilder {
        let app = self.clone();
        let starts: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        builder.on_socket(move |socket: Socket| {
            let app = app.clone();
            let mut starts = starts.lock().unwrap_or_else(PoisonError::into_inner);
            let start = starts.entry(socket.id().to_owned()).or_default();
            *start += 1;
            let start = *start;
            async move {
                assert!(!app.panics, "on purpose");
                if let Some(gate) = &app.gate {
                    let _permit = gate.acquire().await;
                }
                app.run(&socket, start);
            }
        })
    }

    /// Opens the channels; `start` counts how often this was done for the socket.
    fn run(&self, socket: &Socket, start: u32) {
        if self.echoes {
            echo(socket.channel("m"));
        } else {
            discard(&socket.channel("m"));
        }
        for name in ["golang", "é", "日本", "😀"] {
            echo(socket.channel(name));
        }
        discard(&socket.channel("gsink"));
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
}

fn discard(channel: &Channel) {
    channel.on_message(|_| async {});
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
        "remote" => answer(commands, &remote(socket)).await,
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

/// Returns the address of the peer.
fn remote(socket: &Socket) -> String {
    let address = socket.remote_addr();
    address.map_or_else(String::new, |address| address.to_string())
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
