//! Keep-alive: any message of the peer is a sign of life, its absence is asked about once.

use std::time::Duration;

use crate::proto::limits::KeepAlive;

/// Decides when to ping and when to give up; the deadline itself stands in the timer table.
#[derive(Debug)]
pub(crate) struct KeepAliveTimer {
    config: KeepAlive,
    /// Whether a ping is out that nothing has answered.
    pinged: bool,
}

impl KeepAliveTimer {
    pub(crate) const fn new(config: KeepAlive) -> Self {
        Self {
            config,
            pinged: false,
        }
    }

    /// Takes note of a message and returns the time until the next deadline.
    pub(crate) fn handle_life(&mut self) -> Duration {
        self.pinged = false;
        self.config.interval
    }

    /// Takes note of bytes that move; returns the time for the answer to a ping anew, if one is due. It may be behind them.
    pub(crate) fn handle_progress(&self) -> Option<Duration> {
        self.pinged.then_some(self.config.timeout)
    }

    /// Says what silence until the deadline means.
    pub(crate) fn handle_timeout(&mut self) -> KeepAliveAction {
        if self.pinged {
            return KeepAliveAction::Dead;
        }
        self.pinged = true;
        KeepAliveAction::Ping {
            timeout: self.config.timeout,
        }
    }
}

/// What to do when the peer has been silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeepAliveAction {
    /// Ask; any message within the time-out will do for an answer.
    Ping { timeout: Duration },
    /// The peer is gone.
    Dead,
}
