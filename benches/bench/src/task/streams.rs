//! Streams of numbers, one on each connection.

use super::surplus;
use crate::load::{Caller, Task};
use crate::peer::{Event, Failure};

/// Takes a stream on each of the first connections.
#[derive(Debug)]
pub struct Streams {
    /// The number that is due on each.
    due: Vec<u32>,
    count: u32,
    started: usize,
    ended: usize,
}

impl Streams {
    /// Takes so many numbers on each of so many connections.
    pub fn new(lines: usize, count: u32) -> Self {
        Self {
            due: vec![0; lines],
            count,
            started: 0,
            ended: 0,
        }
    }
}

impl Task for Streams {
    fn next(&mut self) -> Option<usize> {
        let next = self.started;
        (next < self.due.len()).then(|| {
            self.started += 1;
            next
        })
    }

    fn begin(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        caller.stream(self.count);
        Ok(())
    }

    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        let due = self
            .due
            .get_mut(caller.line)
            .ok_or("a connection that has no stream")?;
        match event {
            Event::Item(value)
                if *due < self.count && value == itoa::Buffer::new().format(*due).as_bytes() =>
            {
                *due += 1;
                Ok(())
            }
            Event::End if *due == self.count => {
                // Another end would be surplus.
                *due += 1;
                self.ended += 1;
                Ok(())
            }
            _ => Err(surplus(caller.line, event)),
        }
    }

    fn is_done(&self) -> bool {
        self.ended == self.due.len()
    }
}
