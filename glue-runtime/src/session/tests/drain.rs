//! Servers that go and clients that leave them.

use super::*;
use crate::proto::limits::Leave;
use crate::proto::resume::ResumeToken;

const LEAVE: Leave = Leave {
    spread: seconds(10),
    moment: seconds(4),
    finish: seconds(20),
};

/// A server whose client can be told to leave.
fn server_that_can_ask() -> Peer {
    server_of(
        r#"in{"version":"1.9.1","drain":true}"#,
        r#","drain":true"#,
        server(false),
    )
}

/// A server whose client has said this, and gets these members.
fn server_of(init: &str, members: &str, role: Role) -> Peer {
    let mut peer = Peer::new(role);
    peer.receive(init);
    assert_eq!(peer.sent(), [format!(r#"in{{"socketID":"{ID}"{members}}}"#)]);
    events(&mut peer);
    peer
}

/// A server whose client can come back, and be told to leave.
fn server_that_can_resume() -> Peer {
    let role = Role::Server {
        socket_id: ID.into(),
        decides: false,
        resume: Some(Box::new(terms())),
    };
    let members = r#","batch":true,"limit":1048576,"resume":{"token":"T","windowMs":60000,"bufferBytes":262144},"drain":true"#;
    server_of(
        r#"in{"version":"1.9.1","batch":true,"resume":{},"drain":true}"#,
        members,
        role,
    )
}

fn terms() -> ResumeTerms {
    ResumeTerms {
        token: ResumeToken::new("T".to_owned()),
        window: seconds(60),
        buffer_bytes: 256 << 10,
        received: None,
    }
}

/// A client whose server can ask it to leave.
fn client_that_can_leave() -> Peer {
    let mut peer = Peer::new(CLIENT);
    peer.sent();
    peer.receive(&format!(r#"in{{"socketID":"{ID}","drain":true}}"#));
    events(&mut peer);
    peer
}

fn events(peer: &mut Peer) -> Vec<Event> {
    std::iter::from_fn(|| peer.session.poll_event()).collect()
}

fn push(peer: &mut Peer, text: &'static str) {
    let outbox = peer.session.outbox();
    outbox.push_data(Text::from_static(text), Cause::Handle);
}

/// [D-1]: the server answers with the member where it was announced, and only `true` announces it.
#[test]
fn leaving_is_agreed_on_by_both_sides() {
    for (announced, answered) in [
        ("", ""),
        (r#","drain":false"#, ""),
        (r#","drain":1"#, ""),
        (r#","drain":true"#, r#","drain":true"#),
    ] {
        server_of(
            &format!(r#"in{{"version":"1.9.1"{announced}}}"#),
            answered,
            server(false),
        );
    }
    for (answered, knows) in [("", false), (r#","drain":1"#, false), (r#","drain":true"#, true)] {
        let mut client = Peer::new(CLIENT);
        assert_eq!(client.sent(), [r#"in{"version":"1.9.1","drain":true}"#]);
        client.receive(&format!(r#"in{{"socketID":"{ID}"{answered}}}"#));
        events(&mut client);

        client.receive("dn1000");

        assert_eq!(!events(&mut client).is_empty(), knows, "{answered}");
        assert_eq!(client.session.faults, u32::from(!knows), "{answered}");
    }
}

/// [D-1]
#[test]
fn a_client_that_leaves_unasked_is_not_understood() {
    for mut server in [Peer::open_server(), server_that_can_ask()] {
        server.receive("dn");

        assert_eq!(server.sent(), ["iv"]);
        assert_eq!(server.session.faults, 1);
        assert!(!server.session.may_end());
    }
}

/// [D-1] [D-2]
#[test]
fn a_time_that_is_none_is_a_fault() {
    for nonsense in ["dn", "dn-1", "dn01", "dn+1", "dn1.5", "dn2147483648", "dn 1"] {
        let mut client = client_that_can_leave();

        client.receive(nonsense);

        assert!(events(&mut client).is_empty(), "{nonsense}");
        assert_eq!(client.session.faults, 1, "{nonsense}");
    }
}

/// [D-2]
#[test]
fn clients_are_told_how_long_they_have() {
    for (spread, expected) in [
        (Duration::ZERO, "dn0"),
        (Duration::from_micros(1_500), "dn1"),
        (seconds(10), "dn10000"),
        (Duration::MAX, "dn2147483647"),
    ] {
        let mut server = server_that_can_ask();

        server.session.drain(server.now, Leave { spread, ..LEAVE });

        assert_eq!(server.sent(), [expected]);
        let mut client = client_that_can_leave();
        client.receive(expected);
        assert!(matches!(events(&mut client)[..], [Event::AskedToLeave { .. }]));
    }
}

/// [D-2]
#[test]
fn a_session_without_a_link_ends_when_its_server_goes() {
    let mut server = server_that_can_resume();
    server.session.lose_link(server.now, CloseReason::KeepAlive);
    assert_eq!(events(&mut server), [Event::Detached(CloseReason::KeepAlive)]);

    server.session.drain(server.now, LEAVE);

    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
}

/// [D-2]
#[test]
fn a_session_that_loses_its_link_while_its_server_goes_ends() {
    let mut server = server_that_can_resume();
    server.session.drain(server.now, LEAVE);

    server.session.lose_link(server.now, CloseReason::KeepAlive);

    assert_eq!(events(&mut server), [Event::Closed(CloseReason::KeepAlive)]);
}

/// [D-2]: nobody has got in there yet.
#[test]
fn a_client_that_has_not_been_let_in_is_not_let_in_any_more() {
    let mut server = Peer::server();

    server.session.drain(server.now, LEAVE);

    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
    assert!(server.sent().is_empty());
}

/// [D-3]
#[test]
fn a_client_goes_on_until_its_moment_and_says_so_behind_what_waits() {
    let mut client = client_that_can_leave();
    client.receive("dn10000");
    assert_eq!(events(&mut client), [Event::AskedToLeave { within: seconds(10) }]);
    client.session.leave_in(client.now, seconds(3));

    client.pass(Duration::from_millis(2_999));
    assert!(!client.session.must_leave());
    client.pass(Duration::from_millis(1));
    assert!(client.session.must_leave());
    push(&mut client, "cd1&mlast");
    client.session.leave();

    assert!(client.session.holds_back());
    assert_eq!(client.sent(), ["cd1&mlast", "dn"]);
    client.session.leave();
    client.receive("dn0");
    assert!(
        client.sent().is_empty() && events(&mut client).is_empty(),
        "once is enough"
    );
}

/// [D-3]
#[test]
fn asking_again_can_only_hurry_a_client() {
    let mut client = client_that_can_leave();
    client.session.leave_in(client.now, seconds(1));
    assert!(!client.session.timers.is_set(Timer::Leave), "nobody has asked");
    for time in [8, 5, 9] {
        client.receive("dn10000");
        client.session.leave_in(client.now, seconds(time));
    }
    events(&mut client);

    client.pass(Duration::from_millis(4_999));
    assert!(!client.session.must_leave());
    client.pass(Duration::from_millis(1));
    assert!(client.session.must_leave());
}

/// [D-4]
#[test]
fn a_server_ends_on_purpose_behind_what_was_sent_when_its_client_leaves() {
    let mut server = server_that_can_ask();
    server.session.drain(server.now, LEAVE);
    server.sent();
    server.pass(seconds(9));
    assert!(!server.session.may_end(), "the client chooses");

    server.receive("dn");
    assert!(server.session.may_end());
    push(&mut server, "cd1&mlast");
    server.session.close(server.now, CloseReason::Shutdown);

    assert_eq!(server.sent(), ["cd1&mlast", "cl"]);
    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
}

/// [D-4]
#[test]
fn calls_have_their_time_from_the_clients_moment_on() {
    let mut server = server_that_can_ask();
    server.session.drain(server.now, LEAVE);
    server.pass(seconds(2));
    server.receive("dn");
    server.sent();

    server.pass(Duration::from_millis(19_999));
    assert_eq!(server.closed(), None);
    server.pass(Duration::from_millis(1));

    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
    assert_eq!(server.sent(), ["cl"]);
}

/// [D-4]
#[test]
fn a_client_that_never_leaves_is_closed_when_both_times_have_passed() {
    let mut server = server_that_can_ask();
    server.session.drain(server.now, LEAVE);
    server.sent();

    for _ in 0..2 {
        server.pass(seconds(14));
        assert_eq!(server.closed(), None);
        server.receive("cd1&mstill here");
        assert!(!server.session.may_end());
    }
    server.pass(seconds(2));

    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
    assert_eq!(server.sent(), ["cl"]);
}

/// [D-2] [D-4]: its moment is the server's choice, and it hears of nothing.
#[test]
fn a_client_that_cannot_be_asked_is_closed_without_a_word() {
    let mut server = Peer::open_server();
    server.session.drain(server.now, LEAVE);

    server.pass(Duration::from_millis(3_999));
    assert!(!server.session.may_end());
    server.pass(Duration::from_millis(1));
    assert!(server.session.may_end());
    server.receive("cd1&mstill here");
    server.pass(Duration::from_millis(19_999));
    assert_eq!(server.closed(), None);
    server.pass(Duration::from_millis(1));

    assert_eq!(server.closed(), Some(CloseReason::Shutdown));
    assert_eq!(server.sent(), [""; 0]);
}

/// [D-3] [D-4]
#[test]
fn another_drain_can_only_make_times_shorter() {
    let hurry = Leave {
        spread: seconds(1),
        moment: seconds(1),
        finish: seconds(2),
    };
    let patience = Leave {
        spread: seconds(100),
        moment: seconds(100),
        finish: seconds(100),
    };
    for (mut server, sent) in [
        (Peer::open_server(), vec![]),
        (server_that_can_ask(), vec!["dn10000", "dn1000", "dn100000", "cl"]),
    ] {
        for leave in [LEAVE, hurry, patience] {
            server.session.drain(server.now, leave);
        }

        server.pass(Duration::from_millis(2_999));
        assert_eq!(server.closed(), None);
        server.pass(Duration::from_millis(1));

        assert_eq!(server.closed(), Some(CloseReason::Shutdown));
        assert_eq!(server.sent(), sent);
    }
    let mut server = server_that_can_ask();
    server.session.drain(server.now, LEAVE);
    server.receive("dn");
    server.session.drain(server.now, hurry);
    server.pass(seconds(2));
    assert_eq!(server.closed(), Some(CloseReason::Shutdown), "it leaves already");

    let mut server = server_that_can_ask();
    server.session.drain(server.now, hurry);
    server.session.drain(server.now, patience);
    server.receive("dn");
    server.pass(seconds(2));
    assert_eq!(
        server.closed(),
        Some(CloseReason::Shutdown),
        "calls have no more time"
    );
}

/// [D-3] [D-4]: a link that was on its way when the server was told to go.
#[test]
fn both_sides_repeat_what_a_lost_link_may_have_lost() {
    let mut server = server_that_can_resume();
    server.session.drain(server.now, LEAVE);
    server.sent();
    server.session.resume(server.now, 0, terms());
    let [_, again] = &server.sent()[..] else {
        panic!("an answer, and what was asked before");
    };
    assert_eq!(again, "dn10000");

    server.receive("dn");
    server.receive("dn");
    assert!(server.sent().is_empty(), "a client repeats itself as well");
    server.session.resume(server.now, 0, terms());
    assert_eq!(server.sent().len(), 1);
    assert!(server.session.may_end());
}
