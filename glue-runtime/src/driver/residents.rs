//! What belongs to the application and outlives sessions: its channels and futures.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::channels::Channels;
use crate::mailbox::{Late, Outgoing, Task};
use crate::proto::frame::Frame;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::text::Text;
use crate::session::Cause;

/// What belongs to the application, be there a session or not.
#[derive(Default)]
pub(crate) struct Residents {
    pub(crate) channels: Channels,
    /// Futures that live as long as the socket; where there have been none, there is no set of them either.
    tasks: Option<FuturesUnordered<Task>>,
}

impl Residents {
    /// Polls the futures; fails when one has panicked.
    pub(crate) fn poll_tasks(&mut self, cx: &mut Context<'_>) -> Result<(), Panicked> {
        let Some(tasks) = self.tasks.as_mut().filter(|tasks| !tasks.is_empty()) else {
            return Ok(());
        };
        loop {
            match catch_unwind(AssertUnwindSafe(|| tasks.poll_next_unpin(cx))) {
                Ok(Poll::Ready(Some(()))) => {}
                Ok(Poll::Ready(None) | Poll::Pending) => return Ok(()),
                Err(_) => {
                    tracing::error!("a handler of the socket panicked");
                    return Err(Panicked);
                }
            }
        }
    }

    /// Gives back what is kept for more to come.
    pub(crate) fn rest(&mut self) {
        for inbound in self.channels.values_mut() {
            inbound.rest();
        }
    }

    pub(crate) fn spawn(&mut self, task: Task) {
        self.tasks.get_or_insert_default().push(task);
    }

    /// The session has ended, and this was not handed to the link. Returns what is to be sent in the next: first what may have
    /// arrived and does no harm when it arrives twice.
    pub(crate) fn carry_over(&mut self, unsent: Vec<(Text, Cause)>) -> Vec<Outgoing> {
        let mut left = Vec::new();
        for (text, cause) in unsent {
            if cause == Cause::Handle {
                left.push(text.into());
            } else {
                left.extend(self.recall(&text).map(Outgoing::from));
            }
        }
        let again = self.lose().into_iter().map(Outgoing::from);
        again.chain(left).collect()
    }

    /// Returns what is to be sent in the next session in the place of this.
    fn recall(&mut self, text: &str) -> Option<Box<dyn Late>> {
        let Ok(Frame::ChannelData(data)) = Frame::decode(text) else {
            return None;
        };
        let (channel, data) = pair::decode(data, LengthUnit::Bytes).ok()?;
        self.channels.get_mut(channel)?.recall(data)
    }

    /// The session has ended; returns what is to be sent in the next once more.
    pub(crate) fn lose(&mut self) -> Vec<Box<dyn Late>> {
        self.channels
            .values_mut()
            .flat_map(|inbound| inbound.lost())
            .collect()
    }

    /// Drops everything, first what calls have under way; returns what must run to its end nevertheless.
    pub(crate) fn clear(&mut self) -> Unfinished {
        let unfinished = self.channels.values_mut().filter_map(|inbound| inbound.finish());
        let unfinished = unfinished.collect();
        self.channels.clear();
        self.tasks = None;
        unfinished
    }
}

/// Calls that go on when their socket has ended.
pub(crate) type Unfinished = FuturesUnordered<BoxFuture<'static, ()>>;

/// A handler of the application has panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;
