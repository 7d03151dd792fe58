//! Clients that the application accepts or not, on both sides.

use super::*;
use crate::proto::code::Code;

const ERRORS: &str = r#"in{"version":"1.9.1","errors":true,"auth":{"token":"t"}}"#;

/// A server that has read this `in`, and waits for the application.
fn deciding_server(init: &str) -> Peer {
    let mut peer = Peer::new(server(true));
    peer.receive(init);
    assert!(peer.sent().is_empty());
    let asked = peer.session.poll_event();
    assert!(matches!(asked, Some(Event::Asked { .. })), "{asked:?}");
    peer
}

/// A client that has announced refusals, and got this answer.
fn client_that_hears(answer: &str) -> Peer {
    let mut peer = Peer::new(Role::Client {
        batch: false,
        errors: true,
        auth: Auth::new(r#"{"token":"t"}"#.to_owned()),
        resume: false,
    });
    assert_eq!(peer.sent(), [ERRORS.replace("}}", r#"},"drain":true}"#)]);
    peer.receive(answer);
    peer
}

fn refusal() -> Refusal {
    Refusal::new(Code::Unauthenticated, "who are you?")
}

const REFUSAL: &str = r#"in{"error":{"code":"unauthenticated","message":"who are you?"}}"#;

impl Peer {
    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }
}

/// [I-13] [I-14]
#[test]
fn the_application_is_asked_before_the_client_is_accepted() {
    let mut server = Peer::new(server(true));

    server.receive(ERRORS);
    assert_eq!(
        server.events(),
        [Event::Asked {
            auth: Auth::new(r#"{"token":"t"}"#.to_owned()),
            former: None,
        }]
    );
    assert!(server.sent().is_empty());

    server.session.accept();
    assert_eq!(server.sent(), [format!(r#"in{{"socketID":"{ID}"}}"#)]);
    let socket_id = ID.into();
    assert_eq!(server.events(), [Event::Opened { socket_id }]);
    assert_eq!(server.receive("cd1&mx"), Some(Content::ChannelData("1&mx")));
}

/// [B-1] [I-17]: what was announced is not forgotten meanwhile.
#[test]
fn a_client_that_is_accepted_late_gets_what_it_announced() {
    let mut server = deciding_server(r#"in{"version":"1.9.1","batch":true}"#);
    assert_eq!(server.receive("ba2&pi"), None);
    assert_eq!(server.sent(), ["iv"], "not agreed on yet");

    server.session.accept();

    assert!(server.joined()[0].ends_with(r#","batch":true,"limit":1048576}"#));
    assert_eq!(server.receive("ba2&pi"), Some(Content::Batch("2&pi")));
}

/// [I-8] [I-14]
#[test]
fn the_application_is_not_asked_about_versions() {
    let mut server = Peer::new(server(true));

    server.receive(r#"in{"version":"2.0.0"}"#);

    assert_eq!(server.sent(), ["dr"]);
    assert!(server.events().is_empty());
}

/// [I-15]
#[test]
fn a_refused_client_is_told_as_much_as_it_can_read() {
    let plain = r#"in{"version":"1.9.1"}"#;
    let for_good = || refusal().for_good();
    let cases: [(&str, Refusal, &[&str]); 4] = [
        (ERRORS, refusal(), &[REFUSAL]),
        (ERRORS, for_good(), &[REFUSAL, "dr"]),
        (plain, refusal(), &[]),
        (plain, for_good(), &["dr"]),
    ];
    for (init, refusal, told) in cases {
        let mut server = deciding_server(init);

        server.session.refuse(server.now, refusal.clone());

        assert_eq!(server.sent(), told, "{init} {refusal:?}");
        assert_eq!(
            server.events(),
            [Event::Refused(refusal), Event::Closed(CloseReason::Refused)]
        );
        server.pass(Limits::default().close);
        assert!(server.session.is_closed());
    }
}

/// [I-9] [I-11] [I-14] [K-4]
#[test]
fn until_the_decision_everything_is_as_before_init() {
    let mut server = deciding_server(ERRORS);

    assert_eq!(server.receive("cd1&mearly"), None);
    assert_eq!(server.receive("cd1&xearly"), None);
    server.receive("pi");
    server.receive(ERRORS);
    assert_eq!(server.sent(), ["po", "iv"]);
    assert!(server.events().is_empty(), "the second `in` asks nobody");

    server.session.accept();
    let early = server.session.take_early();
    assert_eq!(
        early.iter().map(|text| text.as_str()).collect::<Vec<_>>(),
        ["cd1&mearly"]
    );
}

/// [I-11] [I-14]
#[test]
fn too_much_until_the_decision_ends_the_session() {
    let mut server = deciding_server(ERRORS);

    for _ in 0..8 {
        server.receive("cd1&mearly");
    }

    assert_eq!(server.closed(), Some(CloseReason::DataBeforeInit));
}

/// [I-10] [I-14]: the time for init goes on, and pings don't stop it.
#[test]
fn a_decision_that_takes_too_long_is_none() {
    let mut server = Peer::new(server(true));
    server.pass(seconds(4));
    server.receive(ERRORS);
    for _ in 0..5 {
        server.pass(seconds(1));
        server.receive("pi");
    }
    server.sent();
    assert_eq!(server.closed(), None);

    server.pass(seconds(1));
    assert_eq!(server.closed(), Some(CloseReason::InitTimeout));
    server.session.accept();

    assert!(server.sent().is_empty());
    assert!(server.events().is_empty());
}

/// [I-14] [X-5]
#[test]
fn a_decision_behind_the_end_has_no_effect() {
    type End = fn(&mut Peer);
    let ends: [(End, CloseReason); 3] = [
        (|peer| _ = peer.receive("cl"), CloseReason::Peer),
        (
            |peer| peer.session.close(peer.now, CloseReason::LinkLost),
            CloseReason::LinkLost,
        ),
        (
            |peer| peer.session.close(peer.now, CloseReason::Shutdown),
            CloseReason::Shutdown,
        ),
    ];
    for (end, reason) in ends {
        let mut server = deciding_server(ERRORS);
        end(&mut server);
        assert_eq!(server.closed(), Some(reason));

        server.session.accept();
        server.session.refuse(server.now, refusal().for_good());

        assert!(server.sent().is_empty(), "{reason}");
        assert!(server.events().is_empty(), "{reason}");
    }
}

#[test]
fn nothing_is_decided_twice() {
    let mut server = deciding_server(ERRORS);
    server.session.accept();
    server.sent();
    server.events();

    server.session.accept();
    server.session.refuse(server.now, refusal());

    assert!(server.sent().is_empty());
    assert!(server.session.is_open());
}

/// [I-16]
#[test]
fn a_client_learns_why_and_whether_it_may_come_back() {
    type End = fn(&mut Peer);
    let ends: [(End, Refusal); 4] = [
        (|peer| _ = peer.receive("dr"), refusal().for_good()),
        (|peer| peer.session.close(peer.now, CloseReason::Peer), refusal()),
        (
            |peer| peer.session.close(peer.now, CloseReason::LinkLost),
            refusal(),
        ),
        // The server leaves the link open, against the rules.
        (|peer| peer.pass(seconds(10)), refusal()),
    ];
    for (end, told) in ends {
        let mut client = client_that_hears(REFUSAL);
        client.receive("pi");
        client.receive(&format!(r#"in{{"socketID":"{ID}"}}"#));
        assert_eq!(client.receive("cd1&mx"), None);
        assert!(client.events().is_empty(), "whether for good comes behind it");

        end(&mut client);

        assert_eq!(
            client.events(),
            [Event::Refused(told), Event::Closed(CloseReason::Refused)]
        );
    }
}

#[test]
fn a_client_that_gives_up_while_it_is_refused_hears_both() {
    let mut client = client_that_hears(REFUSAL);

    client.session.close(client.now, CloseReason::Local);

    assert_eq!(
        client.events(),
        [Event::Refused(refusal()), Event::Closed(CloseReason::Local)]
    );
}

/// [X-6]: what the server says must not hide that something of ours is broken.
#[test]
fn a_handler_that_panics_while_the_client_is_refused_ends_it_all_the_same() {
    let mut client = client_that_hears(REFUSAL);

    client.session.close(client.now, CloseReason::Panicked);

    assert_eq!(
        client.events(),
        [Event::Refused(refusal()), Event::Closed(CloseReason::Panicked)]
    );
}

/// [I-5] [I-16]
#[test]
fn a_refusal_that_was_not_announced_is_an_unreadable_init() {
    let mut client = Peer::new(CLIENT);

    client.receive(REFUSAL);

    assert_eq!(client.events(), [Event::Closed(CloseReason::BadInit)]);
}

#[test]
fn what_a_client_says_of_itself_is_shown_to_nobody() {
    let role = Role::Client {
        batch: false,
        errors: true,
        auth: Auth::new(r#""hunter2""#.to_owned()),
        resume: false,
    };
    let mut client = Peer::new(role);
    let init = client.sent().remove(0);
    let mut server = Peer::new(server(true));
    server.receive(&init);

    let shown = format!("{:?} {:?}", client.session, server.session);

    assert!(init.contains("hunter2") && !shown.contains("hunter2"), "{shown}");
    assert_eq!(Frame::loggable(&init), "in…");
    assert_eq!(Frame::loggable("cd1&minx"), "cd1&minx");
}
