//! A server's end of a WebSocket connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};

use super::close::farewell;
use super::closing::Closing;
use super::decoder::Event;
use super::header::Opcode;
use super::reader::Reader;
use super::writer::Writer;
use crate::proto::limits::Limits;
use crate::proto::messages::Piece;
use crate::proto::text::Text;
use crate::transport::metered::Metered;
use crate::transport::{Transport, TransportError, TransportKind};

/// An open WebSocket connection of a client.
#[derive(Debug)]
pub(crate) struct ServerWebSocket<S> {
    io: Metered<S>,
    reader: Reader,
    writer: Writer,
    /// Whether a pong waits to be written, which nobody else will do.
    owes_pong: bool,
    /// Whether there is nothing more to receive: the peer has said goodbye, or has broken the rules.
    is_over: bool,
    /// Whether the peer has said goodbye, and was answered.
    is_answered: bool,
    /// Code of the peer's Close frame.
    close_code: Option<u16>,
    closing: Closing,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ServerWebSocket<S> {
    /// Takes over a connection after the HTTP upgrade; `early` are the bytes that came with it.
    pub(crate) fn new(io: S, early: Vec<u8>, limits: &Limits) -> Self {
        Self {
            io: Metered::new(io),
            reader: Reader::new(early, limits.message_bytes),
            writer: Writer::default(),
            owes_pong: false,
            is_over: false,
            is_answered: false,
            close_code: None,
            closing: Closing::Open,
        }
    }

    /// Returns the connection, for tests that look at what was written.
    #[cfg(test)]
    pub(super) fn into_io(self) -> S {
        self.io.into_inner()
    }

    /// Returns the bytes that are kept for the connection.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.reader.kept() + self.writer.kept()
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>> {
        for _ in 0..FRAMES_AT_ONCE {
            if self.owes_pong && self.writer.is_full() {
                // Who takes no answers to its pings must not go on sending them.
                if let Err(error) = ready!(self.poll_flush(cx)) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            match self.reader.next() {
                Ok(None) => {
                    if let Err(error) = ready!(self.reader.poll_read(&mut self.io, cx)) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                Ok(Some(Event::Message(text))) => {
                    return Poll::Ready(Some(Ok(Text::from(text.into_owned()))));
                }
                Ok(Some(Event::Nothing)) => {}
                Ok(Some(Event::Ping(payload))) => {
                    self.writer.push(Opcode::Pong, payload);
                    self.owes_pong = true;
                }
                Ok(Some(Event::Close(goodbye))) => {
                    self.close_code = goodbye.code;
                    self.writer.push(Opcode::Close, &goodbye.answer);
                    self.is_answered = true;
                    // Nothing may be sent behind the answer; if it can't be written now, the end of the link says it.
                    let _ = self.writer.poll_flush(&mut self.io, cx);
                    return Poll::Ready(None);
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        // Other connections' turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for ServerWebSocket<S> {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSocket
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let mut received = self.poll_message(cx);
        if received.is_pending() {
            self.reader.settle();
        }
        // Ready or not, the next call goes on with it.
        if self.owes_pong
            && let Poll::Ready(Err(error)) = self.poll_flush(cx)
            && received.is_pending()
        {
            received = Poll::Ready(Some(Err(error)));
        }
        if matches!(received, Poll::Ready(None | Some(Err(_)))) {
            self.is_over = true;
            self.reader.end();
        }
        received
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.is_answered {
            return Poll::Ready(Err(TransportError::Lost));
        }
        if self.writer.is_full() {
            ready!(self.writer.poll_write(&mut self.io, cx)).map_err(|_| TransportError::Lost)?;
        }
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, message: Piece<'_>) -> Result<(), TransportError> {
        if self.is_answered {
            return Err(TransportError::Lost);
        }
        self.writer.push(Opcode::Text, message.as_str().as_bytes());
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        ready!(self.writer.poll_flush(&mut self.io, cx)).map_err(|_| TransportError::Lost)?;
        self.owes_pong = false;
        Poll::Ready(Ok(()))
    }

    fn take_progress(&mut self) -> bool {
        self.io.take_progress()
    }

    fn joins(&self) -> bool {
        false
    }

    fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    fn rest(&mut self) {
        self.reader.settle();
        self.writer.settle();
    }

    fn change_hands(&mut self) {
        self.rest();
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, fault: Option<TransportError>) -> Poll<()> {
        loop {
            match self.closing {
                Closing::Open => {
                    self.reader.end();
                    if !self.is_answered {
                        self.writer.push(Opcode::Close, &farewell(fault));
                        self.is_answered = true;
                    }
                    self.closing = Closing::Flushing;
                }
                // Errors here and below mean that the peer is gone already.
                Closing::Flushing => {
                    let _ = ready!(self.writer.poll_flush(&mut self.io, cx));
                    self.closing = Closing::Ending;
                }
                Closing::Ending => {
                    let _ = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
                    self.closing = Closing::Ended;
                }
                Closing::Ended => return Poll::Ready(()),
            }
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // Frames or not: nothing of it counts.
        Reader::poll_drain(&mut self.io, cx)
    }
}

/// Frames without a message that are taken at once. A read may bring ten thousand of them, and costs little more than one.
const FRAMES_AT_ONCE: usize = 256;
