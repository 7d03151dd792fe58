//! The limit of long polling: bare hyper, with polls that wait and pushes that are answered at once, and nothing else.
//!
//! ```text
//! POST i                                                        < ID&0
//! POST uID&{"id":1,"method":"echo","params":["text"]}           < nothing
//! POST oID&TOKEN                                                < TOKEN&{"id":1,"result":"text"}, as soon as there is one
//! ```
//!
//! Its first line is `{"port":N}`; it has one thread, and ends with its input.

use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Deserialize)]
struct Call {
    id: u64,
    params: (String,),
}

#[derive(Serialize)]
struct Answer {
    id: u64,
    result: String,
}

/// The sessions, by their ids.
type Sessions = Mutex<HashMap<usize, Arc<Session>>>;

struct Session {
    answers: UnboundedSender<String>,
    /// Held by the poll that waits.
    waiting: tokio::sync::Mutex<UnboundedReceiver<String>>,
}

type Failure = Box<dyn Error + Send + Sync>;

async fn answer(
    sessions: Arc<Sessions>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match body(&sessions, request).await {
        Ok(body) => Response::new(body.into()),
        Err(failure) => {
            let mut response = Response::new(failure.to_string().into());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    })
}

async fn body(sessions: &Sessions, request: Request<Incoming>) -> Result<String, Failure> {
    let body = request.into_body().collect().await?.to_bytes();
    let body = str::from_utf8(&body)?;
    let (key, rest) = body.split_at_checked(1).ok_or("empty")?;
    if key == "i" {
        let (answers, waiting) = unbounded_channel();
        let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let id = sessions.len();
        let waiting = tokio::sync::Mutex::new(waiting);
        sessions.insert(id, Arc::new(Session { answers, waiting }));
        return Ok(format!("{id}&0"));
    }
    let (id, data) = rest.split_once('&').ok_or("no data")?;
    let session = sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&id.parse()?)
        .cloned();
    let session = session.ok_or("no such session")?;
    if key == "u" {
        let Call {
            id,
            params: (result,),
        } = serde_json::from_str(data)?;
        session
            .answers
            .send(serde_json::to_string(&Answer { id, result })?)?;
        return Ok(String::new());
    }
    let text = session
        .waiting
        .lock()
        .await
        .recv()
        .await
        .ok_or("the session has ended")?;
    Ok(format!("{}&{text}", data.parse::<u64>()? + 1))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    // Ends with the runtime.
    tokio::spawn(async move {
        let sessions = Arc::new(Sessions::default());
        while let Ok((stream, _)) = listener.accept().await {
            let sessions = sessions.clone();
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(sessions.clone(), request));
                let http = hyper::server::conn::http1::Builder::new();
                // Whoever is at the other end goes as he likes.
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {}
    Ok(())
}
