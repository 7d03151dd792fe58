//! Writing: frames behind each other, and then all of them at once.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::header::{Opcode, push_frame};
use super::scratch;

/// What is to be written to a connection.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Frames; empty and without memory while nothing is left.
    out: Vec<u8>,
    /// Bytes of them that are written.
    written: usize,
    /// Whether they are in a buffer of the thread.
    is_lent: bool,
}

impl Writer {
    /// Appends a frame.
    pub(super) fn push(&mut self, opcode: Opcode, payload: &[u8]) {
        if self.out.capacity() == 0 {
            self.out = scratch::take();
            self.is_lent = true;
        }
        push_frame(&mut self.out, opcode, payload);
    }

    /// Returns whether so much is there that it is to be written before there is more.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() - self.written > FULL
    }

    /// Writes all that is there.
    pub(super) fn poll_write<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        while let Some(rest @ [_, ..]) = self.out.get(self.written..) {
            match Pin::new(&mut *io).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(bytes)) => self.written += bytes,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.keep_rest();
                    return Poll::Pending;
                }
            }
        }
        self.release();
        Poll::Ready(Ok(()))
    }

    /// Writes all that is there, and hands it on where the connection has buffers of its own.
    pub(super) fn poll_flush<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        ready!(self.poll_write(io, cx))?;
        Pin::new(io).poll_flush(cx)
    }

    /// Gives a buffer of the thread back. To be called at the end of a turn.
    pub(super) fn settle(&mut self) {
        if self.is_lent {
            self.keep_rest();
        }
    }

    /// The peer takes no more now: keeps what is left in memory of its own, however long that takes.
    fn keep_rest(&mut self) {
        let rest = self.out.get(self.written..).unwrap_or_default();
        // What is written is dropped when it is the larger part, so that each byte is moved once at most.
        if self.is_lent || self.written >= rest.len() {
            let rest = rest.to_vec();
            self.release();
            self.out = rest;
        }
    }

    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.out.capacity()
    }

    fn release(&mut self) {
        let buffer = std::mem::take(&mut self.out);
        self.written = 0;
        if std::mem::take(&mut self.is_lent) {
            scratch::give_back(buffer);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.release();
    }
}

/// Bytes after which frames are written without waiting for the flush at the end of a wake-up: two messages of 16 KiB. A fraction
/// of it already is one write per many small messages; more of it is more that is kept for a peer that takes nothing.
const FULL: usize = scratch::SIZE / 2;
