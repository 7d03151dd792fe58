//! Driver's end of a client's channel: what the client calls, and what it lets the server call.

use std::sync::Arc;

use super::calls::{Calls, Opener};
use super::contract::Contract;
use super::error::RpcError;
use super::rpc_channel::RpcChannel;
use super::serving::Serving;
use crate::channel::{Channels, Inbound, Lane, Receipt, Turn};
use crate::error::{Error, ErrorKind};
use crate::mailbox::Late;
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

    fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        for Tenure { serving, .. } in &mut self.servings {
            serving.settle(turn);
        }
    }

    fn is_busy(&self) -> bool {
        self.calls.is_busy() || self.servings.iter().any(|tenure| tenure.serving.is_busy())
    }

    fn opened(&mut self, turn: &mut Turn<'_, '_>) {
        self.calls.opened(turn);
    }

    fn recall(&mut self, data: &str) -> Option<Box<dyn Late>> {
        self.calls.recall(data)
    }

    fn rest(&mut self) {
        for Tenure { serving, .. } in &mut self.servings {
            serving.rest();
        }
    }

    fn lost(&mut self) -> Vec<Box<dyn Late>> {
        let again = self.calls.lost();
        self.last_id = 0;
        for tenure in &mut self.servings {
            tenure.since = 0;
            tenure.serving.lost();
        }
        self.retire();
        again
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::{Context, Waker};

    use super::*;
    use crate::mailbox::{Mailbox, Peer, Request};
    use crate::proto::limits::Limits;
    use crate::proto::messages::Messages;
    use crate::rpc::{ClientHandler, ServeRpc as _};

    /// Writes down what it is told, with its name; busy as long as the test says.
    struct Fake {
        name: &'static str,
        heard: Arc<Mutex<Vec<String>>>,
        busy: Arc<()>,
    }

    impl Fake {
        fn note(&self, what: &str) {
            self.heard.lock().unwrap().push(format!("{} {what}", self.name));
        }
    }

    impl Serving for Fake {
        fn receive(&mut self, envelope: Envelope<'_>, _turn: &mut Turn<'_, '_>) -> Receipt {
            let mut text = String::new();
            envelope.encode(&mut text);
            self.note(&text);
            Receipt::Taken
        }

        fn settle(&mut self, _turn: &mut Turn<'_, '_>) {
            self.note("settled");
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {
            self.note("polled");
        }

        fn lost(&mut self) {
            self.note("lost");
        }

        fn is_busy(&self) -> bool {
            !self.is_idle()
        }

        fn is_idle(&self) -> bool {
            Arc::strong_count(&self.busy) == 1
        }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            self.note("dropped");
        }
    }

    struct Stage {
        channel: RpcChannel,
        inbound: Option<Box<dyn Inbound>>,
        heard: Arc<Mutex<Vec<String>>>,
    }

    impl Stage {
        fn new() -> Self {
            let limits = Limits::default();
            let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
            let channel = RpcChannel::open(&Channels::new(mailbox.clone(), limits), "desk".into()).unwrap();
            let Some(Request::Open { inbound, .. }) = mailbox.take_requests().pop() else {
                panic!("the driver is told of the channel");
            };
            Self {
                channel,
                inbound: Some(inbound),
                heard: Arc::default(),
            }
        }

        /// Serves from now on; busy until what it returns is dropped.
        fn serve(&self, name: &'static str) -> Arc<()> {
            let busy = Arc::new(());
            let fake = Fake {
                name,
                heard: self.heard.clone(),
                busy: busy.clone(),
            };
            self.channel.serve(ClientHandler::new(move |_, _| Box::new(fake)));
            busy
        }

        fn turn<T>(&mut self, act: impl FnOnce(&mut dyn Inbound, &mut Turn<'_, '_>) -> T) -> T {
            let mut turn = Turn {
                cx: &mut Context::from_waker(Waker::noop()),
                out: &mut Messages::default(),
                urgent: &mut Vec::new(),
            };
            act(self.inbound.as_deref_mut().unwrap(), &mut turn)
        }

        fn receive(&mut self, data: &str) -> Receipt {
            self.turn(|inbound, turn| inbound.receive(data, turn))
        }

        fn poll(&mut self) {
            self.turn(|inbound, turn| inbound.poll(turn));
        }

        fn heard(&self) -> Vec<String> {
            std::mem::take(&mut self.heard.lock().unwrap())
        }
    }

    #[test]
    fn a_later_handler_takes_what_comes_later() {
        let mut stage = Stage::new();
        let first = stage.serve("first");
        stage.receive("rq2&confirm&{}");
        let _second = stage.serve("second");
        stage.receive("rq4&confirm&{}");
        stage.receive("nt&confirm&{}");
        stage.receive("ca2&");
        stage.receive("ca4&");
        assert_eq!(
            stage.heard(),
            [
                "first rq2&confirm&{}",
                "second rq4&confirm&{}",
                "second nt&confirm&{}",
                "first ca2&",
                "second ca4&",
            ]
        );

        stage.poll();
        assert_eq!(stage.heard(), ["first polled", "second polled"], "it goes on");
        drop(first);
        stage.poll();

        assert_eq!(stage.heard(), ["first polled", "second polled", "first dropped"]);
        assert_eq!(stage.receive("ca2&"), Receipt::Taken, "late");
    }

    #[test]
    fn a_handler_that_was_never_asked_goes_at_once() {
        let mut stage = Stage::new();

        drop((stage.serve("first"), stage.serve("second")));
        assert_eq!(stage.heard(), ["first dropped"]);
        stage.poll();
        let _third = stage.serve("third");
        stage.poll();

        assert_eq!(stage.heard(), ["second polled", "second dropped", "third polled"]);
    }

    /// time runs out whether there is room to send or not.
    #[test]
    fn handlers_hear_where_they_are_not_polled() {
        let mut stage = Stage::new();
        let _busy = stage.serve("it");
        stage.receive("nt&confirm&{}");
        stage.heard();

        stage.turn(|inbound, turn| inbound.settle(turn));

        assert_eq!(stage.heard(), ["it settled"]);
    }

    ///
    #[test]
    fn ids_that_do_not_rise_or_are_the_clients_own_never_reach_a_handler() {
        let mut stage = Stage::new();
        let _busy = stage.serve("it");

        for (data, expected) in [
            ("rq4&confirm&{}", Receipt::Taken),
            ("rq4&confirm&{}", Receipt::Fault),
            ("rq2&confirm&{}", Receipt::Fault),
            ("rq5&confirm&{}", Receipt::Fault),
            ("ca6&", Receipt::Fault),
            ("cr6&1", Receipt::Fault),
            ("it4&1", Receipt::Fault),
        ] {
            assert_eq!(stage.receive(data), expected, "{data}");
        }
        assert_eq!(stage.heard(), ["it rq4&confirm&{}"]);
    }

    #[test]
    fn a_handler_outlives_the_session_and_ends_with_the_socket() {
        let mut stage = Stage::new();
        let _busy = stage.serve("it");
        stage.receive("rq2&confirm&{}");

        stage.turn(|inbound, _| assert!(inbound.lost().is_empty()));
        assert_eq!(stage.receive("rq2&again&{}"), Receipt::Taken, "ids begin anew");
        stage.inbound = None;
        drop(stage.serve("late"));

        assert_eq!(
            stage.heard(),
            [
                "it rq2&confirm&{}",
                "it lost",
                "it rq2&again&{}",
                "it dropped",
                "late dropped"
            ]
        );
    }
}
