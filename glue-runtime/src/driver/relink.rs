//! What a driver does where sessions outlive their links: it loses one, gets another, or hands its own over to the session that the
//! client has had before.

use std::time::{Duration, Instant};

use super::delivery::{Received, Stalled};
use super::{Claim, Driver, Hooks};
use crate::mailbox::{NewLink, Request};
use crate::proto::batch;
use crate::proto::frame::{ACK, Frame};
use crate::proto::init::Auth;
use crate::proto::refusal::Refusal;
use crate::proto::text::Text;
use crate::session::{Cause, CloseReason, Content, Verdict};
use crate::transport::Transport;

impl<H: Hooks> Driver<H> {
    /// Server: takes a link over for this session, whatever carried it up to now.
    pub(super) fn attach(&mut self, now: Instant, link: Box<NewLink>) {
        if !self.session.is_open() {
            return link.give_back();
        }
        if link.generation <= self.generation {
            // Its client has come by another link meanwhile.
            let _ = link.from.request(Request::HandedOver);
            return;
        }
        if !self.session.can_resume(link.received) {
            // Of an attempt that its client has given up; the link that it has now is as good as before [U-13].
            tracing::debug!(link.received, "a link with a number that can't be is dropped");
            let _ = link.from.request(Request::HandedOver);
            return;
        }
        let NewLink {
            mut transport,
            received,
            terms,
            generation,
            place,
            from,
        } = *link;
        // What has moved up to now has moved on the former link. From here on nothing of it counts; it ends without a word, as its client
        // isn't there any more.
        self.report_traffic();
        self.leave_link();
        transport.change_hands();
        self.generation = generation;
        self.transport = Some(transport);
        self.place = place;
        // The link may hold something of its first moments.
        self.unflushed = true;
        self.mailbox.take_over(&from);
        let _ = from.request(Request::HandedOver);
        self.session.resume(now, received, terms);
    }

    /// Client: goes on over this link, if the server answers within `time` that it has the session still.
    #[cfg(feature = "client")]
    pub(crate) fn reopen(
        &mut self,
        now: Instant,
        transport: Box<dyn Transport>,
        auth: Option<Auth>,
        time: Duration,
    ) {
        self.leave_link();
        self.transport = Some(transport);
        self.session.reopen(now, auth, time);
    }

    /// Client: returns why there is no link, if the session is kept without one.
    #[cfg(feature = "client")]
    pub(crate) fn detached(&self) -> Option<CloseReason> {
        self.session.lost()
    }

    /// The link is lost, and the session is kept if there is room for it.
    pub(super) fn detach(&mut self, now: Instant, reason: CloseReason) {
        tracing::debug!(%reason, "link lost, session kept");
        self.hooks.detached(reason);
        if !self.session.is_detached() {
            // There is another one already, which has come in the same turn.
            return;
        }
        self.leave_link();
        if !self.hooks.keeps(self.weight()) {
            self.session.give_up(now);
        }
    }

    /// Returns the weight of all that waits for the client.
    pub(super) fn weight(&self) -> usize {
        self.session.weight().saturating_add(self.mailbox.waiting())
    }

    /// The session goes on.
    pub(super) fn resume(&mut self) {
        self.mailbox.bound_texts(self.session.peer_limit());
        if let Some(transport) = &self.transport {
            let remote_addr = self.mailbox.peer().remote_addr();
            tracing::debug!(
                transport = transport.kind().name(),
                ?remote_addr,
                "session resumed"
            );
            self.hooks.resumed(transport.kind());
        }
    }

    /// Client: the session is over, another one follows on the same link.
    pub(super) fn renew(&mut self, unsent: Vec<(Text, Cause)>) {
        self.mailbox.put_back(self.residents.carry_over(unsent));
    }

    /// Does what was decided on a client.
    pub(super) fn accept(&mut self, verdict: Verdict) {
        let claim = self.claim.take();
        if claim.as_ref().is_some_and(|claim| self.hooks.is_outdated(claim)) {
            return self.abandon();
        }
        match (verdict, claim) {
            (Verdict::Resume, Some(claim)) => self.hand_over(claim),
            (Verdict::Fresh, Some(claim)) => {
                claim.mailbox.request_close(CloseReason::Refused);
                self.session.accept();
            }
            (_, None) => self.session.accept(),
        }
    }

    pub(super) fn refuse(&mut self, now: Instant, refusal: Refusal) {
        if let Some(claim) = self.claim.take() {
            if self.hooks.is_outdated(&claim) {
                return self.abandon();
            }
            if refusal.is_final() {
                claim.mailbox.request_close(CloseReason::Refused);
            }
        }
        self.session.refuse(now, refusal);
    }

    /// The client has gone for good while it was decided whether it may go on with its session.
    pub(super) fn forgo(&mut self) {
        if let Some(claim) = self.claim.take()
            && !self.hooks.is_outdated(&claim)
        {
            claim.mailbox.request_close(CloseReason::Peer);
        }
    }

    /// Drops a link at whose other end nobody is any more, without a word.
    pub(super) fn abandon(&mut self) {
        tracing::debug!("an attempt that was given up has arrived");
        self.leave_link();
        self.give_way();
    }

    /// Gives the link to the session that its client has had, if that is still there.
    fn hand_over(&mut self, claim: Claim) {
        let Some(transport) = self.transport.take() else {
            return;
        };
        let link = NewLink {
            transport,
            received: claim.received,
            terms: claim.terms,
            generation: claim.generation,
            place: self.place.take(),
            from: self.mailbox.clone(),
        };
        if let Err(link) = claim.mailbox.attach(link) {
            self.take_back(link);
        }
    }

    /// The link is the other session's. The application has never seen this one.
    pub(super) fn give_way(&mut self) {
        self.is_handed_over = true;
        self.closed = Some(CloseReason::Local);
        self.hooks.handed_over();
    }

    /// There is nothing to go on with: the client gets a fresh session.
    pub(super) fn take_back(&mut self, link: NewLink) {
        self.transport = Some(link.transport);
        self.place = link.place;
        self.session.accept();
    }

    /// Lets go of the link, and of what it has brought that was not taken in: the peer sends that again.
    pub(super) fn leave_link(&mut self) {
        self.close_code = self.transport.take().and_then(|transport| transport.close_code());
        self.place = None;
        self.stalled = Stalled::default();
        self.fault = None;
        self.unflushed = false;
    }

    /// Takes a message that can't be delivered now: what it acknowledges is heeded, the rest waits.
    pub(super) fn heed(&mut self, now: Instant, text: Text) {
        if self.session.heed(now, &text) {
            return;
        }
        let is_container = matches!(Frame::decode(&text), Ok(Frame::Batch(_)));
        if !is_container {
            self.stalled.push_back(Received::Message(text));
            return;
        }
        let Some(Content::Batch(data)) = self.session.handle_text(now, &text) else {
            return;
        };
        let offset = text.len() - self.heed_ack(now, data).len();
        self.stalled.push_back(Received::Batch { text, offset });
    }

    /// Heeds the acknowledgement at the beginning of a container, for which the rest must not make it wait; returns the rest.
    pub(super) fn heed_ack<'a>(&mut self, now: Instant, data: &'a str) -> &'a str {
        match batch::split_first(data) {
            Some((first, rest)) if first.starts_with(ACK) => {
                self.session.heed(now, first);
                rest
            }
            _ => data,
        }
    }

    /// Returns whether more waits to be delivered than a peer may have sent without an acknowledgement, answers to its pings that it
    /// doesn't take included; then the session ends.
    pub(super) fn is_overfull(&mut self, now: Instant) -> bool {
        let weight = self
            .stalled
            .weight()
            .saturating_add(self.session.outbox().control());
        let is_overfull = weight > self.session.most_unread();
        if is_overfull {
            self.session.close(now, CloseReason::ResumeViolation);
        }
        is_overfull
    }
}
