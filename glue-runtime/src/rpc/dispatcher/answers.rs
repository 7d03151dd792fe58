//! What a dispatcher says to its peer.

use super::Dispatcher;
use crate::channel::Turn;
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, Kind};
use crate::proto::messages::Messages;
use crate::rpc::dispatch::{
    Dispatch, Exchange, Outcome, write_error, write_failure, write_head, write_reply,
};
use crate::rpc::error::RpcError;
use crate::rpc::greeting;
use crate::rpc::message::ReplyKind;
use crate::rpc::running::{Panicked, Stage, guard};
use crate::rpc::stream::StreamEnd;

impl<D: Dispatch, R, F> Dispatcher<D, R, F> {
    /// Sends what the caller is owed at the end of a method; returns how that is called in the metrics.
    pub(super) fn answer(
        &mut self,
        exchange: Exchange,
        stage: Stage,
        outcome: Outcome<D::Reply>,
        turn: &mut Turn<'_, '_>,
    ) -> &'static str {
        self.exchanges.leave(exchange.key);
        let Some(id) = exchange.id else { return OK };
        if exchange.is_stream() {
            self.exchanges.forget(id);
        }
        let out = &mut *turn.out;
        let ended = match outcome {
            Outcome::Reply(reply) => self.write(exchange.method, id, &reply, out),
            Outcome::Written(text, kind) => {
                if stage != Stage::Told {
                    out.push(text.into());
                }
                return outcome_of(kind == ReplyKind::ApplicationError);
            }
            Outcome::Failed(error) => {
                write_error(self.exchanges.lane(), id, &error, out.begin());
                error.code().as_str()
            }
            Outcome::Streamed(StreamEnd::Unwritable) => return Code::Internal.as_str(),
            Outcome::Streamed(end) => return outcome_of(end == StreamEnd::ApplicationError),
            // Somebody has called a notification and waits.
            Outcome::Ended => {
                let text = out.begin();
                write_head(self.exchanges.lane(), Kind::Ok, id, text);
                text.push_str("null");
                OK
            }
        };
        // What ran around a stream may still fail behind its end.
        if stage == Stage::Told {
            out.abandon();
        } else {
            out.end();
        }
        ended
    }

    /// Writes a method's reply, or that it can't be written.
    fn write(&self, method: &str, id: u64, reply: &D::Reply, out: &mut Messages) -> &'static str {
        let lane = self.exchanges.lane();
        let text = out.begin();
        match guard(|| write_reply(lane, Kind::Ok, id, reply, text)) {
            Ok(Ok(kind)) => outcome_of(kind == ReplyKind::ApplicationError),
            Ok(Err(error)) => {
                write_failure(lane, id, &error, out.begin());
                Code::Internal.as_str()
            }
            Err(Panicked) => {
                tracing::error!(method, id, "writing the answer panicked");
                write_error(lane, id, &RpcError::internal(), out.begin());
                Code::Internal.as_str()
            }
        }
    }

    pub(super) fn fail(&self, id: u64, error: &RpcError, turn: &mut Turn<'_, '_>) {
        write_error(self.exchanges.lane(), id, error, turn.out.begin());
        turn.out.end();
    }

    /// Answers a call that can't be run; a notification has nobody to tell.
    pub(super) fn refuse(
        &mut self,
        id: Option<u64>,
        method: &str,
        error: &RpcError,
        turn: &mut Turn<'_, '_>,
    ) {
        // The name and the message may quote what the peer has sent.
        tracing::trace!(channel = D::CHANNEL, id, method, %error, "call can't be run");
        let code = error.code();
        match id {
            Some(id) => {
                tracing::debug!(channel = D::CHANNEL, id, %code, "call refused");
                self.fail(id, error, turn);
            }
            None if !std::mem::replace(&mut self.warned, true) => {
                tracing::warn!(channel = D::CHANNEL, %code, "notification dropped; later ones are told at level debug");
            }
            None => tracing::debug!(channel = D::CHANNEL, %code, "notification dropped"),
        }
    }

    pub(super) fn greet(&mut self, greeting: &str, turn: &mut Turn<'_, '_>) {
        if std::mem::replace(&mut self.greeted, true) {
            return;
        }
        let json = greeting::answer(greeting, D::CHANNEL, D::hashes, self.accepted.as_deref());
        let text = turn.out.begin();
        text.push_str(self.exchanges.lane().prefix());
        Envelope::Hello { json: &json }.encode(text);
        turn.out.end();
    }
}

fn outcome_of(is_application_error: bool) -> &'static str {
    if is_application_error {
        Code::Application.as_str()
    } else {
        OK
    }
}

/// What a call that ended well is called in the metrics.
const OK: &str = "ok";
