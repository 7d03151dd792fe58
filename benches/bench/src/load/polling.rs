//! Sessions over long polling: PROTOCOL.md, part 17.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::engine::{PATIENCE, TICK, Task};
use super::http::Http;
use super::line::Caller;
use super::out::Out;
use crate::peer::{Ajax, Event, Failure, Packing, Session};

/// Sessions with one server, each with a connection for its polls and one for its pushes.
pub struct Polling {
    ajax: Ajax,
    address: SocketAddr,
    poll: Poll,
    lines: Vec<Line>,
    input: Box<[u8]>,
    ticked: Instant,
}

struct Line {
    polls: Http,
    pushes: Http,
    session: Box<dyn Session>,
    packing: Box<dyn Packing>,
    out: Out,
    begun: u64,
    is_leaving: bool,
    /// Name of the session; none before the server has given it one.
    uid: String,
    is_pushing: bool,
}

impl Polling {
    /// Begins without a session.
    ///
    /// # Errors
    /// There is no epoll.
    pub fn new(ajax: Ajax, address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self {
            ajax,
            address,
            poll: Poll::new()?,
            lines: Vec::new(),
            input: vec![0; 64 * 1024].into(),
            ticked: Instant::now(),
        })
    }

    /// As [`super::Load::run`].
    ///
    /// # Errors
    /// It went wrong, or nothing happens any more.
    pub fn run(&mut self, task: &mut dyn Task) -> Result<(), Failure> {
        let mut events = Events::with_capacity(1024);
        let mut silence = Duration::ZERO;
        while !task.is_done() {
            for _ in 0..task.to_open() {
                self.open()?;
            }
            while let Some(number) = task.next() {
                let line = self.lines.get_mut(number).ok_or("there is no such session")?;
                task.begin(&mut line.caller(number))?;
                line.push()?;
            }
            self.poll.poll(&mut events, Some(TICK))?;
            for event in &events {
                let (number, is_push) = (event.token().0 / 2, event.token().0 % 2 == 1);
                let line = &mut self.lines[number];
                if is_push {
                    line.serve_push(&mut self.input)?;
                } else {
                    line.serve_poll(number, &mut self.input, task)?;
                }
            }
            silence = if events.is_empty() {
                silence + TICK
            } else {
                Duration::ZERO
            };
            if silence > PATIENCE {
                return Err(format!("nothing has come for {PATIENCE:?}").into());
            }
            self.tick()?;
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Failure> {
        let mut line = Line {
            polls: Http::open(self.address, self.ajax.target)?,
            pushes: Http::open(self.address, self.ajax.target)?,
            session: (self.ajax.session)(),
            packing: (self.ajax.packing)(),
            out: Out::plain(),
            begun: 0,
            is_leaving: false,
            uid: String::new(),
            is_pushing: false,
        };
        let first = 2 * self.lines.len();
        let interests = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.register(&mut line.polls.stream, Token(first), interests)?;
        registry.register(&mut line.pushes.stream, Token(first + 1), interests)?;
        line.polls.post(b"i")?;
        self.lines.push(line);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if now.duration_since(self.ticked) >= TICK {
            self.ticked = now;
            for line in &mut self.lines {
                line.session.tick(&mut line.out);
                line.push()?;
            }
        }
        Ok(())
    }
}

impl Line {
    fn caller(&mut self, line: usize) -> Caller<'_> {
        Caller {
            line,
            session: &mut *self.session,
            out: &mut self.out,
            begun: &mut self.begun,
            is_leaving: &mut self.is_leaving,
        }
    }

    fn serve_poll(&mut self, number: usize, buffer: &mut [u8], task: &mut dyn Task) -> Result<(), Failure> {
        let Some(body) = self.polls.answer(buffer)? else {
            return Ok(());
        };
        let body = str::from_utf8(body)?.to_owned();
        let (head, data) = body
            .split_once('&')
            .ok_or_else(|| format!("a poll was answered with {body:?}"))?;
        let token = if self.uid.is_empty() {
            head.clone_into(&mut self.uid);
            if self.session.start(&mut self.out) {
                task.handle(&mut self.caller(number), Event::Ready)?;
            }
            data
        } else {
            for text in self.packing.split(data.as_bytes())? {
                let event = self.session.read(text, &mut self.out)?;
                if !matches!(event, Event::Nothing) {
                    task.handle(&mut self.caller(number), event)?;
                }
            }
            head
        };
        self.polls.post(format!("o{}&{token}", self.uid).as_bytes())?;
        self.push()
    }

    fn serve_push(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        match self.pushes.answer(buffer)? {
            None => Ok(()),
            Some(b"") if self.is_pushing => {
                self.is_pushing = false;
                self.push()
            }
            Some(body) => Err(format!("a push was answered with {:?}", String::from_utf8_lossy(body)).into()),
        }
    }

    /// Pushes all that waits, if no other push is under way.
    fn push(&mut self) -> Result<(), Failure> {
        if self.is_pushing || self.uid.is_empty() {
            return Ok(());
        }
        let texts = self.out.take_texts();
        if texts.is_empty() {
            return Ok(());
        }
        self.is_pushing = true;
        let mut body = format!("u{}&", self.uid).into_bytes();
        self.packing.join(&texts, &mut body);
        Ok(self.pushes.post(&body)?)
    }
}
