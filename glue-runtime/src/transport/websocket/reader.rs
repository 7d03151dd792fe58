//! Reading: from a connection to frames.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::decoder::{Decoded, Decoder, Event};
use super::scratch;
use crate::transport::TransportError;

/// What was read from a connection and not decoded yet.
#[derive(Debug)]
pub(super) struct Reader {
    decoder: Decoder,
    /// What was read; empty and without memory while nothing is left.
    input: Vec<u8>,
    /// Bytes of the input that are decoded.
    decoded: usize,
    /// Whether the input is in a buffer of the thread, which [`Reader::settle`] gives back.
    is_lent: bool,
    /// Bytes that the first frame lacks, at least.
    missing: usize,
}

impl Reader {
    /// Begins with what was read before.
    pub(super) fn new(early: Vec<u8>, limit: usize) -> Self {
        Self {
            decoder: Decoder::new(limit),
            input: early,
            decoded: 0,
            is_lent: false,
            missing: 1,
        }
    }

    /// Takes the next frame, if all of it was read.
    pub(super) fn next(&mut self) -> Result<Option<Event<'_>>, TransportError> {
        let input = self.input.get_mut(self.decoded..).unwrap_or_default();
        match self.decoder.decode(input)? {
            Decoded::Part { missing } => {
                self.missing = missing;
                Ok(None)
            }
            Decoded::Frame { bytes, event } => {
                self.decoded += bytes;
                Ok(Some(event))
            }
        }
    }

    /// Reads once, behind the frame that is not whole.
    pub(super) fn poll_read<S>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), TransportError>>
    where
        S: AsyncRead + Unpin,
    {
        if self.input.len() - self.decoded > LARGE {
            self.poll_read_large(io, cx)
        } else {
            self.poll_read_much(io, cx)
        }
    }

    /// Reads all that is there, as far as a buffer of the thread takes it.
    fn poll_read_much<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>
    where
        S: AsyncRead + Unpin,
    {
        if self.is_lent {
            self.compact();
            return poll_read_into(io, cx, &mut (&mut self.input).limit(AT_ONCE));
        }
        let mut buffer = scratch::take();
        buffer.extend_from_slice(self.input.get(self.decoded..).unwrap_or_default());
        let read = poll_read_into(io, cx, &mut (&mut buffer).limit(AT_ONCE));
        if matches!(read, Poll::Ready(Ok(()))) {
            self.input = buffer;
            self.decoded = 0;
            self.is_lent = true;
        } else {
            scratch::give_back(buffer);
        }
        read
    }

    /// Reads what a large frame lacks into memory of its own, which grows with what has come and not with what is announced.
    fn poll_read_large<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>
    where
        S: AsyncRead + Unpin,
    {
        self.settle();
        self.compact();
        if self.input.capacity() == self.input.len() {
            self.input.reserve_exact(self.missing.min(self.input.len()));
        }
        poll_read_into(io, cx, &mut (&mut self.input).limit(self.missing))
    }

    /// Reads and drops what comes, up to the peer's end.
    pub(super) fn poll_drain<S>(io: &mut S, cx: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + Unpin,
    {
        let mut buffer = scratch::take();
        let end = loop {
            buffer.clear();
            match poll_read_into(io, cx, &mut buffer) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => break Poll::Ready(()),
                Poll::Pending => break Poll::Pending,
            }
        };
        scratch::give_back(buffer);
        end
    }

    /// Gives back what is not needed: the connection keeps no more than what it has read and not decoded. To be called at
    /// the end of a turn.
    pub(super) fn settle(&mut self) {
        let rest = self.input.get(self.decoded..).unwrap_or_default();
        if !self.is_lent && !rest.is_empty() {
            return;
        }
        let buffer = if rest.is_empty() {
            std::mem::take(&mut self.input)
        } else {
            let rest = rest.to_vec();
            std::mem::replace(&mut self.input, rest)
        };
        self.decoded = 0;
        if std::mem::take(&mut self.is_lent) {
            scratch::give_back(buffer);
        }
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.input.capacity()
    }

    /// Drops what is left: nothing of it counts.
    pub(super) fn end(&mut self) {
        self.decoded = self.input.len();
        self.settle();
    }

    fn compact(&mut self) {
        if self.decoded == self.input.len() {
            self.input.clear();
        } else {
            self.input.drain(..self.decoded);
        }
        self.decoded = 0;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads once. The end of the peer's side is a loss: it hasn't said goodbye.
fn poll_read_into<S: AsyncRead + Unpin>(
    io: &mut S,
    cx: &mut Context<'_>,
    buffer: &mut impl BufMut,
) -> Poll<Result<(), TransportError>> {
    // In this form uninitialised memory needs not be filled before.
    match ready!(pin!(io.read_buf(buffer)).poll(cx)) {
        Ok(0) | Err(_) => Poll::Ready(Err(TransportError::Lost)),
        Ok(_) => Poll::Ready(Ok(())),
    }
}

/// Bytes that are read at once: two messages of 16 KiB. They are what a connection keeps whose channel has no room for the first of
/// them. With half of it each such message takes two reads.
const AT_ONCE: usize = scratch::SIZE / 2;

/// Bytes of a frame that is not whole with which it is read into memory of its own. Below that it is copied in front of what
/// is read next, which costs less than a read more.
const LARGE: usize = scratch::SIZE / 4;
