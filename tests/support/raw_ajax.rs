//! A client of the Ajax transport that owns every byte.
//!
//! It is written by hand, so that it can break the rules, shows exactly what came, and shares no code with the server it
//! judges.

use std::net::SocketAddr;

use crate::raw_http::{RawConnection, RawResponse};

/// Where requests go, and the headers that they carry.
#[derive(Clone, Debug)]
pub struct Endpoint {
    address: SocketAddr,
    headers: String,
}

impl Endpoint {
    /// Returns the endpoint `/glue/ajax` of a server.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            headers: String::new(),
        }
    }

    /// Adds header lines, each ended by CRLF, to all later requests.
    #[must_use]
    pub fn headers(mut self, lines: &str) -> Self {
        self.headers.push_str(lines);
        self
    }

    /// Returns the bytes of a request with this body.
    pub fn request(&self, body: impl AsRef<[u8]>) -> Vec<u8> {
        let body = body.as_ref();
        let mut bytes = self.head(body.len());
        bytes.extend(body);
        bytes
    }

    /// Returns the bytes of a request as far as its body, which will be this long.
    pub fn head(&self, length: usize) -> Vec<u8> {
        let Self { address, headers } = self;
        format!("POST /glue/ajax HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n")
            .into()
    }

    /// Opens a connection on which nothing has been said yet.
    pub async fn dial(&self) -> RawConnection {
        RawConnection::dial(self.address).await
    }

    /// Sends a request on a connection of its own, and returns the answer.
    pub async fn post(&self, body: impl AsRef<[u8]>) -> RawResponse {
        self.start(body).await.answer().await
    }

    /// Sends a request on a connection of its own, and returns the connection: the answer is still to come.
    pub async fn start(&self, body: impl AsRef<[u8]>) -> RawConnection {
        let mut connection = self.dial().await;
        connection.send(&self.request(body)).await;
        connection
    }
}

/// A client with a session of its own.
#[derive(Debug)]
pub struct AjaxPeer {
    endpoint: Endpoint,
    uid: String,
    token: String,
    /// Carries the polls, one behind the other.
    polls: Line,
    /// Carries the pushes, one behind the other.
    pushes: Line,
    is_polling: bool,
}

/// How a poll was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The message behind the new token.
    Message(String),
    /// `t`: there was nothing to say.
    Timeout,
    /// `c`: the session has ended.
    Closed,
    /// 400: no such session, or a poll too many.
    Refused,
}

impl AjaxPeer {
    /// Starts a session and does the init exchange; returns the socket id as well.
    pub async fn open(address: SocketAddr) -> (Self, String) {
        Self::open_at(Endpoint::new(address)).await
    }

    /// As [`AjaxPeer::open`], with headers.
    pub async fn open_at(endpoint: Endpoint) -> (Self, String) {
        let mut peer = Self::connect(endpoint).await;
        let id = peer.init().await;
        (peer, id)
    }

    /// Starts a session, without an `in`.
    ///
    /// # Panics
    /// When the server does not answer with a well-formed uid and token.
    pub async fn connect(endpoint: Endpoint) -> Self {
        let answer = endpoint.post("i").await;
        assert_eq!(answer.status, 200, "the session is started: {answer:?}");
        let (uid, token) = answer.text().split_once('&').expect("a uid and a token");
        assert_name(uid, 10);
        assert_name(token, 7);
        Self {
            uid: uid.to_owned(),
            token: token.to_owned(),
            endpoint,
            polls: Line::default(),
            pushes: Line::default(),
            is_polling: false,
        }
    }

    /// Does the init exchange and returns the socket id.
    ///
    /// # Panics
    /// When the server does not accept it.
    pub async fn init(&mut self) -> String {
        self.send(r#"in{"version":"1.9.1"}"#).await;
        let answer = self.text().await;
        let id = answer
            .strip_prefix(r#"in{"socketID":""#)
            .and_then(|rest| rest.split('"').next());
        id.unwrap_or_else(|| panic!("an answer to in, not {answer:?}"))
            .to_owned()
    }

    /// Returns where its requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Changes where its requests go, and their headers, from the next one on.
    pub fn move_to(&mut self, endpoint: Endpoint) {
        self.endpoint = endpoint;
        self.hang_up();
    }

    /// Closes its connections. The next requests open others, as they must when a server has closed those that were idle.
    pub fn hang_up(&mut self) {
        self.abort_poll();
        self.pushes = Line::default();
    }

    /// Returns the session's secret name.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Returns the token of the next poll.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Pushes a message and returns the answer.
    pub async fn push(&mut self, message: impl AsRef<[u8]>) -> RawResponse {
        let body = [b"u", self.uid.as_bytes(), b"&", message.as_ref()].concat();
        self.pushes.send(&self.endpoint, &body).await;
        self.pushes.answer().await
    }

    /// Pushes a message.
    ///
    /// # Panics
    /// When it is not taken.
    pub async fn send(&mut self, message: &str) {
        assert_taken(&self.push(message).await);
    }

    /// Returns the body of a push.
    pub fn push_body(&self, message: &str) -> String {
        format!("u{}&{message}", self.uid)
    }

    /// Returns the body of a poll.
    pub fn poll_body(&self) -> String {
        format!("o{}&{}", self.uid, self.token)
    }

    /// Sends a poll, unless one is under way.
    pub async fn start_poll(&mut self) {
        if !self.is_polling {
            let body = self.poll_body();
            self.polls.send(&self.endpoint, body.as_bytes()).await;
            self.is_polling = true;
        }
    }

    /// Cuts the connection of the poll that is under way, if any. The next one goes out with the same token.
    pub fn abort_poll(&mut self) {
        self.is_polling = false;
        self.polls = Line::default();
    }

    /// Polls, unless a poll is under way, and waits for its answer. With a message comes the token of the next poll.
    ///
    /// # Panics
    /// When the answer is none that a poll can have.
    pub async fn poll(&mut self) -> Polled {
        self.start_poll().await;
        let answer = self.polls.answer().await;
        self.is_polling = false;
        self.polled(&answer)
    }

    /// As [`AjaxPeer::poll`], but `None` when the connection ends before the answer is complete.
    pub async fn try_poll(&mut self) -> Option<Polled> {
        self.start_poll().await;
        self.is_polling = false;
        let answer = self.polls.try_answer().await?;
        Some(self.polled(&answer))
    }

    /// Takes in the answer to a poll that was sent by hand.
    ///
    /// # Panics
    /// When the answer is none that a poll can have.
    pub fn polled(&mut self, answer: &RawResponse) -> Polled {
        match (answer.status, answer.text()) {
            (200, "t") => Polled::Timeout,
            (200, "c") => Polled::Closed,
            (400, "Bad Request\n") => Polled::Refused,
            (200, text) => {
                let (token, message) = text.split_once('&').expect("a token and a message");
                assert_name(token, 7);
                token.clone_into(&mut self.token);
                Polled::Message(message.to_owned())
            }
            _ => panic!("an answer to a poll, not {answer:?}"),
        }
    }

    /// Waits for a message.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn text(&mut self) -> String {
        match self.poll().await {
            Polled::Message(message) => message,
            other => panic!("a message was expected, not {other:?}"),
        }
    }

    /// Waits for the end of the session, and shows that it is unknown from then on.
    ///
    /// # Panics
    /// When anything comes before it.
    pub async fn closed(&mut self) {
        assert_eq!(self.poll().await, Polled::Closed);
        self.assert_unknown().await;
    }

    /// Shows that the server doesn't know the session.
    ///
    /// # Panics
    /// When it does.
    pub async fn assert_unknown(&mut self) {
        let push = self.push("pi").await;
        assert_eq!((push.status, push.text()), (400, "Bad Request\n"));
        assert_eq!(self.poll().await, Polled::Refused);
    }

    /// Shows that the session goes on and that nothing else has come: an echo on the main channel is next.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_echo(&mut self, text: &str) {
        let message = format!("cd1&m{text}");
        self.send(&message).await;
        assert_eq!(
            self.poll().await,
            Polled::Message(message),
            "the session goes on, and nothing came before"
        );
    }
}

/// Shows that a push was taken: 200, and nothing else.
///
/// # Panics
/// When it was not.
pub fn assert_taken(answer: &RawResponse) {
    assert_eq!((answer.status, answer.text()), (200, ""), "the push is taken");
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("content-type"), None);
}

/// Shows that a request was refused as all Ajax requests are.
///
/// # Panics
/// When it was not.
pub fn assert_refused(answer: &RawResponse) {
    assert_eq!(
        (answer.status, answer.text()),
        (400, "Bad Request\n"),
        "the request is refused"
    );
}

fn assert_name(name: &str, length: usize) {
    let is_name = name.len() == length && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    assert!(is_name, "{length} characters of 0-9A-Za-z, not {name:?}");
}

/// One connection after the other, as a browser keeps them: used again while the server leaves them open.
#[derive(Debug, Default)]
struct Line {
    connection: Option<RawConnection>,
}

impl Line {
    async fn send(&mut self, endpoint: &Endpoint, body: &[u8]) {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(endpoint.dial().await),
        };
        connection.send(&endpoint.request(body)).await;
    }

    async fn answer(&mut self) -> RawResponse {
        let answer = self.try_answer().await;
        answer.expect("the connection holds until the answer is there")
    }

    async fn try_answer(&mut self) -> Option<RawResponse> {
        let connection = self.connection.as_mut().expect("a request was sent");
        let answer = connection.try_answer().await;
        let is_last = answer
            .as_ref()
            .is_none_or(|answer| answer.header("connection") == Some("close"));
        if is_last {
            self.connection = None;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each request, one after the other and on connections of their own, as the script says.
    async fn scripted(script: &'static [(&'static str, &'static str)]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for (body, answer) in script {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(body.as_bytes()) {
                    stream.read_buf(&mut request).await.unwrap();
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn a_session_is_told_by_its_answers() {
        let address = scripted(&[
            ("\r\n\r\ni", "HTTP/1.1 200 OK\r\nContent-Length: 18\r\nConnection: close\r\n\r\nabcdefghij&1234567"),
            ("uabcdefghij&in{\"version\":\"1.9.1\"}", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            ("oabcdefghij&1234567", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nA\r\n7654321&in\r\n11\r\n{\"socketID\":\"me\"}\r\n0\r\n\r\n"),
            ("oabcdefghij&7654321", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0000"),
            ("oabcdefghij&7654321", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nt"),
            ("oabcdefghij&7654321", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nc"),
        ])
        .await;

        let (mut peer, id) = AjaxPeer::open(address).await;

        assert_eq!(id, "me");
        assert_eq!(peer.try_poll().await, None, "a broken answer is no answer");
        assert_eq!(peer.poll().await, Polled::Timeout);
        assert_eq!(peer.poll().await, Polled::Closed);
    }
}
