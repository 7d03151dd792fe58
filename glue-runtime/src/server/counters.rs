//! What a server counts while it runs; the one place for [`ServerStats`] and for the export.

use std::sync::Arc;

use super::counter::{Label, Level, Metric, Total};
use super::refusal::RefusalReason;
use super::stats::{ResumeStats, ServerStats, TransportStats};
use crate::driver::Traffic;
use crate::session::CloseReason;
use crate::transport::TransportKind;

/// All counters of one server.
pub(super) struct Counters {
    websocket: TransportCounters,
    ajax: TransportCounters,
    refused: Vec<(RefusalReason, Total)>,
    connections: Level,
    resume: ResumeCounters,
}

/// The counters of sessions that outlive their links.
struct ResumeCounters {
    detached: Level,
    resumed: Total,
    fresh: Total,
    refused: Total,
    overflowed: Total,
}

/// The counters of the sockets of one transport.
struct TransportCounters {
    opening: Level,
    open: Level,
    opened: Total,
    closed: Vec<(CloseReason, Total)>,
    messages_in: Total,
    messages_out: Total,
    bytes_in: Total,
    bytes_out: Total,
}

impl Counters {
    pub(super) fn new() -> Self {
        let refused = REFUSAL_REASONS.map(|reason| {
            let label = ("reason", refusal_label(reason));
            (reason, Total::new(REFUSED, &[label]))
        });
        Self {
            websocket: TransportCounters::new(TransportKind::WebSocket),
            ajax: TransportCounters::new(TransportKind::Ajax),
            refused: refused.into(),
            connections: Level::new(CONNECTIONS, &[]),
            resume: ResumeCounters::new(),
        }
    }

    /// Counts a socket whose link has come up, and all that becomes of it.
    pub(super) fn socket(self: &Arc<Self>, transport: TransportKind) -> SocketCounter {
        self.of(transport).opening.rise();
        SocketCounter {
            counters: self.clone(),
            transport,
            phase: Phase::Opening,
            is_detached: false,
        }
    }

    /// Counts an HTTP connection for as long as the returned value lives.
    pub(super) fn connection(self: &Arc<Self>) -> ConnectionCounter {
        self.connections.rise();
        ConnectionCounter {
            counters: self.clone(),
        }
    }

    /// Counts a request that was refused.
    pub(super) fn refuse(&self, reason: RefusalReason) {
        add(&self.refused, reason);
    }

    /// Counts a client that wanted to go on with a session and got a fresh one.
    pub(super) fn begin_fresh(&self) {
        self.resume.fresh.add(1);
    }

    /// Counts a client that wanted to go on with a session, which the application has refused.
    pub(super) fn refuse_resume(&self) {
        self.resume.refused.add(1);
    }

    /// Counts a session that is not kept for want of room.
    pub(super) fn overflow(&self) {
        self.resume.overflowed.add(1);
    }

    /// Returns all numbers as they are now.
    pub(super) fn read(&self) -> ServerStats {
        ServerStats {
            websocket: self.websocket.read(),
            ajax: self.ajax.read(),
            connections: self.connections.get(),
            resume: self.resume.read(),
            refused: read(&self.refused),
        }
    }

    fn of(&self, transport: TransportKind) -> &TransportCounters {
        match transport {
            TransportKind::WebSocket => &self.websocket,
            TransportKind::Ajax => &self.ajax,
        }
    }
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters").finish_non_exhaustive()
    }
}

impl ResumeCounters {
    fn new() -> Self {
        let resumes = |outcome| Total::new(RESUMES, &[("outcome", outcome)]);
        Self {
            detached: Level::new(DETACHED, &[]),
            resumed: resumes("resumed"),
            fresh: resumes("fresh"),
            refused: resumes("refused"),
            overflowed: Total::new(OVERFLOWED, &[]),
        }
    }

    fn read(&self) -> ResumeStats {
        ResumeStats {
            detached: self.detached.get(),
            resumed: self.resumed.get(),
            fresh: self.fresh.get(),
            refused: self.refused.get(),
            overflowed: self.overflowed.get(),
        }
    }
}

impl TransportCounters {
    fn new(transport: TransportKind) -> Self {
        let transport: Label = ("transport", transport.name());
        let sockets = |state| Level::new(SOCKETS, &[transport, ("state", state)]);
        let closed = CLOSE_REASONS.map(|reason| {
            let label = ("reason", close_label(reason));
            (reason, Total::new(CLOSED, &[label, transport]))
        });
        let directed = |metric, direction| Total::new(metric, &[("direction", direction), transport]);
        Self {
            opening: sockets("opening"),
            open: sockets("open"),
            opened: Total::new(OPENED, &[transport]),
            closed: closed.into(),
            messages_in: directed(MESSAGES, "in"),
            messages_out: directed(MESSAGES, "out"),
            bytes_in: directed(BYTES, "in"),
            bytes_out: directed(BYTES, "out"),
        }
    }

    fn read(&self) -> TransportStats {
        TransportStats {
            opening: self.opening.get(),
            open: self.open.get(),
            opened: self.opened.get(),
            messages_in: self.messages_in.get(),
            messages_out: self.messages_out.get(),
            bytes_in: self.bytes_in.get(),
            bytes_out: self.bytes_out.get(),
            closed: read(&self.closed),
        }
    }
}

/// Counts one socket. Dropped before its end, it has ended by a panic.
#[derive(Debug)]
pub(super) struct SocketCounter {
    counters: Arc<Counters>,
    transport: TransportKind,
    phase: Phase,
    /// Whether it has no link, and is counted so.
    is_detached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Opening,
    Open,
    Closed,
}

impl SocketCounter {
    /// The init exchange is done.
    pub(super) fn open(&mut self) {
        let counters = self.counters.of(self.transport);
        counters.opening.fall();
        counters.open.rise();
        counters.opened.add(1);
        self.phase = Phase::Open;
    }

    /// So much was received and sent.
    pub(super) fn move_traffic(&self, traffic: Traffic) {
        let counters = self.counters.of(self.transport);
        for (total, count) in [
            (&counters.messages_in, traffic.messages_in),
            (&counters.messages_out, traffic.messages_out),
            (&counters.bytes_in, traffic.bytes_in),
            (&counters.bytes_out, traffic.bytes_out),
        ] {
            // Mostly only one direction has something to tell, and all sockets share the counters.
            if count > 0 {
                total.add(count);
            }
        }
    }

    /// The session has lost its link and is kept.
    pub(super) fn detach(&mut self) {
        if self.phase == Phase::Open && !std::mem::replace(&mut self.is_detached, true) {
            self.counters.resume.detached.rise();
        }
    }

    /// The session goes on over a link of this kind.
    pub(super) fn resume(&mut self, transport: TransportKind) {
        if self.phase != Phase::Open {
            return;
        }
        self.end_detachment();
        self.counters.resume.resumed.add(1);
        self.counters.of(self.transport).open.fall();
        self.transport = transport;
        self.counters.of(transport).open.rise();
    }

    /// The link has gone to another session: there has never been a socket.
    pub(super) fn hand_over(&mut self) {
        if std::mem::replace(&mut self.phase, Phase::Closed) == Phase::Opening {
            self.counters.of(self.transport).opening.fall();
        }
    }

    fn end_detachment(&mut self) {
        if std::mem::take(&mut self.is_detached) {
            self.counters.resume.detached.fall();
        }
    }

    /// The socket has ended; only the first end counts.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.end_detachment();
        let counters = self.counters.of(self.transport);
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Opening => counters.opening.fall(),
            Phase::Open => counters.open.fall(),
            Phase::Closed => return,
        }
        add(&counters.closed, reason);
    }
}

impl Drop for SocketCounter {
    fn drop(&mut self) {
        self.close(CloseReason::of_dropped(CloseReason::Shutdown));
    }
}

/// Counts one HTTP connection as long as it lives.
#[derive(Debug)]
pub(super) struct ConnectionCounter {
    counters: Arc<Counters>,
}

impl Drop for ConnectionCounter {
    fn drop(&mut self) {
        self.counters.connections.fall();
    }
}

fn add<R: Copy + PartialEq>(totals: &[(R, Total)], reason: R) {
    let total = totals.iter().find(|(known, _)| *known == reason);
    debug_assert!(total.is_some(), "every reason is in its list below");
    if let Some((_, total)) = total {
        total.add(1);
    }
}

fn read<R: Copy>(totals: &[(R, Total)]) -> Vec<(R, u64)> {
    totals
        .iter()
        .map(|(reason, total)| (*reason, total.get()))
        .collect()
}

const SOCKETS: Metric = Metric {
    name: "glue_sockets",
    help: "Sockets there are, by transport and state: open, or opening as long as the init exchange is not done.",
};
const OPENED: Metric = Metric {
    name: "glue_sockets_opened_total",
    help: "Sockets whose init exchange was done.",
};
const CLOSED: Metric = Metric {
    name: "glue_sockets_closed_total",
    help: "Sockets that have ended, those that never opened among them.",
};
const MESSAGES: Metric = Metric {
    name: "glue_messages_total",
    help: "Messages of the protocol, several that travel as one counted once.",
};
const BYTES: Metric = Metric {
    name: "glue_bytes_total",
    help: "Bytes of the messages' texts, without the framing of HTTP and WebSocket.",
};
const REFUSED: Metric = Metric {
    name: "glue_refused_total",
    help: "Requests below the base URL that were answered with an error, and clients that were not accepted.",
};
const CONNECTIONS: Metric = Metric {
    name: "glue_http_connections",
    help: "HTTP connections that Glue has accepted and that are not WebSockets.",
};

const DETACHED: Metric = Metric {
    name: "glue_sessions_detached",
    help: "Sessions without a connection, whose clients may come back; their sockets count as open.",
};
const RESUMES: Metric = Metric {
    name: "glue_resumes_total",
    help: "Clients that wanted to go on with a session: resumed, given a fresh one, or refused that by the application.",
};
const OVERFLOWED: Metric = Metric {
    name: "glue_sessions_overflowed_total",
    help: "Sessions without a connection that ended because there was no room for them.",
};

const CLOSE_REASONS: [CloseReason; 17] = [
    CloseReason::Local,
    CloseReason::Shutdown,
    CloseReason::Peer,
    CloseReason::LinkLost,
    CloseReason::KeepAlive,
    CloseReason::InitTimeout,
    CloseReason::BadInit,
    CloseReason::Refused,
    CloseReason::DataBeforeInit,
    CloseReason::TooLarge,
    CloseReason::NotText,
    CloseReason::TransportViolation,
    CloseReason::TooManyFaults,
    CloseReason::ResumeViolation,
    CloseReason::ChannelOverflow,
    CloseReason::SlowConsumer,
    CloseReason::Panicked,
];

/// Returns the name of a reason for the export; a new one belongs into the list above as well.
fn close_label(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Local => "local",
        CloseReason::Shutdown => "shutdown",
        CloseReason::Peer => "peer",
        CloseReason::LinkLost => "link_lost",
        CloseReason::KeepAlive => "keep_alive",
        CloseReason::InitTimeout => "init_timeout",
        CloseReason::BadInit => "bad_init",
        CloseReason::Refused => "refused",
        CloseReason::DataBeforeInit => "data_before_init",
        CloseReason::TooLarge => "too_large",
        CloseReason::NotText => "not_text",
        CloseReason::TransportViolation => "transport_violation",
        CloseReason::TooManyFaults => "too_many_faults",
        CloseReason::ResumeViolation => "resume_violation",
        CloseReason::ChannelOverflow => "channel_overflow",
        CloseReason::SlowConsumer => "slow_consumer",
        CloseReason::Panicked => "panicked",
    }
}

const REFUSAL_REASONS: [RefusalReason; 12] = [
    RefusalReason::Origin,
    RefusalReason::BadRequest,
    RefusalReason::UnknownSession,
    RefusalReason::TooLarge,
    RefusalReason::TimedOut,
    RefusalReason::BrokenOff,
    RefusalReason::Blocked,
    RefusalReason::ShuttingDown,
    RefusalReason::Sockets,
    RefusalReason::SocketsPerAddress,
    RefusalReason::Unauthorized,
    RefusalReason::Internal,
];

/// Returns the name of a reason for the export; a new one belongs into the list above as well.
fn refusal_label(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::Origin => "origin",
        RefusalReason::BadRequest => "bad_request",
        RefusalReason::UnknownSession => "unknown_session",
        RefusalReason::TooLarge => "too_large",
        RefusalReason::TimedOut => "timed_out",
        RefusalReason::BrokenOff => "broken_off",
        RefusalReason::Blocked => "blocked",
        RefusalReason::ShuttingDown => "shutting_down",
        RefusalReason::Sockets => "sockets",
        RefusalReason::SocketsPerAddress => "sockets_per_address",
        RefusalReason::Unauthorized => "unauthorized",
        RefusalReason::Internal => "internal",
    }
}

#[cfg(test)]
mod tests;
