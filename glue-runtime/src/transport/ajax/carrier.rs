//! The driver's end of a link.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::link::AjaxLink;
use super::table::Entry;
use crate::proto::ajax::CLOSED;
use crate::proto::messages::Piece;
use crate::proto::text::Text;
use crate::transport::{Presence, Transport, TransportError, TransportKind};

/// An Ajax client as a carrier of texts. Each unit is the answer to one poll, so nothing leaves before one waits.
#[derive(Debug)]
pub(crate) struct AjaxTransport {
    link: Arc<AjaxLink>,
    /// Lets requests find the link.
    _entry: Entry,
}

impl AjaxTransport {
    pub(crate) fn new(link: Arc<AjaxLink>, entry: Entry) -> Self {
        Self { link, _entry: entry }
    }
}

impl Transport for AjaxTransport {
    fn kind(&self) -> TransportKind {
        TransportKind::Ajax
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>> {
        self.link.register(cx.waker());
        match self.link.next_push() {
            Some(received) => Poll::Ready(Some(received)),
            None => Poll::Pending,
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.link.register(cx.waker());
        if self.link.has_poll() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    fn send(&mut self, message: Piece<'_>) -> Result<(), TransportError> {
        // Without randomness there is no next token, and so no way to go on.
        self.link
            .answer(message.as_str())
            .map_err(|_| TransportError::Lost)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn take_progress(&mut self) -> bool {
        self.link.take_progress()
    }

    fn take_presence(&mut self, cx: &mut Context<'_>) -> Option<Presence> {
        // A socket that is not read must hear of it all the same.
        self.link.register(cx.waker());
        self.link.take_presence()
    }

    fn is_awaited(&self) -> bool {
        self.link.has_poll()
    }

    fn joins(&self) -> bool {
        true
    }

    fn change_hands(&mut self) {
        self.link.renew_presence();
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _fault: Option<TransportError>) -> Poll<()> {
        self.link.register(cx.waker());
        if self.link.say_goodbye(CLOSED) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn poll_drain(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl Drop for AjaxTransport {
    fn drop(&mut self) {
        self.link.close();
    }
}
