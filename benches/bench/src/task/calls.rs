//! Calls: many at the same time, or one on each connection.

use std::time::Duration;

use super::book::{Book, What};
use super::surplus;
use crate::load::{Caller, Task};
use crate::peer::{Event, Failure};

/// Calls on the first connections, so many under way on each.
#[derive(Debug)]
pub struct Calls {
    book: Book,
    lines: usize,
    depth: usize,
    total: usize,
    /// Connections that have begun.
    started: usize,
    begun: usize,
    done: usize,
    times: Vec<Duration>,
}

impl Calls {
    /// Makes so many calls in all; `is_timed` tells whether it is asked how long each took.
    pub fn new(what: What, lines: usize, depth: usize, total: usize, is_timed: bool) -> Self {
        Self {
            book: Book::new(what, lines, is_timed),
            lines,
            depth,
            total,
            started: 0,
            begun: 0,
            done: 0,
            times: Vec::with_capacity(if is_timed { total } else { 0 }),
        }
    }

    /// Returns how long each call took.
    pub fn into_times(self) -> Vec<Duration> {
        self.times
    }

    fn call(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        if self.begun < self.total {
            self.begun += 1;
            self.book.call(caller)?;
        }
        Ok(())
    }
}

impl Task for Calls {
    fn next(&mut self) -> Option<usize> {
        let next = self.started;
        (next < self.lines).then(|| {
            self.started += 1;
            next
        })
    }

    fn begin(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        (0..self.depth).try_for_each(|_| self.call(caller))
    }

    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        let Event::Answer { id, value } = event else {
            return Err(surplus(caller.line, event));
        };
        let time = self.book.check(caller.line, id, value)?;
        self.times.extend(time);
        self.done += 1;
        self.call(caller)
    }

    fn is_done(&self) -> bool {
        self.done == self.total
    }
}

/// One call on each connection, a few of them at the same time.
#[derive(Debug)]
pub struct Once {
    book: Book,
    lines: usize,
    begun: usize,
    done: usize,
}

impl Once {
    /// Goes through so many connections.
    pub fn new(what: What, lines: usize) -> Self {
        Self {
            book: Book::new(what, lines, false),
            lines,
            begun: 0,
            done: 0,
        }
    }
}

impl Task for Once {
    fn next(&mut self) -> Option<usize> {
        let next = self.begun;
        (next < self.lines && next < self.done + AT_ONCE).then(|| {
            self.begun += 1;
            next
        })
    }

    fn begin(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        self.book.call(caller)
    }

    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        let Event::Answer { id, value } = event else {
            return Err(surplus(caller.line, event));
        };
        self.book.check(caller.line, id, value)?;
        self.done += 1;
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.done == self.lines
    }
}

/// Connections that call at the same time.
const AT_ONCE: usize = 64;
