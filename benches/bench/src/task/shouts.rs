//! Broadcasts: one shouts, all hear it.

use super::surplus;
use crate::load::{Caller, Task};
use crate::peer::{Call, Event, Failure};

/// Broadcasts, one after the other: each begins when the one before has reached everybody.
#[derive(Debug)]
pub struct Shouts {
    /// How many each connection has heard.
    heard: Vec<usize>,
    /// Deliveries so far, of all broadcasts.
    reached: usize,
    begun: usize,
    answered: usize,
    total: usize,
    bytes: usize,
}

impl Shouts {
    /// Makes so many broadcasts, of texts of so many bytes, to so many connections.
    pub fn new(lines: usize, total: usize, bytes: usize) -> Self {
        Self {
            heard: vec![0; lines],
            reached: 0,
            begun: 0,
            answered: 0,
            total,
            bytes,
        }
    }

    fn text(&self, number: usize) -> String {
        let bytes = self.bytes;
        format!("{number:x>bytes$}")
    }

    fn is_between(&self) -> bool {
        self.answered == self.begun && self.reached == self.begun * self.heard.len()
    }
}

impl Task for Shouts {
    /// The first connection is the one that shouts.
    fn next(&mut self) -> Option<usize> {
        (self.is_between() && self.begun < self.total).then_some(0)
    }

    fn begin(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        self.begun += 1;
        caller.call(Call::Shout(&self.text(self.begun)));
        Ok(())
    }

    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Answer { .. } if caller.line == 0 && self.answered < self.begun => {
                self.answered += 1;
                Ok(())
            }
            Event::Shout(value) => {
                let heard = self
                    .heard
                    .get_mut(caller.line)
                    .ok_or("a connection that is not counted")?;
                *heard += 1;
                let number = *heard;
                let text = self.text(number);
                let is_right = value.len() == text.len() + 2 && value[1..].starts_with(text.as_bytes());
                if number > self.begun || !is_right {
                    return Err(surplus(caller.line, event));
                }
                self.reached += 1;
                Ok(())
            }
            _ => Err(surplus(caller.line, event)),
        }
    }

    fn is_done(&self) -> bool {
        self.is_between() && self.begun == self.total
    }
}
