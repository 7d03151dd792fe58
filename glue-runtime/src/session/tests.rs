//! Behaviour of the session in virtual time: both ends in one thread, no clock, no I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::*;

mod authorize;
mod drain;
mod resume;

const ID: &str = "6ZW6uQTwo8apxm11ta3p";

const CLIENT: Role = client(false);

const fn client(batch: bool) -> Role {
    Role::Client {
        batch,
        errors: false,
        auth: None,
        resume: false,
    }
}

fn server(decides: bool) -> Role {
    Role::Server {
        socket_id: ID.into(),
        decides,
        resume: None,
    }
}

/// One session, fed with texts by hand.
struct Peer {
    session: Session,
    now: Instant,
}

impl Peer {
    fn new(role: Role) -> Self {
        let keep_alive = if matches!(role, Role::Client { .. }) {
            KeepAlive::CLIENT
        } else {
            KeepAlive::SERVER
        };
        let now = start();
        Self {
            session: Session::new(role, keep_alive, Limits::default(), now),
            now,
        }
    }

    fn server() -> Self {
        Self::new(server(false))
    }

    fn open_server() -> Self {
        let mut peer = Self::server();
        peer.receive(r#"in{"version":"1.9.1"}"#);
        assert_eq!(peer.sent(), [format!(r#"in{{"socketID":"{ID}"}}"#)]);
        assert_eq!(
            peer.session.poll_event(),
            Some(Event::Opened { socket_id: ID.into() })
        );
        peer
    }

    fn receive<'a>(&mut self, text: &'a str) -> Option<Content<'a>> {
        self.session.handle_text(self.now, text)
    }

    fn sent(&mut self) -> Vec<String> {
        self.transmitted(false)
    }

    /// Returns what was said over a link that joins.
    fn joined(&mut self) -> Vec<String> {
        self.transmitted(true)
    }

    fn transmitted(&mut self, joins: bool) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_transmit(joins).map(Piece::into_text))
            .map(|text| text.to_string())
            .collect()
    }

    fn closed(&mut self) -> Option<CloseReason> {
        std::iter::from_fn(|| self.session.poll_event()).find_map(|event| match event {
            Event::Closed(reason) => Some(reason),
            _ => None,
        })
    }

    /// Lets time pass, stopping at each deadline.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self.session.poll_timeout().filter(|&deadline| deadline <= end) {
            self.now = deadline;
            self.session.handle_timeout(deadline);
        }
        self.now = end;
    }
}

/// Client and server joined by a link with a latency.
struct Pair {
    client: Peer,
    server: Peer,
    latency: Duration,
    /// Whether the link has silently died.
    is_dead: bool,
    to_server: VecDeque<(Instant, String)>,
    to_client: VecDeque<(Instant, String)>,
}

impl Pair {
    fn new(latency: Duration) -> Self {
        let mut pair = Self {
            client: Peer::new(CLIENT),
            server: Peer::server(),
            latency,
            is_dead: false,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
        };
        pair.server.now = pair.client.now;
        pair.exchange();
        pair
    }

    /// Puts on the link what the sides have to say.
    fn exchange(&mut self) {
        for (peer, link) in [
            (&mut self.client, &mut self.to_server),
            (&mut self.server, &mut self.to_client),
        ] {
            let arrival = peer.now + self.latency;
            link.extend(
                peer.sent()
                    .into_iter()
                    .filter(|_| !self.is_dead)
                    .map(|text| (arrival, text)),
            );
        }
    }

    /// Lets time pass on both sides, from one arrival or deadline to the next.
    fn pass(&mut self, time: Duration) {
        let end = self.client.now + time;
        loop {
            let arrivals = [&self.to_server, &self.to_client].map(|link| link.front().map(|(at, _)| *at));
            let deadlines = [
                self.client.session.poll_timeout(),
                self.server.session.poll_timeout(),
            ];
            let next = arrivals.into_iter().chain(deadlines).flatten().min();
            let Some(now) = next.filter(|&next| next <= end) else {
                break;
            };
            for (peer, link) in [
                (&mut self.server, &mut self.to_server),
                (&mut self.client, &mut self.to_client),
            ] {
                peer.now = now;
                while link.front().is_some_and(|(at, _)| *at <= now) {
                    let (_, text) = link.pop_front().unwrap();
                    peer.session.handle_text(now, &text);
                }
                peer.session.handle_timeout(now);
            }
            self.exchange();
        }
        self.client.now = end;
        self.server.now = end;
    }
}

#[allow(clippy::disallowed_methods)] // virtual time has to begin somewhere
fn start() -> Instant {
    Instant::now()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// [I-1] [I-7]
#[test]
fn client_and_server_open_over_a_slow_link() {
    let mut pair = Pair::new(seconds(2));

    pair.pass(seconds(4));

    let opened = Some(Event::Opened { socket_id: ID.into() });
    assert_eq!(pair.client.session.poll_event(), opened);
    assert_eq!(pair.server.session.poll_event(), opened);
}

/// [K-1] [K-3]: the server asks first, so the client never has to.
#[test]
fn an_idle_pair_stays_open_and_pings_once_in_30_seconds() {
    let mut pair = Pair::new(Duration::from_millis(50));

    pair.pass(seconds(300));

    assert!(pair.client.session.is_open());
    assert!(pair.server.session.is_open());
}

/// [K-2]
#[test]
fn both_ends_notice_a_silently_dead_link() {
    let mut pair = Pair::new(Duration::from_millis(50));
    pair.pass(seconds(1));
    pair.is_dead = true;

    pair.pass(seconds(41));

    assert_eq!(pair.client.closed(), Some(CloseReason::KeepAlive));
    assert_eq!(pair.server.closed(), Some(CloseReason::KeepAlive));
}

/// [K-1] [K-2]: recorded as ping-timeout-server.
#[test]
fn the_server_pings_at_30_seconds_and_closes_at_37() {
    let mut server = Peer::open_server();

    server.pass(seconds(30) - Duration::from_millis(1));
    assert!(server.sent().is_empty());
    server.pass(Duration::from_millis(1));
    assert_eq!(server.sent(), ["pi"]);
    server.pass(seconds(7) - Duration::from_millis(1));
    assert_eq!(server.closed(), None);
    server.pass(Duration::from_millis(1));
    assert_eq!(server.closed(), Some(CloseReason::KeepAlive));
}

/// [K-1] [K-2]: recorded as ping-client-timeout-blackhole.
#[test]
fn the_client_pings_at_35_seconds_and_gives_up_at_40() {
    let mut client = Peer::new(CLIENT);
    client.receive(&format!(r#"in{{"socketID":"{ID}"}}"#));
    client.sent();

    client.pass(seconds(35));
    assert_eq!(client.sent(), ["pi"]);
    client.pass(seconds(5));
    assert_eq!(client.closed(), Some(CloseReason::KeepAlive));
}

/// [K-2]: a message of a megabyte over a slow link takes longer than any time-out.
#[test]
fn bytes_that_move_put_off_the_end_but_not_the_ping() {
    let mut server = Peer::open_server();

    for _ in 0..6 {
        server.pass(seconds(5));
        server.session.handle_progress(server.now);
    }
    assert_eq!(server.sent(), ["pi"]);
    for _ in 0..20 {
        server.pass(seconds(6));
        server.session.handle_progress(server.now);
    }
    assert_eq!(server.closed(), None);
    assert!(server.sent().is_empty());

    server.pass(seconds(7));
    assert_eq!(server.closed(), Some(CloseReason::KeepAlive));
}

/// [K-2]: what moved before the ping says nothing about the answer to it.
#[test]
fn bytes_that_moved_before_the_ping_do_not_count() {
    let mut server = Peer::open_server();

    server.pass(seconds(29));
    server.session.handle_progress(server.now);
    server.pass(seconds(8));

    assert_eq!(server.closed(), Some(CloseReason::KeepAlive));
}

/// [K-3] [L-6]: a peer that isn't read can't show that it lives but by taking what is for it.
#[test]
fn a_flooded_peer_lives_by_what_it_takes() {
    let mut server = Peer::open_server();
    while !server.session.is_flooded() {
        server
            .session
            .outbox()
            .push_data("cd1&manswer".into(), Cause::Peer);
    }

    for _ in 0..10 {
        server.pass(seconds(29));
        server.session.handle_progress(server.now);
    }
    assert_eq!(server.closed(), None);

    server.pass(seconds(37));
    assert_eq!(server.closed(), Some(CloseReason::KeepAlive));
}

/// [L-5]: nor does it restart what rests.
#[test]
fn bytes_that_move_do_not_end_a_stall() {
    let mut server = Peer::open_server();
    server.session.stall(server.now);

    server.pass(seconds(4));
    server.session.handle_progress(server.now);
    server.pass(seconds(1));

    assert_eq!(server.closed(), Some(CloseReason::ChannelOverflow));
}

/// [K-3]
#[test]
fn any_message_answers_a_ping() {
    for text in ["po", "pi", "cd1&mhello", "xx", "x", ""] {
        let mut server = Peer::open_server();
        server.pass(seconds(30));

        server.receive(text);
        server.pass(seconds(29));

        assert_eq!(server.closed(), None, "{text:?}");
    }
}

/// [K-4] [K-5]
#[test]
fn a_pong_goes_ahead_of_queued_data() {
    let mut server = Peer::open_server();
    server
        .session
        .outbox()
        .push_data("cd1&mfirst".into(), Cause::Handle);

    server.receive("pi");

    assert_eq!(server.sent(), ["po", "cd1&mfirst"]);
}

/// [K-4] [F-5]
#[test]
fn a_ping_before_init_is_answered_whatever_stands_behind_it() {
    let mut server = Peer::server();

    server.receive("piwhatever");

    assert_eq!(server.sent(), ["po"]);
}

/// [F-2] [F-3] [F-6]
#[test]
fn the_server_answers_what_it_does_not_know_and_goes_on() {
    for text in ["", "x", "é", "éa", "xx", "IN{}", "iv", "dr", "  "] {
        let mut server = Peer::open_server();

        assert_eq!(server.receive(text), None);

        assert_eq!(server.sent(), ["iv"], "{text:?}");
        assert!(server.session.is_open());
    }
}

/// [F-3]
#[test]
fn an_unknown_command_before_init_is_answered_too() {
    let mut server = Peer::server();

    server.receive("xx");
    server.receive(r#"in{"version":"1.9.1"}"#);

    assert_eq!(server.sent().len(), 2);
    assert!(server.session.is_open());
}

/// [F-6]: two peers must not answer each other for ever.
#[test]
fn the_client_answers_nothing_that_it_does_not_know() {
    let mut client = Peer::new(CLIENT);
    client.sent();

    for text in ["iv", "xx", "", "x"] {
        client.receive(text);
    }

    assert!(client.sent().is_empty());
    assert_eq!(client.closed(), None);
}

/// [I-3]: recorded as init-invalid-json.
#[test]
fn an_unreadable_init_ends_the_session_without_a_word() {
    for text in [
        "in",
        "in{",
        "innull",
        "in[]",
        "in{}",
        r#"in{"version":1}"#,
        r#"in{"version":"v1.9.1"}"#,
    ] {
        let mut server = Peer::server();

        server.receive(text);

        assert_eq!(server.closed(), Some(CloseReason::BadInit), "{text:?}");
        assert!(server.sent().is_empty());
    }
}

/// [I-8]: recorded as init-newer-version and init-newer-version-then-data.
#[test]
fn a_newer_version_is_refused_and_the_link_closed_a_second_later() {
    let mut server = Peer::server();

    server.receive(r#"in{"version":"1.9.2"}"#);
    server.receive("pi");
    assert_eq!(server.sent(), ["dr"]);
    server.pass(Duration::from_millis(999));
    assert_eq!(server.closed(), None);
    server.pass(Duration::from_millis(1));

    assert_eq!(server.closed(), Some(CloseReason::Refused));
}

/// [I-8]
#[test]
fn a_refused_client_ends_and_says_why() {
    let mut client = Peer::new(CLIENT);

    client.receive("dr");

    assert_eq!(client.closed(), Some(CloseReason::Refused));
}

/// [I-9]: the original ran the application's handler again.
#[test]
fn a_second_init_is_refused_and_changes_nothing() {
    let mut server = Peer::open_server();

    server.receive(r#"in{"version":"1.9.1"}"#);

    assert_eq!(server.sent(), ["iv"]);
    assert_eq!(server.session.poll_event(), None);
    assert!(server.session.is_open());
}

/// [I-10]: the original kept such a peer for as long as it answered pings.
#[test]
fn a_peer_that_never_says_in_is_closed_whatever_else_it_says() {
    let mut server = Peer::server();

    for _ in 0..9 {
        server.pass(seconds(1));
        server.receive("pi");
    }
    assert_eq!(server.closed(), None);
    server.pass(seconds(1));

    assert_eq!(server.closed(), Some(CloseReason::InitTimeout));
}

/// [I-10]
#[test]
fn a_server_that_never_answers_in_is_given_up() {
    let mut client = Peer::new(CLIENT);

    client.pass(seconds(10));

    assert_eq!(client.closed(), Some(CloseReason::InitTimeout));
}

/// [I-11]: recorded as data-before-init-7-messages.
#[test]
fn seven_early_messages_of_the_main_channel_are_kept() {
    let mut server = Peer::server();

    for n in 0..7 {
        assert_eq!(server.receive(&format!("cd1&mearly {n}")), None);
    }
    server.receive(r#"in{"version":"1.9.1"}"#);

    assert_eq!(
        server
            .session
            .take_early()
            .iter()
            .map(|text| text.to_string())
            .collect::<Vec<_>>(),
        (0..7).map(|n| format!("cd1&mearly {n}")).collect::<Vec<_>>()
    );
    assert_eq!(
        server.receive("cd1&mhello"),
        Some(Content::ChannelData("1&mhello"))
    );
}

/// [I-11]: the original never read the session again.
#[test]
fn the_eighth_early_message_ends_the_session() {
    let mut server = Peer::server();

    for _ in 0..8 {
        server.receive("cd1&mearly");
    }

    assert_eq!(server.closed(), Some(CloseReason::DataBeforeInit));
}

/// [I-11]
#[test]
fn early_messages_are_bounded_in_bytes_too() {
    let mut server = Peer::server();

    for _ in 0..2 {
        server.receive(&format!("cd1&m{}", "x".repeat(600 << 10)));
    }

    assert_eq!(server.closed(), Some(CloseReason::DataBeforeInit));
}

/// [K-1]
#[test]
fn a_keep_alive_can_be_turned_off() {
    let never = KeepAlive {
        interval: Duration::MAX,
        timeout: Duration::MAX,
    };
    let role = server(false);
    let mut server = Peer {
        session: Session::new(role, never, Limits::default(), start()),
        now: start(),
    };
    server.receive(r#"in{"version":"1.9.1"}"#);
    server.sent();

    server.pass(seconds(1_000_000));

    assert!(server.sent().is_empty());
    assert_eq!(server.closed(), None);
}

/// [I-11]
#[test]
fn early_messages_of_other_channels_are_dropped() {
    let mut server = Peer::server();

    for _ in 0..20 {
        server.receive("cd6&golangearly");
    }
    server.receive(r#"in{"version":"1.9.1"}"#);

    assert!(server.session.take_early().is_empty());
    assert!(server.session.is_open());
}

/// [X-1] [X-5]
#[test]
fn nothing_counts_behind_the_end() {
    let mut server = Peer::open_server();

    server.receive("clbye");

    assert_eq!(server.closed(), Some(CloseReason::Peer));
    assert_eq!(server.receive("cd1&mlate"), None);
    assert_eq!(server.receive("pi"), None);
    assert!(server.sent().is_empty());
    assert_eq!(server.closed(), None);
}

/// [X-2]: the original threw away what was written before.
#[test]
fn what_was_sent_before_the_end_is_still_transmitted() {
    let mut server = Peer::open_server();
    server
        .session
        .outbox()
        .push_data("cd1&mlast".into(), Cause::Handle);

    server.session.close(server.now, CloseReason::Local);

    assert_eq!(server.sent(), ["cd1&mlast"]);
}

/// [X-2] [L-8]
#[test]
fn a_link_that_takes_nothing_is_cut_when_the_close_time_is_over() {
    let mut server = Peer::open_server();
    server.session.close(server.now, CloseReason::Local);

    server.pass(seconds(5) - Duration::from_millis(1));
    assert!(!server.session.is_closed());
    server.pass(Duration::from_millis(1));

    assert!(server.session.is_closed());
}

#[test]
fn a_client_that_is_closed_says_so_behind_its_data() {
    let mut client = Peer::new(CLIENT);
    client.receive(&format!(r#"in{{"socketID":"{ID}"}}"#));
    client.sent();
    client
        .session
        .outbox()
        .push_data("cd1&mlast".into(), Cause::Handle);

    client.session.close(client.now, CloseReason::Local);

    assert_eq!(client.sent(), ["cd1&mlast", "cl"]);
}

/// [L-2]
#[test]
fn the_257th_fault_ends_the_session() {
    let mut server = Peer::open_server();

    for _ in 0..256 {
        server.receive("xx");
    }
    assert_eq!(server.closed(), None);
    server.receive("xx");

    assert_eq!(server.closed(), Some(CloseReason::TooManyFaults));
}

/// [L-5]
#[test]
fn a_channel_that_stays_full_ends_the_session() {
    let mut server = Peer::open_server();

    server.session.stall(server.now);
    server.pass(seconds(3));
    server.session.stall(server.now);
    server.pass(seconds(2));

    assert_eq!(server.closed(), Some(CloseReason::ChannelOverflow));
}

/// A peer that isn't read can't show that it lives.
#[test]
fn a_stall_is_no_silence() {
    let role = server(false);
    let hasty = KeepAlive {
        interval: seconds(1),
        timeout: seconds(1),
    };
    let mut server = Peer {
        session: Session::new(role, hasty, Limits::default(), start()),
        now: start(),
    };
    server.receive(r#"in{"version":"1.9.1"}"#);

    server.session.stall(server.now);
    // The message is offered again whenever the driver wakes up.
    assert_eq!(
        server.receive("cd1&mhello"),
        Some(Content::ChannelData("1&mhello"))
    );
    server.session.stall(server.now);
    server.pass(seconds(5));

    assert_eq!(server.closed(), Some(CloseReason::ChannelOverflow));
}

#[test]
fn a_channel_that_is_read_again_ends_the_stall() {
    let mut server = Peer::open_server();

    server.session.stall(server.now);
    server.pass(seconds(4));
    server.session.end_stall(server.now);
    server.pass(seconds(20));

    assert_eq!(server.closed(), None);
}

/// An open server whose client reads containers.
fn batching_server(limits: Limits) -> Peer {
    let role = server(false);
    let mut server = Peer {
        session: Session::new(role, KeepAlive::SERVER, limits, start()),
        now: start(),
    };
    server.receive(r#"in{"version":"1.9.1","batch":true}"#);
    assert_eq!(
        server.joined(),
        [format!(r#"in{{"socketID":"{ID}","batch":true,"limit":1048576}}"#)],
        "[I-17]"
    );
    server
}

/// [B-1] [B-5]: the answer has the member only where the client has it, and else nothing is different.
#[test]
fn containers_are_unknown_where_they_were_not_agreed_on() {
    let mut server = Peer::open_server();

    assert_eq!(server.receive("ba2&pi"), None);
    server
        .session
        .outbox()
        .push_data("cd1&mone".into(), Cause::Handle);
    server
        .session
        .outbox()
        .push_data("cd1&mtwo".into(), Cause::Handle);

    assert_eq!(server.joined(), ["iv", "cd1&mone", "cd1&mtwo"]);
}

/// [B-5]: not even with an init at the same time.
#[test]
fn a_container_before_init_is_unknown() {
    let mut server = Peer::server();

    assert_eq!(server.receive("ba2&pi"), None);

    assert_eq!(server.sent(), ["iv"]);
}

/// [B-6]: what goes ahead outside of a container goes ahead in it.
#[test]
fn what_waits_is_joined_for_a_link_that_joins() {
    let mut server = batching_server(Limits::default());
    for text in ["cd1&mone", "cd1&m😀"] {
        server.session.outbox().push_data(text.into(), Cause::Handle);
    }
    server.receive("pi");

    assert_eq!(server.joined(), ["ba2&po8&cd1&mone7&cd1&m😀"]);
    assert_eq!(server.session.outbox().total(), 0);
    assert_eq!(server.session.outbox().caused(), 0);
}

/// [B-6]
#[test]
fn a_single_message_goes_as_it_is() {
    let mut server = batching_server(Limits::default());

    server
        .session
        .outbox()
        .push_data("cd1&mone".into(), Cause::Handle);

    assert_eq!(server.joined(), ["cd1&mone"]);
}

/// [B-6]: a WebSocket writes many messages at once all the same.
#[test]
fn nothing_is_joined_for_a_link_that_does_not_ask_for_it() {
    let mut server = batching_server(Limits::default());

    server.receive("pi");
    server.receive("xx");

    assert_eq!(server.sent(), ["po", "iv"]);
}

/// [B-1] [B-6]: neither `in` nor what was said before it goes into a container.
#[test]
fn what_was_said_up_to_the_init_goes_plain() {
    let mut server = Peer::server();
    server.receive("pi");
    server.receive(r#"in{"version":"1.9.1","batch":true}"#);
    server.receive("pi");
    server.receive("pi");

    let sent = server.joined();

    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0], "po");
    assert!(sent[1].starts_with("in{"), "{sent:?}");
    assert_eq!(sent[2], "ba2&po2&po");
}

/// [B-2]: a poll must not carry a megabyte because a server has piled it up, nor more messages than a peer takes.
#[test]
fn containers_are_bounded_in_bytes_and_in_messages() {
    let mut server = batching_server(Limits::default());
    for _ in 0..5 {
        let text = format!("cd1&m{}", "x".repeat(20_000));
        server.session.outbox().push_data(text.into(), Cause::Handle);
    }
    server
        .session
        .outbox()
        .push_data(format!("cd1&m{}", "x".repeat(70_000)).into(), Cause::Handle);
    for _ in 0..1025 {
        server.session.outbox().push_data("cd1&mx".into(), Cause::Handle);
    }

    let sent = server.joined();

    let messages: Vec<_> = sent.iter().map(|text| text.matches("cd1&m").count()).collect();
    assert_eq!(messages, [3, 2, 1, 1024, 1]);
    assert!(sent[0].len() <= 64 << 10 && sent[2].starts_with("cd"));
    for text in sent.iter().filter_map(|text| text.strip_prefix("ba")) {
        assert_eq!(batch::check(text, 1024), Ok(()));
    }
}

/// [B-3] [L-9]
#[test]
fn a_malformed_container_is_one_fault_without_an_effect() {
    let limits = Limits {
        batch_messages: 2,
        faults: 1,
        ..Limits::default()
    };
    for text in ["ba", "ba2&clx", "ba2&pi9&pi", "ba2&pi2&in", "ba2&pi2&pi2&pi"] {
        let mut server = batching_server(limits.clone());

        assert_eq!(server.receive(text), None);
        assert_eq!(server.joined(), ["iv"], "{text}");
        assert_eq!(server.closed(), None);
        server.receive(text);

        assert_eq!(server.closed(), Some(CloseReason::TooManyFaults), "{text}");
    }
}

/// [B-3] [F-6]
#[test]
fn a_client_answers_no_malformed_container() {
    let mut client = Peer::new(client(true));
    assert_eq!(
        client.joined(),
        [r#"in{"version":"1.9.1","batch":true,"drain":true}"#]
    );
    client.receive(&format!(r#"in{{"socketID":"{ID}","batch":true}}"#));

    client.receive("ba");

    assert!(client.joined().is_empty());
    assert_eq!(client.receive("ba2&pi"), Some(Content::Batch("2&pi")));
}

/// [B-1]: what was not announced is not agreed on, whatever the answer says.
#[test]
fn both_sides_must_announce_containers() {
    for (announced, member) in [(true, ""), (false, r#","batch":true"#)] {
        let mut client = Peer::new(client(announced));
        client.receive(&format!(r#"in{{"socketID":"{ID}"{member}}}"#));

        assert_eq!(client.receive("ba2&pi"), None, "{announced}");
    }
}

/// Credit and cancellations of calls must not wait behind data, nor a ping behind them.
#[test]
fn what_is_urgent_goes_ahead_of_data_and_behind_control_frames() {
    let mut server = batching_server(Limits::default());
    let outbox = server.session.outbox();
    outbox.push_data("cd1&mdata".into(), Cause::Handle);
    outbox.push_urgent("cd1&mcr1&8".into(), Cause::Call);
    outbox.push_urgent("cd1&mca3&".into(), Cause::Peer);
    let caused = outbox.caused();
    server.receive("pi");

    assert_eq!(caused, "cd1&mca3&".len() + crate::proto::limits::MESSAGE_OVERHEAD);
    assert_eq!(server.session.outbox().channel_messages(), 1, "nobody's messages");
    assert_eq!(
        server.joined(),
        ["ba2&po10&cd1&mcr1&89&cd1&mca3&9&cd1&mdata"],
        "as far as one container holds"
    );
    assert_eq!(server.session.outbox().total(), 0);
    assert_eq!(server.session.outbox().caused(), 0);
}

#[test]
fn what_is_urgent_in_one_session_is_nothing_in_another() {
    let mut server = Peer::open_server();
    let outbox = server.session.outbox();
    outbox.push_urgent("cd1&mcr1&8".into(), Cause::Call);
    outbox.push_data("cd1&mdata".into(), Cause::Handle);

    assert_eq!(outbox.take_free().len(), 1);
    assert_eq!(outbox.clear(), 0);
    assert_eq!((outbox.total(), outbox.caused()), (0, 0));
}
