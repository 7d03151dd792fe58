//! A client's calling half, as the fuzzers hold it.

use std::pin::Pin;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, BoxStream};

use super::super::*;
use crate::mailbox::Outgoing;
use crate::proto::code::Code;
use crate::proto::envelope::Envelope;
use crate::proto::messages::Messages;
use crate::rpc::calls::{Calls, Opener};
use crate::rpc::{CallOptions, CallRequest, Caller as _, RpcChannel, RpcError, SentItems};

/// The calling half, with its way out.
pub(super) struct CallingHalf {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) calls: Calls,
    channel: RpcChannel,
}

/// What one side says: what goes ahead of all that waits, and the rest.
#[derive(Default)]
pub(super) struct Said {
    pub(super) urgent: Vec<String>,
    pub(super) data: Vec<String>,
}

impl CallingHalf {
    pub(super) fn new() -> Self {
        let limits = Limits::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let opener = Opener::Client { limits, hashes: None };
        let (channel, calls) = Calls::new(Arc::new(Lane::new("probe", mailbox.clone())), opener);
        Self {
            mailbox,
            calls,
            channel,
        }
    }

    pub(super) fn call(&self, request: CallRequest) -> BoxFuture<'static, Result<String, RpcError>> {
        let channel = self.channel.clone();
        async move { channel.call(request).await }.boxed()
    }

    pub(super) fn stream(&self, request: CallRequest) -> BoxStream<'static, Result<String, RpcError>> {
        self.channel.stream(request).boxed()
    }

    /// Does what the driver does with what handles have sent.
    pub(super) fn flush(&self) -> Said {
        let mut said = Said::default();
        let text = |text: crate::proto::text::Text| text.strip_prefix("cd5&probe").unwrap().to_owned();
        for late in self.mailbox.take_urgent() {
            late.write(usize::MAX, &mut |urgent, _| said.urgent.push(text(urgent)));
        }
        while let Some(message) = self.mailbox.take_message() {
            match message {
                Outgoing::Text(data) => said.data.push(text(data)),
                Outgoing::Late(late) => late.write(usize::MAX, &mut |data, _| said.data.push(text(data))),
            }
        }
        said
    }

    /// Hears one envelope of the peer.
    pub(super) fn hear(&self, data: &str) -> (Receipt, Said) {
        speak(|turn| match Envelope::decode(data) {
            Ok(envelope) => self.calls.handle(envelope, turn),
            Err(_) => {
                self.calls.unreadable(data, turn);
                Receipt::Fault
            }
        })
    }

    /// Ends the socket as the driver does.
    pub(super) fn close(&self) {
        drop(self.mailbox.refuse());
        self.calls.close();
    }
}

/// Takes a turn of the driver.
pub(super) fn speak<T>(run: impl FnOnce(&mut Turn<'_, '_>) -> T) -> (T, Said) {
    let (mut out, mut urgent) = (Messages::default(), Vec::new());
    let value = run(&mut Turn {
        cx: &mut TaskContext::from_waker(Waker::noop()),
        out: &mut out,
        urgent: &mut urgent,
    });
    let said = Said {
        urgent: strip(&urgent),
        data: strip(&out.into_texts()),
    };
    (value, said)
}

/// A request with numbers as items: `count` of them, and then an end, or a failure.
pub(super) fn request(method: &'static str, args: &str, items: Option<(usize, bool)>) -> CallRequest {
    let items = items.map(|(count, is_good)| {
        let numbers = stream::iter((0..count).map(|number| Ok(number.to_string())));
        let failure = RpcError::new(Code::InvalidArgument, "on purpose");
        let end = stream::iter((!is_good).then_some(Err(failure)));
        numbers.chain(end).boxed() as SentItems
    });
    CallRequest {
        items,
        ..CallRequest::new(method, args)
    }
}

pub(super) fn within(request: CallRequest, millis: u64) -> CallRequest {
    CallRequest {
        options: CallOptions::default().timeout(std::time::Duration::from_millis(millis)),
        ..request
    }
}

/// What the application holds of a call.
pub(super) enum Held {
    Call(BoxFuture<'static, Result<String, RpcError>>),
    Stream(BoxStream<'static, Result<String, RpcError>>),
}

impl Held {
    /// Asks once; `Some(None)` is the end of a stream.
    pub(super) fn poll(&mut self) -> Option<Option<Result<String, Code>>> {
        let code = |result: Result<String, RpcError>| result.map_err(|error| error.code());
        match self {
            Self::Call(call) => call.as_mut().now_or_never().map(|result| Some(code(result))),
            Self::Stream(stream) => Pin::new(stream).next().now_or_never().map(|next| next.map(code)),
        }
    }
}
