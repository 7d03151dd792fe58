//! Connections: opened to stay, or opened and closed.

use super::surplus;
use crate::load::{Caller, Task};
use crate::peer::{Event, Failure};

/// Opens connections.
#[derive(Debug)]
pub struct Opening {
    left: usize,
    under_way: usize,
}

impl Opening {
    /// Opens so many.
    pub fn new(lines: usize) -> Self {
        Self {
            left: lines,
            under_way: 0,
        }
    }
}

impl Task for Opening {
    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        let Event::Ready = event else {
            return Err(surplus(caller.line, event));
        };
        self.under_way -= 1;
        Ok(())
    }

    fn to_open(&mut self) -> usize {
        let now = self.left.min(AT_ONCE - self.under_way);
        self.left -= now;
        self.under_way += now;
        now
    }

    fn is_done(&self) -> bool {
        self.left == 0 && self.under_way == 0
    }
}

/// Opens connections, and closes each as soon as the server has accepted it.
#[derive(Debug)]
pub struct Cycle {
    opening: Opening,
    open: usize,
}

impl Cycle {
    /// Opens and closes so many.
    pub fn new(lines: usize) -> Self {
        Self {
            opening: Opening::new(lines),
            open: 0,
        }
    }
}

impl Task for Cycle {
    fn handle(&mut self, caller: &mut Caller<'_>, event: Event<'_>) -> Result<(), Failure> {
        self.opening.handle(caller, event)?;
        self.open += 1;
        caller.close();
        Ok(())
    }

    fn closed(&mut self, line: usize) -> Result<(), Failure> {
        let open = self.open.checked_sub(1);
        self.open = open.ok_or_else(|| format!("connection {line} was closed before it was accepted"))?;
        Ok(())
    }

    fn to_open(&mut self) -> usize {
        self.opening.to_open()
    }

    fn is_done(&self) -> bool {
        self.opening.is_done() && self.open == 0
    }
}

/// Connections that are opened at the same time: fewer than wait in the queue of any listener.
const AT_ONCE: usize = 64;
