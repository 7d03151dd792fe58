//! Links that come and go under one session.

use super::*;
use crate::mailbox::NewLink;
use crate::proto::resume::ResumeToken;

const BUFFER: usize = 1024;

fn terms() -> ResumeTerms {
    ResumeTerms {
        token: ResumeToken::new("t".repeat(32)),
        window: Duration::from_secs(60),
        buffer_bytes: BUFFER,
        received: None,
    }
}

fn cd(text: impl std::fmt::Display) -> String {
    format!("cd1&m{text}")
}

/// A call on a channel that isn't open, which is answered at once.
fn call(id: usize) -> String {
    format!("cd1&xrq{id}&f&{{}}")
}

fn joined(messages: &[String]) -> String {
    let mut joined = Joined::new(100);
    for message in messages {
        joined.push(message);
    }
    joined.into_text()
}

impl Stage {
    /// A stage whose session outlives its link.
    fn keeping(limits: Limits) -> Self {
        let mut stage = Self::resuming(false, limits, None, Some(Box::new(terms())));
        stage
            .link
            .receives([r#"in{"version":"1.9.1","batch":true,"resume":{}}"#]);
        stage.turn();
        stage.link.sent();
        stage
    }

    /// A client comes by a new link, on which the server's answer says how much it has taken in.
    fn attach(&mut self, generation: u64, received: u64) -> FakeTransport {
        let link = FakeTransport::default();
        let new = NewLink {
            transport: Box::new(link.clone()),
            received,
            terms: terms(),
            generation,
            place: None,
            from: Arc::new(Mailbox::new(Peer::default(), &Limits::default())),
        };
        assert!(self.channels.mailbox().attach(new).is_ok());
        link
    }

    fn come_by(&mut self, received: u64) -> FakeTransport {
        let link = self.attach(1, received);
        self.turn();
        link
    }

    /// The end of the link arrives.
    fn lose(&mut self) {
        self.link.0.lock().unwrap().has_ended = true;
        assert!(!self.turn(), "the session is kept");
        assert!(self.link.is_dropped());
    }
}

impl FakeTransport {
    fn is_dropped(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Returns the number in the server's answer, and what was sent behind it.
    fn answered(&self) -> (u64, Vec<String>) {
        let mut sent = self.sent().0;
        let init = sent.remove(0);
        let (_, received) = init.split_once(r#""received":"#).unwrap();
        let (received, _) = received.split_once(',').unwrap();
        (received.parse().unwrap(), sent)
    }
}

/// [U-11] [U-12] [U-13]
#[tokio::test]
async fn a_session_goes_on_over_the_next_link() {
    let mut stage = Stage::keeping(Limits::default());
    stage.link.receives([cd("a")]);
    stage.main().try_send("1").unwrap();
    stage.main().try_send("2").unwrap();
    stage.turn();
    assert_eq!(stage.link.sent().0, [cd("1"), cd("2")]);
    stage.lose();

    stage.main().try_send("3").unwrap();
    stage.turn();
    let link = stage.come_by(1);
    assert_eq!(link.answered(), (1, vec![cd("2"), cd("3")]));
    link.receives([cd("b")]);
    stage.turn();
    for text in ["a", "b"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(text));
    }
    assert_eq!(
        stage.channels.mailbox().socket_id(),
        "",
        "the hooks of this test set none"
    );
}

/// [U-12]: before the loss of the former link is noticed. What it still brings has no effect, nor has its end.
#[tokio::test]
async fn a_link_that_was_taken_over_counts_for_nothing() {
    let limits = Limits {
        channel_messages: 1,
        ..Limits::default()
    };
    let mut stage = Stage::keeping(limits);
    stage.link.receives(["1", "2", "3", "4"].map(cd));
    stage.turn();
    assert_eq!(stage.link.unread(), 2, "one waits that was read");

    let link = stage.come_by(0);
    assert_eq!(link.answered(), (1, vec![]));
    assert!(stage.link.is_dropped());
    link.receives(["2", "3"].map(cd));
    for text in ["1", "2", "3"] {
        stage.turn();
        assert_eq!(stage.main().recv().await.as_deref(), Some(text));
    }
}

/// [U-12]: the link that is lost and the one that comes are found in the same turn.
#[tokio::test]
async fn a_loss_takes_no_link_but_its_own() {
    let mut stage = Stage::keeping(Limits::default());
    stage.link.0.lock().unwrap().presence = Some(Presence::Broken(TransportError::Lost));
    let link = stage.come_by(0);
    assert_eq!(link.answered(), (0, vec![]));
    assert!(!link.is_dropped());
    link.receives([cd("a")]);
    stage.turn();
    assert_eq!(stage.main().recv().await.as_deref(), Some("a"));
}

/// [U-12]: the application may take its time for one of two.
#[tokio::test]
async fn of_two_links_the_one_that_was_claimed_last_counts() {
    let mut stage = Stage::keeping(Limits::default());
    let second = stage.attach(2, 0);
    stage.turn();
    second.answered();
    let late = stage.attach(1, 0);
    stage.turn();
    assert!(late.is_dropped());
    assert_eq!(late.sent().0, [""; 0]);
    second.receives(["pi"]);
    stage.turn();
    assert_eq!(second.sent().0, ["po"]);
}

/// [U-13]
#[tokio::test]
async fn a_link_with_a_number_that_cannot_be_is_dropped() {
    let mut stage = Stage::keeping(Limits::default());
    let link = stage.come_by(7);
    assert!(link.is_dropped());
    assert_eq!(link.sent().0, [""; 0]);
    stage.link.receives(["pi"]);
    stage.turn();
    assert_eq!(stage.link.sent().0, ["po"]);
}

/// [U-8]: a container in which some are missing.
#[tokio::test]
async fn nothing_behind_a_gap_is_taken_in() {
    let mut stage = Stage::keeping(Limits::default());
    stage.link.receives([
        joined(&["nu1".to_owned(), cd("1")]),
        joined(&["nu3".to_owned(), cd("3"), cd("4")]),
    ]);
    stage.turn();
    assert!(stage.link.is_dropped());
    let link = stage.come_by(0);
    assert_eq!(link.answered(), (1, vec![]));
    link.receives(["2", "3"].map(cd));
    stage.turn();
    for text in ["1", "2", "3"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(text));
    }
}

/// [U-4] [U-6]: by themselves and in containers, in the turn in which the buffer becomes full and later.
#[tokio::test]
async fn a_side_that_waits_for_an_acknowledgement_reads_on_for_it() {
    let limits = Limits {
        channel_messages: 1,
        ..Limits::default()
    };
    let mut stage = Stage::keeping(limits);
    stage.link.receives(["1", "2", "3"].map(cd));
    stage.turn();
    assert_eq!(stage.link.unread(), 1);

    // The first two fill the buffer. The acknowledgement is there before it is waited for.
    for _ in 0..5 {
        stage.main().try_send("x".repeat(400)).unwrap();
    }
    stage.link.receives(["ak2"]);
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 4);
    stage.link.receives([joined(&["ak3".to_owned(), cd("4")])]);
    stage.wakes();
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 1);
    assert_eq!(stage.wakes(), 0, "nothing is tried again and again");

    stage.link.receives(["pi".to_owned(), cd("5")]);
    stage.main().try_send("x".repeat(400)).unwrap();
    stage.turn();
    assert_eq!(stage.link.sent().0, ["po"]);
    stage.link.receives(["ak5"]);
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 1);
    for text in ["1", "2", "3", "4", "5"] {
        assert_eq!(stage.main().recv().await.as_deref(), Some(text));
        stage.turn();
    }
}

/// [U-6]: where answers fill the buffer, calls are not taken in until there is room for more.
#[tokio::test]
async fn a_peer_that_acknowledges_nothing_cannot_go_on_calling() {
    let limits = Limits {
        send_bytes: 1024,
        message_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::keeping(limits);
    let mut called = 0;
    let is_over = (0..100).any(|_| {
        stage.link.receives((0..50).map(|_| {
            called += 1;
            call(2 * called - 1)
        }));
        stage.turn()
    });
    assert!(is_over, "it has sent far more than may be unacknowledged");
    let (sent, _) = stage.link.sent();
    let answers = sent.iter().filter(|text| text.starts_with("cd")).count();
    assert!((1..50).contains(&answers), "{answers} were answered");
}

/// [U-6]: one that does acknowledge, late, loses nothing.
#[tokio::test(start_paused = true)]
async fn a_peer_that_acknowledges_late_gets_all_its_answers() {
    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let mut stage = Stage::keeping(limits);
    // As many as fit the peer's own buffer.
    let calls = BUFFER / (call(11).len() + 32);
    let (mut called, mut answers, mut heard) = (0, 0, 0);
    while answers < 10 * calls {
        if called == heard {
            stage
                .link
                .receives((called..called + calls).map(|number| call(2 * number + 1)));
            called += calls;
        }
        let has_ended = stage.turn();
        let reason = stage.channels.mailbox().closed().now_or_never();
        assert!(!has_ended, "{reason:?}");
        for text in stage.link.sent().0 {
            answers += usize::from(text.starts_with("cd"));
            if let Some(number) = text.strip_prefix("ak") {
                heard = number.parse().unwrap();
            }
        }
        stage.link.receives([format!("ak{answers}")]);
        if called != heard {
            // A second passes, after which all that was taken in is acknowledged.
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(answers, 10 * calls);
}

/// [U-6]: both have answers to send for which the other would have to take in something, and neither would.
#[tokio::test(start_paused = true)]
async fn two_that_flood_each_other_with_calls_do_not_wait_for_each_other() {
    const CALLS: usize = 200;

    let limits = Limits {
        send_bytes: 1024,
        ..Limits::default()
    };
    let role = Role::Client {
        batch: true,
        errors: true,
        auth: None,
        resume: true,
    };
    let client = Stage::of(role, false, limits.clone(), None);
    let server = Stage::resuming(false, limits, None, Some(Box::new(terms())));
    // The channel of each is not open at the other, which says so to each call.
    let lanes = [client.channels.channel("x"), server.channels.channel("y")];
    let mut sides = [client, server];
    let (mut called, mut answered) = ([0; 2], [0; 2]);
    let mut ways = [vec![], vec![]];
    for round in 0..10_000 {
        let mut has_moved = false;
        for side in [0, 1] {
            while called[side] < CALLS
                && round >= 4
                && lanes[side]
                    .try_send(format!("rq{}&f&{{}}", 2 * called[side] + 1))
                    .is_ok()
            {
                called[side] += 1;
            }
            assert!(!sides[side].turn());
            while let Some(Some(text)) = lanes[side].recv().now_or_never() {
                assert!(text.starts_with("er"), "{text}");
                answered[side] += 1;
            }
            let (sent, _) = sides[side].link.sent();
            has_moved |= !sent.is_empty();
            ways[side].extend(sent);
        }
        // For a while nothing arrives, so that both have much to say before they hear of the other.
        if !(4..8).contains(&round) {
            for side in [0, 1] {
                sides[1 - side].link.receives(ways[side].drain(..));
            }
        }
        if answered == [CALLS; 2] {
            return;
        }
        if !has_moved && round >= 8 {
            // For acknowledgements of less than a quarter.
            tokio::time::advance(Duration::from_secs(1)).await;
        }
    }
    panic!("{answered:?} of {called:?} were answered");
}

/// [U-4] [X-2]
#[tokio::test]
async fn what_is_left_at_the_end_goes_out_though_the_buffer_is_full() {
    let mut stage = Stage::keeping(Limits::default());
    for _ in 0..5 {
        stage.main().try_send("x".repeat(400)).unwrap();
    }
    stage.turn();
    assert_eq!(stage.link.sent().0.len(), 2);
    stage.channels.mailbox().request_close(CloseReason::Local);
    assert!(stage.turn());
    let (sent, _) = stage.link.sent();
    assert_eq!(sent.len(), 4);
    assert_eq!(sent.last().map(String::as_str), Some("cl"));
}

/// [U-10]: what stands in front of it has no room, but there is nobody left who could send it again.
#[tokio::test]
async fn a_farewell_counts_behind_a_full_channel_too() {
    for end in ["cl".to_owned(), joined(&[cd("4"), "cl".to_owned()])] {
        let limits = Limits {
            channel_messages: 1,
            ..Limits::default()
        };
        let mut stage = Stage::keeping(limits);
        for _ in 0..5 {
            stage.main().try_send("x".repeat(400)).unwrap();
        }
        stage.link.receives([cd("1"), cd("2"), cd("3"), end]);
        stage.turn();
        stage.link.0.lock().unwrap().has_ended = true;
        assert!(stage.turn(), "the session has ended");
        assert_eq!(stage.channels.mailbox().closed().await, CloseReason::Peer);
    }
}

/// [U-10] [U-11]
#[tokio::test(start_paused = true)]
async fn a_session_without_a_link_ends_when_it_is_closed_or_its_window_has_passed() {
    let mut stage = Stage::keeping(Limits::default());
    stage.lose();
    stage.channels.mailbox().request_close(CloseReason::Local);
    assert!(stage.turn());
    assert_eq!(stage.channels.mailbox().closed().await, CloseReason::Local);

    let mut stage = Stage::keeping(Limits::default());
    stage.lose();
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(stage.turn());
    assert_eq!(stage.channels.mailbox().closed().await, CloseReason::LinkLost);
}

/// [U-6]: neither messages of no length nor answers to pings are without weight.
#[tokio::test]
async fn a_peer_that_acknowledges_nothing_cannot_fill_the_memory_with_short_messages() {
    for flood in ["pi", "xx"] {
        let limits = Limits {
            send_bytes: 1024,
            message_bytes: 1024,
            ..Limits::default()
        };
        let mut stage = Stage::keeping(limits);
        // More answers than it acknowledges, and than the link takes.
        for _ in 0..4 {
            stage.main().try_send("x".repeat(400)).unwrap();
            stage.turn();
        }
        stage.link.block(true);
        stage.link.receives((0..50).map(|number| call(2 * number + 1)));
        stage.turn();

        let is_over = (0..20).any(|_| {
            stage.link.receives([flood; 50]);
            // Behind its end it waits for the link.
            stage.turn() || stage.channels.mailbox().is_closed()
        });

        assert!(is_over, "{flood}: nothing bounds what waits");
    }
}

/// [B-6] [U-13]: a poll takes all that is sent again, though no more may be sent than that.
#[tokio::test]
async fn what_is_sent_again_is_joined_though_the_buffer_is_full() {
    let mut stage = Stage::keeping(Limits::default());
    for number in 0..5 {
        stage.main().try_send(format!("{number:0400}")).unwrap();
    }
    stage.turn();
    let (kept, _) = stage.link.sent();
    assert_eq!(kept.len(), 2);
    stage.lose();

    let link = stage.attach(1, 0);
    link.join();
    stage.turn();

    assert_eq!(link.answered(), (0, vec![joined(&kept)]));
}
