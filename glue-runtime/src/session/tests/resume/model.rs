//! Two sessions over links that do anything, against a model: each message is delivered once and in order while the session
//! lives, whatever is lost on its way.
//!
//! Operations as in `rpc/tests/fuzz`: a failing line goes into `model.txt`. `GLUE_SEEDS=100000 cargo test -p glue-runtime
//! --all-features session::tests::resume::model` looks for more.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;
use crate::proto::batch::Joined;
use crate::proto::messages::Piece;

/// [U-2] [U-3] [U-4] [U-6] [U-8] [U-11] [U-12] [U-13] [U-14] [U-16]
#[test]
fn nothing_is_lost_doubled_or_reordered_while_the_session_lives() {
    for line in include_str!("model.txt").lines() {
        if !line.is_empty() && !line.starts_with('#') {
            let operations: Vec<_> = line.split(" | ").map(str::to_owned).collect();
            play(&operations);
        }
    }
    let asked = std::env::var("GLUE_SEEDS").ok();
    let config = Config {
        cases: asked.map_or(1000, |asked| asked.parse().unwrap()),
        max_shrink_iters: 50_000,
        failure_persistence: None,
        ..Config::default()
    };
    let found = TestRunner::new(config).run(&operations(), |operations| {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&operations)));
        played.map_err(|cause| {
            let cause = cause
                .downcast_ref::<String>()
                .cloned()
                .unwrap_or_else(|| "see above".to_owned());
            TestCaseError::fail(format!("{cause}\nin: {}", operations.join(" | ")))
        })
    });
    if let Err(found) = found {
        panic!("{found}");
    }
}

fn operations() -> impl Strategy<Value = Vec<String>> {
    let operation = prop_oneof![
        8 => (0..2_usize, 1..20_usize, 0..3000_usize).prop_map(|(side, count, bytes)| {
            format!("{} {count} {bytes}", ["up", "down"][side])
        }),
        12 => (0..12_usize).prop_map(|count| format!("carry {count}")),
        4 => Just("carry 1000".to_owned()),
        3 => prop_oneof![Just(1), Just(999), Just(4000), Just(31_000)].prop_map(|time| format!("pass {time}")),
        1 => Just("pass 61000".to_owned()),
        2 => Just("cut".to_owned()),
        2 => (0..4_usize).prop_map(|count| format!("break {count}")),
        1 => (0..3_usize).prop_map(|way| format!("lose {}", ["up", "down", "both"][way])),
        2 => (0..2_usize).prop_map(|side| format!("notice {}", ["up", "down"][side])),
        6 => (0..3_usize).prop_map(|kind| format!("come {kind}")),
        2 => Just("twice".to_owned()),
        1 => Just("restart".to_owned()),
        3 => (0..4_usize).prop_map(|busy| format!("busy {busy}")),
        1 => Just("ping".to_owned()),
    ];
    prop::collection::vec(operation, 1..60)
}

fn play(operations: &[String]) {
    let mut world = World::new();
    for operation in operations {
        world.act(operation);
        world.check();
    }
    world.finish();
}

/// What a link does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One at a time.
    Plain,
    /// Containers.
    Joining,
    /// Containers with numbers in front of a client's data, which may come twice.
    Numbering,
}

/// A connection, and what is on its way.
struct Wire {
    kind: Kind,
    up: VecDeque<String>,
    down: VecDeque<String>,
    /// What is sent this way is gone.
    is_up_lost: bool,
    is_down_lost: bool,
    /// What a server does that has not read the client's `in`.
    greeter: Option<Box<Session>>,
    /// Number of the next data that the client puts on it.
    next: u64,
    /// What was read last, for another time.
    last: Option<String>,
}

/// One side, with what its driver keeps.
struct Side {
    session: Session,
    /// Whether its application takes nothing.
    is_busy: bool,
    /// What has arrived and was not taken in.
    stalled: VecDeque<String>,
    /// Numbers that its application has got in this session, and in all.
    got: Vec<u32>,
}

impl Side {
    fn new(session: Session) -> Self {
        Self {
            session,
            is_busy: false,
            stalled: VecDeque::new(),
            got: Vec::new(),
        }
    }

    /// Reads on where it has to; returns whether it took a message off the link.
    fn read(&mut self, now: Instant, link: &mut VecDeque<String>) -> bool {
        let waits = !self.stalled.is_empty();
        if waits && !self.session.is_full() {
            return false;
        }
        let Some(text) = link.pop_front() else {
            return false;
        };
        if waits && self.session.heed(now, &text) {
            return true;
        }
        let mut is_first = true;
        match text.strip_prefix("ba") {
            None => self.take(now, &text),
            Some(mut rest) => {
                assert_eq!(batch::check(rest, 1024), Ok(()), "{text}");
                while let Some((first, behind)) = batch::split_first(rest) {
                    let is_heeded = is_first && first.starts_with("ak") && self.session.heed(now, first);
                    if !is_heeded {
                        self.take(now, first);
                    }
                    is_first = false;
                    rest = behind;
                }
            }
        }
        let waiting: usize = self.stalled.iter().map(String::len).sum();
        assert!(
            waiting <= self.session.most_unread(),
            "a peer that keeps the rules is never told off"
        );
        true
    }

    fn take(&mut self, now: Instant, text: &str) {
        let is_busy = self.is_busy && text.starts_with("cd");
        if (is_busy || !self.stalled.is_empty()) && self.session.can_receive() {
            self.stalled.push_back(text.to_owned());
        } else {
            self.take_one(now, text);
        }
    }

    fn take_one(&mut self, now: Instant, text: &str) {
        if let Some(Content::ChannelData(data)) = self.session.handle_text(now, text) {
            let (_, number) = pair::decode(data, LengthUnit::Bytes).unwrap();
            let number = number.split_once(';').unwrap().0.parse().unwrap();
            if let Some(&last) = self.got.last() {
                assert_eq!(number, last + 1, "in one session nothing is missing");
            }
            self.got.push(number);
            self.session.take_in(now, text.len());
        }
    }

    /// Its application takes what waits.
    fn work(&mut self, now: Instant) {
        while !self.is_busy && self.session.can_receive() {
            let Some(text) = self.stalled.pop_front() else {
                return;
            };
            self.take_one(now, &text);
        }
    }
}

struct World {
    now: Instant,
    client: Option<Side>,
    server: Option<Side>,
    wire: Option<Wire>,
    /// Whether the server's session is bound to that wire.
    is_bound: bool,
    sessions: u32,
    tokens: u32,
    proven: Option<String>,
    issued: Option<String>,
    /// Numbers said so far, by the client and by the server.
    said: [u32; 2],
    /// The last number that each has got, the server first.
    got: [u32; 2],
    /// The client's messages that never left, for its next session.
    unsent: Vec<Text>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            now: start(),
            client: None,
            server: None,
            wire: None,
            is_bound: false,
            sessions: 0,
            tokens: 0,
            proven: None,
            issued: None,
            said: [0; 2],
            got: [0; 2],
            unsent: Vec::new(),
        };
        world.come(Kind::Plain);
        world
    }

    fn act(&mut self, operation: &str) {
        let mut words = operation.split(' ');
        let word = words.next().unwrap();
        let rest: Vec<_> = words.collect();
        let number = |at: usize| {
            rest.get(at)
                .and_then(|word| word.parse::<usize>().ok())
                .unwrap_or(0)
        };
        match word {
            "up" => {
                for _ in 0..number(0) {
                    self.said[0] += 1;
                    let text = say(self.said[0], number(1));
                    match &mut self.client {
                        Some(client) if client.session.is_open() => {
                            client.session.outbox().push_data(text, Cause::Handle);
                        }
                        _ => self.unsent.push(text),
                    }
                }
            }
            "down" => {
                if let Some(server) = &mut self.server {
                    for _ in 0..number(0) {
                        self.said[1] += 1;
                        let text = say(self.said[1], number(1));
                        server.session.outbox().push_data(text, Cause::Handle);
                    }
                }
            }
            "ping" => {
                let sides = [&mut self.client, &mut self.server].into_iter().flatten();
                for side in sides.filter(|side| side.session.has_link()) {
                    side.session.outbox().push_control(Frame::Ping);
                }
            }
            "carry" => self.carry(number(0)),
            "pass" => self.pass(Duration::from_millis(number(0) as u64)),
            "cut" => {
                self.lose_both(0);
            }
            "break" => self.lose_both(number(0)),
            "lose" => {
                if let Some(wire) = &mut self.wire {
                    wire.is_up_lost |= rest[0] != "down";
                    wire.is_down_lost |= rest[0] != "up";
                }
            }
            // One side finds out about the loss of the link.
            "notice" => {
                if self
                    .wire
                    .as_ref()
                    .is_some_and(|wire| wire.is_up_lost && wire.is_down_lost)
                {
                    match rest[0] {
                        "up" => self.lose_client(CloseReason::LinkLost),
                        _ => self.lose_server(CloseReason::LinkLost),
                    }
                }
            }
            "come" => self.come([Kind::Plain, Kind::Joining, Kind::Numbering][number(0)]),
            // A push that the client sends again.
            "twice" => {
                if let Some(wire) = self
                    .wire
                    .as_mut()
                    .filter(|wire| wire.kind == Kind::Numbering && !wire.is_up_lost)
                    && let Some(last) = wire.last.clone()
                    && last.contains("nu")
                {
                    let last = without_ack(&last);
                    wire.up.push_front(last);
                }
            }
            "restart" => {
                self.end_server();
                self.lose_both(0);
            }
            "busy" => {
                for (side, bit) in [(&mut self.client, 1), (&mut self.server, 2)] {
                    if let Some(side) = side {
                        side.is_busy = number(0) & bit != 0;
                    }
                }
            }
            _ => panic!("what is {operation}?"),
        }
        self.settle();
    }

    /// Both directions of the link are gone, but for the first messages on their way.
    fn lose_both(&mut self, count: usize) {
        if let Some(wire) = &mut self.wire {
            wire.is_up_lost = true;
            wire.is_down_lost = true;
            wire.up.truncate(count);
            wire.down.truncate(count);
        }
    }

    fn lose_client(&mut self, reason: CloseReason) {
        if let Some(client) = &mut self.client {
            client.session.lose_link(self.now, reason);
        }
    }

    fn lose_server(&mut self, reason: CloseReason) {
        if self.is_bound
            && let Some(server) = &mut self.server
        {
            server.session.lose_link(self.now, reason);
        }
    }

    /// The client drops its link, if there is one, and makes another.
    fn come(&mut self, kind: Kind) {
        self.lose_client(CloseReason::LinkLost);
        self.settle();
        match &mut self.client {
            Some(client) if client.session.lost().is_some() => {
                client.session.reopen(self.now, None, seconds(10));
            }
            client => {
                let session = Session::new(resuming_client(), KeepAlive::CLIENT, Limits::default(), self.now);
                *client = Some(Side::new(session));
            }
        }
        self.sessions += 1;
        self.tokens += 1;
        let role = Role::Server {
            socket_id: format!("{:020}", self.sessions).into(),
            decides: false,
            resume: Some(Box::new(ResumeTerms {
                token: token(self.tokens),
                ..terms("z")
            })),
        };
        let greeter = Session::new(role, KeepAlive::SERVER, Limits::default(), self.now);
        self.wire = Some(Wire {
            kind,
            up: VecDeque::new(),
            down: VecDeque::new(),
            is_up_lost: false,
            is_down_lost: false,
            greeter: Some(Box::new(greeter)),
            next: 0,
            last: None,
        });
        self.is_bound = false;
    }

    /// Puts on the link what the sides have to say.
    fn transmit(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        let joins = wire.kind != Kind::Plain;
        if let Some(client) = &mut self.client
            && client.session.has_link()
        {
            while let Some(text) = client.session.poll_transmit(joins).map(Piece::into_text) {
                let texts = if wire.kind == Kind::Numbering {
                    number(&text, &mut wire.next)
                } else {
                    text.to_string()
                };
                if !wire.is_up_lost {
                    wire.up.push_back(texts);
                }
            }
        }
        let server = match (&mut wire.greeter, &mut self.server) {
            (Some(greeter), _) => Some(greeter.as_mut()),
            (None, Some(server)) if self.is_bound => Some(&mut server.session),
            _ => None,
        };
        if let Some(server) = server {
            while let Some(text) = server.poll_transmit(joins).map(Piece::into_text) {
                if !wire.is_down_lost {
                    wire.down.push_back(text.to_string());
                }
            }
        }
    }

    /// Lets so many messages arrive, in both directions.
    fn carry(&mut self, count: usize) {
        for _ in 0..count {
            self.transmit();
            let came_up = self.carry_up();
            let came_down = self.carry_down();
            self.settle();
            if !came_up && !came_down {
                return;
            }
        }
    }

    fn carry_up(&mut self) -> bool {
        let Some(wire) = &mut self.wire else { return false };
        let Some(first) = wire.up.front().cloned() else {
            return false;
        };
        if let Some(greeter) = &mut wire.greeter {
            wire.up.pop_front();
            greeter.handle_text(self.now, &first);
            self.greet();
            return true;
        }
        let Some(server) = self.server.as_mut().filter(|_| self.is_bound) else {
            return false;
        };
        if !server.session.has_link() {
            return false;
        }
        let has_read = server.read(self.now, &mut wire.up);
        if has_read {
            wire.last = Some(first);
        }
        has_read
    }

    fn carry_down(&mut self) -> bool {
        let Some(wire) = &mut self.wire else { return false };
        let Some(client) = self.client.as_mut().filter(|client| client.session.has_link()) else {
            return false;
        };
        // The answer names the number that is due next.
        if let Some(text) = wire.down.front()
            && let Some(json) = text.strip_prefix("in")
            && let Ok(ServerInit::Accepted(init)) = ServerInit::decode(json)
        {
            wire.next = init.resume.and_then(|terms| terms.received).unwrap_or_default() + 1;
        }
        client.read(self.now, &mut wire.down)
    }

    /// The server does what it does with a client that introduces itself.
    fn greet(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        let Some(mut greeter) = wire.greeter.take() else {
            return;
        };
        match greeter.poll_event() {
            Some(Event::Asked {
                former: Some(former), ..
            }) => {
                let given = former.token.as_str().to_owned();
                let is_valid = [&self.proven, &self.issued]
                    .into_iter()
                    .flatten()
                    .any(|token| *token == given);
                let server = self.server.as_mut().filter(|server| {
                    is_valid && matches!(&server.session.role, Role::Server { socket_id, .. } if **socket_id == *former.socket_id)
                });
                if let Some(server) = server {
                    self.tokens += 1;
                    let terms = ResumeTerms {
                        token: token(self.tokens),
                        ..terms("z")
                    };
                    self.proven = Some(given);
                    self.issued = Some(terms.token.as_str().to_owned());
                    server.stalled.clear();
                    server.session.resume(self.now, former.received, terms);
                    self.is_bound = true;
                } else {
                    greeter.accept();
                    self.begin(*greeter);
                }
            }
            Some(Event::Opened { .. }) => self.begin(*greeter),
            other => panic!("{other:?}"),
        }
    }

    /// Another session of the server; whatever was before has no client any more.
    fn begin(&mut self, mut session: Session) {
        self.end_server();
        while session.poll_event().is_some() {}
        if let Role::Server {
            resume: Some(terms), ..
        } = &session.role
        {
            self.issued = Some(terms.token.as_str().to_owned());
            self.proven = None;
        }
        self.server = Some(Side::new(session));
        self.is_bound = true;
    }

    fn end_server(&mut self) {
        if let Some(server) = self.server.take() {
            note(&mut self.got[0], &server.got);
        }
        self.is_bound = false;
        self.proven = None;
        self.issued = None;
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let sides = [&self.client, &self.server];
            let deadlines = sides
                .into_iter()
                .flatten()
                .filter_map(|side| side.session.poll_timeout());
            let Some(next) = deadlines.min().filter(|&next| next <= end) else {
                break;
            };
            assert!(next >= self.now || next == self.now, "no deadline is left behind");
            self.now = self.now.max(next);
            for side in [&mut self.client, &mut self.server].into_iter().flatten() {
                side.session.handle_timeout(self.now);
                assert!(side.session.poll_timeout().is_none_or(|next| next > self.now));
            }
            self.settle();
        }
        self.now = end;
    }

    /// Does what drivers do with events, and lets applications take what waits.
    fn settle(&mut self) {
        for side in [&mut self.client, &mut self.server].into_iter().flatten() {
            side.work(self.now);
        }
        let mut has_ended = false;
        let mut begun = false;
        if let Some(client) = &mut self.client {
            while let Some(event) = client.session.poll_event() {
                match event {
                    Event::Detached(_) => client.stalled.clear(),
                    Event::Resumed => {}
                    Event::Opened { .. } => begun = true,
                    Event::Renewed { unsent } => {
                        client.stalled.clear();
                        note(&mut self.got[1], &client.got);
                        client.got.clear();
                        self.unsent.splice(0..0, unsent.into_iter().map(|(text, _)| text));
                    }
                    Event::Closed(reason) => {
                        assert!(may_end(reason), "{reason}");
                        has_ended = true;
                    }
                    event => panic!("{event:?}"),
                }
            }
        }
        if has_ended && let Some(mut client) = self.client.take() {
            note(&mut self.got[1], &client.got);
            let unsent = client.session.outbox().take_unsent();
            self.unsent.splice(0..0, unsent.into_iter().map(|(text, _)| text));
        }
        if begun && let Some(client) = &mut self.client {
            for text in self.unsent.drain(..) {
                client.session.outbox().push_data(text, Cause::Handle);
            }
        }

        let mut has_ended = false;
        if let Some(server) = &mut self.server {
            while let Some(event) = server.session.poll_event() {
                match event {
                    Event::Detached(_) => {
                        server.stalled.clear();
                        self.is_bound = false;
                    }
                    Event::Resumed => {}
                    Event::Closed(reason) => {
                        assert!(may_end(reason), "{reason}");
                        has_ended = true;
                    }
                    event => panic!("{event:?}"),
                }
            }
        }
        if has_ended {
            self.end_server();
        }
    }

    fn check(&self) {
        for side in [&self.client, &self.server].into_iter().flatten() {
            let kept = side.session.outbox.kept();
            assert!(
                kept <= BUFFER || side.session.outbox.kept_messages() == 1,
                "{kept}"
            );
            assert!(side.session.is_open() || !side.session.is_detached());
            if side.session.lost().is_some() {
                assert!(
                    side.session
                        .poll_timeout()
                        .is_some_and(|end| end <= self.now + WINDOW)
                );
            }
        }
    }

    /// Once the network is well again, everything arrives.
    fn finish(&mut self) {
        for side in [&mut self.client, &mut self.server].into_iter().flatten() {
            side.is_busy = false;
        }
        self.settle();
        self.come(Kind::Plain);
        for _ in 0..1000 {
            self.carry(usize::MAX);
            self.pass(Duration::from_millis(100));
            self.check();
            if self.is_quiet() {
                break;
            }
        }
        assert!(self.is_quiet(), "it goes on for ever");
        let (Some(client), Some(server)) = (self.client.take(), self.server.take()) else {
            panic!("there is no session");
        };
        assert!(client.session.is_open() && server.session.is_open());
        note(&mut self.got[0], &server.got);
        note(&mut self.got[1], &client.got);
        let is_last =
            |got: &[u32], said: u32, all: u32| got.is_empty() || (got.last() == Some(&said) && all == said);
        assert!(
            is_last(&server.got, self.said[0], self.got[0]),
            "{:?} of {}",
            server.got,
            self.said[0]
        );
        assert!(
            is_last(&client.got, self.said[1], self.got[1]),
            "{:?} of {}",
            client.got,
            self.said[1]
        );
    }

    fn is_quiet(&self) -> bool {
        let has_open = |side: &Option<Side>| {
            side.as_ref().is_some_and(|side| {
                side.session.is_open()
                    && !side.session.is_detached()
                    && side.stalled.is_empty()
                    && side.session.outbox.is_empty()
                    && side.session.outbox.kept() == 0
            })
        };
        self.is_bound
            && has_open(&self.client)
            && has_open(&self.server)
            && self
                .wire
                .as_ref()
                .is_some_and(|wire| wire.up.is_empty() && wire.down.is_empty())
    }
}

/// Sessions follow each other, and so do the messages in them.
fn note(last: &mut u32, got: &[u32]) {
    if let (Some(first), Some(end)) = (got.first(), got.last()) {
        assert!(first > last, "{first} came again, behind {last}");
        *last = *end;
    }
}

fn may_end(reason: CloseReason) -> bool {
    matches!(
        reason,
        CloseReason::LinkLost | CloseReason::KeepAlive | CloseReason::InitTimeout
    )
}

fn say(number: u32, bytes: usize) -> Text {
    format!("cd1&m{number};{}", "x".repeat(bytes)).into()
}

fn token(number: u32) -> ResumeToken {
    ResumeToken::new(format!("{number:032}"))
}

/// Writes numbers as a client of long polling does.
fn number(text: &str, next: &mut u64) -> String {
    let messages: Vec<_> = match text.strip_prefix("ba") {
        None => vec![text],
        Some(mut rest) => std::iter::from_fn(|| {
            let (first, behind) = batch::split_first(rest)?;
            rest = behind;
            Some(first)
        })
        .collect(),
    };
    let count = messages
        .iter()
        .filter(|message| message.starts_with("cd"))
        .count();
    if count == 0 {
        return text.to_owned();
    }
    let mut joined = Joined::new(text.len() + 32);
    let mut is_numbered = false;
    for message in messages {
        if message.starts_with("cd") && !is_numbered {
            joined.push(&format!("nu{next}"));
            is_numbered = true;
        }
        joined.push(message);
    }
    *next += count as u64;
    joined.into_text()
}

/// A push that comes twice acknowledges once.
fn without_ack(text: &str) -> String {
    let Some(mut rest) = text.strip_prefix("ba") else {
        return text.to_owned();
    };
    let mut joined = Joined::new(text.len());
    while let Some((first, behind)) = batch::split_first(rest) {
        if !first.starts_with("ak") {
            joined.push(first);
        }
        rest = behind;
    }
    joined.into_text()
}
