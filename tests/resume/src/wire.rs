//! Bytes of a connection, taken apart where messages end: HTTP requests and answers, WebSocket frames.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    /// The request for a WebSocket, and the answer to it.
    Upgrade,
    Upgraded,
    /// A WebSocket frame.
    Frame,
    /// Requests of long polling, and their answers.
    Init,
    Poll,
    Push,
    InitAnswer,
    PollAnswer,
    PushAnswer,
    /// Any other request, and its answer.
    Other,
    OtherAnswer,
}

impl Unit {
    /// What answers a request.
    pub(crate) fn answer(self) -> Self {
        match self {
            Self::Upgrade => Self::Upgraded,
            Self::Init => Self::InitAnswer,
            Self::Poll => Self::PollAnswer,
            Self::Push => Self::PushAnswer,
            _ => Self::OtherAnswer,
        }
    }
}

/// One end of a connection, seen from the proxy: what comes from it is read by messages.
pub(crate) struct End {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    read: Vec<u8>,
    unwritten: Vec<u8>,
}

impl End {
    pub(crate) fn new(stream: TcpStream) -> Self {
        // What is sent in pieces arrives in pieces, at once.
        let _ = stream.set_nodelay(true);
        let (from, to) = stream.into_split();
        Self {
            from,
            to,
            read: Vec::new(),
            unwritten: Vec::new(),
        }
    }

    pub(crate) fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        let reader = Reader {
            from: &mut self.from,
            read: &mut self.read,
        };
        let writer = Writer {
            to: &mut self.to,
            unwritten: &mut self.unwritten,
        };
        (reader, writer)
    }

    pub(crate) fn reader(&mut self) -> Reader<'_> {
        self.split().0
    }

    pub(crate) fn writer(&mut self) -> Writer<'_> {
        self.split().1
    }

    /// Returns where the other side is.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.to.peer_addr()
    }

    /// Ends the connection at once.
    pub(crate) fn reset(self) {
        let stream: &TcpStream = self.to.as_ref();
        // Without it the end is in due form, which is a fault as well.
        let _ = stream.set_zero_linger();
    }

    /// Ends the connection in due form.
    pub(crate) async fn end(mut self) {
        let _ = self.to.shutdown().await;
    }
}

/// Reads messages. What was read of one stays when its future is dropped.
pub(crate) struct Reader<'a> {
    from: &'a mut OwnedReadHalf,
    read: &'a mut Vec<u8>,
}

impl Reader<'_> {
    /// Reads a request.
    pub(crate) async fn request(&mut self) -> io::Result<(Unit, Vec<u8>)> {
        let (head, length) = self.head().await?;
        let message = self.take(head + length).await?;
        let unit = if message.starts_with(b"GET ") && find(&message, b"/ws ").is_some_and(|at| at < head) {
            Unit::Upgrade
        } else {
            match message.get(head) {
                Some(b'i') => Unit::Init,
                Some(b'o') => Unit::Poll,
                Some(b'u') => Unit::Push,
                _ => Unit::Other,
            }
        };
        Ok((unit, message))
    }

    /// Reads an answer; says whether the connection is a WebSocket now.
    pub(crate) async fn answer(&mut self) -> io::Result<(Vec<u8>, bool)> {
        let (head, length) = self.head().await?;
        let answer = self.take(head + length).await?;
        let is_upgrade = answer.starts_with(b"HTTP/1.1 101");
        Ok((answer, is_upgrade))
    }

    /// Reads a WebSocket frame.
    pub(crate) async fn frame(&mut self) -> io::Result<Vec<u8>> {
        self.fill(2).await?;
        let mask = if self.read[1] & 0x80 == 0 { 0 } else { 4 };
        let (length, size) = match self.read[1] & 0x7f {
            126 => {
                self.fill(4).await?;
                (u64::from(u16::from_be_bytes([self.read[2], self.read[3]])), 4)
            }
            127 => {
                self.fill(10).await?;
                let bytes = self.read[2..10].try_into().map_err(|_| malformed())?;
                (u64::from_be_bytes(bytes), 10)
            }
            length => (u64::from(length), 2),
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= MOST);
        self.take(size + mask + length.ok_or_else(malformed)?).await
    }

    /// Waits until the other side has gone; what it sends meanwhile stays.
    pub(crate) async fn gone(&mut self) {
        while self.read.len() < MOST && self.more().await.is_ok() {}
    }

    /// Takes what was read and belongs to a message that hasn't come to its end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(self.read)
    }

    /// Takes what there is, or waits for some.
    pub(crate) async fn some(&mut self) -> io::Result<Vec<u8>> {
        if self.read.is_empty() {
            self.more().await?;
        }
        Ok(std::mem::take(self.read))
    }

    /// Reads a head; returns its length and that of what belongs to it.
    async fn head(&mut self) -> io::Result<(usize, usize)> {
        let end = loop {
            match find(self.read, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None if self.read.len() > MOST => return Err(malformed()),
                None => self.more().await?,
            }
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        // Nobody here sends a body whose length is not told.
        if head.contains("\r\ntransfer-encoding:") {
            return Err(malformed());
        }
        let length = head.split("\r\ncontent-length:").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.trim().parse().ok());
        let length = length.unwrap_or(0);
        if length > MOST {
            Err(malformed())
        } else {
            Ok((end, length))
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.fill(length).await?;
        Ok(self.read.drain(..length).collect())
    }

    async fn fill(&mut self, length: usize) -> io::Result<()> {
        while self.read.len() < length {
            self.more().await?;
        }
        Ok(())
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.from.read_buf(self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Writes bytes. What wasn't written stays when the future is dropped.
pub(crate) struct Writer<'a> {
    to: &'a mut OwnedWriteHalf,
    unwritten: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// Queues bytes in front of what will be written next.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.unwritten.extend_from_slice(bytes);
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.add(bytes);
        while !self.unwritten.is_empty() {
            let written = self.to.write(self.unwritten).await?;
            self.unwritten.drain(..written);
        }
        Ok(())
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Bytes of one message that are read.
const MOST: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Two ends of a connection: who writes, and what the proxy sees of it.
    async fn pair() -> (TcpStream, End) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (peer, End::new(listener.accept().await.unwrap().0))
    }

    #[tokio::test]
    async fn requests_are_told_apart_by_what_they_ask() {
        let (mut peer, mut end) = pair().await;
        let post = |body: &str| {
            format!(
                "POST /glue/ajax HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let upgrade = "GET /glue/ws HTTP/1.1\r\nupgrade: websocket\r\n\r\n";
        let texts = [
            post("i"),
            post("oabc&def"),
            post("uabc&cd1&mx"),
            upgrade.to_owned(),
        ];
        peer.write_all(texts.concat().as_bytes()).await.unwrap();

        for (unit, text) in [Unit::Init, Unit::Poll, Unit::Push, Unit::Upgrade]
            .into_iter()
            .zip(&texts)
        {
            let (found, bytes) = end.reader().request().await.unwrap();
            assert_eq!((found, &*bytes), (unit, text.as_bytes()));
        }
    }

    #[tokio::test]
    async fn frames_end_where_their_length_says() {
        let (mut peer, mut end) = pair().await;
        let long = [[0x81, 126, 1, 0].as_slice(), &[7; 256]].concat();
        let masked = [0x81, 0x82, 1, 2, 3, 4, 5, 6];
        let frames: [&[u8]; 3] = [&[0x81, 1, 9], &long, &masked];
        peer.write_all(&frames.concat()).await.unwrap();

        for frame in frames {
            assert_eq!(end.reader().frame().await.unwrap(), frame);
        }
    }

    #[tokio::test]
    async fn an_answer_has_its_body_and_an_upgrade_has_none() {
        let (mut peer, mut end) = pair().await;
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc";
        let upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        peer.write_all([answer, upgrade].concat().as_bytes())
            .await
            .unwrap();

        assert_eq!(end.reader().answer().await.unwrap(), (answer.into(), false));
        assert_eq!(end.reader().answer().await.unwrap(), (upgrade.into(), true));
    }
}
