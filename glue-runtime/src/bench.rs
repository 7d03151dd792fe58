//! The pure parts, one by one, for the benches of `benches/criterion`. Not public API: the feature is for that package alone, and all of
//! this changes with what it measures.

use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use crate::channel::{Inbound, Lane, Turn};
use crate::mailbox::{Mailbox, Peer};
use crate::proto::envelope::{Envelope, Kind, begin};
use crate::proto::frame::Frame;
use crate::proto::limits::{KeepAlive, Limits};
use crate::proto::messages::Messages;
use crate::proto::pair::{self, LengthUnit};
use crate::proto::resume::{ResumeTerms, ResumeToken};
use crate::proto::text::Text;
use crate::rpc::ChannelService;
pub use crate::rpc::bench::Window;
use crate::session::{Cause, Role, Session};
pub use crate::transport::bench::Codec;

/// Reads a request down to the JSON of its arguments, and returns that.
///
/// # Panics
/// When it is none.
pub fn read_head(message: &str) -> &str {
    let Ok(Frame::ChannelData(data)) = Frame::decode(message) else {
        panic!("no data of a channel: {message}");
    };
    let Ok((_, text)) = pair::decode(data, LengthUnit::Bytes) else {
        panic!("no channel: {message}");
    };
    match Envelope::decode(text) {
        Ok(Envelope::Request { json, .. }) => json,
        _ => panic!("no request: {message}"),
    }
}

/// Writes what stands in front of the JSON of an answer.
pub fn write_head(out: &mut String, id: u64) {
    begin(out, Kind::Ok, id);
}

/// The serving half of one channel, without a socket.
#[allow(missing_debug_implementations)] // nobody shows it
pub struct Calls {
    inbound: Box<dyn Inbound>,
    out: Messages,
    urgent: Vec<Text>,
}

impl Calls {
    /// Serves a channel.
    pub fn new(service: &ChannelService) -> Self {
        let limits = Limits::default();
        let mailbox = Mailbox::new(Peer::default(), &limits);
        let lane = Lane::new(service.name(), mailbox.into());
        Self {
            inbound: service.open(lane.into(), &limits),
            out: Messages::default(),
            urgent: Vec::new(),
        }
    }

    /// Hands an envelope over, and returns how many bytes are answered.
    pub fn receive(&mut self, envelope: &str) -> usize {
        let mut turn = Turn {
            cx: &mut Context::from_waker(Waker::noop()),
            out: &mut self.out,
            urgent: &mut self.urgent,
        };
        self.inbound.receive(envelope, &mut turn);
        let mut bytes = 0;
        while let Some(message) = self.out.pop() {
            bytes += message.as_str().len();
        }
        bytes
    }
}

/// What an open session has to send.
#[allow(missing_debug_implementations)] // nobody shows it
pub struct Outgoing {
    session: Session,
    now: Instant,
    /// Messages of channels so far, and the bytes of those that the peer was not made to acknowledge.
    sent: u64,
    bytes: usize,
}

impl Outgoing {
    /// Opens a session that outlives its links, or one that doesn't.
    pub fn new(resume: bool, now: Instant) -> Self {
        let terms = ResumeTerms {
            token: ResumeToken::new("x".repeat(32)),
            window: Duration::from_secs(60),
            buffer_bytes: BUFFER,
            received: None,
        };
        let role = Role::Server {
            socket_id: "6ZW6uQTwo8apxm11ta3p".into(),
            decides: false,
            resume: resume.then(|| Box::new(terms)),
        };
        let mut session = Session::new(role, KeepAlive::SERVER, Limits::default(), now);
        session.handle_text(now, r#"in{"version":"1.9.1","batch":true,"resume":{}}"#);
        while session.poll_event().is_some() || session.poll_transmit(false).is_some() {}
        Self {
            session,
            now,
            sent: 0,
            bytes: 0,
        }
    }

    /// Queues messages and takes them out again; the peer acknowledges as our clients do. Returns the bytes.
    pub fn pass(&mut self, messages: &[&str]) -> usize {
        let outbox = self.session.outbox();
        for message in messages {
            outbox.written().push_str(message);
        }
        outbox.take_written(Cause::Call);
        let mut bytes = 0;
        while let Some(message) = self.session.poll_transmit(false) {
            bytes += message.as_str().len();
            self.sent += 1;
        }
        self.bytes += bytes;
        if self.bytes > BUFFER / 4 {
            self.bytes = 0;
            self.session.handle_text(self.now, &format!("ak{}", self.sent));
        }
        bytes
    }
}

/// What a side keeps by default.
const BUFFER: usize = 256 << 10;
