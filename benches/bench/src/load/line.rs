//! One connection of the load generator.

use std::io::{self, ErrorKind, Read as _};
use std::net::SocketAddr;

use mio::net::TcpStream;

use super::engine::Task;
use super::frame;
use super::out::Out;
use crate::peer::{Call, Event, Failure, Peer, Session};

/// A connection.
pub(super) struct Line {
    pub(super) stream: TcpStream,
    session: Box<dyn Session>,
    out: Out,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    /// How many calls and streams it has begun.
    begun: u64,
    is_upgraded: bool,
    /// A Close frame was sent.
    is_leaving: bool,
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Ended,
}

/// A connection in the hands of a task.
pub struct Caller<'a> {
    /// Its number.
    pub line: usize,
    pub(super) session: &'a mut dyn Session,
    pub(super) out: &'a mut Out,
    /// How many calls and streams it has begun.
    pub(super) begun: &'a mut u64,
    pub(super) is_leaving: &'a mut bool,
}

impl Caller<'_> {
    /// Returns the id of the next call or stream.
    pub fn next_id(&self) -> u64 {
        *self.begun
    }

    /// Writes a call.
    pub fn call(&mut self, call: Call<'_>) {
        self.session.call(*self.begun, call, self.out);
        *self.begun += 1;
    }

    /// Asks for a stream of so many numbers.
    pub fn stream(&mut self, count: u32) {
        self.session.stream(*self.begun, count, self.out);
        *self.begun += 1;
    }

    /// Says good-bye; [`Task::closed`] comes when the server has done so, too.
    pub fn close(&mut self) {
        self.session.close(self.out);
        // Status 1000, a normal end (RFC 6455, 7.4.1).
        self.out
            .frame(frame::CLOSE, |out| out.extend_from_slice(&[0x03, 0xe8]));
        *self.is_leaving = true;
    }
}

impl Line {
    /// Connects, and asks for the upgrade.
    pub(super) fn open(peer: &dyn Peer, address: SocketAddr) -> io::Result<Self> {
        // Waits for the kernel of the same machine only, not for the server.
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut line = Self {
            stream: TcpStream::from_std(stream),
            session: peer.session(),
            out: Out::default(),
            rest: Vec::new(),
            begun: 0,
            is_upgraded: false,
            is_leaving: false,
        };
        let (target, headers) = (peer.target(), peer.headers());
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
        );
        line.out.raw(request.as_bytes());
        Ok(line)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush(&mut self.stream)
    }

    pub(super) fn tick(&mut self) -> io::Result<()> {
        if self.is_upgraded && !self.is_leaving {
            self.session.tick(&mut self.out);
        }
        self.flush()
    }

    pub(super) fn caller(&mut self, line: usize) -> Caller<'_> {
        Caller {
            line,
            session: &mut *self.session,
            out: &mut self.out,
            begun: &mut self.begun,
            is_leaving: &mut self.is_leaving,
        }
    }

    /// Reads all that there is, and writes what follows from it.
    pub(super) fn serve(
        &mut self,
        number: usize,
        input: &mut [u8],
        task: &mut dyn Task,
    ) -> Result<Flow, Failure> {
        loop {
            let kept = self.rest.len();
            input[..kept].copy_from_slice(&self.rest);
            self.rest.clear();
            let room = input.get_mut(kept..).filter(|room| !room.is_empty());
            let read = match self.stream.read(room.ok_or("a frame that is too long")?) {
                Ok(0) => return Ok(Flow::Ended),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.rest.extend_from_slice(&input[..kept]);
                    break;
                }
                Err(error) if error.kind() == ErrorKind::ConnectionReset && self.is_leaving => {
                    return Ok(Flow::Ended);
                }
                Err(error) => return Err(error.into()),
            };
            let filled = kept + read;
            let (digested, flow) = self.digest(number, &input[..filled], task)?;
            if flow == Flow::Ended {
                return Ok(flow);
            }
            self.rest.extend_from_slice(&input[digested..filled]);
            // Fewer bytes than there was room for: there are no more, or they make themselves known.
            if filled < input.len() {
                break;
            }
        }
        self.flush()?;
        Ok(Flow::On)
    }

    /// Handles all that is whole; returns how many bytes that is.
    fn digest(&mut self, number: usize, input: &[u8], task: &mut dyn Task) -> Result<(usize, Flow), Failure> {
        let mut at = 0;
        if !self.is_upgraded {
            let Some(head) = head_of(input)? else {
                return Ok((0, Flow::On));
            };
            at = head;
            self.is_upgraded = true;
            if self.session.start(&mut self.out) {
                task.handle(&mut self.caller(number), Event::Ready)?;
            }
        }
        while let Some(frame) = frame::read(&input[at..])? {
            at += frame.len;
            match frame.opcode {
                frame::TEXT | frame::BINARY => {
                    let event = self.session.read(frame.payload, &mut self.out)?;
                    if !matches!(event, Event::Nothing) {
                        task.handle(&mut self.caller(number), event)?;
                    }
                }
                frame::PING => self
                    .out
                    .frame(frame::PONG, |out| out.extend_from_slice(frame.payload)),
                frame::PONG => {}
                frame::CLOSE if self.is_leaving => return Ok((at, Flow::Ended)),
                opcode => return Err(format!("a frame with opcode {opcode}").into()),
            }
        }
        Ok((at, Flow::On))
    }
}

/// Returns the length of the answer to the upgrade, once it is all there.
fn head_of(input: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&input[..end]);
    if head.starts_with("HTTP/1.1 101") && head.contains(ACCEPT) {
        Ok(Some(end + 4))
    } else {
        Err(format!("the upgrade was answered with {head}").into())
    }
}

/// The example of RFC 6455, 1.3, and what has to be answered.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
