//! What the log says, at its most talkative.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// All that this thread logs, one line an event: level, spans, target, fields.
#[derive(Clone, Debug, Default)]
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
}

/// Ends the capture when dropped.
#[derive(Debug)]
#[must_use]
pub struct Capture {
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Log {
    /// Captures what this thread logs from now on, traces included.
    pub fn capture() -> (Self, Capture) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .without_time()
            .with_writer(log.clone())
            .finish();
        let capture = Capture {
            _subscriber: subscriber.set_default(),
        };
        (log, capture)
    }

    /// Returns all lines up to now.
    ///
    /// # Panics
    /// When they are no text.
    pub fn lines(&self) -> Vec<String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let text = str::from_utf8(&text).expect("the log is text");
        text.lines().map(|line| line.trim_start().to_owned()).collect()
    }

    /// Returns the lines that hold all of these.
    pub fn lines_with(&self, parts: &[&str]) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| parts.iter().all(|part| line.contains(part)));
        lines
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
