//! A server's driver whose client comes back over another link, and what happens meanwhile.

use super::*;
use crate::mailbox::NewLink;
use crate::proto::resume::{ResumeTerms, ResumeToken};

const FIRST: &str = r#"in{"version":"1.9.1","batch":true,"resume":{}}"#;

/// What the driver tells its side.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Detached(CloseReason),
    /// It was asked about this weight.
    Weighed(usize),
    Resumed,
    Closed(CloseReason),
}

struct Keeping {
    told: Arc<Mutex<Vec<Told>>>,
    /// Weight that there is room for.
    room: Arc<AtomicUsize>,
}

impl Keeping {
    fn tell(&self, told: Told) {
        self.told.lock().unwrap().push(told);
    }
}

impl Hooks for Keeping {
    fn detached(&mut self, reason: CloseReason) {
        self.tell(Told::Detached(reason));
    }

    fn keeps(&mut self, weight: usize) -> bool {
        self.tell(Told::Weighed(weight));
        weight <= self.room.load(Ordering::SeqCst)
    }

    fn resumed(&mut self, _transport: TransportKind) {
        self.tell(Told::Resumed);
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

    fn closed(&mut self, reason: CloseReason) {
        self.tell(Told::Closed(reason));
    }
}

/// A link that counts for as long as it is held.
struct Held {
    link: FakeTransport,
    place: Arc<()>,
}

impl Held {
    fn new() -> Self {
        Self {
            link: FakeTransport::default(),
            place: Arc::default(),
        }
    }

    fn is_held(&self) -> bool {
        Arc::strong_count(&self.place) > 1
    }
}

/// A session that is open over its first link.
struct Kept {
    first: Held,
    mailbox: Arc<Mailbox>,
    told: Arc<Mutex<Vec<Told>>>,
    room: Arc<AtomicUsize>,
    run: Pin<Box<dyn Future<Output = ()>>>,
}

fn terms() -> ResumeTerms {
    ResumeTerms {
        token: ResumeToken::new("t".repeat(32)),
        window: Duration::from_secs(60),
        buffer_bytes: 64 << 10,
        received: None,
    }
}

impl Kept {
    fn open() -> Self {
        let limits = Limits {
            send_bytes: 1024,
            ..Limits::default()
        };
        let mailbox = Arc::new(Mailbox::new(Peer::default(), &limits));
        let (told, room) = (Arc::default(), Arc::new(AtomicUsize::new(usize::MAX)));
        let hooks = Keeping {
            told: Arc::clone(&told),
            room: room.clone(),
        };
        let role = Role::Server {
            socket_id: "x".repeat(20).into(),
            decides: false,
            resume: Some(Box::new(terms())),
        };
        let first = Held::new();
        let session = Session::new(role, KeepAlive::SERVER, limits, now());
        let mut driver = Driver::new(session, first.link.clone(), mailbox.clone(), hooks)
            .with_place(Box::new(first.place.clone()));
        let mut kept = Self {
            first,
            mailbox,
            told,
            room,
            run: Box::pin(async move { drop(driver.run().await) }),
        };
        kept.first.link.receives([FIRST]);
        kept.turn();
        kept.first.link.sent();
        kept
    }

    fn turn(&mut self) -> bool {
        self.run
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }

    /// Comes by another link, where the client has taken in nothing.
    fn attach(&mut self, generation: u64) -> Held {
        let held = Held::new();
        let attached = self.mailbox.attach(NewLink {
            transport: Box::new(held.link.clone()),
            received: 0,
            terms: terms(),
            generation,
            place: Some(Box::new(held.place.clone())),
            from: Arc::new(Mailbox::new(Peer::default(), &Limits::default())),
        });
        assert!(attached.is_ok());
        self.turn();
        held
    }

    fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

/// [U-12] [K-2]: a ping of the former link is answered by nobody, and need not be.
#[tokio::test(start_paused = true)]
async fn the_deadlines_of_a_former_link_go_with_it() {
    let mut kept = Kept::open();
    tokio::time::advance(Duration::from_secs(30)).await;
    kept.turn();
    assert_eq!(kept.first.link.sent().0, ["pi"]);

    let second = kept.attach(1);
    assert!(second.link.sent().0[0].starts_with("in{"));
    tokio::time::advance(Duration::from_secs(29)).await;
    kept.turn();

    assert_eq!(kept.told(), [Told::Resumed]);
    assert_eq!(second.link.sent().0, [""; 0]);
    tokio::time::advance(Duration::from_secs(1)).await;
    kept.turn();
    assert_eq!(second.link.sent().0, ["pi"]);
    tokio::time::advance(Duration::from_secs(7)).await;
    kept.turn();
    assert_eq!(
        kept.told()[0],
        Told::Detached(CloseReason::KeepAlive),
        "its own count"
    );
}

/// [U-11]: nobody is asked for signs of life; the end comes when the time is over, for the reason of the loss.
#[tokio::test(start_paused = true)]
async fn a_session_without_a_link_is_quiet_until_its_time_is_over() {
    let mut kept = Kept::open();
    for seconds in [30, 7] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        kept.turn();
    }
    assert!(!kept.first.is_held(), "its place is free");
    assert_eq!(
        kept.told(),
        [
            Told::Detached(CloseReason::KeepAlive),
            Told::Weighed(0),
            Told::Weighed(0)
        ]
    );

    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert!(!kept.turn());
    assert_eq!(kept.mailbox.closed().now_or_never(), None);
    tokio::time::advance(Duration::from_millis(1)).await;

    assert!(kept.turn());
    assert_eq!(kept.told().last(), Some(&Told::Closed(CloseReason::KeepAlive)));
    assert_eq!(kept.mailbox.closed().now_or_never(), Some(CloseReason::KeepAlive));
}

/// The place among the sockets is the link's.
#[tokio::test(start_paused = true)]
async fn a_link_that_is_taken_over_gives_its_place_back() {
    let mut kept = Kept::open();
    assert!(kept.first.is_held());

    let second = kept.attach(1);

    assert!(!kept.first.is_held() && second.is_held());
}

/// [U-12]: of several attempts the one that came last counts, in whatever order they were decided on.
#[tokio::test(start_paused = true)]
async fn a_link_that_was_asked_for_before_another_is_dropped() {
    let mut kept = Kept::open();

    let later = kept.attach(2);
    let earlier = kept.attach(1);

    assert!(later.is_held() && !earlier.is_held());
    assert_eq!(earlier.link.sent().0, [""; 0]);
    assert_eq!(kept.told(), [Told::Resumed]);
}

/// [U-17]: all that waits is weighed, wherever it does.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_client_that_is_away_is_weighed_and_may_be_too_much() {
    let mut kept = Kept::open();
    let message = "cd1&m".to_owned() + &"x".repeat(95);
    kept.mailbox.try_send(message.clone().into()).unwrap();
    kept.turn();
    for seconds in [30, 7] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        kept.turn();
    }
    // One is not acknowledged.
    assert_eq!(kept.told().last(), Some(&Told::Weighed(132)));

    let mut sent = 1;
    let mut has_room = true;
    while std::mem::take(&mut has_room) {
        while kept.mailbox.try_send(message.clone().into()).is_ok() {
            sent += 1;
            has_room = true;
        }
        kept.turn();
        assert!(sent < 100, "nothing bounds what waits");
    }
    let weight = sent * 132;
    assert!(sent > 8 && kept.told().contains(&Told::Weighed(weight)), "{sent}");
    kept.room.store(weight - 1, Ordering::SeqCst);
    kept.turn();

    assert!(kept.turn(), "it has ended");
    assert_eq!(kept.told().last(), Some(&Told::Closed(CloseReason::KeepAlive)));
    assert_eq!(kept.mailbox.undelivered(), Some(sent - 1), "one had left");
}
