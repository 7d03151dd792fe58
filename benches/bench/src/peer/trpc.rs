//! tRPC over WebSocket, as its own client speaks it; calls go one by one, as with all others here.
//!
//! ```text
//! > {"id":1,"method":"query","params":{"path":"add","input":[1,2]}}       < {"id":1,"result":{"type":"data","data":3}}
//! > {"id":2,"method":"subscription","params":{"path":"count","input":1}}  < {"id":2,"result":{"type":"started"}}
//!     < {"id":2,"result":{"type":"data","data":0}}    < {"id":2,"result":{"type":"stopped"}}
//! < PING    > PONG
//! ```

use super::json::{between, number, pair, quoted, take_number};
use super::{Call, Event, Failure, Peer, Program, Session, nonsense};
use crate::load::Out;

/// tRPC's server.
#[derive(Debug)]
pub struct Trpc;

impl Peer for Trpc {
    fn name(&self) -> &'static str {
        "trpc"
    }

    fn program(&self) -> Program {
        let (folder, script) = ("trpc", "server.js");
        Program::Node { folder, script }
    }

    fn target(&self) -> &'static str {
        "/"
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(Caller::default())
    }

    fn slowness(&self) -> usize {
        10
    }

    fn packages(&self) -> &'static [&'static str] {
        &["@trpc/server", "ws", "bufferutil"]
    }
}

#[derive(Default)]
struct Caller {
    stream_id: Option<u64>,
    listen_id: Option<u64>,
}

impl Session for Caller {
    fn start(&mut self, _out: &mut Out) -> bool {
        true
    }

    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out) {
        out.text(|out| match call {
            Call::Add(a, b) => {
                head(id, "query", "add", out);
                out.extend_from_slice(br#","input":["#);
                pair(a, b, out);
                out.extend_from_slice(b"]}}");
            }
            Call::Echo(text) => with_text(id, "query", "echo", text, out),
            Call::Shout(text) => with_text(id, "mutation", "shout", text, out),
            Call::Listen => {
                self.listen_id = Some(id);
                head(id, "subscription", "listen", out);
                out.extend_from_slice(b"}}");
            }
        });
    }

    fn stream(&mut self, id: u64, count: u32, out: &mut Out) {
        self.stream_id = Some(id);
        out.text(|out| {
            head(id, "subscription", "count", out);
            out.extend_from_slice(br#","input":"#);
            number(count, out);
            out.extend_from_slice(b"}}");
        });
    }

    fn read<'a>(&mut self, text: &'a [u8], out: &mut Out) -> Result<Event<'a>, Failure> {
        if text == b"PING" {
            out.text(|out| out.extend_from_slice(b"PONG"));
            return Ok(Event::Nothing);
        }
        self.read_result(text).ok_or_else(|| nonsense(text))
    }
}

impl Caller {
    fn read_result<'a>(&self, text: &'a [u8]) -> Option<Event<'a>> {
        let (id, rest) = take_number(text.strip_prefix(br#"{"id":"#)?)?;
        let result = between(rest, r#","result":{"type":""#, "}}")?;
        let (is_stream, is_listening) = (self.stream_id == Some(id), self.listen_id == Some(id));
        match result {
            br#"started""# if is_stream => Some(Event::Nothing),
            br#"started""# if is_listening => Some(Event::Answer { id, value: b"null" }),
            br#"stopped""# if is_stream => Some(Event::End),
            _ => {
                let value = result.strip_prefix(br#"data","data":"#)?;
                Some(match (is_stream, is_listening) {
                    (true, _) => Event::Item(value),
                    (_, true) => Event::Shout(value),
                    _ => Event::Answer { id, value },
                })
            }
        }
    }
}

fn head(id: u64, method: &str, path: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"id":"#);
    number(id, out);
    out.extend_from_slice(br#","method":""#);
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(br#"","params":{"path":""#);
    out.extend_from_slice(path.as_bytes());
    out.push(b'"');
}

fn with_text(id: u64, method: &str, path: &str, text: &str, out: &mut Vec<u8>) {
    head(id, method, path, out);
    out.extend_from_slice(br#","input":"#);
    quoted(text, out);
    out.extend_from_slice(b"}}");
}
