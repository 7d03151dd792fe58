//! A connection that notes whether its bytes move.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Tells a slow link from a dead one, below the messages: one message may take longer than any time-out.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    io: S,
    /// Whether the last write found no room.
    is_full: bool,
    /// Whether bytes have moved since the last look.
    has_moved: bool,
}

impl<S> Metered<S> {
    pub(crate) const fn new(io: S) -> Self {
        Self {
            io,
            is_full: false,
            has_moved: false,
        }
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> S {
        self.io
    }

    /// Returns whether bytes have moved since the last call.
    pub(crate) const fn take_progress(&mut self) -> bool {
        std::mem::replace(&mut self.has_moved, false)
    }

    /// Takes note of a write. What fits the kernel's buffer says nothing of the peer; that there is room again behind a
    /// write that found none says that the peer has taken something.
    fn note_write(&mut self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Pending => self.is_full = true,
            Poll::Ready(Ok(bytes)) if *bytes > 0 => {
                self.has_moved |= std::mem::replace(&mut self.is_full, false);
            }
            Poll::Ready(_) => {}
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.io).poll_read(cx, buffer);
        self.has_moved |= buffer.filled().len() > before;
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_read_moves() {
        let (io, mut peer) = duplex(8);
        let mut io = Metered::new(io);
        assert!(io.read_u8().now_or_never().is_none());
        assert!(!io.take_progress());

        peer.write_all(b"xy").await.unwrap();
        io.read_u8().await.unwrap();

        assert!(io.take_progress());
        assert!(!io.take_progress());
    }

    /// [K-2]: a buffer takes bytes for a peer that is long gone.
    #[tokio::test]
    async fn what_is_written_moves_only_once_the_peer_has_made_room() {
        let (io, mut peer) = duplex(8);
        let mut io = Metered::new(io);
        io.write_all(b"12345678").await.unwrap();
        assert!(io.write(b"9").now_or_never().is_none());
        assert!(!io.take_progress());

        peer.read_u8().await.unwrap();
        assert!(io.write(b"9").now_or_never().is_some());
        assert!(io.take_progress());

        peer.read_u8().await.unwrap();
        assert!(io.write(b"9").now_or_never().is_some());
        assert!(!io.take_progress());
    }
}
