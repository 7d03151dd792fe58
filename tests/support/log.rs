//! What the log says, at its most talkative.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// All that this thread logs, one line an event: level, spans, target, fields.
#[derive(Clone, Debug, Default)]
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
}

/// Ends the capture when dropped.
#[derive(Debug)]
#[must_use]
pub struct Capture(());

thread_local! {
    static CAPTURED: RefCell<Option<Log>> = const { RefCell::new(None) };
}

impl Log {
    /// Captures what this thread logs from now on, traces included.
    pub fn capture() -> (Self, Capture) {
        install();
        let log = Self::default();
        CAPTURED.set(Some(log.clone()));
        (log, Capture(()))
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

impl Drop for Capture {
    fn drop(&mut self) {
        CAPTURED.set(None);
    }
}

/// Writes to the log of the thread that logs.
struct Current;

impl MakeWriter<'_> for Current {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        CAPTURED.with_borrow(|log| log.clone().unwrap_or_default())
    }
}

/// Sets the one subscriber of the process. One per thread would not do: what is first logged by a thread that has none is
/// then taken for switched off by the others too.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let is_captured = dynamic_filter_fn(|_, _| CAPTURED.with_borrow(Option::is_some));
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(Current)
            .with_filter(is_captured);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
            .expect("nobody else sets a subscriber");
    });
}
