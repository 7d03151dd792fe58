//! The driver, turn by turn, over a transport made of queues.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::task::{Wake, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;

mod authorize;
mod claimed;
mod comeback;
#[cfg(feature = "server")]
mod relink;

use crate::channel::{Channel, Channels, Inbound, Receipt};
use crate::mailbox::{Bond, Late, Offered, Peer};
use crate::proto::MAIN_CHANNEL;
use crate::proto::batch::Joined;
use crate::proto::init::Auth;
use crate::proto::limits::{KeepAlive, Limits};
use crate::proto::messages::Piece;
use crate::proto::resume::ResumeTerms;
use crate::session::Role;
use crate::transport::{ServerWebSocket, TransportKind};

/// Both directions of a link, seen from the peer.
#[derive(Default)]
struct Link {
    incoming: VecDeque<String>,
    sent: Vec<String>,
    flushes: usize,
    /// Whether the link takes what is sent.
    is_blocked: bool,
    /// Whether parts of messages have moved.
    has_moved: bool,
    /// Whether it carries one message at a time.
    joins: bool,
    /// Whether its end has come, behind what is incoming.
    has_ended: bool,
    /// With this code.
    close_code: Option<u16>,
    presence: Option<Presence>,
}

#[derive(Clone, Default)]
struct FakeTransport(Arc<Mutex<Link>>);

impl FakeTransport {
    fn receives(&self, texts: impl IntoIterator<Item = impl Into<String>>) {
        let texts = texts.into_iter().map(Into::into);
        self.0.lock().unwrap().incoming.extend(texts);
    }

    /// Returns what was sent since the last time, with the number of flushes.
    fn sent(&self) -> (Vec<String>, usize) {
        let mut link = self.0.lock().unwrap();
        (std::mem::take(&mut link.sent), std::mem::take(&mut link.flushes))
    }

    fn unread(&self) -> usize {
        self.0.lock().unwrap().incoming.len()
    }

    fn moves(&self) {
        self.0.lock().unwrap().has_moved = true;
    }

    fn join(&self) {
        self.0.lock().unwrap().joins = true;
    }

    fn block(&self, is_blocked: bool) {
        self.0.lock().unwrap().is_blocked = is_blocked;
    }
}

impl Transport for FakeTransport {
    fn kind(&self) -> TransportKind {
        TransportKind::WebSocket
    }

    fn poll_receive(&mut self, _cx: &mut Context<'_>) -> Poll<Option<Result<Text, TransportError>>> {
        let next = self.0.lock().unwrap().incoming.pop_front();
        match next {
            Some(text) => Poll::Ready(Some(Ok(text.into()))),
            None if self.0.lock().unwrap().has_ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn take_presence(&mut self, _cx: &mut Context<'_>) -> Option<Presence> {
        self.0.lock().unwrap().presence.take()
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.0.lock().unwrap().is_blocked {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn send(&mut self, message: Piece<'_>) -> Result<(), TransportError> {
        self.0.lock().unwrap().sent.push(message.as_str().to_owned());
        Ok(())
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.0.lock().unwrap().flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.0.lock().unwrap().has_moved)
    }

    fn joins(&self) -> bool {
        self.0.lock().unwrap().joins
    }

    fn close_code(&self) -> Option<u16> {
        self.0.lock().unwrap().close_code
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>, _fault: Option<TransportError>) -> Poll<()> {
        Poll::Ready(())
    }

    fn poll_drain(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Opens the main channel and hands it out; echoes if it is told to.
struct TestHooks {
    channels: Arc<Channels>,
    main: Arc<OnceLock<Channel>>,
    is_echo: bool,
    /// Whether clients are accepted; all are, where there is none.
    decision: Option<Decision>,
    refused: Arc<Mutex<Vec<Refusal>>>,
}

impl Hooks for TestHooks {
    fn authorize(&mut self, _auth: Option<Auth>, _claim: Option<&Claim>) -> Decision {
        self.decision.take().expect("a socket is decided on once")
    }

    fn refused(&mut self, refusal: Refusal) {
        self.refused.lock().unwrap().push(refusal);
    }

    fn opened(&mut self, _socket_id: Arc<str>) -> Option<BoxFuture<'static, ()>> {
        let main = self.channels.channel(MAIN_CHANNEL);
        let _ = self.main.set(main.clone());
        let is_echo = self.is_echo;
        Some(Box::pin(async move {
            while is_echo && let Some(text) = main.recv().await {
                main.send(text).await.unwrap();
            }
        }))
    }

    fn serves(&self, _name: &str) -> bool {
        false
    }

    fn service(&mut self, _name: &str) -> Option<Box<dyn Inbound>> {
        None
    }

    fn closed(&mut self, _reason: CloseReason) {}
}

/// Counts how often the driver was woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// One driver and everything around it.
struct Stage {
    link: FakeTransport,
    channels: Arc<Channels>,
    main: Arc<OnceLock<Channel>>,
    wakes: Arc<Wakes>,
    refused: Arc<Mutex<Vec<Refusal>>>,
    run: Pin<Box<dyn Future<Output = ()>>>,
}

impl Stage {
    fn new(is_echo: bool, limits: Limits) -> Self {
        Self::with(is_echo, limits, None)
    }

    /// A stage whose application decides like this.
    fn deciding(decision: impl Future<Output = Result<(), Refusal>> + Send + 'static) -> Self {
        let decision = decision.map_ok(|()| Verdict::Resume);
        Self::with(true, Limits::default(), Some(Box::pin(decision)))
    }

    fn with(is_echo: bool, limits: Limits, decision: Option<Decision>) -> Self {
        Self::resuming(is_echo, limits, decision, None)
    }

    fn resuming(
        is_echo: bool,
        limits: Limits,
        decision: Option<Decision>,
        resume: Option<Box<ResumeTerms>>,
    ) -> Self {
        let role = Role::Server {
            socket_id: "x".repeat(20).into(),
            decides: decision.is_some(),
            resume,
        };
        Self::of(role, is_echo, limits, decision)
    }

    fn of(role: Role, is_echo: bool, limits: Limits, decision: Option<Decision>) -> Self {
        let link = FakeTransport::default();
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let main = Arc::new(OnceLock::new());
        let channels = Arc::new(Channels::new(mailbox.clone(), limits.clone()));
        let refused = Arc::default();
        let hooks = TestHooks {
            channels: channels.clone(),
            main: main.clone(),
            is_echo,
            decision,
            refused: Arc::clone(&refused),
        };
        let session = Session::new(role, KeepAlive::SERVER, limits, now());
        let mut driver = Driver::new(session, link.clone(), mailbox, hooks);
        let run = Box::pin(async move { drop(driver.run().await) });
        Self {
            link,
            channels,
            main,
            wakes: Arc::default(),
            refused,
            run,
        }
    }

    fn open(is_echo: bool, limits: Limits) -> Self {
        Self::open_with(is_echo, limits, r#"in{"version":"1.9.1"}"#)
    }

    /// A stage whose peer reads and writes containers.
    fn open_batching(is_echo: bool, limits: Limits) -> Self {
        Self::open_with(is_echo, limits, r#"in{"version":"1.9.1","batch":true}"#)
    }

    fn open_with(is_echo: bool, limits: Limits, init: &str) -> Self {
        let mut stage = Self::new(is_echo, limits);
        stage.link.receives([init]);
        stage.turn();
        stage.link.sent();
        stage.wakes();
        stage
    }

    /// Polls the driver once and returns whether it is done.
    fn turn(&mut self) -> bool {
        let waker = Waker::from(self.wakes.clone());
        self.run
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
    }

    fn wakes(&self) -> usize {
        self.wakes.0.swap(0, Ordering::SeqCst)
    }

    fn main(&self) -> &Channel {
        self.main.get().unwrap()
    }
}

#[tokio::test]
async fn what_arrived_together_is_answered_with_one_flush() {
    let mut stage = Stage::open(true, Limits::default());

    stage.link.receives(["cd1&ma", "pi", "cd1&mb", "x", "cd1&mc"]);
    stage.turn();

    let (mut sent, flushes) = stage.link.sent();
    sent.sort();
    assert_eq!(sent, ["cd1&ma", "cd1&mb", "cd1&mc", "iv", "po"]);
    assert_eq!(flushes, 1);
}

#[tokio::test]
async fn an_idle_socket_is_not_woken() {
    let mut stage = Stage::open(true, Limits::default());

    stage.turn();

    assert_eq!(stage.wakes(), 0);
    assert_eq!(stage.link.sent(), (vec![], 0));
}

/// Between `dr` and the end there is nothing to do; a driver that tried all the same would keep a core busy.
#[tokio::test]
async fn a_refused_socket_waits_for_its_end_without_work() {
    let mut stage = Stage::new(false, Limits::default());
    stage.link.receives([r#"in{"version":"2.0.0"}"#, "pi"]);

    stage.turn();

    assert_eq!(stage.link.sent().0, ["dr"]);
    assert_eq!(stage.wakes(), 0);
    assert_eq!(stage.link.unread(), 1);
}

/// [X-3]: a release or a shutdown can be over before the `in` of a socket that it has found.
#[tokio::test]
async fn a_socket_that_must_end_before_its_init_is_not_shown_to_the_application() {
    let mut stage = Stage::new(false, Limits::default());

    stage.channels.mailbox().request_close(CloseReason::Shutdown);
    stage.link.receives([r#"in{"version":"1.9.1"}"#]);

    assert!(stage.turn(), "the socket has ended");
    assert!(stage.main.get().is_none());
}

/// [L-5]
#[tokio::test]
async fn a_full_channel_stops_reading_until_it_is_read() {
    let limits = Limits {
        channel_messages: 2,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);

    stage
        .link
        .receives(["cd1&m1", "cd1&m2", "cd1&m3", "cd1&m4", "pi"]);
    stage.turn();
    assert_eq!(stage.link.unread(), 2);
    assert_eq!(stage.wakes(), 0);

    for expected in ["1", "2", "3", "4"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(expected));
        stage.turn();
    }
    assert_eq!(stage.link.sent().0, ["po"]);
}

/// [L-5]
#[tokio::test]
async fn a_full_channel_that_is_discarded_stops_nothing_any_more() {
    let limits = Limits {
        channel_messages: 1,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage
        .link
        .receives(["cd1&m1", "cd1&m2", "cd1&m3", "cd1&m4", "pi"]);
    stage.turn();
    assert_eq!(stage.link.sent().0, [""; 0]);

    stage.main().discard();
    assert!(stage.wakes() > 0, "the driver waits for the room");
    stage.turn();
    assert_eq!(stage.link.sent().0, ["po"]);

    stage.main().on_message(|_| async {});
    let texts = Arc::new(Mutex::new(Vec::new()));
    let taken = texts.clone();
    stage.main().on_message(move |text| {
        taken.lock().unwrap().push(text);
        async {}
    });
    stage.link.receives(["cd1&m5", "cd1&m6"]);
    stage.turn();
    stage.turn();
    assert_eq!(*texts.lock().unwrap(), ["5", "6"]);
}

/// Names may come from a peer's messages.
#[tokio::test]
async fn channels_past_the_limit_receive_nothing_and_can_send() {
    let limits = Limits {
        channels: 2,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    let second = stage.channels.channel("2");
    let third = stage.channels.channel("3");

    stage.link.receives(["cd1&2hello", "cd1&3hello", "cd1&mhello"]);
    stage.turn();
    third.send("hello").await.unwrap();
    stage.turn();

    assert_eq!(second.recv().await.as_deref(), Some("hello"));
    assert_eq!(stage.channels.channel("2").name(), "2");
    assert_eq!(stage.main().recv().await.as_deref(), Some("hello"));
    assert_eq!(third.recv().await, None);
    assert_eq!(stage.link.sent().0, ["cd1&3hello"]);
}

/// [L-6]: two peers that both have much to say must not wait for each other.
#[tokio::test]
async fn a_blocked_link_makes_senders_wait_and_is_read_all_the_same() {
    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);

    let mut queued = 0;
    while stage.main().try_send("x".repeat(100)).is_ok() {
        queued += 1;
        stage.turn();
        assert!(queued < 100, "nothing bounds what waits");
    }
    stage.link.receives(["cd1&mhello"]);
    stage.turn();
    assert_eq!(stage.main().recv().await.as_deref(), Some("hello"));

    stage.link.block(false);
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), queued);
    assert!(stage.main().try_send("again").is_ok());
}

/// Says one thing when it is polled, as a call that has been woken does.
struct Woken;

impl Inbound for Woken {
    fn receive(&mut self, _data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        Receipt::Taken
    }

    fn poll(&mut self, turn: &mut Turn<'_, '_>) {
        turn.out.push("cd4&workdone".into());
    }
}

/// [L-6]: nobody wakes the driver for it a second time.
#[tokio::test]
async fn a_call_that_was_woken_while_too_much_waited_goes_on_when_that_has_left() {
    let limits = Limits {
        send_bytes: 64,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    let mailbox = stage.channels.mailbox().clone();
    mailbox
        .request(Request::Open {
            name: "work".into(),
            inbound: Box::new(Woken),
        })
        .unwrap();

    stage.main().try_send("x".repeat(100)).unwrap();
    stage.turn();

    let (sent, _) = stage.link.sent();
    assert!(sent.contains(&"cd4&workdone".to_owned()), "{sent:?}");
}

/// Calls whose time runs out free their places and are answered, room or not: what stops such a peer is that it isn't read.
#[tokio::test]
async fn a_peer_whose_calls_run_out_of_time_and_that_does_not_read_is_not_read_either() {
    #[derive(Default)]
    struct Late(usize);

    impl Inbound for Late {
        fn receive(&mut self, _data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
            self.0 += 1;
            Receipt::Taken
        }

        fn settle(&mut self, turn: &mut Turn<'_, '_>) {
            for _ in 0..std::mem::take(&mut self.0) {
                turn.out.push("cd4&worklate".into());
            }
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
    }

    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);
    let mailbox = stage.channels.mailbox().clone();
    let (name, inbound) = ("work".into(), Box::new(Late::default()));
    mailbox.request(Request::Open { name, inbound }).unwrap();

    for _ in 0..100 {
        stage.link.receives(["cd4&workx"]);
        stage.turn();
    }
    assert!(stage.link.unread() > 50, "{} are unread", stage.link.unread());

    stage.link.block(false);
    stage.turn();
    assert_eq!(stage.link.unread(), 0);
    assert_eq!(stage.link.sent().0.len(), 100);
}

/// [L-6]: whoever reads a stream grants credit for each part of it, from a task of its own. A peer that sends as if it had read
/// those grants, and doesn't, is not read for ever.
#[tokio::test]
async fn a_peer_that_streams_and_does_not_read_its_credit_is_not_read_either() {
    struct Grant;

    impl Late for Grant {
        fn write(self: Box<Self>, _limit: usize, send: &mut dyn FnMut(Text, Bond)) {
            send("cd4&workcr1&1".into(), Bond::Session);
        }
    }

    struct Reader(Arc<Mailbox>);

    impl Inbound for Reader {
        fn receive(&mut self, _data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
            self.0.send_urgent(Box::new(Grant)).unwrap();
            Receipt::Taken
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
    }

    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);
    let mailbox = stage.channels.mailbox().clone();
    let (name, inbound) = ("work".into(), Box::new(Reader(mailbox.clone())));
    mailbox.request(Request::Open { name, inbound }).unwrap();

    for _ in 0..100 {
        stage.link.receives(["cd4&workit1&1"]);
        stage.turn();
    }
    assert!(stage.link.unread() > 50, "{} are unread", stage.link.unread());

    stage.link.block(false);
    stage.turn();
    stage.turn();
    assert_eq!(stage.link.unread(), 0);
    assert_eq!(stage.link.sent().0.len(), 100);
}

/// Leaves something to be done behind the end of its socket.
struct Lasting(Arc<AtomicUsize>);

impl Inbound for Lasting {
    fn receive(&mut self, _data: &str, _turn: &mut Turn<'_, '_>) -> Receipt {
        Receipt::Taken
    }

    fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}

    fn finish(&mut self) -> Option<BoxFuture<'static, ()>> {
        let steps = self.0.clone();
        let mut waited = false;
        Some(Box::pin(poll_fn(move |cx| {
            steps.fetch_add(1, Ordering::SeqCst);
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut waited, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })))
    }
}

#[tokio::test]
async fn what_outlives_the_socket_goes_on_while_its_peer_takes_nothing() {
    let mut stage = Stage::open(false, Limits::default());
    let steps = Arc::default();
    let inbound = Box::new(Lasting(Arc::clone(&steps)));
    let mailbox = stage.channels.mailbox().clone();
    let name = "work".into();
    mailbox.request(Request::Open { name, inbound }).unwrap();
    stage.link.block(true);
    stage.main().try_send("nobody takes it").unwrap();
    stage.turn();

    stage.link.receives(["cl"]);
    let is_done = (0..3).any(|_| stage.turn());

    assert!(!is_done, "the peer has still to take what waits");
    assert_eq!(steps.load(Ordering::SeqCst), 2);
}

/// Each answer takes along what was sent before it, broadcasts too.
#[tokio::test]
async fn a_peer_that_calls_and_does_not_read_draws_no_end_of_broadcasts() {
    struct Answers;

    impl Inbound for Answers {
        fn receive(&mut self, _data: &str, turn: &mut Turn<'_, '_>) -> Receipt {
            turn.out.push("cd4&workok".into());
            Receipt::Taken
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
    }

    let limits = Limits {
        send_bytes: 10_000,
        backlog_bytes: 10_000,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);
    let mailbox = stage.channels.mailbox().clone();
    mailbox
        .request(Request::Open {
            name: "work".into(),
            inbound: Box::new(Answers),
        })
        .unwrap();
    let broadcast = Text::from("x".repeat(2_000));

    let mut queued = 0;
    for _ in 0..100 {
        if mailbox.offer(&broadcast, false) == (Offered::Queued { dropped: 0 }) {
            queued += 1;
        }
        stage.link.receives(["cd4&workx"]);
        stage.turn();
    }
    assert!(queued <= 16, "{queued} wait");

    stage.link.block(false);
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 100 + queued);
    assert_eq!(mailbox.offer(&broadcast, false), Offered::Queued { dropped: 0 });
}

/// The bound holds inside a turn as well, in which many calls are read; and who takes what is sent is not called slow
/// because it was not written yet.
#[tokio::test]
async fn calls_that_broadcast_and_were_read_together_fill_the_outbox_of_a_slow_peer_only() {
    struct Broadcasts {
        mailbox: Arc<Mailbox>,
        queued: Arc<AtomicUsize>,
    }

    impl Inbound for Broadcasts {
        fn receive(&mut self, _data: &str, turn: &mut Turn<'_, '_>) -> Receipt {
            if self.mailbox.offer(&"x".repeat(2_000).into(), false) != Offered::Full {
                self.queued.fetch_add(1, Ordering::Relaxed);
            }
            turn.out.push("cd4&workok".into());
            Receipt::Taken
        }

        fn poll(&mut self, _turn: &mut Turn<'_, '_>) {}
    }

    let limits = Limits {
        send_bytes: 10_000,
        backlog_bytes: 10_000,
        ..Limits::default()
    };
    for (is_slow, expected) in [(true, 1..=16), (false, 100..=100)] {
        let mut stage = Stage::open(false, limits.clone());
        stage.link.block(is_slow);
        let mailbox = stage.channels.mailbox().clone();
        let queued = Arc::new(AtomicUsize::new(0));
        let inbound = Broadcasts {
            mailbox: mailbox.clone(),
            queued: queued.clone(),
        };
        mailbox
            .request(Request::Open {
                name: "work".into(),
                inbound: Box::new(inbound),
            })
            .unwrap();

        stage.link.receives(["cd4&workx"; 100]);
        stage.turn();

        let queued = queued.load(Ordering::Relaxed);
        assert!(expected.contains(&queued), "{queued} wait, slow: {is_slow}");
    }
}

/// [C-9]: a channel must not be opened behind its first messages.
#[tokio::test]
async fn a_channel_is_opened_however_much_waits_to_be_sent() {
    let limits = Limits {
        send_bytes: 64,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);
    stage.main().try_send("x".repeat(100)).unwrap();
    stage.turn();

    let side = stage.channels.channel("side");
    stage.link.receives(["cd4&sidehello"]);
    stage.turn();

    assert_eq!(side.recv().await.as_deref(), Some("hello"));
}

/// [I-11] [C-11]
#[tokio::test]
async fn early_messages_that_have_no_room_wait_for_it() {
    let limits = Limits {
        channel_messages: 2,
        ..Limits::default()
    };
    let mut stage = Stage::new(false, limits);

    stage
        .link
        .receives(["cd1&m1", "cd1&m2", "cd1&m3", r#"in{"version":"1.9.1"}"#, "cd1&m4"]);
    stage.turn();

    for expected in ["1", "2", "3", "4"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(expected));
        stage.turn();
    }
}

/// Pings that are not read must not be answered into a queue without end.
#[tokio::test]
async fn a_flood_of_pings_on_a_blocked_link_is_not_read() {
    let limits = Limits {
        send_bytes: 64,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);
    stage.link.block(true);

    stage.link.receives(["pi"; 1000]);
    for _ in 0..10 {
        stage.turn();
    }

    assert!(stage.link.unread() > 900);
}

/// [C-11]: one turn must not starve other sockets, and what is left must not be forgotten.
#[tokio::test]
async fn a_flood_is_taken_in_portions() {
    let limits = Limits {
        channel_messages: 10_000,
        ..Limits::default()
    };
    let mut stage = Stage::open(false, limits);

    stage.link.receives(["cd1&mx"; 1000]);
    stage.turn();
    assert!(stage.link.unread() > 0);

    while stage.link.unread() > 0 {
        assert!(stage.wakes() > 0, "nobody will take the rest");
        stage.turn();
    }
}

/// [X-2]
#[tokio::test]
async fn an_end_that_is_asked_for_lets_queued_messages_pass() {
    let mut stage = Stage::open(false, Limits::default());
    let channel = stage.main().clone();
    channel.try_send("last").unwrap();
    channel.lane().mailbox().request_close(CloseReason::Local);

    assert!(stage.turn());

    assert_eq!(stage.link.sent().0, ["cd1&mlast"]);
    assert_eq!(channel.recv().await, None);
    assert!(channel.try_send("late").is_err());
}

/// Returns a container.
fn container(messages: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut joined = Joined::new(0);
    for message in messages {
        joined.push(message.as_ref());
    }
    joined.into_text()
}

/// [B-4]: in their order, and together with what stands in front of it and behind.
#[tokio::test]
async fn the_messages_of_a_container_have_their_effects_one_by_one() {
    let mut stage = Stage::open_batching(true, Limits::default());

    let texts = [
        "cd1&ma".to_owned(),
        container(["cd1&mb", "pi", "", "cd1&mé"]),
        "cd1&md".to_owned(),
    ];
    stage.link.receives(texts);
    stage.turn();

    let (sent, flushes) = stage.link.sent();
    let data: Vec<_> = sent.iter().filter(|text| text.starts_with("cd")).collect();
    assert_eq!(data, ["cd1&ma", "cd1&mb", "cd1&mé", "cd1&md"]);
    assert_eq!(sent.len(), 6);
    assert_eq!(flushes, 1);
}

/// [B-4] [L-5] [C-11]: what has been taken is not offered again, what has not is.
#[tokio::test]
async fn a_full_channel_stops_a_container_in_its_middle() {
    let limits = Limits {
        channel_messages: 2,
        ..Limits::default()
    };
    let mut stage = Stage::open_batching(false, limits);

    stage.link.receives([
        container(["cd1&m1", "pi", "cd1&m2", "cd1&m3", "pi", "cd1&m4"]),
        "cd1&m5".to_owned(),
    ]);
    stage.turn();
    assert_eq!(stage.link.unread(), 1);
    assert_eq!(stage.link.sent().0, ["po"]);
    assert_eq!(stage.wakes(), 0);

    for expected in ["1", "2", "3", "4", "5"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(expected));
        stage.turn();
    }
    assert_eq!(stage.link.sent().0, ["po"]);
}

/// [B-4] [L-5]
#[tokio::test(start_paused = true)]
async fn a_channel_that_stays_full_inside_a_container_ends_the_session() {
    let limits = Limits {
        channel_messages: 1,
        ..Limits::default()
    };
    let mut stage = Stage::open_batching(false, limits);
    stage.link.receives([container(["cd1&m1", "cd1&m2", "cd1&m3"])]);
    stage.turn();

    tokio::time::advance(Limits::default().stall).await;

    assert!(stage.turn());
    assert_eq!(
        stage.channels.mailbox().closed().await,
        CloseReason::ChannelOverflow
    );
}

/// [B-4] [L-6]: answers that nobody takes stop the reading inside of a container as well, and it goes on when they are taken.
#[tokio::test]
async fn a_container_of_pings_on_a_blocked_link_is_not_answered_without_end() {
    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::open_batching(false, limits);
    stage.link.block(true);

    stage.link.receives([container(["pi"; 200])]);
    for _ in 0..10 {
        stage.turn();
    }
    assert_eq!(stage.wakes(), 0);

    stage.link.block(false);
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 200);
}

/// [B-4] [C-11]: a container must not starve other sockets more than as many messages would.
#[tokio::test]
async fn a_large_container_is_taken_in_portions() {
    let limits = Limits {
        channel_messages: 10_000,
        ..Limits::default()
    };
    let mut stage = Stage::open_batching(false, limits);

    stage
        .link
        .receives([container((0..1024).map(|n| format!("cd1&m{n}")))]);
    let mut taken = Vec::new();
    loop {
        stage.turn();
        let before = taken.len();
        while let Some(text) = stage.main().recv().now_or_never() {
            taken.extend(text);
        }
        assert!(taken.len() - before <= 256, "too much in one turn");
        if stage.wakes() == 0 {
            break;
        }
    }

    assert!(taken.into_iter().eq((0..1024).map(|n| n.to_string())));
}

/// [B-6]
#[tokio::test]
async fn a_link_that_joins_gets_all_that_waits_in_one() {
    let mut stage = Stage::open_batching(true, Limits::default());
    stage.link.join();

    stage.link.receives(["cd1&ma", "cd1&mb"]);
    stage.turn();

    assert_eq!(stage.link.sent().0, ["ba6&cd1&ma6&cd1&mb"]);
}

/// [K-2]: over a link that is slow the answer is on its way, over one that is dead it is not.
#[tokio::test(start_paused = true)]
async fn a_link_on_which_bytes_move_is_not_given_up() {
    let mut stage = Stage::open(false, Limits::default());
    tokio::time::advance(KeepAlive::SERVER.interval).await;
    assert!(!stage.turn());
    assert_eq!(stage.link.sent().0, ["pi"]);

    for _ in 0..10 {
        stage.link.moves();
        tokio::time::advance(KeepAlive::SERVER.timeout).await;
        assert!(!stage.turn());
    }
    tokio::time::advance(KeepAlive::SERVER.timeout).await;

    assert!(stage.turn());
    assert_eq!(stage.channels.mailbox().closed().await, CloseReason::KeepAlive);
}

/// A server's driver over a real WebSocket, whose peer reads and writes the bytes of its end by itself.
fn over_websocket(room: usize) -> (DuplexStream, Arc<Channels>, JoinHandle<()>) {
    let (io, peer) = duplex(room);
    let limits = Limits::default();
    let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
    let channels = Arc::new(Channels::new(mailbox.clone(), limits.clone()));
    let hooks = TestHooks {
        channels: channels.clone(),
        main: Arc::default(),
        is_echo: false,
        decision: None,
        refused: Arc::default(),
    };
    let task = tokio::spawn(async move {
        let transport = ServerWebSocket::new(io, Vec::new(), &limits);
        let role = Role::Server {
            socket_id: "x".repeat(20).into(),
            decides: false,
            resume: None,
        };
        let session = Session::new(role, KeepAlive::SERVER, limits, now());
        drop(Driver::new(session, transport, mailbox, hooks).run().await);
    });
    (peer, channels, task)
}

/// Returns the bytes of one message of a client: a whole text frame with the longest form of length and a mask of zeros.
fn client_frame(text: &str) -> Vec<u8> {
    let length = (text.len() as u64).to_be_bytes();
    [&[0x81, 0xFF], &length[..], &[0; 4], text.as_bytes()].concat()
}

/// 20 KiB/s, which takes 51 seconds for the largest message.
const SLOW: usize = 20 << 10;

/// [K-2]: weakness B10 of the original, upwards.
#[tokio::test(start_paused = true)]
async fn a_large_message_over_a_slow_link_arrives() {
    let (mut peer, channels, task) = over_websocket(1 << 10);
    peer.write_all(&client_frame(r#"in{"version":"1.9.1"}"#))
        .await
        .unwrap();
    let text = "x".repeat((1 << 20) - 5);

    let mut second = tokio::time::interval(Duration::from_secs(1));
    for part in client_frame(&format!("cd1&m{text}")).chunks(SLOW) {
        peer.write_all(part).await.unwrap();
        second.tick().await;
    }

    assert!(channels.channel(MAIN_CHANNEL).recv().await.unwrap() == text);
    drop(peer);
    task.await.unwrap();
}

/// [K-2]: weakness B10 of the original, downwards; and a link that takes nothing any more is given up all the same.
#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_a_large_message_slowly_is_not_given_up() {
    let (mut peer, channels, task) = over_websocket(64 << 10);
    peer.write_all(&client_frame(r#"in{"version":"1.9.1"}"#))
        .await
        .unwrap();
    peer.read_u8().await.unwrap();
    let text = "x".repeat(1 << 20);
    let main = channels.channel(MAIN_CHANNEL);
    main.send(&text).await.unwrap();

    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut taken = 0;
    while taken < text.len() {
        let mut part = vec![0; SLOW];
        taken += peer.read(&mut part).await.unwrap();
        second.tick().await;
        assert!(!task.is_finished(), "given up behind {taken} bytes");
    }

    // The peer is dead from here on.
    let reason = channels.mailbox().closed().await;
    assert_eq!(reason, CloseReason::KeepAlive);
    drop(peer);
    task.await.unwrap();
}
