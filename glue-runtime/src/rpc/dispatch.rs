//! What a service is to its dispatcher: methods that run for exchanges, and their answers as they are written.

use std::future::Future;
use std::sync::Arc;

use super::context::Context;
use super::contract::Hashes;
use super::error::RpcError;
use super::message::{CallKind, CallMessage, EncodeError, ReplyKind, ReplyMessage};
use super::stream::{Items, StreamEnd};
use crate::channel::Lane;
use crate::proto::envelope::{self, Kind};

/// The methods of one channel; implemented by `#[glue::channel]`.
pub trait Dispatch: Send + Sync + 'static {
    /// Wire name of the channel.
    const CHANNEL: &'static str;
    /// What is asked of it.
    type Call: CallMessage;
    /// What it answers.
    type Reply: ReplyMessage;
    /// Whether one call must end before the next begins, on one socket.
    const IS_SEQUENTIAL: bool = false;

    /// Returns what the greeting compares; `None` for what was not generated.
    fn hashes() -> Option<&'static Hashes> {
        None
    }

    /// Runs one method. Its streams, if it has any, go through `items`.
    fn dispatch(
        self: Arc<Self>,
        cx: Context,
        call: Self::Call,
        items: Items,
    ) -> impl Future<Output = Outcome<Self::Reply>> + Send + 'static;
}

/// How a method ended.
#[derive(Debug)]
pub enum Outcome<R> {
    /// With its answer.
    Reply(R),
    /// A notification is done.
    Ended,
    /// A stream has sent its last message.
    Streamed(StreamEnd),
    /// With an answer that is written already.
    Written(String, ReplyKind),
    /// Something around the method has failed.
    Failed(RpcError),
}

/// What is known of a call while it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    /// `None` for a notification.
    pub(super) id: Option<u64>,
    /// The id, or a number that no id can be.
    pub(super) key: u64,
    pub(super) method: &'static str,
    pub(super) kind: CallKind,
    /// Whether it goes on when its caller leaves.
    pub(super) runs_to_end: bool,
}

impl Exchange {
    pub(super) fn is_stream(self) -> bool {
        self.kind.sends_items() || self.kind.takes_items()
    }

    pub(super) fn panicked<R>(self) -> Outcome<R> {
        tracing::error!(method = self.method, id = self.id, "method panicked");
        Outcome::Failed(RpcError::internal())
    }
}

/// Writes a reply as the message behind what is in `out`: as `kind`, or as the error it is. Where JSON can't hold the value, part
/// of the message is left behind.
pub(super) fn write_reply<R: ReplyMessage>(
    lane: &Lane,
    kind: Kind,
    id: u64,
    reply: &R,
    out: &mut String,
) -> Result<ReplyKind, EncodeError> {
    let start = out.len();
    write_head(lane, kind, id, out);
    write_value(lane, id, reply, out, start)
}

/// Writes a reply behind the head of the message that begins at `start`; if it is an error, the message begins anew as one.
pub(super) fn write_value<R: ReplyMessage>(
    lane: &Lane,
    id: u64,
    reply: &R,
    out: &mut String,
    start: usize,
) -> Result<ReplyKind, EncodeError> {
    let head = out.len();
    let reply_kind = reply.encode(out)?;
    if reply_kind == ReplyKind::ApplicationError {
        let data = out.split_off(head);
        out.truncate(start);
        write_head(lane, Kind::Error, id, out);
        out.push_str(r#"{"code":"application","message":"the method returned an error","data":"#);
        out.push_str(&data);
        out.push('}');
    }
    Ok(reply_kind)
}

/// Writes the failure to write a value: the peer learns that there was one, the log why.
pub(super) fn write_failure(lane: &Lane, id: u64, error: &EncodeError, out: &mut String) {
    tracing::error!(channel = lane.name(), id, %error, "an answer could not be written");
    write_error(lane, id, &RpcError::internal(), out);
}

pub(super) fn write_error(lane: &Lane, id: u64, error: &RpcError, out: &mut String) {
    write_head(lane, Kind::Error, id, out);
    error.encode(out);
}

/// Writes what stands in front of the JSON.
pub(super) fn write_head(lane: &Lane, kind: Kind, id: u64, out: &mut String) {
    out.push_str(lane.prefix());
    envelope::begin(out, kind, id);
}
