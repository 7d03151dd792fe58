//! A link whose client says that it has had a session, until that is decided.

use super::*;
use crate::driver::{Decision, Outdated};
use crate::mailbox::Ending;
use crate::proto::code::Code;
use crate::proto::resume::{ResumeTerms, ResumeToken};
use crate::session::Former;

const BACK: &str =
    r#"in{"version":"1.9.1","batch":true,"resume":{"socketID":"former","token":"t","received":0}}"#;

fn terms() -> ResumeTerms {
    ResumeTerms {
        token: ResumeToken::new("t".repeat(32)),
        window: Duration::from_secs(60),
        buffer_bytes: 1024,
        received: None,
    }
}

struct Claiming {
    former: Arc<Mailbox>,
    decision: Option<Decision>,
    /// Whether the client has come by a later link since.
    is_outdated: bool,
}

impl Hooks for Claiming {
    fn authorize(&mut self, _auth: Option<Auth>, _claim: Option<&Claim>) -> Decision {
        self.decision.take().expect("a socket is decided on once")
    }

    fn claim(&mut self, former: Former) -> Result<Option<Claim>, Outdated> {
        Ok(Some(Claim {
            mailbox: self.former.clone(),
            received: former.received,
            terms: terms(),
            generation: 1,
        }))
    }

    fn is_outdated(&self, _claim: &Claim) -> bool {
        self.is_outdated
    }

    fn opened(&mut self, _socket_id: Arc<str>) -> Option<BoxFuture<'static, ()>> {
        None
    }

    fn serves(&self, _name: &str) -> bool {
        false
    }

    fn service(&mut self, _name: &str) -> Option<Box<dyn Inbound>> {
        None
    }

    fn closed(&mut self, _reason: CloseReason) {}
}

/// A link that has asked for a session, which somebody else drives.
struct Asked {
    link: FakeTransport,
    former: Arc<Mailbox>,
    run: Pin<Box<dyn Future<Output = ()>>>,
}

impl Asked {
    fn new(
        is_outdated: bool,
        decision: impl Future<Output = Result<Verdict, Refusal>> + Send + 'static,
    ) -> Self {
        let limits = Limits::default();
        let (link, former) = (
            FakeTransport::default(),
            Arc::new(Mailbox::new(Peer::default(), &limits)),
        );
        let hooks = Claiming {
            former: former.clone(),
            decision: Some(Box::pin(decision)),
            is_outdated,
        };
        let role = Role::Server {
            socket_id: "x".repeat(20).into(),
            decides: true,
            resume: Some(Box::new(terms())),
        };
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let session = Session::new(role, KeepAlive::SERVER, limits, now());
        let mut driver = Driver::new(session, link.clone(), mailbox, hooks);
        let mut asked = Self {
            link,
            former,
            run: Box::pin(async move { drop(driver.run().await) }),
        };
        asked.link.receives([BACK]);
        asked.turn();
        asked
    }

    fn turn(&mut self) -> bool {
        self.run
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }

    /// The client closes the link with this code.
    fn close(&mut self, code: Option<u16>) {
        let mut link = self.link.0.lock().unwrap();
        link.has_ended = true;
        link.close_code = code;
        drop(link);
        assert!(self.turn(), "the link has ended");
    }
}

/// [U-10]: a client that gives an attempt up closes its WebSocket, and comes by another one.
#[tokio::test]
async fn an_attempt_that_is_closed_before_it_was_decided_on_ends_no_session() {
    for code in [None, Some(1005), Some(3000)] {
        let mut asked = Asked::new(false, std::future::pending());
        asked.close(code);
        assert_eq!(asked.former.end_request(), None, "{code:?}");
    }
}

/// [U-10]
#[tokio::test]
async fn a_page_that_is_left_before_it_was_decided_on_ends_its_session() {
    let mut asked = Asked::new(false, std::future::pending());
    asked.close(Some(1001));
    assert_eq!(asked.former.end_request(), Some(Ending::Close(CloseReason::Peer)));

    let mut asked = Asked::new(false, std::future::pending());
    asked.link.receives(["cl"]);
    assert!(asked.turn());
    assert_eq!(asked.former.end_request(), Some(Ending::Close(CloseReason::Peer)));
}

/// [U-12] [U-15]: the client has come by a later link, and the session is that one's affair.
#[tokio::test]
async fn what_is_decided_on_an_attempt_that_was_given_up_ends_no_session() {
    let refusal = Refusal::new(Code::PermissionDenied, "gone").for_good();
    for decision in [Err(refusal), Ok(Verdict::Fresh), Ok(Verdict::Resume)] {
        for (is_outdated, may_end) in [(false, true), (true, false)] {
            let asked = Asked::new(is_outdated, std::future::ready(decision.clone()));
            let is_kept = decision == Ok(Verdict::Resume);
            assert_eq!(
                asked.former.end_request(),
                (may_end && !is_kept).then_some(Ending::Close(CloseReason::Refused))
            );
            if is_outdated {
                assert_eq!(asked.link.sent().0, [""; 0], "nobody is there");
                assert!(asked.former.is_empty(), "and gets no link");
            }
        }
    }

    // Nor does its farewell.
    let mut asked = Asked::new(true, std::future::pending());
    asked.link.receives(["cl"]);
    assert!(asked.turn());
    assert_eq!(asked.former.end_request(), None);
}
