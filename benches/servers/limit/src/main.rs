//! The limit: a bare loop on tokio-tungstenite, with which our server is compared.
//!
//! It parses JSON, answers where it has read and writes once for all that it has read, and that is all: no sessions, no checks, no limits, no
//! cancelling, no flow control. Who writes a server by hand for one purpose writes this.
//!
//! ```text
//! > {"id":1,"method":"add","params":[1,2]}        < {"id":1,"result":3}
//! > {"id":2,"method":"echo","params":["text"]}    < {"id":2,"result":"text"}
//! > {"id":3,"method":"count","params":[2]}        < {"id":3,"item":0} {"id":3,"item":1} {"id":3,"end":true}
//! > {"id":4,"method":"shout","params":["text"]}   < {"event":"shouted","text":"text"} to everybody, {"id":4,"result":5000}
//! ```
//!
//! Its first line is `{"port":N}`; it has one thread, and ends with its input.

mod seats;

use std::borrow::Cow;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::poll_fn;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use seats::{Seat, Seats};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

#[derive(Deserialize)]
struct Request<'a> {
    id: u64,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: &'a RawValue,
}

#[derive(Serialize)]
struct Answer<T> {
    id: u64,
    result: T,
}

#[derive(Serialize)]
struct Item {
    id: u64,
    item: u32,
}

#[derive(Serialize)]
struct End {
    id: u64,
    end: bool,
}

#[derive(Serialize)]
struct Shouted<'a> {
    event: &'static str,
    text: &'a str,
}

type Failure = Box<dyn Error + Send + Sync>;

/// Serves one connection until it ends.
async fn attend(stream: TcpStream, seats: Arc<Seats>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    // tungstenite's default, 128 KiB, is zeroed before each read: 4 KiB is what small messages need.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(4 * 1024);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    let seat = seats.take();
    loop {
        let received = poll_fn(|cx| next(&mut socket, &seat, cx)).await;
        match received {
            Some(Ok(Message::Text(text))) => answer(&mut socket, &seats, &text).await?,
            Some(Ok(_)) => {}
            // Whoever is at the other end goes as he likes.
            Some(Err(_)) | None => return Ok(()),
        }
    }
}

/// Waits for the next message. What waits to be written leaves when there is none at hand.
fn next(
    socket: &mut WebSocketStream<TcpStream>,
    seat: &Seat,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Message, WsError>>> {
    if let Poll::Ready(message) = socket.poll_next_unpin(cx) {
        return Poll::Ready(message);
    }
    while let Some(text) = seat.poll(cx) {
        if let Err(error) = Pin::new(&mut *socket).start_send(Message::Text(text)) {
            return Poll::Ready(Some(Err(error)));
        }
    }
    match ready!(socket.poll_flush_unpin(cx)) {
        Ok(()) => Poll::Pending,
        Err(error) => Poll::Ready(Some(Err(error))),
    }
}

async fn answer(socket: &mut WebSocketStream<TcpStream>, seats: &Seats, text: &str) -> Result<(), Failure> {
    let Request { id, method, params } = serde_json::from_str(text)?;
    match &*method {
        "add" => {
            let (a, b): (u32, u32) = serde_json::from_str(params.get())?;
            let result = a.wrapping_add(b);
            send(socket, &Answer { id, result }).await
        }
        "echo" => {
            let (result,): (String,) = serde_json::from_str(params.get())?;
            send(socket, &Answer { id, result }).await
        }
        "count" => {
            let (count,): (u32,) = serde_json::from_str(params.get())?;
            for item in 0..count {
                send(socket, &Item { id, item }).await?;
            }
            send(socket, &End { id, end: true }).await
        }
        "shout" => {
            let (text,): (String,) = serde_json::from_str(params.get())?;
            let event = "shouted";
            let text = serde_json::to_string(&Shouted { event, text: &text })?;
            let result = seats.send(&text.into());
            send(socket, &Answer { id, result }).await
        }
        _ => Err("no such method".into()),
    }
}

/// Writes a message behind those that wait; waits only where there is no room.
async fn send(socket: &mut WebSocketStream<TcpStream>, message: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(message)?;
    Ok(socket.feed(Message::text(text)).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(async move {
        let seats = Arc::new(Seats::default());
        while let Ok((stream, _)) = listener.accept().await {
            let seats = seats.clone();
            tokio::spawn(async move {
                if let Err(failure) = attend(stream, seats).await {
                    eprintln!("server-limit: {failure}");
                }
            });
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}
