//! The serving half of a client's channel: what the server calls.

use std::sync::Arc;

use crate::channel::{Lane, Receipt, Turn};
use crate::proto::envelope::Envelope;
use crate::proto::limits::Limits;

/// Serves the calls of the server in one channel of a client; owned and called by the socket's driver alone.
pub(crate) trait Serving: Send {
    /// Takes what the server says of its own exchanges: a request or a notification, or something for a request that was
    /// taken here in this session. Ids were checked: those of requests rise, others were opened.
    fn receive(&mut self, envelope: Envelope<'_>, turn: &mut Turn<'_, '_>) -> Receipt;

    /// Handles what can't wait until there is room to send.
    fn settle(&mut self, turn: &mut Turn<'_, '_>);

    /// Goes on with what is under way.
    fn poll(&mut self, turn: &mut Turn<'_, '_>);

    /// The session has ended: what is under way is dropped, and ids begin anew.
    fn lost(&mut self);

    /// Nothing was said for a while: gives back what is kept for more to come.
    fn rest(&mut self) {}

    /// Returns whether something but streams is under way.
    fn is_busy(&self) -> bool;

    /// Returns whether nothing is under way.
    fn is_idle(&self) -> bool;
}

/// What a client does when its server calls it; made by generated code.
pub struct ClientHandler(Box<StartServing>);

type StartServing = dyn FnOnce(Arc<Lane>, &Limits) -> Box<dyn Serving> + Send;

impl ClientHandler {
    pub(super) fn new(start: impl FnOnce(Arc<Lane>, &Limits) -> Box<dyn Serving> + Send + 'static) -> Self {
        Self(Box::new(start))
    }

    pub(super) fn start(self, lane: Arc<Lane>, limits: &Limits) -> Box<dyn Serving> {
        (self.0)(lane, limits)
    }
}

impl std::fmt::Debug for ClientHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientHandler").finish_non_exhaustive()
    }
}

/// A channel in which the server can call its client.
pub trait ServeRpc {
    /// Answers the server's calls with `handler` from now on, in the place of an earlier one, which ends what it has under way.
    ///
    /// It runs in the socket's own task and is dropped with the socket; one that owns a client keeps that open. Without a
    /// handler the server's calls fail with [`Code::Unimplemented`](crate::Code::Unimplemented). On a server it has no effect.
    fn serve(&self, handler: ClientHandler);
}
