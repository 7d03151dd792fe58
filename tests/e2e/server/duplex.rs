//! Calls both ways: streams of callers, methods of the client, deadlines, cancellation and traces.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use glue::{CallError, CallOptions, Context, Incoming, Stream};

use crate::ledger::Ledger;

/// What goes up and down.
#[glue::channel]
pub(crate) trait Duplex {
    /// Does nothing.
    async fn unit(&self);
    /// Adds up the caller's numbers.
    async fn sum(&self, numbers: Incoming<u32>) -> u32;
    /// Adds up the caller's numbers; fails at the first that makes them more than `limit`.
    async fn sum_up_to(&self, limit: u32, numbers: Incoming<u32>) -> Result<u32, TooMuch>;
    /// Takes `first` numbers, counts `taken:<label>` for each, waits for `go:<label>`, and adds up all.
    async fn sum_slowly(&self, label: String, first: u32, numbers: Incoming<u32>) -> u32;
    /// Takes as many numbers and no more, then waits for `go:<label>`.
    async fn take(&self, label: String, count: u32, numbers: Incoming<u32>) -> Vec<u32>;
    /// Takes all blocks and returns how many characters there were.
    async fn measure(&self, blocks: Incoming<String>) -> u32;
    /// Takes a block, waits for `go:<label>`, then does the same.
    async fn measure_slowly(&self, label: String, blocks: Incoming<String>) -> u32;
    /// Yields each number twice.
    fn double(&self, label: String, numbers: Incoming<u32>) -> impl Stream<Item = u32>;
    /// Yields the texts in upper case, each as it comes; fails at an empty one.
    fn shout(&self, lines: Incoming<String>) -> impl Stream<Item = Result<String, Silence>>;

    /// Never answers; counts `gone:<label>` when it is dropped.
    async fn hang(&self, label: String);
    /// Never yields; counts `gone:<label>` when it is dropped.
    fn hang_stream(&self, label: String) -> impl Stream<Item = u32>;
    /// Takes nothing and never answers; counts `gone:<label>` when it is dropped.
    async fn hang_upload(&self, label: String, numbers: Incoming<u32>);
    /// Waits for `go:<label>` and counts `done:<label>`, whoever has left meanwhile.
    #[glue(no_cancel)]
    async fn finish(&self, label: String);
    /// Yields blocks of this length as fast as they are read, and counts `made:<label>`.
    fn blocks(&self, label: String, length: u32) -> impl Stream<Item = String>;
    /// Returns how much time the call has left, in milliseconds.
    async fn remaining(&self, cx: &Context) -> Option<u32>;
    /// Returns the call's `traceparent`.
    async fn trace(&self, cx: &Context) -> Option<String>;

    /// Counts a label.
    async fn count(&self, label: String);
    /// Returns how often a label was counted.
    async fn counted(&self, label: String) -> u32;
    /// Answers once a label has been counted so often.
    async fn reached(&self, label: String, count: u32);

    /// Calls `confirm` of the caller, and returns what came of it.
    async fn ask(&self, cx: &Context, question: String, timeout_ms: Option<u32>) -> Asked;
    /// Calls `trace_here` of the caller, and returns what it answered.
    async fn trace_there(&self, cx: &Context) -> Asked;

    #[client]
    async fn confirm(question: String) -> Result<String, Declined>;
    #[client]
    async fn trace_here() -> Option<String>;
}

/// The numbers add up to too much.
#[glue::model]
pub(crate) struct TooMuch {
    limit: u32,
}

/// There is nothing to shout.
#[glue::model]
pub(crate) struct Silence {
    line: u32,
}

/// Why a client doesn't confirm.
#[glue::model]
#[serde(tag = "reason", rename_all = "snake_case")]
pub(crate) enum Declined {
    Busy { until: u32 },
    Never,
}

/// What came of a call of the client.
#[glue::model]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Asked {
    Answered { answer: Option<String> },
    Declined { error: Declined },
    Failed { code: String, message: String },
}

#[derive(Clone, Default)]
pub(crate) struct Both {
    pub(crate) ledger: Ledger,
}

impl Both {
    async fn told_to_go(&self, label: &str) {
        self.ledger.reached(&format!("go:{label}"), 1).await;
    }
}

impl Duplex for Both {
    async fn unit(&self) {}

    async fn sum(&self, numbers: Incoming<u32>) -> u32 {
        numbers.fold(0, |sum, n| async move { sum + n }).await
    }

    async fn sum_up_to(&self, limit: u32, mut numbers: Incoming<u32>) -> Result<u32, TooMuch> {
        let mut sum = 0;
        while let Some(n) = numbers.next().await {
            sum += n;
            if sum > limit {
                return Err(TooMuch { limit });
            }
        }
        Ok(sum)
    }

    async fn sum_slowly(&self, label: String, first: u32, mut numbers: Incoming<u32>) -> u32 {
        let mut sum = 0;
        for _ in 0..first {
            sum += numbers.next().await.unwrap_or_default();
            self.ledger.add(&format!("taken:{label}"));
        }
        self.told_to_go(&label).await;
        sum + self.sum(numbers).await
    }

    async fn take(&self, label: String, count: u32, numbers: Incoming<u32>) -> Vec<u32> {
        // The stream is dropped with what takes of it.
        let taken = numbers.take(count as usize).collect().await;
        self.told_to_go(&label).await;
        taken
    }

    async fn measure(&self, blocks: Incoming<String>) -> u32 {
        let length = blocks.fold(0, |length, block| async move { length + block.len() });
        u32::try_from(length.await).unwrap_or(u32::MAX)
    }

    async fn measure_slowly(&self, label: String, mut blocks: Incoming<String>) -> u32 {
        let first = blocks.next().await.unwrap_or_default();
        self.ledger.add(&format!("taken:{label}"));
        self.told_to_go(&label).await;
        self.measure(blocks).await + u32::try_from(first.len()).unwrap_or(u32::MAX)
    }

    fn double(&self, label: String, numbers: Incoming<u32>) -> impl Stream<Item = u32> {
        let guard = self.ledger.guard(format!("gone:{label}"));
        numbers.flat_map(move |n| {
            let _ = &guard;
            stream::iter([n, n])
        })
    }

    fn shout(&self, lines: Incoming<String>) -> impl Stream<Item = Result<String, Silence>> {
        lines.zip(stream::iter(1..)).map(|(text, line)| {
            let is_silent = text.is_empty();
            (!is_silent).then(|| text.to_uppercase()).ok_or(Silence { line })
        })
    }

    async fn hang(&self, label: String) {
        let _guard = self.ledger.guard(format!("gone:{label}"));
        std::future::pending().await
    }

    fn hang_stream(&self, label: String) -> impl Stream<Item = u32> {
        let guard = self.ledger.guard(format!("gone:{label}"));
        stream::pending().inspect(move |_| {
            let _ = &guard;
        })
    }

    async fn hang_upload(&self, label: String, _numbers: Incoming<u32>) {
        self.hang(label).await;
    }

    async fn finish(&self, label: String) {
        self.told_to_go(&label).await;
        self.ledger.add(&format!("done:{label}"));
    }

    fn blocks(&self, label: String, length: u32) -> impl Stream<Item = String> {
        let made = format!("made:{label}");
        stream::repeat_with(move || {
            self.ledger.add(&made);
            "x".repeat(length as usize)
        })
    }

    async fn remaining(&self, cx: &Context) -> Option<u32> {
        let left = cx.remaining()?;
        Some(u32::try_from(left.as_millis()).unwrap_or(u32::MAX))
    }

    async fn trace(&self, cx: &Context) -> Option<String> {
        cx.trace().map(|trace| trace.to_string())
    }

    async fn count(&self, label: String) {
        self.ledger.add(&label);
    }

    async fn counted(&self, label: String) -> u32 {
        self.ledger.count(&label)
    }

    async fn reached(&self, label: String, count: u32) {
        self.ledger.reached(&label, count).await;
    }

    async fn ask(&self, cx: &Context, question: String, timeout_ms: Option<u32>) -> Asked {
        let timeout = timeout_ms.map(|ms| Duration::from_millis(ms.into()));
        let options = timeout.map_or_else(CallOptions::default, |timeout| {
            CallOptions::default().timeout(timeout)
        });
        match DuplexCallback::of(cx).with(options).confirm(question).await {
            Ok(answer) => Asked::Answered { answer: Some(answer) },
            Err(CallError::Application(error)) => Asked::Declined { error },
            Err(CallError::Rpc(error)) => Asked::failed(&error),
        }
    }

    async fn trace_there(&self, cx: &Context) -> Asked {
        match DuplexCallback::of(cx).trace_here().await {
            Ok(answer) => Asked::Answered { answer },
            Err(CallError::Rpc(error)) => Asked::failed(&error),
            Err(CallError::Application(never)) => match never {},
        }
    }
}

impl Asked {
    fn failed(error: &glue::RpcError) -> Self {
        Self::Failed {
            code: error.code().as_str().to_owned(),
            message: error.message().to_owned(),
        }
    }
}
