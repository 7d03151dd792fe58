//! What a dispatcher says to its peer.

use super::Dispatcher;
use crate::channel::Turn;
use crate::proto::code::Code;
use crate::proto::envelope::{Envelope, Kind};
use crate::rpc::dispatch::{Dispatch, Exchange, Outcome, encode_error, encode_failure, encode_reply};
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
        let lane = self.exchanges.lane();
        let failed = |error: &RpcError| (encode_error(lane, id, error), error.code().as_str());
        let (text, ended) = match outcome {
            Outcome::Reply(reply) => match guard(|| encode_reply(lane, Kind::Ok, id, &reply)) {
                Ok(Ok((text, kind))) => (text, outcome_of(kind == ReplyKind::ApplicationError)),
                Ok(Err(error)) => (encode_failure(lane, id, &error), Code::Internal.as_str()),
                Err(Panicked) => {
                    tracing::error!(method = exchange.method, id, "writing the answer panicked");
                    failed(&RpcError::internal())
                }
            },
            Outcome::Written(text, kind) => (text, outcome_of(kind == ReplyKind::ApplicationError)),
            Outcome::Failed(error) => failed(&error),
            Outcome::Streamed(StreamEnd::Unwritable) => return Code::Internal.as_str(),
            Outcome::Streamed(end) => return outcome_of(end == StreamEnd::ApplicationError),
            // Somebody has called a notification and waits.
            Outcome::Ended => {
                let mut out = lane.begin(24);
                Envelope::Ok { id, json: "null" }.encode(&mut out);
                (out.into(), OK)
            }
        };
        // What ran around a stream may still fail behind its end.
        if stage != Stage::Told {
            turn.out.push(text);
        }
        ended
    }

    pub(super) fn fail(&self, id: u64, error: &RpcError, turn: &mut Turn<'_, '_>) {
        turn.out.push(encode_error(self.exchanges.lane(), id, error));
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
        let mut out = self.exchanges.lane().begin(json.len() + 8);
        Envelope::Hello { json: &json }.encode(&mut out);
        turn.out.push(out.into());
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
