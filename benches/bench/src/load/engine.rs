//! All connections, and the loop that serves them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::line::{Caller, Flow, Line};
use crate::peer::{Event, Failure, Peer};

/// What is done with the connections.
pub trait Task {
    /// Returns a connection that is to begin something; asked again and again, until there is none for now.
    fn next(&mut self) -> Option<usize> {
        None
    }

    /// It begins.
    ///
    /// # Errors
    /// It can't.
    fn begin(&mut self, _caller: &mut Caller<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// Something came.
    ///
    /// # Errors
    /// It is wrong, or surplus.
    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure>;

    /// A connection has ended.
    ///
    /// # Errors
    /// It should not have.
    fn closed(&mut self, line: usize) -> Result<(), Failure> {
        Err(format!("connection {line} was closed").into())
    }

    /// Returns how many connections are to be opened now.
    fn to_open(&mut self) -> usize {
        0
    }

    /// Returns whether all has come that was waited for.
    fn is_done(&self) -> bool;
}

/// Connections with one server.
pub struct Load<'p> {
    peer: &'p dyn Peer,
    address: SocketAddr,
    poll: Poll,
    lines: Vec<Option<Line>>,
    free: Vec<usize>,
    /// One buffer to read into for all.
    input: Box<[u8]>,
    ticked: Instant,
}

impl<'p> Load<'p> {
    /// Begins without a connection.
    ///
    /// # Errors
    /// There is no epoll.
    pub fn new(peer: &'p dyn Peer, address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self {
            peer,
            address,
            poll: Poll::new()?,
            lines: Vec::new(),
            free: Vec::new(),
            input: vec![0; INPUT_BYTES].into(),
            ticked: Instant::now(),
        })
    }

    /// Does something, until it is done.
    ///
    /// # Errors
    /// It went wrong, or nothing happens any more.
    pub fn run(&mut self, task: &mut dyn Task) -> Result<(), Failure> {
        let mut events = Events::with_capacity(1024);
        let mut heard = Instant::now();
        while !task.is_done() {
            for _ in 0..task.to_open() {
                self.open()?;
            }
            while let Some(number) = task.next() {
                let line = self.lines.get_mut(number).and_then(Option::as_mut);
                let line = line.ok_or("there is no such connection")?;
                task.begin(&mut line.caller(number))?;
                line.flush()?;
            }
            match self.poll.poll(&mut events, Some(TICK)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                self.serve(event.token().0, task)?;
            }
            if !events.is_empty() {
                heard = self.tick_if_due()?;
            } else if self.tick_if_due()?.duration_since(heard) > PATIENCE {
                return Err(format!("nothing has come for {PATIENCE:?}").into());
            }
        }
        Ok(())
    }

    /// Lets some time pass, in which nothing is expected.
    ///
    /// # Errors
    /// Something came.
    pub fn rest(&mut self, time: Duration) -> Result<(), Failure> {
        self.run(&mut Rest {
            until: Instant::now() + time,
        })
    }

    fn open(&mut self) -> Result<(), Failure> {
        let mut line = Line::open(self.peer, self.address)?;
        let number = self.free.pop().unwrap_or(self.lines.len());
        let interests = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut line.stream, Token(number), interests)?;
        line.flush()?;
        match self.lines.get_mut(number) {
            Some(place) => *place = Some(line),
            None => self.lines.push(Some(line)),
        }
        Ok(())
    }

    fn serve(&mut self, number: usize, task: &mut dyn Task) -> Result<(), Failure> {
        let place = &mut self.lines[number];
        let Some(line) = place else { return Ok(()) };
        if line.serve(number, &mut self.input, task)? == Flow::Ended {
            *place = None;
            self.free.push(number);
            task.closed(number)?;
        }
        Ok(())
    }

    /// Lets the connections say what they say from time to time; returns the time.
    fn tick_if_due(&mut self) -> Result<Instant, Failure> {
        let now = Instant::now();
        if now.duration_since(self.ticked) >= TICK {
            self.ticked = now;
            for line in self.lines.iter_mut().flatten() {
                line.tick()?;
            }
        }
        Ok(now)
    }
}

/// Nothing, for a while.
struct Rest {
    until: Instant,
}

impl Task for Rest {
    fn handle(&mut self, _caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        Err(format!("surplus: {event:?}").into())
    }

    fn is_done(&self) -> bool {
        Instant::now() >= self.until
    }
}

/// Two a second: [`crate::peer::Session::tick`].
pub(super) const TICK: Duration = Duration::from_millis(500);

/// Time in which something must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// More than any frame takes.
const INPUT_BYTES: usize = 256 * 1024;
