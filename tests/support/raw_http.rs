//! HTTP by hand, for requests that no HTTP library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deadline::within;

/// An answer; its body is complete only where a `Content-Length` says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
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
}

/// Sends a request on a connection of its own and returns the answer.
pub async fn request(address: SocketAddr, text: &str) -> RawResponse {
    let mut stream = within("the connection", TcpStream::connect(address))
        .await
        .expect("the server listens");
    within("the request to be written", stream.write_all(text.as_bytes()))
        .await
        .expect("the server reads");
    let (response, _) = if text.starts_with("HEAD ") {
        read_head(&mut stream).await
    } else {
        read_response(&mut stream).await
    };
    response
}

/// Reads an answer; returns what was read past its end as well.
///
/// # Panics
/// When the connection ends before the answer is complete, or the answer is not HTTP/1.1.
pub async fn read_response(stream: &mut TcpStream) -> (RawResponse, Vec<u8>) {
    let (mut response, mut bytes) = read_head(stream).await;
    let body_length = response
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while bytes.len() < body_length {
        read_more(stream, &mut bytes).await;
    }
    let rest = bytes.split_off(body_length);
    response.body = bytes;
    (response, rest)
}

async fn read_head(stream: &mut TcpStream) -> (RawResponse, Vec<u8>) {
    let mut bytes = Vec::new();
    let head_length = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, &mut bytes).await;
    };

    let head = String::from_utf8(bytes[..head_length].to_vec()).expect("a head is ASCII");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .and_then(|line| line.get(..3));
    let response = RawResponse {
        status: status
            .and_then(|status| status.parse().ok())
            .expect("a status line"),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect(),
        body: Vec::new(),
    };
    let rest = bytes.split_off(head_length);
    (response, rest)
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) {
    let mut chunk = [0; 4096];
    let length = within("an answer", stream.read(&mut chunk))
        .await
        .expect("the connection holds");
    assert_ne!(
        length,
        0,
        "the connection ended within an answer: {:?}",
        String::from_utf8_lossy(bytes)
    );
    bytes.extend_from_slice(&chunk[..length]);
}
