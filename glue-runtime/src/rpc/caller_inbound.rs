//! Driver's end of a client's channel: what the client calls, and what it lets the server call.

use std::sync::Arc;

use super::calls::{Calls, Opener};
use super::contract::Contract;
use super::error::RpcError;
use super::rpc_channel::RpcChannel;
use super::serving::Serving;
use crate::channel::{Channels, Inbound, Lane, Receipt, Turn};
use crate::error::{Error, ErrorKind};
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;

impl RpcChannel {
    /// Opens a client's channel.
    pub(crate) fn open(channels: &Channels, contract: Contract) -> Result<Self, Error> {
        let open = |lane: Arc<Lane>| {
            let opener = Opener::Client {
                limits: channels.limits().clone(),
                hashes: contract.hashes,
            };
            let (channel, calls) = Calls::new(lane.clone(), opener);
            let inbound = CallerInbound {
                lane,
                calls,
                servings: Vec::new(),
                last_id: 0,
            };
            (channel, Box::new(inbound) as Box<dyn Inbound>)
        };
        channels
            .open_with(contract.channel, open)
            .ok_or_else(|| ErrorKind::ChannelInUse.into())
    }
}

/// Driver's end of a client's channel.
struct CallerInbound {
    lane: Arc<Lane>,
    calls: Calls,
    /// What serves the server's calls: the last one those that come, the others what they have under way.
    servings: Vec<Tenure>,
    /// The highest id of the server's in this session.
    last_id: u64,
}

/// What serves, and from when.
struct Tenure {
    /// The highest id before.
    since: u64,
    serving: Box<dyn Serving>,
}

impl Inbound for CallerInbound {
    fn receive(&mut self, data: &str, turn: &mut Turn<'_, '_>) -> Receipt {
        let Ok(envelope) = Envelope::decode(data) else {
            self.calls.unreadable(data, turn);
            return Receipt::Fault;
        };
        match envelope {
            Envelope::Request { id, method, .. } => {
                if self.calls.is_mine(id) || id <= self.last_id {
                    return Receipt::Fault;
                }
                self.replace_serving();
                self.last_id = id;
                match self.servings.last_mut() {
                    Some(Tenure { serving, .. }) => serving.receive(envelope, turn),
                    None => self.refuse(id, method, turn),
                }
            }
            Envelope::Notification { .. } => {
                self.replace_serving();
                match self.servings.last_mut() {
                    Some(Tenure { serving, .. }) => serving.receive(envelope, turn),
                    None => Receipt::Taken,
                }
            }
            Envelope::Cancel { id } | Envelope::Credit { id, .. } if !self.calls.is_mine(id) => {
                if id > self.last_id {
                    return Receipt::Fault;
                }
                let mut servings = self.servings.iter_mut().rev();
                match servings.find(|tenure| tenure.since < id) {
                    Some(Tenure { serving, .. }) => serving.receive(envelope, turn),
                    None => Receipt::Taken,
                }
            }
            envelope => self.calls.handle(envelope, turn),
        }
    }

    fn poll(&mut self, turn: &mut Turn<'_, '_>) {
        self.replace_serving();
        for Tenure { serving, .. } in &mut self.servings {
            serving.poll(turn);
        }
        self.retire();
    }

    fn opened(&mut self, turn: &mut Turn<'_, '_>) {
        self.calls.opened(turn);
    }

    fn lost(&mut self) {
        self.calls.lost();
        self.last_id = 0;
        for tenure in &mut self.servings {
            tenure.since = 0;
            tenure.serving.lost();
        }
        self.retire();
    }
}

impl CallerInbound {
    /// Lets what the application has given meanwhile serve from now on.
    fn replace_serving(&mut self) {
        if let Some(serving) = self.calls.take_serving() {
            let since = self.last_id;
            self.servings.push(Tenure { since, serving });
            self.retire();
        }
    }

    /// Drops what was replaced and has nothing under way any more.
    fn retire(&mut self) {
        let mut left = self.servings.len();
        self.servings.retain(|tenure| {
            left -= 1;
            left == 0 || !tenure.serving.is_idle()
        });
    }

    /// Nobody serves this.
    fn refuse(&self, id: u64, method: &str, turn: &mut Turn<'_, '_>) -> Receipt {
        let message = format!("nothing handles `{}.{method}` here", self.lane.name());
        let mut json = String::new();
        RpcError::new(Code::Unimplemented, message).encode(&mut json);
        let mut text = self.lane.begin(json.len() + 24);
        Envelope::Error { id, json: &json }.encode(&mut text);
        turn.out.push(text.into());
        Receipt::Taken
    }
}

impl Drop for CallerInbound {
    fn drop(&mut self) {
        self.calls.close();
    }
}
