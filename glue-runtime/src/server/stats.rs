//! What a server has done, in numbers.

use super::refusal::RefusalReason;
use crate::session::CloseReason;

/// What a server has done since it was built, and what it has now; read by [`Server::stats`](crate::Server::stats).
///
/// The numbers are read one after the other while the server goes on, so they may differ by what happens meanwhile. What
/// messages and bytes a socket has moved is added when it has done all that was at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Sockets over WebSocket.
    pub websocket: TransportStats,
    /// Sockets over Ajax.
    pub ajax: TransportStats,
    /// HTTP connections that [`Listener::serve`](crate::Listener::serve) has open; one that became a WebSocket is none any
    /// more. Those of an HTTP server that mounts [`GlueService`](crate::GlueService) are not known here.
    pub connections: u64,
    /// Sessions that outlive their connections.
    pub resume: ResumeStats,
    pub(super) refused: Vec<(RefusalReason, u64)>,
}

/// What became of sessions whose connections were lost, and of clients that wanted to go on with one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResumeStats {
    /// Sessions that have no connection now. Their sockets are open ones of the transport that they had last.
    pub detached: u64,
    /// Clients that have gone on with their sessions.
    pub resumed: u64,
    /// Clients that wanted to and got a fresh one, as theirs had ended, was another server's, or was not proved to be theirs.
    pub fresh: u64,
    /// Clients that wanted to, and that the application has refused or given a fresh one.
    pub refused: u64,
    /// Sessions that ended because there was no room for one more without a connection, or for what it keeps:
    /// [`ServerLimits::detached`](crate::ServerLimits::detached) and the limits beside it.
    pub overflowed: u64,
}

/// What became of the sockets of one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportStats {
    /// Sockets whose init exchange is not done; the application doesn't see them.
    pub opening: u64,
    /// Open sockets; one whose client may come back counts where it was last.
    pub open: u64,
    /// Sockets that have opened so far.
    pub opened: u64,
    /// Messages received so far. All of the protocol counts, pings as well as calls; several that travel as one count once.
    pub messages_in: u64,
    /// Messages sent so far, counted likewise.
    pub messages_out: u64,
    /// Bytes of the texts of the messages received, without the framing of HTTP and WebSocket.
    pub bytes_in: u64,
    /// Bytes of the texts of the messages sent, counted likewise.
    pub bytes_out: u64,
    pub(super) closed: Vec<(CloseReason, u64)>,
}

impl ServerStats {
    /// Returns how many requests below the base URL were answered with an error, or clients not accepted, for this reason.
    pub fn refused(&self, reason: RefusalReason) -> u64 {
        find(&self.refused, reason)
    }

    /// Returns all reasons with their numbers, zeros among them.
    pub fn refusals(&self) -> impl Iterator<Item = (RefusalReason, u64)> + '_ {
        self.refused.iter().copied()
    }
}

impl TransportStats {
    /// Returns how many sockets have ended for this reason, those that never opened among them.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        find(&self.closed, reason)
    }

    /// Returns all reasons with their numbers, zeros among them.
    pub fn closings(&self) -> impl Iterator<Item = (CloseReason, u64)> + '_ {
        self.closed.iter().copied()
    }
}

fn find<R: Copy + PartialEq>(counts: &[(R, u64)], reason: R) -> u64 {
    let count = counts.iter().find(|(known, _)| *known == reason);
    count.map_or(0, |(_, count)| *count)
}
