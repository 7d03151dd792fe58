//! A client that says what is needed, and no more.

use std::error::Error;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use crate::House;

type Done = Result<(), Box<dyn Error>>;

/// A connection that has become a socket of the server.
pub(crate) struct Peer {
    stream: UnixStream,
    /// What has come and was not looked at.
    input: Vec<u8>,
    output: Vec<u8>,
    last_id: u64,
    /// Channel messages so far, and the weight of those that were not acknowledged.
    received: u64,
    weight: usize,
}

impl Peer {
    /// Connects, and agrees on what our own clients agree on.
    pub(crate) fn connect(house: &House, is_counted: bool) -> Result<Self, Box<dyn Error>> {
        let stream = UnixStream::connect(house.path())?;
        stream.set_nonblocking(true)?;
        let mut peer = Self {
            stream,
            input: Vec::new(),
            output: Vec::new(),
            last_id: 0,
            received: 0,
            weight: 0,
        };
        peer.output.extend_from_slice(UPGRADE.as_bytes());
        let head = loop {
            peer.exchange(house, is_counted)?;
            if let Some(end) = peer.input.windows(4).position(|end| end == b"\r\n\r\n") {
                break peer.input.drain(..end + 4).collect::<Vec<_>>();
            }
        };
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(String::from_utf8_lossy(&head).into());
        }
        peer.say(INIT);
        let answer = peer.hear(house, is_counted)?;
        if !answer.contains(r#""resume":{"token":"#) {
            return Err(format!("no session that outlives its links: {answer}").into());
        }
        Ok(peer)
    }

    /// Ends the session.
    pub(crate) fn leave(mut self, house: &House, is_counted: bool) -> Done {
        self.say("cl");
        self.stream.write_all(&self.output)?;
        house.turn(is_counted);
        drop(self);
        house.turn(is_counted);
        Ok(())
    }

    pub(crate) fn add(&mut self, house: &House, count: usize, is_counted: bool) -> Done {
        for number in 0..count {
            let id = self.call("add", &format!(r#"{{"a":{number},"b":1}}"#));
            let answer = self.receive(house, is_counted)?;
            expect(&answer, &format!("cd4&deskok{id}&{}", number + 1))?;
        }
        Ok(())
    }

    pub(crate) fn echo(&mut self, house: &House, count: usize, is_counted: bool) -> Done {
        let text = "x".repeat(TEXT_BYTES);
        for _ in 0..count / UNDER_WAY {
            let ids: Vec<_> = (0..UNDER_WAY)
                .map(|_| self.call("echo", &format!(r#"{{"text":"{text}"}}"#)))
                .collect();
            for id in ids {
                let answer = self.receive(house, is_counted)?;
                expect(&answer, &format!(r#"cd4&deskok{id}&"{text}""#))?;
            }
        }
        Ok(())
    }

    pub(crate) fn items(&mut self, house: &House, count: usize, is_counted: bool) -> Done {
        let mut granted = FIRST_CREDIT;
        let id = self.request(
            "items",
            &format!(";c={granted}"),
            &format!(r#"{{"count":{count}}}"#),
        );
        for number in 0..count {
            let item = self.receive(house, is_counted)?;
            expect(&item, &format!("cd4&deskit{id}&{number}"))?;
            granted -= 1;
            if granted <= WINDOW / 2 {
                self.say(&format!("cd4&deskcr{id}&{}", WINDOW - granted));
                granted = WINDOW;
            }
        }
        let end = self.receive(house, is_counted)?;
        expect(&end, &format!("cd4&desken{id}&"))
    }

    pub(crate) fn raw(&mut self, house: &House, count: usize, is_counted: bool) -> Done {
        let text = format!("cd1&m{}", "x".repeat(TEXT_BYTES));
        for _ in 0..count / UNDER_WAY {
            for _ in 0..UNDER_WAY {
                self.say(&text);
            }
            for _ in 0..UNDER_WAY {
                let answer = self.receive(house, is_counted)?;
                expect(&answer, &text)?;
            }
        }
        Ok(())
    }

    fn call(&mut self, method: &str, args: &str) -> u64 {
        self.request(method, "", args)
    }

    /// Writes a request, and returns its id.
    fn request(&mut self, method: &str, terms: &str, args: &str) -> u64 {
        if self.last_id == 0 {
            self.say("cd4&deskhi&{}");
        }
        // Those of a client are odd.
        self.last_id = if self.last_id == 0 { 1 } else { self.last_id + 2 };
        let id = self.last_id;
        self.say(&format!("cd4&deskrq{id}{terms}&{method}&{args}"));
        id
    }

    /// Writes a message into what goes out next, as a masked frame.
    fn say(&mut self, message: &str) {
        let length = message.len();
        self.output.push(FINAL_TEXT);
        match u8::try_from(length) {
            Ok(short @ ..=125) => self.output.push(MASKED | short),
            _ => {
                self.output.push(MASKED | 126);
                let length = u16::try_from(length).expect("these messages are short");
                self.output.extend_from_slice(&length.to_be_bytes());
            }
        }
        self.output.extend_from_slice(&MASK);
        let masked = message.bytes().zip(MASK.iter().cycle());
        self.output.extend(masked.map(|(byte, mask)| byte ^ mask));
    }

    /// Returns the next channel message, and acknowledges as our own clients do.
    fn receive(&mut self, house: &House, is_counted: bool) -> Result<String, Box<dyn Error>> {
        loop {
            let message = self.hear(house, is_counted)?;
            if !message.starts_with("cd") {
                // Acknowledgements of the server.
                continue;
            }
            self.received += 1;
            self.weight += message.len() + 32;
            if self.weight >= ACKNOWLEDGED {
                self.weight = 0;
                self.say(&format!("ak{}", self.received));
            }
            if !message.starts_with("cd4&deskhi&") {
                return Ok(message);
            }
        }
    }

    /// Returns the next message, for which the server is given turns.
    fn hear(&mut self, house: &House, is_counted: bool) -> Result<String, Box<dyn Error>> {
        loop {
            if let Some(message) = take_frame(&mut self.input) {
                return Ok(message);
            }
            self.exchange(house, is_counted)?;
        }
    }

    /// Writes what there is to write, gives the server a turn, and reads what there is to read.
    fn exchange(&mut self, house: &House, is_counted: bool) -> Done {
        self.stream.write_all(&self.output)?;
        self.output.clear();
        house.turn(is_counted);
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err("the server has closed the connection".into()),
                Ok(length) => self.input.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Takes the first frame, if all of it has come.
fn take_frame(input: &mut Vec<u8>) -> Option<String> {
    let (head, length) = match *input.get(1)? {
        126 => (4, u16::from_be_bytes([*input.get(2)?, *input.get(3)?]).into()),
        length => (2, usize::from(length)),
    };
    let message = String::from_utf8(input.get(head..head + length)?.to_vec());
    input.drain(..head + length);
    Some(message.expect("texts are UTF-8"))
}

fn expect(message: &str, expected: &str) -> Done {
    if message == expected {
        return Ok(());
    }
    Err(format!("expected {expected}, got {message}").into())
}

const UPGRADE: &str = "GET /glue/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const INIT: &str = r#"in{"version":"1.9.1","batch":true,"errors":true,"drain":true,"resume":{}}"#;

/// Calls or texts that leave in one write.
const UNDER_WAY: usize = 16;

/// Bytes of a text that travels.
const TEXT_BYTES: usize = 100;

/// Items that may come before the first is taken.
const FIRST_CREDIT: usize = 8;

/// Items that may come later on; half of them are taken before there is more credit.
const WINDOW: usize = 32;

/// A quarter of what each side keeps.
const ACKNOWLEDGED: usize = 64 * 1024;

/// The first byte of a text message in one frame.
const FINAL_TEXT: u8 = 0x81;

const MASKED: u8 = 0x80;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
