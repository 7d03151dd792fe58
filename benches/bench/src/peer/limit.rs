//! The limit; what is said to it stands in its program.

use super::json::{between, number, pair, quoted, take_number};
use super::{Ajax, Call, Event, Failure, Packing, Peer, Program, Session, nonsense};
use crate::load::Out;

/// A bare loop on tokio-tungstenite.
#[derive(Debug)]
pub struct Limit;

impl Peer for Limit {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn program(&self) -> Program {
        Program::Rust("server-limit")
    }

    fn target(&self) -> &'static str {
        "/"
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(Bare)
    }

    fn ajax(&self) -> Option<Ajax> {
        Some(Ajax {
            program: Program::Rust("server-limit-ajax"),
            target: "/",
            session: || Box::new(Bare),
            packing: || Box::new(Single),
        })
    }

    fn packages(&self) -> &'static [&'static str] {
        &["tokio", "tokio-tungstenite", "tungstenite", "serde_json"]
    }
}

struct Bare;

impl Session for Bare {
    fn start(&mut self, _out: &mut Out) -> bool {
        true
    }

    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out) {
        out.text(|out| {
            let method = match call {
                // Everybody listens.
                Call::Add(..) | Call::Listen => "add",
                Call::Echo(_) => "echo",
                Call::Shout(_) => "shout",
            };
            head(id, method, out);
            match call {
                Call::Add(a, b) => {
                    pair(a, b, out);
                }
                Call::Listen => out.extend_from_slice(b"0,0"),
                Call::Echo(text) | Call::Shout(text) => quoted(text, out),
            }
            out.extend_from_slice(b"]}");
        });
    }

    fn stream(&mut self, id: u64, count: u32, out: &mut Out) {
        out.text(|out| {
            head(id, "count", out);
            number(count, out);
            out.extend_from_slice(b"]}");
        });
    }

    fn read<'a>(&mut self, text: &'a [u8], _out: &mut Out) -> Result<Event<'a>, Failure> {
        read(text).ok_or_else(|| nonsense(text))
    }
}

/// One text at a time.
struct Single;

impl Packing for Single {
    fn join(&mut self, texts: &[Vec<u8>], out: &mut Vec<u8>) {
        out.extend(texts.concat());
    }

    fn split<'a>(&mut self, message: &'a [u8]) -> Result<Vec<&'a [u8]>, Failure> {
        Ok(vec![message])
    }
}

fn head(id: u64, method: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"id":"#);
    number(id, out);
    out.extend_from_slice(br#","method":""#);
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(br#"","params":["#);
}

fn read(text: &[u8]) -> Option<Event<'_>> {
    if let Some(text) = between(text, r#"{"event":"shouted","text":"#, "}") {
        return Some(Event::Shout(text));
    }
    let (id, rest) = take_number(text.strip_prefix(br#"{"id":"#)?)?;
    if let Some(value) = between(rest, r#","result":"#, "}") {
        return Some(Event::Answer { id, value });
    }
    if let Some(item) = between(rest, r#","item":"#, "}") {
        return Some(Event::Item(item));
    }
    (rest == br#","end":true}"#).then_some(Event::End)
}
