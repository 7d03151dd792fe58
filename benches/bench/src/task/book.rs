//! Calls that are under way, and their answers.

use std::collections::VecDeque;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::load::Caller;
use crate::peer::{Call, Failure};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Two numbers are added.
    Add,
    /// A text of so many bytes comes back.
    Echo(usize),
    /// Shouts are asked for.
    Listen,
}

/// Makes calls, each with values of its own, and checks the answers.
#[derive(Debug)]
pub struct Book {
    what: What,
    is_timed: bool,
    /// By connection, in the order in which they were made: most are answered in that order.
    under_way: Vec<VecDeque<UnderWay>>,
    /// A text of the right length as JSON; its digits are those of the call that it was last used for.
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    id: u64,
    since: Option<Instant>,
}

impl Book {
    /// Makes one for so many connections; `is_timed` tells whether it is asked how long calls took.
    pub fn new(what: What, lines: usize, is_timed: bool) -> Self {
        let bytes = match what {
            What::Add | What::Listen => DIGITS,
            What::Echo(bytes) => bytes.max(DIGITS),
        };
        let mut text = vec![b'"'];
        text.extend((b'a'..=b'z').cycle().take(bytes));
        text.push(b'"');
        Self {
            what,
            is_timed,
            under_way: vec![VecDeque::new(); lines],
            text,
        }
    }

    /// Makes the next call of a connection.
    ///
    /// # Errors
    /// The book has no such connection.
    pub fn call(&mut self, caller: &mut Caller<'_>) -> Result<(), Failure> {
        let (line, id) = (caller.line, caller.next_id());
        let since = self.is_timed.then(Instant::now);
        match self.what {
            What::Add => {
                let (a, b) = addends(line, id);
                caller.call(Call::Add(a, b));
            }
            What::Echo(_) => {
                let text = self.text_of(line, id)?;
                caller.call(Call::Echo(str::from_utf8(&text[1..text.len() - 1])?));
            }
            What::Listen => caller.call(Call::Listen),
        }
        let under_way = self.under_way.get_mut(line);
        under_way
            .ok_or("a connection that is not in the book")?
            .push_back(UnderWay { id, since });
        Ok(())
    }

    /// Checks an answer; returns how long it took, where that is asked for.
    ///
    /// # Errors
    /// It is wrong, or nobody has asked.
    pub fn check(&mut self, line: usize, id: u64, value: &[u8]) -> Result<Option<Duration>, Failure> {
        let under_way = self
            .under_way
            .get_mut(line)
            .ok_or("an answer on a connection that is not in the book")?;
        let at = under_way.iter().position(|call| call.id == id);
        let call = at.and_then(|at| under_way.remove(at));
        let call = call.ok_or_else(|| format!("connection {line}: a surplus answer to call {id}"))?;
        let is_right = match self.what {
            What::Add => {
                let (a, b) = addends(line, id);
                value == itoa::Buffer::new().format(a + b).as_bytes()
            }
            What::Echo(_) => value == self.text_of(line, id)?,
            What::Listen => true,
        };
        if !is_right {
            let shown = String::from_utf8_lossy(&value[..value.len().min(100)]);
            return Err(format!("connection {line}: call {id} was answered with {shown}").into());
        }
        Ok(call.since.map(|since| since.elapsed()))
    }

    /// Returns the text of a call, as JSON.
    fn text_of(&mut self, line: usize, id: u64) -> Result<&[u8], Failure> {
        let mut digits = &mut self.text[1..=DIGITS];
        write!(digits, "{:0DIGITS$}", id * 100_000 + line as u64)?;
        Ok(&self.text)
    }
}

/// Returns numbers whose sum tells the call from those around it.
fn addends(line: usize, id: u64) -> (u32, u32) {
    ((id % 100_000) as u32, line as u32)
}

/// Digits in a text, by which it is known.
const DIGITS: usize = 16;
