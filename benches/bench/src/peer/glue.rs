//! Our server, with all that our clients do: sessions that outlive their links, acknowledgements, credit, a greeting.

use super::json::{between, number, take_number};
use super::{Ajax, Call, Event, Failure, Packing, Peer, Program, Session, nonsense};
use crate::load::Out;

/// Glue.
#[derive(Debug)]
pub struct Glue;

impl Peer for Glue {
    fn name(&self) -> &'static str {
        "glue"
    }

    fn program(&self) -> Program {
        Program::Rust("server-ours")
    }

    fn target(&self) -> &'static str {
        "/glue/ws"
    }

    fn session(&self) -> Box<dyn Session> {
        Box::new(Visitor::default())
    }

    fn ajax(&self) -> Option<Ajax> {
        Some(Ajax {
            program: self.program(),
            target: "/glue/ajax",
            session: || Box::new(Visitor::default()),
            packing: || Box::new(Containers::default()),
        })
    }

    fn packages(&self) -> &'static [&'static str] {
        &["glue-runtime", "hyper"]
    }
}

/// A client of one socket.
#[derive(Default)]
struct Visitor {
    is_open: bool,
    has_greeted: bool,
    acks: Acks,
    /// Items that may still come.
    granted: u32,
    /// Items that may be granted; it grows, as none has to wait here.
    window: u32,
    stream_id: u64,
}

impl Session for Visitor {
    fn start(&mut self, out: &mut Out) -> bool {
        let init = br#"in{"version":"1.9.1","batch":true,"errors":true,"resume":{},"drain":true}"#;
        out.text(|out| out.extend_from_slice(init));
        false
    }

    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out) {
        self.greet(out);
        out.text(|out| {
            out.extend_from_slice(b"cd4&deskrq");
            number(wire_id(id), out);
            match call {
                Call::Add(a, b) => {
                    out.extend_from_slice(br#"&add&{"a":"#);
                    number(a, out);
                    out.extend_from_slice(br#","b":"#);
                    number(b, out);
                    out.push(b'}');
                }
                // Whoever has greeted listens.
                Call::Listen => out.extend_from_slice(br#"&add&{"a":0,"b":0}"#),
                Call::Echo(text) => with_text("echo", text, out),
                Call::Shout(text) => with_text("shout", text, out),
            }
        });
    }

    fn stream(&mut self, id: u64, count: u32, out: &mut Out) {
        self.greet(out);
        self.granted = FIRST_CREDIT;
        self.window = WINDOW / 2;
        self.stream_id = wire_id(id);
        out.text(|out| {
            out.extend_from_slice(b"cd4&deskrq");
            number(self.stream_id, out);
            out.extend_from_slice(b";c=");
            number(FIRST_CREDIT, out);
            out.extend_from_slice(br#"&count&{"count":"#);
            number(count, out);
            out.push(b'}');
        });
    }

    fn close(&mut self, out: &mut Out) {
        out.text(|out| out.extend_from_slice(b"cl"));
    }

    fn read<'a>(&mut self, text: &'a [u8], out: &mut Out) -> Result<Event<'a>, Failure> {
        let Some(channel_data) = text.strip_prefix(b"cd") else {
            return self.read_command(text, out).ok_or_else(|| nonsense(text));
        };
        if let Some(taken_in) = self.acks.take_in(text.len()) {
            acknowledge(taken_in, out);
        }
        let event = channel_data.strip_prefix(b"4&desk").and_then(read_envelope);
        let event = event.ok_or_else(|| nonsense(text))?;
        if let Event::Item(_) = event {
            self.take_item(out)?;
        }
        Ok(event)
    }

    fn tick(&mut self, out: &mut Out) {
        if let Some(taken_in) = self.acks.tick() {
            acknowledge(taken_in, out);
        }
    }
}

impl Visitor {
    /// [R-7]: the first envelope of a channel is a greeting.
    fn greet(&mut self, out: &mut Out) {
        if !self.has_greeted {
            self.has_greeted = true;
            out.text(|out| out.extend_from_slice(br#"cd4&deskhi&{"peer":"bench/0.0.0"}"#));
        }
    }

    /// Reads what is no data of a channel.
    fn read_command(&mut self, text: &[u8], out: &mut Out) -> Option<Event<'static>> {
        match text.split_at_checked(2)? {
            (b"in", json) => {
                let json = str::from_utf8(json).ok()?;
                // A figure without resume would be one of something else.
                let is_right = !self.is_open && json.contains(r#""resume":{"token""#);
                let (_, buffer) = json.split_once(r#""bufferBytes":"#)?;
                self.acks.buffer = usize::try_from(take_number(buffer.as_bytes())?.0).ok()?;
                self.is_open = true;
                is_right.then_some(Event::Ready)
            }
            (b"ak", _) => Some(Event::Nothing),
            (b"pi", b"") => {
                out.text(|out| out.extend_from_slice(b"po"));
                Some(Event::Nothing)
            }
            // The answer to `cl` of a session that could be resumed.
            (b"cl", b"") => Some(Event::Nothing),
            _ => None,
        }
    }

    /// [S-7], as `glue::rpc::credit` does it for small items that are taken as they come.
    fn take_item(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.granted = self.granted.checked_sub(1).ok_or("an item without credit")?;
        if self.granted <= self.window / 2 {
            self.window = (self.window * 2).min(MAX_WINDOW);
            let more = self.window - self.granted;
            self.granted = self.window;
            out.text(|out| {
                out.extend_from_slice(b"cd4&deskcr");
                number(self.stream_id, out);
                out.push(b'&');
                number(more, out);
            });
        }
        Ok(())
    }
}

/// [U-3]: when what was taken in is acknowledged.
#[derive(Default)]
struct Acks {
    /// Messages that were taken in.
    taken_in: u64,
    /// Their weight since the last acknowledgement.
    weight: usize,
    /// Ticks since the first of them.
    ticks: u32,
    /// Weight that the server keeps.
    buffer: usize,
}

impl Acks {
    fn take_in(&mut self, bytes: usize) -> Option<u64> {
        self.taken_in += 1;
        self.weight += bytes + OVERHEAD;
        (self.weight * 4 >= self.buffer).then(|| self.take())
    }

    /// There are two ticks a second: after the second one it is high time.
    fn tick(&mut self) -> Option<u64> {
        if self.weight == 0 {
            return None;
        }
        self.ticks += 1;
        (self.ticks == 2).then(|| self.take())
    }

    fn take(&mut self) -> u64 {
        self.weight = 0;
        self.ticks = 0;
        self.taken_in
    }
}

/// Containers, and the number that is due in a push [U-8].
#[derive(Default)]
struct Containers {
    sent: u64,
}

impl Packing for Containers {
    fn join(&mut self, texts: &[Vec<u8>], out: &mut Vec<u8>) {
        if let [text] = texts
            && !text.starts_with(b"cd")
        {
            out.extend_from_slice(text);
            return;
        }
        out.extend_from_slice(b"ba");
        let mut put = |text: &[u8]| {
            number(text.len(), out);
            out.push(b'&');
            out.extend_from_slice(text);
        };
        // An acknowledgement stands in front [U-7].
        let (acks, others): (Vec<_>, Vec<_>) = texts.iter().partition(|text| text.starts_with(b"ak"));
        acks.iter().last().into_iter().for_each(|ack| put(ack));
        let mut is_numbered = false;
        for text in others {
            if text.starts_with(b"cd") {
                self.sent += 1;
                if !is_numbered {
                    is_numbered = true;
                    put(format!("nu{}", self.sent).as_bytes());
                }
            }
            put(text);
        }
    }

    fn split<'a>(&mut self, message: &'a [u8]) -> Result<Vec<&'a [u8]>, Failure> {
        let Some(mut rest) = message.strip_prefix(b"ba") else {
            return Ok(vec![message]);
        };
        let mut texts = Vec::new();
        while !rest.is_empty() {
            // All is ASCII, so units are bytes.
            let (units, text) = take_number(rest).ok_or_else(|| nonsense(message))?;
            let text = text
                .strip_prefix(b"&")
                .and_then(|text| text.split_at_checked(usize::try_from(units).ok()?));
            let (text, behind) = text.ok_or_else(|| nonsense(message))?;
            texts.push(text);
            rest = behind;
        }
        Ok(texts)
    }
}

/// [R-1]: the client's ids are odd.
fn wire_id(id: u64) -> u64 {
    2 * id + 1
}

fn with_text(method: &str, text: &str, out: &mut Vec<u8>) {
    out.push(b'&');
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(br#"&{"text":""#);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(br#""}"#);
}

fn acknowledge(taken_in: u64, out: &mut Out) {
    out.text(|out| {
        out.extend_from_slice(b"ak");
        number(taken_in, out);
    });
}

fn read_envelope(text: &[u8]) -> Option<Event<'_>> {
    let (kind, rest) = text.split_at_checked(2)?;
    match kind {
        b"ev" => between(rest, r#"&shouted&{"text":"#, "}").map(Event::Shout),
        b"hi" => Some(Event::Nothing),
        _ => {
            let (wire_id, rest) = take_number(rest)?;
            let value = rest.strip_prefix(b"&")?;
            match kind {
                b"ok" => Some(Event::Answer {
                    id: wire_id / 2,
                    value,
                }),
                b"it" => Some(Event::Item(value)),
                b"en" => Some(Event::End),
                _ => None,
            }
        }
    }
}

/// Credit that stands in the request, the window at first, and the largest: PROTOCOL.md [S-7].
const FIRST_CREDIT: u32 = 8;
const WINDOW: u32 = 32;
const MAX_WINDOW: u32 = 1024;

/// What a message weighs beside its bytes: PROTOCOL.md, part 21.
const OVERHEAD: usize = 32;
