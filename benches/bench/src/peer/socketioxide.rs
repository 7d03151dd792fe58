//! socketioxide: Socket.IO 5 over Engine.IO 4, on a WebSocket from the start.
//!
//! ```text
//! < 0{"sid":…}    > 40    < 40{"sid":…}            the opening
//! > 421["add",1,2]        < 431[3]                 an event that is acknowledged, which is a call
//! > 422["count",1]        < 42["item",0] 432[1]    events, and the acknowledgement as the end of the stream
//! < 2    > 3                                       ping, pong
//! ```

use super::json::{between, number, pair, quoted, take_number};
use super::{Call, Event, Failure, Peer, Program, Session, nonsense};
use crate::load::Out;

/// socketioxide's server.
#[derive(Debug)]
pub struct Socketioxide;

impl Peer for Socketioxide {
    fn name(&self) -> &'static str {
        "socketioxide"
    }

    fn program(&self) -> Program {
        Program::Rust("server-socketioxide")
    }

    fn target(&self) -> &'static str {
        "/socket.io/?EIO=4&transport=websocket"
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(Caller::default())
    }

    fn slowness(&self) -> usize {
        2
    }

    fn packages(&self) -> &'static [&'static str] {
        &["socketioxide", "engineioxide"]
    }
}

#[derive(Default)]
struct Caller {
    is_open: bool,
    /// The call that has asked for the stream: its acknowledgement is the end.
    stream_id: Option<u64>,
}

impl Session for Caller {
    fn start(&mut self, _out: &mut Out) -> bool {
        false
    }

    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out) {
        out.text(|out| {
            let event = match call {
                // Everybody in the namespace listens.
                Call::Add(..) | Call::Listen => "add",
                Call::Echo(_) => "echo",
                Call::Shout(_) => "shout",
            };
            head(id, event, out);
            match call {
                Call::Add(a, b) => {
                    pair(a, b, out);
                }
                Call::Listen => out.extend_from_slice(b"0,0"),
                Call::Echo(text) | Call::Shout(text) => quoted(text, out),
            }
            out.push(b']');
        });
    }

    fn stream(&mut self, id: u64, count: u32, out: &mut Out) {
        self.stream_id = Some(id);
        out.text(|out| {
            head(id, "count", out);
            number(count, out);
            out.push(b']');
        });
    }

    fn read<'a>(&mut self, text: &'a [u8], out: &mut Out) -> Result<Event<'a>, Failure> {
        let event = self.read_packet(text, out).ok_or_else(|| nonsense(text))?;
        match event {
            Event::Answer { id, .. } if self.stream_id == Some(id) => Ok(Event::End),
            event => Ok(event),
        }
    }
}

impl Caller {
    fn read_packet<'a>(&mut self, text: &'a [u8], out: &mut Out) -> Option<Event<'a>> {
        if let Some(event) = text.strip_prefix(b"42") {
            return read_event(event);
        }
        if let Some(acknowledged) = text.strip_prefix(b"43") {
            let (id, rest) = take_number(acknowledged)?;
            let value = between(rest, "[", "]")?;
            return Some(Event::Answer { id, value });
        }
        if text.starts_with(b"40") && !self.is_open {
            self.is_open = true;
            return Some(Event::Ready);
        }
        match text {
            [b'0', b'{', ..] => out.text(|out| out.extend_from_slice(b"40")),
            b"2" => out.text(|out| out.push(b'3')),
            _ => return None,
        }
        Some(Event::Nothing)
    }
}

fn head(id: u64, event: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"42");
    number(id, out);
    out.extend_from_slice(br#"[""#);
    out.extend_from_slice(event.as_bytes());
    out.extend_from_slice(br#"","#);
}

fn read_event(text: &[u8]) -> Option<Event<'_>> {
    if let Some(item) = between(text, r#"["item","#, "]") {
        return Some(Event::Item(item));
    }
    between(text, r#"["shouted","#, "]").map(Event::Shout)
}
