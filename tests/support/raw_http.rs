//! HTTP by hand, for requests that no HTTP library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deadline::within;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, without the framing of chunks.
    pub body: Vec<u8>,
}

impl RawResponse {
    /// Returns the first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the body, which must be UTF-8.
    ///
    /// # Panics
    /// When it is not.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }
}

/// A connection on which requests and answers follow each other.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
    /// Bytes that were read but belong to answers still to come.
    unread: Vec<u8>,
}

impl RawConnection {
    /// Opens a connection on which nothing has been said yet.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn dial(address: SocketAddr) -> Self {
        let stream = within("the connection", TcpStream::connect(address))
            .await
            .expect("the server listens");
        // Tests write in small pieces, which the system would hold back for 40 ms.
        stream.set_nodelay(true).expect("the connection is open");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// Sends bytes as they are. A server that has gone away already is no error here: the test sees it when it reads.
    pub async fn send(&mut self, bytes: &[u8]) {
        // A server may reset the connection while a test still writes.
        let _ = within("bytes to be written", self.stream.write_all(bytes)).await;
    }

    /// Waits for an answer.
    ///
    /// # Panics
    /// When the connection ends before the answer is complete, or the answer is not HTTP/1.
    pub async fn answer(&mut self) -> RawResponse {
        let answer = self.try_answer().await;
        answer.unwrap_or_else(|| panic!("the connection ended within an answer: {:?}", self.rest()))
    }

    /// Waits for an answer to HEAD, which has no body whatever its headers say.
    ///
    /// # Panics
    /// As [`RawConnection::answer`].
    pub async fn answer_to_head(&mut self) -> RawResponse {
        let head = self.head().await;
        head.unwrap_or_else(|| panic!("the connection ended within an answer: {:?}", self.rest()))
    }

    /// Waits for an answer; `None` when the connection ends before it is complete.
    ///
    /// # Panics
    /// When the answer is not HTTP/1.
    pub async fn try_answer(&mut self) -> Option<RawResponse> {
        let mut answer = self.head().await?;
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = self.chunks().await?;
        } else if let Some(length) = answer.header("content-length") {
            let length = length.parse().expect("a length");
            answer.body = self.take(length).await?;
        }
        Some(answer)
    }

    /// Waits for the end of the connection, or for it to be reset.
    ///
    /// # Panics
    /// When something comes before it.
    pub async fn ended(&mut self) {
        self.read().await;
        assert!(self.unread.is_empty(), "the end, not {:?}", self.rest());
    }

    /// Returns the connection and what was read past the last answer.
    pub(crate) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.unread)
    }

    async fn head(&mut self) -> Option<RawResponse> {
        let length = self.find(b"\r\n\r\n").await?;
        let head = String::from_utf8(self.take(length).await?).expect("a head is ASCII");
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1."))
            .and_then(|line| line.strip_prefix("1 ").or_else(|| line.strip_prefix("0 ")))
            .and_then(|line| line.get(..3));
        Some(RawResponse {
            status: status
                .and_then(|status| status.parse().ok())
                .expect("a status line"),
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect(),
            body: Vec::new(),
        })
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = self.find(b"\r\n").await?;
            let line = self.take(length).await?;
            let size = std::str::from_utf8(&line)
                .ok()
                .and_then(|line| usize::from_str_radix(line.trim(), 16).ok());
            let size = size.expect("the size of a chunk");
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Some(body);
            }
            body.extend(&chunk[..size]);
        }
    }

    /// Waits for `mark` and returns how many bytes end with it.
    async fn find(&mut self, mark: &[u8]) -> Option<usize> {
        loop {
            let found = self.unread.windows(mark.len()).position(|bytes| bytes == mark);
            if let Some(start) = found {
                return Some(start + mark.len());
            }
            self.read().await.then_some(())?;
        }
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            self.read().await.then_some(())?;
        }
        Some(self.unread.drain(..length).collect())
    }

    /// Reads more; returns whether there was more.
    async fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match within("an answer", self.stream.read(&mut chunk)).await {
            Ok(0) | Err(_) => false,
            Ok(length) => {
                self.unread.extend(&chunk[..length]);
                true
            }
        }
    }

    fn rest(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}

/// Sends a request on a connection of its own and returns the answer.
pub async fn request(address: SocketAddr, text: &str) -> RawResponse {
    let mut connection = RawConnection::dial(address).await;
    connection.send(text.as_bytes()).await;
    if text.starts_with("HEAD ") {
        connection.answer_to_head().await
    } else {
        connection.answer().await
    }
}
