//! What the log and the metrics learn of each call.

#[cfg(feature = "metrics")]
use std::time::Instant;

use tracing::Span;

use super::trace::TraceContext;
use crate::proto::code::Code;

/// One call, from its start to its end. One that is dropped before counts as cancelled.
#[derive(Debug)]
pub(super) struct Measure {
    span: Span,
    /// `ok`, or the name of a code.
    outcome: &'static str,
    #[cfg(feature = "metrics")]
    call: Call,
}

#[cfg(feature = "metrics")]
#[derive(Debug)]
struct Call {
    channel: &'static str,
    method: &'static str,
    started: Instant,
}

impl Measure {
    pub(super) fn start(
        channel: &'static str,
        method: &'static str,
        id: Option<u64>,
        trace: Option<TraceContext>,
    ) -> Self {
        let span = tracing::info_span!(
            "call",
            channel,
            method,
            id,
            trace_id = tracing::field::Empty,
            parent_id = tracing::field::Empty
        );
        if let Some(trace) = trace.filter(|_| !span.is_disabled()) {
            span.record("trace_id", format_args!("{:032x}", trace.trace_id()).to_string());
            span.record(
                "parent_id",
                format_args!("{:016x}", trace.parent_id()).to_string(),
            );
        }
        Self {
            span,
            outcome: Code::Cancelled.as_str(),
            #[cfg(feature = "metrics")]
            call: Call {
                channel,
                method,
                started: crate::clock::now(),
            },
        }
    }

    /// Runs a part of the call.
    pub(super) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        self.span.in_scope(run)
    }

    /// The call has ended so: `ok`, or the name of a code.
    pub(super) fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Measure {
    #[cfg(feature = "metrics")]
    fn drop(&mut self) {
        let Call {
            channel,
            method,
            started,
        } = self.call;
        let labels = [("channel", channel), ("method", method)];
        let time = crate::clock::now().duration_since(started);
        metrics::histogram!("glue_call_duration_seconds", &labels).record(time);
        let outcome = self.outcome;
        metrics::counter!("glue_calls_total", "channel" => channel, "method" => method, "outcome" => outcome)
            .increment(1);
    }

    #[cfg(not(feature = "metrics"))]
    fn drop(&mut self) {
        tracing::trace!(parent: &self.span, outcome = self.outcome, "call ended");
    }
}
