//! A connection on which one request follows the other (HTTP/1.1), as far as our peers need it.

use std::io::{self, ErrorKind, Read as _};
use std::net::SocketAddr;

use mio::net::TcpStream;

use super::out::Out;
use crate::peer::Failure;

/// A connection that is kept.
pub(super) struct Http {
    pub(super) stream: TcpStream,
    address: SocketAddr,
    target: &'static str,
    out: Out,
    input: Vec<u8>,
    /// Bytes of `input` that belong to the last answer.
    taken: usize,
}

impl Http {
    pub(super) fn open(address: SocketAddr, target: &'static str) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            address,
            target,
            out: Out::default(),
            input: Vec::new(),
            taken: 0,
        })
    }

    /// Sends a request with this body.
    pub(super) fn post(&mut self, body: &[u8]) -> io::Result<()> {
        let Self { address, target, .. } = self;
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.out.raw(head.as_bytes());
        self.out.raw(body);
        self.out.flush(&mut self.stream)
    }

    /// Reads and writes what there is to read and to write; returns the body of the next answer, if all of it is there.
    pub(super) fn answer(&mut self, buffer: &mut [u8]) -> Result<Option<&[u8]>, Failure> {
        self.input.drain(..std::mem::take(&mut self.taken));
        self.out.flush(&mut self.stream)?;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err("a connection was closed".into()),
                Ok(read) => self.input.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        let Some((head, len)) = head_of(&self.input)? else {
            return Ok(None);
        };
        if self.input.len() < head + len {
            return Ok(None);
        }
        self.taken = head + len;
        Ok(Some(&self.input[head..self.taken]))
    }
}

/// Returns the length of an answer's head and that of its body, once the head is there.
fn head_of(input: &[u8]) -> Result<Option<(usize, usize)>, Failure> {
    let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = str::from_utf8(&input[..end])?;
    let mut lines = head.split("\r\n");
    if lines.next() != Some("HTTP/1.1 200 OK") {
        return Err(format!("a request was answered with {head}").into());
    }
    let mut fields = lines.filter_map(|line| line.split_once(':'));
    let len = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, len) = len.ok_or("an answer without a length")?;
    Ok(Some((end + 4, len.trim().parse()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_behind_the_head() {
        let answer = b"HTTP/1.1 200 OK\r\nVary: Origin\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(head_of(answer).unwrap(), Some((answer.len() - 2, 2)));
        assert_eq!(head_of(&answer[..20]).unwrap(), None);
        assert!(head_of(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").is_err());
    }
}
