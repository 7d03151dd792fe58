//! jsonrpsee: JSON-RPC 2.0, and subscriptions for what comes by itself.
//!
//! ```text
//! > {"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}    < {"jsonrpc":"2.0","id":1,"result":3}
//! > {"jsonrpc":"2.0","id":2,"method":"count","params":[1]}    < {"jsonrpc":"2.0","id":2,"result":6977724924968982}
//!     < {"jsonrpc":"2.0","method":"item","params":{"subscription":6977724924968982,"result":0}}
//!     < {"jsonrpc":"2.0","method":"item","params":{"subscription":6977724924968982,"result":"end"}}
//! ```

use super::json::{between, number, pair, quoted, take_number};
use super::{Call, Event, Failure, Peer, Program, Session, nonsense};
use crate::load::Out;

/// jsonrpsee's server.
#[derive(Debug)]
pub struct Jsonrpsee;

impl Peer for Jsonrpsee {
    fn name(&self) -> &'static str {
        "jsonrpsee"
    }

    fn program(&self) -> Program {
        Program::Rust("server-jsonrpsee")
    }

    fn target(&self) -> &'static str {
        "/"
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(Caller::default())
    }

    fn slowness(&self) -> usize {
        4
    }

    fn packages(&self) -> &'static [&'static str] {
        &["jsonrpsee", "soketto"]
    }
}

#[derive(Default)]
struct Caller {
    /// The call that has asked for the stream: its answer is the subscription's name, and no answer that counts.
    stream_id: Option<u64>,
}

impl Session for Caller {
    fn start(&mut self, _out: &mut Out) -> bool {
        true
    }

    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out) {
        out.text(|out| {
            let method = match call {
                Call::Add(..) => "add",
                Call::Echo(_) => "echo",
                Call::Listen => "listen",
                Call::Shout(_) => "shout",
            };
            head(id, method, out);
            match call {
                Call::Add(a, b) => {
                    pair(a, b, out);
                }
                Call::Listen => {}
                Call::Echo(text) | Call::Shout(text) => quoted(text, out),
            }
            out.extend_from_slice(b"]}");
        });
    }

    fn stream(&mut self, id: u64, count: u32, out: &mut Out) {
        self.stream_id = Some(id);
        out.text(|out| {
            head(id, "count", out);
            number(count, out);
            out.extend_from_slice(b"]}");
        });
    }

    fn read<'a>(&mut self, text: &'a [u8], _out: &mut Out) -> Result<Event<'a>, Failure> {
        let event = read(text).ok_or_else(|| nonsense(text))?;
        match event {
            Event::Answer { id, .. } if self.stream_id == Some(id) => Ok(Event::Nothing),
            event => Ok(event),
        }
    }
}

fn head(id: u64, method: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
    number(id, out);
    out.extend_from_slice(br#","method":""#);
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(br#"","params":["#);
}

fn read(text: &[u8]) -> Option<Event<'_>> {
    let rest = text.strip_prefix(br#"{"jsonrpc":"2.0","#)?;
    if let Some(rest) = rest.strip_prefix(br#""id":"#) {
        let (id, rest) = take_number(rest)?;
        let value = between(rest, r#","result":"#, "}")?;
        return Some(Event::Answer { id, value });
    }
    if let Some(rest) = rest.strip_prefix(br#""method":"item","#) {
        let value = subscribed(rest)?;
        let is_end = value == br#""end""#;
        return Some(if is_end { Event::End } else { Event::Item(value) });
    }
    subscribed(rest.strip_prefix(br#""method":"shouted","#)?).map(Event::Shout)
}

/// Takes what a subscription has brought.
fn subscribed(text: &[u8]) -> Option<&[u8]> {
    let (_, rest) = take_number(text.strip_prefix(br#""params":{"subscription":"#)?)?;
    between(rest, r#","result":"#, "}}")
}
