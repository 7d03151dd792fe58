//! A WebSocket peer that owns every byte.
//!
//! It is written by hand, so that it can break the rules, shows exactly what came, and shares no code with the server it
//! judges.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::deadline::within;
use crate::raw_http::{RawConnection, RawResponse};

/// A client's end of a connection after the upgrade.
#[derive(Debug)]
pub struct RawPeer {
    stream: TcpStream,
    /// Bytes that were read but belong to frames still to come.
    unread: Vec<u8>,
}

/// What a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A WebSocket ping.
    Ping(Vec<u8>),
    /// A WebSocket pong.
    Pong(Vec<u8>),
    /// A Close frame; `None` is one without a code.
    Close(Option<u16>),
    /// The end of the server's side of the connection.
    End,
}

/// One WebSocket frame, right or wrong.
#[derive(Clone, Copy, Debug)]
pub struct RawFrame<'a> {
    /// First byte: FIN, reserved bits, opcode.
    pub first: u8,
    /// Whether the payload is masked, as a client's must be.
    pub masked: bool,
    /// The payload, not masked yet.
    pub payload: &'a [u8],
}

impl RawPeer {
    /// Opens a connection to `/glue/ws`, without an `in`.
    pub async fn connect(address: SocketAddr) -> Self {
        let (peer, response) = Self::upgrade(address, &upgrade_request("")).await;
        assert_eq!(response.status, 101, "the server accepts the upgrade");
        assert_eq!(response.header("sec-websocket-accept"), Some(ACCEPT));
        peer
    }

    /// Opens a session and returns the socket id as well.
    pub async fn open(address: SocketAddr) -> (Self, String) {
        let mut peer = Self::connect(address).await;
        let id = peer.init().await;
        (peer, id)
    }

    /// Sends `request` and whatever follows its head, and returns the answer.
    pub async fn upgrade(address: SocketAddr, request: &[u8]) -> (Self, RawResponse) {
        let mut connection = RawConnection::dial(address).await;
        connection.send(request).await;
        let response = connection.answer().await;
        (Self::upgraded(connection), response)
    }

    /// Takes over a connection whose upgrade was answered.
    pub fn upgraded(connection: RawConnection) -> Self {
        let (stream, unread) = connection.into_parts();
        Self { stream, unread }
    }

    /// Opens a connection on which nothing has been said yet.
    pub async fn dial(address: SocketAddr) -> Self {
        Self::upgraded(RawConnection::dial(address).await)
    }

    /// Does the init exchange and returns the socket id.
    pub async fn init(&mut self) -> String {
        self.send(r#"in{"version":"1.9.1"}"#).await;
        let answer = self.text().await;
        let id = answer
            .strip_prefix(r#"in{"socketID":""#)
            .and_then(|rest| rest.strip_suffix(r#""}"#));
        id.unwrap_or_else(|| panic!("an answer to in, not {answer:?}"))
            .to_owned()
    }

    /// Sends a text message.
    pub async fn send(&mut self, text: &str) {
        self.send_frame(RawFrame {
            first: FIN | TEXT,
            masked: true,
            payload: text.as_bytes(),
        })
        .await;
    }

    /// Sends a binary message.
    pub async fn send_binary(&mut self, payload: &[u8]) {
        self.send_frame(RawFrame {
            first: FIN | BINARY,
            masked: true,
            payload,
        })
        .await;
    }

    /// Sends a Close frame with this code, or an empty one.
    pub async fn send_close(&mut self, code: Option<u16>, reason: &str) {
        let payload = code.map_or_else(Vec::new, |code| [&code.to_be_bytes(), reason.as_bytes()].concat());
        self.send_frame(RawFrame {
            first: FIN | CLOSE,
            masked: true,
            payload: &payload,
        })
        .await;
    }

    /// Sends a frame of any kind.
    pub async fn send_frame(&mut self, frame: RawFrame<'_>) {
        self.send_bytes(&frame.encode()).await;
    }

    /// Sends bytes as they are. A server that has gone away already is no error here: the test sees it when it reads.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        // A server may reset the connection while a test still writes.
        let _ = within("bytes to be written", self.stream.write_all(bytes)).await;
    }

    /// Sends as many of these bytes as the connection takes right now, and returns how many.
    ///
    /// # Panics
    /// When the connection has ended.
    pub fn try_send_bytes(&self, bytes: &[u8]) -> usize {
        match self.stream.try_write(bytes) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("the connection holds: {error}"),
        }
    }

    /// Waits for what comes next.
    ///
    /// # Panics
    /// When the server breaks the rules: a masked, fragmented or reserved frame, or text that is not UTF-8.
    pub async fn next(&mut self) -> Received {
        loop {
            if let Some((received, length)) = decode(&self.unread) {
                self.unread.drain(..length);
                return received;
            }
            let mut chunk = [0; 16 << 10];
            let read = within("a message", self.stream.read(&mut chunk)).await;
            match read {
                Ok(0) | Err(_) => return Received::End,
                Ok(length) => self.unread.extend_from_slice(&chunk[..length]),
            }
        }
    }

    /// Waits for a text message.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Received::Text(text) => text,
            other => panic!("a text was expected, not {other:?}"),
        }
    }

    /// Waits for the Close frame and the end of the connection behind it; returns the code.
    ///
    /// # Panics
    /// When anything comes before it.
    pub async fn closed(&mut self) -> Option<u16> {
        let code = match self.next().await {
            Received::Close(code) => code,
            other => panic!("a Close frame was expected, not {other:?}"),
        };
        assert_eq!(self.next().await, Received::End, "nothing follows a Close frame");
        code
    }

    /// Shows that the session goes on and that nothing else has come: an echo on the main channel is next.
    ///
    /// Answers keep their order, so everything that earlier messages have caused at once would come before it.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_echo(&mut self, text: &str) {
        let message = format!("cd1&m{text}");
        self.send(&message).await;
        assert_eq!(
            self.next().await,
            Received::Text(message),
            "the session goes on, and nothing came before"
        );
    }

    /// Shows that the session goes on and that nothing else has come: a ping is answered next. Works before init too.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn assert_alive(&mut self) {
        self.send("pi").await;
        assert_eq!(
            self.next().await,
            Received::Text("po".to_owned()),
            "the session goes on, and nothing came before"
        );
    }
}

impl RawFrame<'_> {
    /// Returns the frame's bytes. The mask is constant: it protects proxies, not tests.
    pub fn encode(&self) -> Vec<u8> {
        let mask_bit = if self.masked { 0x80 } else { 0 };
        let length = self.payload.len();
        let mut bytes = vec![self.first];
        if let Some(short) = u8::try_from(length).ok().filter(|length| *length < 126) {
            bytes.push(mask_bit | short);
        } else if let Ok(medium) = u16::try_from(length) {
            bytes.push(mask_bit | 126);
            bytes.extend(medium.to_be_bytes());
        } else {
            bytes.push(mask_bit | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
        if self.masked {
            bytes.extend(MASK);
            bytes.extend(
                self.payload
                    .iter()
                    .zip(MASK.iter().cycle())
                    .map(|(byte, mask)| byte ^ mask),
            );
        } else {
            bytes.extend(self.payload);
        }
        bytes
    }
}

/// Returns a proper upgrade request for `/glue/ws` with additional header lines, each ended by CRLF.
pub fn upgrade_request(headers: &str) -> Vec<u8> {
    format!(
        "GET /glue/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// Takes one frame from the front of `bytes`, with its length.
fn decode(bytes: &[u8]) -> Option<(Received, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, start) = match second {
        126 => (
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
            4,
        ),
        127 => (
            usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?,
            10,
        ),
        short => {
            assert!(short < 0x80, "a server never masks");
            (usize::from(short), 2)
        }
    };
    let payload = bytes.get(start..start + length)?.to_vec();

    assert_eq!(
        first & 0xf0,
        FIN,
        "a server's frames are whole and have no reserved bits"
    );
    let received = match first & 0x0f {
        TEXT => Received::Text(String::from_utf8(payload).expect("a server's text is UTF-8")),
        BINARY => Received::Binary(payload),
        CLOSE => Received::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code))),
        PING => Received::Ping(payload),
        PONG => Received::Pong(payload),
        other => panic!("unknown opcode {other}"),
    };
    Some((received, start + length))
}

/// The bit that marks the last frame of a message.
pub const FIN: u8 = 0x80;
/// Opcode of a continuation.
pub const CONTINUATION: u8 = 0;
/// Opcode of a text message.
pub const TEXT: u8 = 1;
/// Opcode of a binary message.
pub const BINARY: u8 = 2;
/// Opcode of a Close frame.
pub const CLOSE: u8 = 8;
/// Opcode of a ping.
pub const PING: u8 = 9;
/// Opcode of a pong.
pub const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Key and answer of the example in RFC 6455, 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
