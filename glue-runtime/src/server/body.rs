//! Bodies of requests, read within bounds, and bodies of answers.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes};
use futures_util::future::poll_fn;
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::refusal::Refusal;
use crate::clock::now;
use crate::proto::limits::ServerLimits;

/// Body of an answer.
pub struct Body {
    inner: Inner,
}

enum Inner {
    Whole(Full<Bytes>),
    #[cfg_attr(not(feature = "static-files"), allow(dead_code))] // only files come in parts
    Parts(UnsyncBoxBody<Bytes, std::io::Error>),
}

impl Body {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self {
            inner: Inner::Whole(Full::new(bytes)),
        }
    }

    pub(super) fn empty() -> Self {
        Self::new(Bytes::new())
    }

    #[cfg(feature = "static-files")]
    pub(super) fn parts<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes, Error = std::io::Error> + Send + 'static,
    {
        use http_body_util::BodyExt as _;

        Self {
            inner: Inner::Parts(body.boxed_unsync()),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match &mut self.inner {
            Inner::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Inner::Parts(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Whole(body) => body.is_end_stream(),
            Inner::Parts(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole(body) => body.size_hint(),
            Inner::Parts(body) => body.size_hint(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Answers to Ajax requests hold secrets, and whoever mounts the service may log what it answers.
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

/// A request's body on its way in: what it may cost in time is bounded, its reader bounds what it may cost in memory.
pub(super) struct Incoming<B> {
    body: Pin<Box<B>>,
    start: Instant,
    received: usize,
    /// Time beside that of the bytes.
    time: Duration,
    bytes_per_second: usize,
}

/// Any body of a request.
pub(super) trait RequestBody: HttpBody<Error: Into<Box<dyn StdError + Send + Sync>>> {}

impl<B: HttpBody<Error: Into<Box<dyn StdError + Send + Sync>>>> RequestBody for B {}

impl<B: RequestBody> Incoming<B> {
    pub(super) fn new(body: B, limits: &ServerLimits) -> Self {
        Self {
            body: Box::pin(body),
            start: now(),
            received: 0,
            time: limits.body,
            bytes_per_second: limits.bytes_per_second,
        }
    }

    /// Returns the bytes that are still to come at least, as far as the request's head tells.
    pub(super) fn announced(&self) -> usize {
        usize::try_from(self.body.size_hint().lower()).unwrap_or(usize::MAX)
    }

    /// Reads until there is enough, or to the end.
    pub(super) async fn read_until(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> Result<Bytes, Refusal> {
        let mut read = Bytes::new();
        while let Some(bytes) = self.next().await? {
            // Mostly it comes in one piece.
            read = if read.is_empty() {
                bytes
            } else {
                [read, bytes].concat().into()
            };
            if is_enough(&read) {
                break;
            }
        }
        Ok(read)
    }

    /// Reads a rest that has no meaning, so that the connection can be used again.
    pub(super) async fn skip(&mut self, most: usize) -> Result<(), Refusal> {
        let mut skipped = 0;
        while let Some(bytes) = self.next().await? {
            skipped += bytes.len();
            if skipped > most {
                return Err(Refusal::TOO_LARGE);
            }
        }
        Ok(())
    }

    /// Waits for the next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        let seconds = u64::try_from(self.received / self.bytes_per_second).unwrap_or(u64::MAX);
        let time = self.time.saturating_add(Duration::from_secs(seconds));
        let left = time.saturating_sub(now().saturating_duration_since(self.start));
        loop {
            let frame = poll_fn(|cx| self.body.as_mut().poll_frame(cx));
            let frame = match tokio::time::timeout(left, frame).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => {
                    let error: Box<dyn StdError + Send + Sync> = error.into();
                    tracing::debug!(%error, "a request broke off");
                    return Err(Refusal::BROKEN_OFF);
                }
                Err(_) => return Err(Refusal::TIMEOUT),
            };
            // Trailers say nothing to us.
            if let Ok(mut data) = frame.into_data() {
                let bytes = data.copy_to_bytes(data.remaining());
                self.received = self.received.saturating_add(bytes.len());
                return Ok(Some(bytes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever mounts the service may log what it answers.
    #[test]
    fn a_body_shows_nothing_of_what_it_holds() {
        let shown = format!("{:?}", Body::new(Bytes::from_static(b"uidsecret0&token00")));

        assert!(!shown.contains("secret"), "{shown}");
    }
}
