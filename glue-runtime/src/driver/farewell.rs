//! The end of a socket: what is left is sent, and both sides say goodbye.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::{Driver, Hooks};
use crate::clock::now;
use crate::session::CloseReason;
use crate::transport::TransportError;

impl<H: Hooks> Driver<H> {
    /// Tells the application that the socket has ended, and what was left; once is enough.
    pub(super) fn end(&mut self, reason: CloseReason) {
        let left = self.session.outbox().clear();
        self.mailbox.note_undelivered(left);
        self.mailbox.end(reason);
    }

    /// Transmits what is left and says goodbye.
    pub(crate) async fn run_farewell(&mut self) {
        poll_fn(|cx| {
            let ended = self.poll_farewell(cx);
            self.report_traffic();
            ended
        })
        .await;
    }

    /// Waits for the peer's goodbye.
    pub(crate) async fn run_drain(&mut self) {
        poll_fn(|cx| self.poll_drain(cx)).await;
    }

    /// Transmits what is left and says goodbye, within the session's close time.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = now();
        self.session.handle_timeout(now);
        self.transmit(now, cx);
        if self.fault == Some(TransportError::Lost) || self.session.is_closed() {
            return Poll::Ready(());
        }
        let Some(transport) = &mut self.transport else {
            return Poll::Ready(());
        };
        if self.closed == Some(CloseReason::Peer) && !transport.is_awaited() {
            // A page that was left, and whose poll is gone. Should it still come it is told that it's over, but the
            // application need not wait for that.
            self.end(CloseReason::Peer);
        }
        if self.session.outbox().is_empty() {
            if let Some(transport) = &mut self.transport
                && transport.poll_close(cx, self.fault).is_ready()
            {
                return Poll::Ready(());
            }
        } else if self.fault.is_none() {
            // A peer that is writing itself may read only when it has been read.
            self.discard(now, cx);
            if self.fault == Some(TransportError::Lost) {
                return Poll::Ready(());
            }
            if let Some(transport) = &mut self.transport {
                transport.rest();
            }
        }
        self.arm_timer(cx);
        Poll::Pending
    }

    /// Waits for the peer's goodbye, within the session's close time.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.session.handle_timeout(now());
        if self.fault == Some(TransportError::Lost) || self.session.is_closed() {
            return Poll::Ready(());
        }
        let Some(transport) = &mut self.transport else {
            return Poll::Ready(());
        };
        if transport.poll_drain(cx).is_ready() {
            return Poll::Ready(());
        }
        self.arm_timer(cx);
        Poll::Pending
    }
}
