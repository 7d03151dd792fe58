//! A client's end of a WebSocket connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message};

use super::closing::Closing;
use crate::proto::limits::Limits;
use crate::proto::messages::Piece;
use crate::proto::text::Text;
use crate::transport::metered::Metered;
use crate::transport::{Transport, TransportError, TransportKind};

/// An open WebSocket connection to a server.
#[derive(Debug)]
pub(crate) struct ClientWebSocket<S> {
    stream: WebSocketStream<Metered<S>>,
    /// Whether a ping of the peer may not be answered yet.
    owes_pong: bool,
    /// Code of the peer's Close frame.
    close_code: Option<u16>,
    closing: Closing,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ClientWebSocket<S> {
    /// Takes over a connection whose handshake was done elsewhere with [`config`].
    pub(crate) fn new(stream: WebSocketStream<Metered<S>>) -> Self {
        Self {
            stream,
            owes_pong: false,
            close_code: None,
            closing: Closing::Open,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for ClientWebSocket<S> {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSocket
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>> {
        loop {
            if self.owes_pong {
                // The library keeps every pong until it is written: one at a time bounds them.
                if ready!(self.poll_flush(cx)).is_err() {
                    return Poll::Ready(Some(Err(TransportError::Lost)));
                }
                self.owes_pong = false;
            }
            let message = match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Some(Err(transport_error(&error)))),
                None => return Poll::Ready(None),
            };
            match message {
                Message::Text(text) => return Poll::Ready(Some(Ok(text))),
                // The original takes binary messages as texts.
                Message::Binary(bytes) => {
                    return Poll::Ready(Some(Text::try_from(bytes).map_err(|_| TransportError::NotText)));
                }
                // Pings and closes are answered by the library.
                Message::Ping(_) => self.owes_pong = true,
                Message::Close(frame) => {
                    self.close_code = frame.map(|frame| frame.code.into());
                    // Nothing may be sent behind the answer; if it can't be written now, the end of the link says it.
                    let _ = self.poll_flush(cx);
                    return Poll::Ready(None);
                }
                Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream)
            .poll_ready(cx)
            .map_err(|error| transport_error(&error))
    }

    fn send(&mut self, message: Piece<'_>) -> Result<(), TransportError> {
        Pin::new(&mut self.stream)
            .start_send(Message::Text(message.into_text()))
            .map_err(|error| transport_error(&error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.stream)
            .poll_flush(cx)
            .map_err(|error| transport_error(&error))
    }

    fn take_progress(&mut self) -> bool {
        self.stream.get_mut().take_progress()
    }

    fn joins(&self) -> bool {
        false
    }

    fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, fault: Option<TransportError>) -> Poll<()> {
        loop {
            match self.closing {
                Closing::Open => {
                    let frame = fault.and_then(close_frame);
                    // Fails when the peer has closed: then only our end of the connection is left.
                    let _ = Pin::new(&mut self.stream).start_send(Message::Close(frame));
                    self.closing = Closing::Flushing;
                }
                // Errors here and below mean that the peer is gone already.
                Closing::Flushing => {
                    let _ = ready!(Pin::new(&mut self.stream).poll_flush(cx));
                    self.closing = Closing::Ending;
                }
                Closing::Ending => {
                    let _ = ready!(Pin::new(self.stream.get_mut()).poll_shutdown(cx));
                    self.closing = Closing::Ended;
                }
                Closing::Ended => return Poll::Ready(()),
            }
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            // Frames or not: nothing of it counts.
            let mut scratch = [0; 1024];
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(self.stream.get_mut()).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

/// Settings of the WebSocket library.
pub(crate) fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
}

/// Returns the Close frame for a fault of the peer; a close without one has an empty payload, as in the original.
fn close_frame(fault: TransportError) -> Option<CloseFrame> {
    let code = match fault {
        TransportError::TooLarge => CloseCode::Size,
        TransportError::NotText => CloseCode::Invalid,
        TransportError::Violation => CloseCode::Protocol,
        TransportError::Overflow | TransportError::Lost => return None,
    };
    Some(CloseFrame {
        code,
        reason: fault.to_string().into(),
    })
}

pub(super) fn transport_error(error: &Error) -> TransportError {
    match error {
        Error::Capacity(_) => TransportError::TooLarge,
        Error::Utf8(_) => TransportError::NotText,
        Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            TransportError::Lost
        }
        Error::Protocol(_) => TransportError::Violation,
        _ => TransportError::Lost,
    }
}

/// Bytes read at once. tungstenite zeroes this much before every read and keeps it per connection: its default of
/// 128 KiB costs 2 us a wake-up and 134 KiB an idle client, 4 KiB costs 0.1 us and 6.5 KiB; half of it saves little more.
const READ_BUFFER: usize = 4 << 10;

/// Bytes after which buffered messages are written without waiting for the flush at the end of a wake-up; a
/// quarter of it already is one write per many small messages, four times as much only costs memory.
const WRITE_BUFFER: usize = 16 << 10;
