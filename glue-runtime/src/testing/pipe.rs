//! One end of a connection in memory.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connection::{Connection, Link};
use super::direction::{TO_CLIENT, TO_SERVER};
use super::lane::Read;
use crate::clock::now;

/// One end of a connection of a [`Network`](super::Network): the bytes, as they would go over TCP.
///
/// Dropping it ends the connection behind what was written.
#[derive(Debug)]
pub struct Pipe {
    link: Arc<Link>,
    /// The way on which this end writes.
    way: usize,
    /// Runs while bytes are on their way.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Pipe {
    /// Returns the ends of the client and of the server.
    pub(super) fn pair(link: &Arc<Link>) -> (Self, Self) {
        let end = |way| Self {
            link: link.clone(),
            way,
            sleep: None,
        };
        (end(TO_SERVER), end(TO_CLIENT))
    }

    /// Returns the address from which the client seems to come.
    pub fn remote_addr(&self) -> IpAddr {
        self.link.remote_addr()
    }

    /// Returns the connection, to disturb it.
    pub fn connection(&self) -> Connection {
        Connection::new(self.link.clone())
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut now = now();
        loop {
            let due = match self.link.poll_read(1 - self.way, now, cx, buffer)? {
                Read::Done => return Poll::Ready(Ok(())),
                Read::Nothing => return Poll::Pending,
                Read::Due(due) => due,
            };
            let deadline = Instant::from_std(due);
            let sleep = self
                .sleep
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if sleep.deadline() != deadline || sleep.is_elapsed() {
                sleep.as_mut().reset(deadline);
            }
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            // The timer's word counts, however coarse it is.
            now = due;
        }
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.poll_write(self.way, cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.link.end(self.way))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.link.leave(self.way);
    }
}
