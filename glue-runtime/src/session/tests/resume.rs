//! Sessions that outlive their links, rule by rule; [`model`] plays whatever may come.

mod model;

use super::*;
use crate::proto::code::Code;
use crate::proto::resume::ResumeToken;

const BUFFER: usize = 4096;
const WINDOW: Duration = seconds(60);
const OTHER_ID: &str = "9ZW6uQTwo8apxm11ta3p";

fn terms(token: &str) -> ResumeTerms {
    ResumeTerms {
        token: ResumeToken::new(token.repeat(32)),
        window: WINDOW,
        buffer_bytes: BUFFER,
        received: None,
    }
}

const fn resuming_client() -> Role {
    Role::Client {
        batch: true,
        errors: true,
        auth: None,
        resume: true,
    }
}

fn resuming_server(socket_id: &str, token: &str) -> Role {
    Role::Server {
        socket_id: socket_id.into(),
        decides: false,
        resume: Some(Box::new(terms(token))),
    }
}

fn answer(socket_id: &str, token: &str, received: Option<u64>) -> String {
    let received = received.map_or(String::new(), |received| format!(r#","received":{received}"#));
    let token = token.repeat(32);
    format!(
        r#"in{{"socketID":"{socket_id}","batch":true,"limit":1048576,"resume":{{"token":"{token}"{received},"windowMs":60000,"bufferBytes":{BUFFER}}}}}"#
    )
}

fn wish(token: &str, received: u64) -> String {
    let token = token.repeat(32);
    format!(
        r#"in{{"version":"1.9.1","batch":true,"errors":true,"resume":{{"socketID":"{ID}","token":"{token}","received":{received}}},"drain":true}}"#
    )
}

fn cd(text: &str) -> String {
    format!("cd1&m{text}")
}

impl Peer {
    fn resuming_client() -> Self {
        let mut peer = Self::new(resuming_client());
        assert_eq!(
            peer.sent(),
            [r#"in{"version":"1.9.1","batch":true,"errors":true,"resume":{},"drain":true}"#]
        );
        peer.receive(&answer(ID, "a", None));
        assert!(matches!(peer.session.poll_event(), Some(Event::Opened { .. })));
        peer
    }

    fn resuming_server() -> Self {
        let mut peer = Self::new(resuming_server(ID, "a"));
        peer.receive(r#"in{"version":"1.9.1","batch":true,"resume":{}}"#);
        assert_eq!(peer.sent(), [answer(ID, "a", None)]);
        assert!(matches!(peer.session.poll_event(), Some(Event::Opened { .. })));
        peer
    }

    fn both() -> [Self; 2] {
        [Self::resuming_client(), Self::resuming_server()]
    }

    fn say(&mut self, text: &str) {
        self.session.outbox().push_data(cd(text).into(), Cause::Handle);
    }

    /// Takes messages as a driver does whose channels have room.
    fn take(&mut self, texts: &[String]) {
        for text in texts {
            if let Some(Content::ChannelData(_)) = self.session.handle_text(self.now, text) {
                self.session.take_in(self.now, text.len());
            }
        }
    }

    fn lose(&mut self) {
        self.session.lose_link(self.now, CloseReason::LinkLost);
        assert_eq!(
            self.session.poll_event(),
            Some(Event::Detached(CloseReason::LinkLost))
        );
    }

    /// Server: a client has come that has taken in so much.
    fn come_by(&mut self, token: &str, received: u64) {
        self.session.resume(self.now, received, terms(token));
    }

    /// Client: another link.
    fn go(&mut self) {
        self.session.reopen(self.now, None, seconds(10));
    }
}

/// [U-1] [U-9]: without containers, or where one side doesn't want it, nothing is agreed on, and `ak` and `nu` are unknown.
#[test]
fn what_is_not_agreed_on_is_unknown() {
    let mut server = Peer::new(resuming_server(ID, "a"));
    server.receive(r#"in{"version":"1.9.1","resume":{}}"#);
    assert_eq!(server.sent(), [format!(r#"in{{"socketID":"{ID}"}}"#)]);
    let mut plain = Peer::new(super::server(false));
    plain.receive(r#"in{"version":"1.9.1","batch":true,"resume":{}}"#);
    assert_eq!(
        plain.sent(),
        [format!(r#"in{{"socketID":"{ID}","batch":true,"limit":1048576}}"#)]
    );
    for mut peer in [server, plain] {
        for text in ["ak0", "nu1"] {
            peer.receive(text);
            assert_eq!(peer.sent(), ["iv"], "{text}");
        }
        peer.say("1");
        peer.sent();
        peer.session.lose_link(peer.now, CloseReason::KeepAlive);
        assert_eq!(peer.closed(), Some(CloseReason::KeepAlive));
    }

    let mut client = Peer::new(resuming_client());
    client.sent();
    client.receive(&answer(ID, "a", None).replace("windowMs", "window"));
    client.session.lose_link(client.now, CloseReason::LinkLost);
    assert_eq!(client.closed(), Some(CloseReason::LinkLost));
}

/// [U-2] [U-12] [U-13]
#[test]
fn what_the_other_has_not_taken_in_is_sent_again_before_anything_new() {
    let [mut client, mut server] = Peer::both();
    for text in ["1", "2", "3"] {
        client.say(text);
        server.say(text);
    }
    let (up, down) = (client.sent(), server.sent());
    server.take(&up[..2]);
    client.take(&down[..1]);
    client.lose();
    server.lose();
    client.say("4");
    server.say("4");
    assert!(
        client.sent().is_empty() && server.sent().is_empty(),
        "nothing leaves without a link"
    );

    client.go();
    assert_eq!(client.sent(), [wish("a", 1)]);
    server.come_by("b", 1);
    let told = server.sent();
    assert_eq!(told, [answer(ID, "b", Some(2)), cd("2"), cd("3"), cd("4")]);
    client.take(&told);
    assert_eq!(client.sent(), [cd("3"), cd("4")]);
    for peer in [&mut client, &mut server] {
        assert_eq!(peer.session.poll_event(), Some(Event::Resumed));
        assert_eq!(peer.session.poll_event(), None);
    }

    client.lose();
    client.go();
    assert_eq!(client.sent(), [wish("b", 4)], "with the token that came last");
}

/// [U-2] [U-13]: nothing has been said at all.
#[test]
fn a_session_without_a_message_goes_on() {
    let [mut client, mut server] = Peer::both();
    for token in ["b", "c"] {
        client.lose();
        server.lose();
        client.go();
        client.sent();
        server.come_by(token, 0);
        let told = server.sent();
        assert_eq!(told, [answer(ID, token, Some(0))]);
        client.take(&told);
        assert!(client.session.is_open() && !client.session.is_detached());
        assert_eq!(client.session.poll_event(), Some(Event::Resumed));
        assert_eq!(server.session.poll_event(), Some(Event::Resumed));
    }
}

/// [U-3] [U-7]: what is kept for long has left the caches of the peer's processor, and a message of its own costs more.
#[test]
fn what_has_come_meanwhile_is_acknowledged_along_with_something_else() {
    for joins in [false, true] {
        let mut server = Peer::new(Role::Server {
            socket_id: ID.into(),
            decides: false,
            resume: Some(Box::new(ResumeTerms {
                buffer_bytes: 256 << 10,
                ..terms("a")
            })),
        });
        server.receive(r#"in{"version":"1.9.1","batch":true,"resume":{}}"#);
        server.sent();
        let eighth = "x".repeat((1 << 10) - 32 - cd("").len());

        for _ in 0..7 {
            server.take(&[cd(&eighth)]);
        }
        server.say("1");
        assert_eq!(server.sent(), [cd("1")], "not worth it");
        server.take(&[cd(&eighth)]);
        assert!(server.sent().is_empty(), "not by itself");
        server.say("2");
        server.say("3");
        let sent = if joins { server.joined() } else { server.sent() };

        if joins {
            assert_eq!(sent, ["ba3&ak86&cd1&m26&cd1&m3"]);
        } else {
            assert_eq!(sent, ["ak8".to_owned(), cd("2"), cd("3")]);
        }
        server.pass(seconds(1));
        assert!(server.sent().is_empty(), "all is acknowledged");
    }
}

/// [U-3]
#[test]
fn a_quarter_is_acknowledged_at_once_and_less_within_a_second() {
    for mut peer in Peer::both() {
        peer.pass(seconds(1));
        assert!(peer.sent().is_empty(), "nothing has come");
        let quarter = "x".repeat(BUFFER / 4 - 32 - cd("").len());

        peer.take(&[cd(&quarter)]);
        assert_eq!(peer.sent(), ["ak1"]);
        peer.take(&[cd(&quarter[1..])]);
        peer.pass(seconds(1) - Duration::from_millis(1));
        assert!(peer.sent().is_empty());
        peer.take(&[cd("")]);
        assert_eq!(peer.sent(), ["ak3"]);
        peer.take(&[cd("")]);
        peer.pass(seconds(1) - Duration::from_millis(1));
        peer.take(&[cd("")]);
        assert!(peer.sent().is_empty());
        peer.pass(Duration::from_millis(1));
        assert_eq!(peer.sent(), ["ak5"], "a second after the first of them");
        peer.pass(seconds(20));
        assert!(peer.sent().is_empty());
    }
}

#[test]
fn a_session_rests_a_second_after_something_has_come_and_when_all_is_silent() {
    for mut peer in Peer::both() {
        peer.take(&[cd("")]);
        assert!(!peer.session.take_rest());

        peer.pass(seconds(1));
        assert!(peer.session.take_rest());
        assert!(!peer.session.take_rest(), "once");
        // Each has asked whether the other is there, and waits for its answer.
        peer.pass(seconds(35));
        assert!(peer.session.take_rest());
    }
}

/// [U-4]
#[test]
fn past_the_buffer_only_what_is_no_channel_data_goes_on() {
    for mut peer in Peer::both() {
        let third = "x".repeat(BUFFER / 3 - 32 - cd("").len());
        for _ in 0..5 {
            peer.say(&third);
        }
        peer.session
            .outbox()
            .push_urgent("cd1&murgent".into(), Cause::Peer);
        assert_eq!(peer.sent(), [&*cd("urgent"), &*cd(&third), &*cd(&third)]);
        assert!(peer.session.is_full());
        assert!(peer.session.outbox().kept() <= BUFFER);
        peer.receive("pi");
        assert_eq!(peer.sent(), ["po"]);

        peer.receive("ak1");
        assert_eq!(peer.sent(), [cd(&third)]);
        peer.receive("ak4");
        assert_eq!(peer.sent(), [cd(&third), cd(&third)]);
        peer.receive("ak6");
        assert!(!peer.session.is_full());
        assert_eq!(peer.session.outbox().kept(), 0);

        // One that is too long for any buffer goes alone.
        let long = "x".repeat(3 * BUFFER);
        peer.say("before");
        peer.say(&long);
        peer.say("behind");
        assert_eq!(peer.sent(), [cd("before")]);
        peer.receive("ak7");
        assert_eq!(peer.sent(), [cd(&long)]);
        peer.receive("ak8");
        assert_eq!(peer.sent(), [cd("behind")]);
    }
}

/// [U-5]
#[test]
fn an_acknowledgement_that_cannot_be_ends_the_session() {
    for bad in ["ak4", "ak", "ak03", "ak3 ", "ak-1", "ak9007199254740992"] {
        for mut peer in Peer::both() {
            for text in ["1", "2", "3"] {
                peer.say(text);
            }
            peer.sent();
            peer.receive("ak2");
            peer.receive("ak2");
            peer.receive(bad);
            assert_eq!(peer.closed(), Some(CloseReason::ResumeViolation), "{bad}");
            assert_eq!(peer.sent(), ["cl"]);
        }
    }
}

/// [U-5]: a push may come twice, and late; nothing that a server sends may.
#[test]
fn an_acknowledgement_that_comes_late_ends_the_session_at_a_client_only() {
    for (mut peer, closed) in Peer::both()
        .into_iter()
        .zip([Some(CloseReason::ResumeViolation), None])
    {
        peer.say("1");
        peer.say("2");
        peer.sent();
        peer.receive("ak2");
        peer.receive("ak1");
        assert_eq!(peer.closed(), closed);
    }
}

/// [U-5] [U-13]: on a link that has not carried it yet, nothing can be acknowledged.
#[test]
fn what_was_sent_over_an_earlier_link_is_not_acknowledged_before_it_was_sent_again() {
    let mut server = Peer::resuming_server();
    server.say("1");
    server.say("2");
    server.sent();
    server.lose();
    server.come_by("b", 1);
    server.receive("ak2");
    assert_eq!(server.closed(), Some(CloseReason::ResumeViolation));
}

/// [U-7] [U-8]
#[test]
fn numbers_tell_what_comes_twice_and_what_is_missing() {
    let mut server = Peer::resuming_server();
    let pushed = ["nu1".to_owned(), cd("1"), cd("2")];
    server.take(&pushed);
    server.take(&pushed);
    server.take(&["nu2".to_owned(), cd("2"), cd("3")]);
    server.pass(seconds(1));
    assert_eq!(server.sent(), ["ak3"]);

    // Of more than was taken in, the rest counts.
    server.take(&["nu5".to_owned(), cd("5")]);
    assert_eq!(
        server.session.poll_event(),
        Some(Event::Detached(CloseReason::LinkLost))
    );
    assert_eq!(server.session.poll_event(), None);
    server.come_by("b", 0);
    assert_eq!(
        server.sent(),
        [answer(ID, "b", Some(3))],
        "what came behind the gap was not taken in"
    );

    for bad in ["nu", "nu01", "nu+1"] {
        let mut server = Peer::resuming_server();
        server.receive(bad);
        assert_eq!(server.closed(), Some(CloseReason::ResumeViolation), "{bad}");
    }
    let mut client = Peer::resuming_client();
    client.receive("nu1");
    assert!(client.session.is_open(), "a client has no use for it");
}

/// [U-7]
#[test]
fn an_acknowledgement_is_the_first_of_its_container() {
    let mut server = Peer::resuming_server();
    server.take(&[cd(&"x".repeat(BUFFER / 4))]);
    server.say("1");
    server.receive("pi");
    assert_eq!(server.joined(), ["ba3&ak12&po6&cd1&m1"]);
    server.take(&[cd(&"x".repeat(BUFFER / 4))]);
    assert_eq!(server.joined(), ["ak2"], "nothing to be joined with");
}

/// [U-10]
#[test]
fn only_some_losses_end_a_session() {
    type Loss = fn(&mut Peer);
    let kept: [(Loss, CloseReason); 4] = [
        (
            |peer| peer.session.lose_link(peer.now, CloseReason::LinkLost),
            CloseReason::LinkLost,
        ),
        (
            |peer| peer.session.handle_farewell(peer.now, None),
            CloseReason::LinkLost,
        ),
        (
            |peer| peer.session.handle_farewell(peer.now, Some(1006)),
            CloseReason::LinkLost,
        ),
        (|peer| peer.pass(seconds(40)), CloseReason::KeepAlive),
    ];
    for (lose, reason) in kept {
        for mut peer in Peer::both() {
            lose(&mut peer);
            assert_eq!(peer.session.poll_event(), Some(Event::Detached(reason)));
            assert!(peer.session.is_open());
        }
    }
    let mut away = Peer::resuming_server();
    away.session.note_away(away.now, seconds(5));
    away.pass(seconds(5));
    assert_eq!(
        away.session.poll_event(),
        Some(Event::Detached(CloseReason::LinkLost))
    );

    let ended: [(Loss, CloseReason, &[&str]); 7] = [
        (|peer| _ = peer.receive("cl"), CloseReason::Peer, &[]),
        (
            |peer| peer.session.handle_farewell(peer.now, Some(1000)),
            CloseReason::Peer,
            &[],
        ),
        (
            |peer| peer.session.handle_farewell(peer.now, Some(1001)),
            CloseReason::Peer,
            &[],
        ),
        (
            |peer| peer.session.close(peer.now, CloseReason::Local),
            CloseReason::Local,
            &["cl"],
        ),
        (|peer| peer.session.dismiss(peer.now), CloseReason::Local, &["dr"]),
        (
            |peer| peer.session.close(peer.now, CloseReason::TooLarge),
            CloseReason::TooLarge,
            &["cl"],
        ),
        (
            |peer| {
                peer.session.stall(peer.now);
                peer.pass(seconds(5));
            },
            CloseReason::ChannelOverflow,
            &["cl"],
        ),
    ];
    for (end, reason, words) in ended {
        let mut server = Peer::resuming_server();
        end(&mut server);
        assert_eq!(server.closed(), Some(reason));
        assert_eq!(server.sent(), words, "{reason}");
    }
    let mut client = Peer::resuming_client();
    client.session.handle_farewell(client.now, Some(1000));
    assert!(
        client.session.lost().is_some(),
        "a server says cl when it means it"
    );
}

/// [U-11]
#[test]
fn a_session_without_a_link_rests_until_its_window_has_passed() {
    for mut peer in Peer::both() {
        peer.take(&[cd("1")]);
        peer.session.lose_link(peer.now, CloseReason::KeepAlive);
        peer.session.lose_link(peer.now, CloseReason::LinkLost);
        peer.session.note_away(peer.now, seconds(1));
        assert_eq!(
            peer.session.poll_event(),
            Some(Event::Detached(CloseReason::KeepAlive))
        );
        assert_eq!(
            peer.session.poll_timeout(),
            Some(peer.now + WINDOW),
            "nothing else is due"
        );

        peer.pass(WINDOW - Duration::from_millis(1));
        assert_eq!(peer.session.poll_event(), None);
        assert_eq!(peer.receive(&cd("2")), None, "there is no link for it to come by");
        peer.pass(Duration::from_millis(1));
        assert_eq!(peer.closed(), Some(CloseReason::KeepAlive));
        assert!(!peer.session.has_link());
    }
}

/// [U-11]: attempts that fail give no more time.
#[test]
fn the_window_begins_with_the_loss_and_ends_with_an_answer() {
    let mut client = Peer::resuming_client();
    client.lose();
    for _ in 0..4 {
        client.pass(seconds(2));
        client.go();
        client.pass(seconds(10));
        assert_eq!(
            client.session.poll_event(),
            Some(Event::Detached(CloseReason::InitTimeout))
        );
    }
    client.go();
    client.sent();
    client.receive("in{\"socketID\":\"");
    assert_eq!(
        client.session.poll_event(),
        Some(Event::Detached(CloseReason::BadInit))
    );
    client.pass(seconds(12) - Duration::from_millis(1));
    assert_eq!(client.session.poll_event(), None);
    client.pass(Duration::from_millis(1));
    assert_eq!(client.closed(), Some(CloseReason::BadInit));

    let mut client = Peer::resuming_client();
    client.lose();
    client.pass(seconds(59));
    client.go();
    client.receive(&answer(ID, "b", Some(0)));
    client.pass(seconds(30));
    assert_eq!(client.closed(), None);
}

/// [U-12]: before the server has noticed that the former link is gone; its deadlines went with it.
#[test]
fn a_link_is_taken_over_whatever_the_former_was_about() {
    let mut server = Peer::resuming_server();
    server.say("1");
    server.sent();
    server.pass(seconds(30));
    assert_eq!(server.sent(), ["pi"]);
    server.receive("pi");
    server.session.stall(server.now);
    server.session.note_away(server.now, seconds(5));

    server.come_by("b", 0);

    assert_eq!(
        server.sent(),
        [answer(ID, "b", Some(0)), cd("1")],
        "what was for the former link isn't for this"
    );
    server.pass(seconds(29));
    assert!(server.sent().is_empty());
    assert!(!server.session.is_stalled());
    assert_eq!(server.session.poll_event(), Some(Event::Resumed));
    assert_eq!(server.session.poll_event(), None);
}

/// [U-13]
#[test]
fn a_number_that_cannot_be_is_not_resumed_with() {
    for received in [0, 3] {
        let mut server = Peer::resuming_server();
        server.say("1");
        server.say("2");
        server.sent();
        server.receive("ak1");
        assert!(!server.session.can_resume(received), "{received}");
        assert!(server.session.can_resume(1) && server.session.can_resume(2));

        let mut client = Peer::resuming_client();
        client.say("1");
        client.say("2");
        client.sent();
        client.receive("ak1");
        client.lose();
        client.go();
        client.sent();
        client.receive(&answer(ID, "b", Some(received)));
        assert_eq!(client.closed(), Some(CloseReason::ResumeViolation));
        assert!(!client.session.has_link());
    }
}

/// [U-13]: what comes ahead of the answer belongs to no session.
#[test]
fn a_client_takes_nothing_before_the_answer() {
    let mut client = Peer::resuming_client();
    client.say("1");
    client.sent();
    client.lose();
    client.go();
    client.sent();
    client.take(&[
        cd("1"),
        "ak1".to_owned(),
        "ba6&cd1&m1".to_owned(),
        "pi".to_owned(),
    ]);
    assert_eq!(client.sent(), ["po"]);
    client.take(&[answer(ID, "b", Some(0)), cd("2")]);
    assert_eq!(client.sent(), [cd("1")]);
    assert_eq!(client.session.poll_event(), Some(Event::Resumed));
    client.lose();
    client.go();
    assert_eq!(client.sent(), [wish("b", 1)]);
}

/// [U-14]: the wish reaches whoever knows the sessions, and what it says of itself nobody else.
#[test]
fn a_former_session_is_asked_for() {
    let mut server = Peer::new(resuming_server(OTHER_ID, "b"));
    server.receive(&wish("a", 7));
    let Some(Event::Asked {
        auth: None,
        former: Some(former),
    }) = server.session.poll_event()
    else {
        panic!("nobody was asked");
    };
    assert_eq!((former.socket_id.as_str(), former.received), (ID, 7));
    assert!(!format!("{former:?}").contains("aaa"), "a token is a secret");
    // There is none, so it gets a fresh one.
    server.session.accept();
    let told = server.sent();
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains(OTHER_ID) && !told[0].contains("received"),
        "{told:?}"
    );
}

/// [U-15]
#[test]
fn a_refusal_ends_a_session_only_if_it_is_for_good() {
    let refusal = r#"in{"error":{"code":"unavailable","message":"later"}}"#;
    for is_final in [false, true] {
        let mut client = Peer::resuming_client();
        client.say("1");
        client.sent();
        client.lose();
        client.go();
        client.sent();
        client.receive(refusal);
        assert_eq!(
            client.session.poll_event(),
            None,
            "whether for good is not known yet"
        );
        if is_final {
            client.receive("dr");
        } else {
            client.session.handle_farewell(client.now, None);
        }
        let Some(Event::Refused(refusal)) = client.session.poll_event() else {
            panic!("it was not told");
        };
        assert_eq!(
            (refusal.code(), refusal.is_final()),
            (Code::Unavailable, is_final)
        );
        if is_final {
            assert_eq!(client.closed(), Some(CloseReason::Refused));
            continue;
        }
        assert_eq!(
            client.session.poll_event(),
            Some(Event::Detached(CloseReason::LinkLost))
        );
        client.go();
        assert_eq!(client.sent(), [wish("a", 0)]);
        client.receive(&answer(ID, "b", Some(0)));
        assert_eq!(client.sent(), [cd("1")]);
    }
}

/// [U-16]
#[test]
fn another_session_gets_what_never_left_and_nothing_else() {
    let stranger = format!(r#"in{{"socketID":"{ID}"}}"#);
    for fresh in [
        answer(OTHER_ID, "b", None),
        answer(OTHER_ID, "b", Some(1)),
        answer(ID, "b", None),
        stranger,
    ] {
        let mut client = Peer::resuming_client();
        client.say("1");
        client.sent();
        client.lose();
        client.say("2");
        client.session.outbox().push_data(cd("call").into(), Cause::Call);
        client
            .session
            .outbox()
            .push_urgent(cd("credit").into(), Cause::Peer);
        client.say("3");
        client.go();
        client.sent();

        client.receive(&fresh);

        let unsent = [
            (cd("2").into(), Cause::Handle),
            (cd("call").into(), Cause::Call),
            (cd("3").into(), Cause::Handle),
        ];
        let unsent = unsent.to_vec();
        assert_eq!(client.session.poll_event(), Some(Event::Renewed { unsent }));
        assert!(matches!(client.session.poll_event(), Some(Event::Opened { .. })));
        assert!(client.sent().is_empty());
        client.say("4");
        assert_eq!(client.sent(), [cd("4")]);
        client.pass(seconds(34));
        assert_eq!(client.closed(), None, "the former window is nobody's");
    }
}

/// [U-10]: a client that leaves while the server has not answered says so, as the server may have the session by then.
#[test]
fn a_client_that_closes_on_a_new_link_says_so_behind_its_init() {
    let mut client = Peer::resuming_client();
    client.lose();
    client.say("1");
    client.go();
    client.session.close(client.now, CloseReason::Local);
    assert_eq!(client.sent(), [wish("a", 0), "cl".to_owned()]);
    assert!(
        client.session.outbox().is_empty(),
        "nothing else holds the end up"
    );

    let mut client = Peer::resuming_client();
    client.lose();
    client.session.close(client.now, CloseReason::Local);
    assert!(client.sent().is_empty());
    assert_eq!(client.closed(), Some(CloseReason::Local));
}

/// [U-6]
#[test]
fn a_client_gives_way_where_both_are_flooded() {
    for mut peer in Peer::both() {
        let is_client = peer.session.is_client();
        let half = "x".repeat(2048);
        for _ in 0..40 {
            peer.session.outbox().push_data(cd(&half).into(), Cause::Peer);
        }
        assert!(peer.session.is_flooded());
        assert_eq!(peer.sent().len(), 1);
        assert!(peer.session.is_full());
        assert_eq!(peer.session.is_flooded(), !is_client);
        while peer.session.outbox().caused() < 64 * (64 << 10) {
            peer.session.outbox().push_data(cd(&half).into(), Cause::Peer);
        }
        assert!(peer.session.is_flooded(), "not without end");
    }
}

/// [U-4]: a server may offer what it likes, and acknowledge nothing.
#[test]
fn a_client_keeps_no_more_than_is_good_for_it() {
    let mut client = Peer::new(resuming_client());
    client.sent();
    let most = ((1_u64 << 53) - 1).to_string();
    client.receive(&answer(ID, "a", None).replace(&format!(":{BUFFER}}}"), &format!(":{most}}}")));
    assert!(matches!(client.session.poll_event(), Some(Event::Opened { .. })));

    let text = "x".repeat(1 << 20);
    for _ in 0..50 {
        client.say(&text);
    }
    let sent = client.sent().len();

    assert!((1..=16).contains(&sent), "{sent} MiB are kept");
    assert!(client.session.is_full());
    client.receive(&format!("ak{sent}"));
    assert!(!client.sent().is_empty(), "it goes on");
}
