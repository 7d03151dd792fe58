//! The same said by raw clients, on each transport.

use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};

use super::*;

on_each_transport!(
    items_upward_are_granted_as_the_method_takes_them,
    a_method_that_has_enough_says_so_before_it_answers,
    an_item_that_does_not_fit_is_named_and_ends_the_call,
    an_item_beyond_the_credit_ends_the_call,
    two_way_streams_have_credit_of_their_own_on_each_way,
    the_server_asks_and_hears_the_answer,
    an_answer_that_nobody_waits_for_is_no_fault,
    a_cancelled_upload_drops_its_method,
    the_caller_s_time_is_kept,
);

/// A raw client of the service.
struct Caller {
    state: Arc<State>,
    _server: TestServer,
    peer: Peer,
}

impl Caller {
    async fn new(carrier: Carrier) -> Self {
        let factory = Factory::default();
        let state = factory.0.clone();
        let mut limits = Limits::default();
        // Each fault would end the session.
        limits.faults = 0;
        Self::with(carrier, state, factory, limits).await
    }

    async fn with(carrier: Carrier, state: Arc<State>, factory: Factory, limits: Limits) -> Self {
        let builder = Server::builder().limits(limits).channel(factory.into_channel());
        let server = TestServer::start(builder).await;
        let (peer, _) = Peer::open(carrier, server.address()).await;
        Self {
            state,
            _server: server,
            peer,
        }
    }

    async fn say(&mut self, envelope: &str) {
        self.peer.send(&format!("cd5&works{envelope}")).await;
    }

    async fn hear(&mut self) -> String {
        let text = self.peer.text().await;
        text.strip_prefix("cd5&works")
            .unwrap_or_else(|| panic!("{text}"))
            .to_owned()
    }
}

/// [S-9] [S-7]
async fn items_upward_are_granted_as_the_method_takes_them(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say(r#"rq1&sum&{"start":1}"#).await;
    assert_eq!(caller.hear().await, "cr1&8");
    let mut credit = 8;
    for number in 1..=100 {
        while credit == 0 {
            let granted = caller.hear().await;
            let granted: u32 = granted.strip_prefix("cr1&").unwrap().parse().unwrap();
            assert!((1..=32).contains(&granted), "{granted}");
            credit += granted;
        }
        caller.say(&format!("it1&{number}")).await;
        credit -= 1;
    }
    caller.say("en1&").await;

    let answer = loop {
        let envelope = caller.hear().await;
        if !envelope.starts_with("cr1&") {
            break envelope;
        }
    };
    assert_eq!(answer, "ok1&5051");
    caller.peer.assert_alive().await;
}

/// [S-10]
async fn a_method_that_has_enough_says_so_before_it_answers(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say(r#"rq1&take&{"count":1}"#).await;
    assert_eq!(caller.hear().await, "cr1&8");
    caller.say(r#"it1&"a""#).await;
    while caller.hear().await != "ca1&" {}
    // Crossed with it.
    caller.say(r#"it1&"b""#).await;
    caller.say("en1&").await;
    caller.peer.assert_alive().await;
    caller.state.gate.send_replace(true);

    assert_eq!(caller.hear().await, "ok1&1");
}

/// [S-11]
async fn an_item_that_does_not_fit_is_named_and_ends_the_call(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say(r#"rq1&sum&{"start":1}"#).await;
    assert_eq!(caller.hear().await, "cr1&8");
    caller.say("it1&1").await;
    caller.say(r#"it1&"two""#).await;

    let answer = loop {
        let envelope = caller.hear().await;
        if !envelope.starts_with("cr1&") {
            break envelope;
        }
    };
    assert!(
        answer.starts_with(r#"er1&{"code":"invalid_argument""#),
        "{answer}"
    );
    for part in ["`sum`", "`numbers`", "2"] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    caller.state.alive(0).await;
    // Those that were on their way are no fault.
    caller.say("it1&3").await;
    caller.say("en1&").await;
    caller.peer.assert_alive().await;
}

/// [S-12]
async fn an_item_beyond_the_credit_ends_the_call(carrier: Carrier) {
    let factory = Factory::default();
    let state = factory.0.clone();
    let mut caller = Caller::with(carrier, state, factory, Limits::default()).await;

    caller.say("rq1;c=1&echo&{}").await;
    assert_eq!(caller.hear().await, "cr1&8");
    caller.say(r#"it1&"first""#).await;
    assert_eq!(caller.hear().await, "cr1&25", "32 are open");
    assert_eq!(caller.hear().await, r#"it1&"first""#);
    // There is no credit for more of what comes down, so none of these is taken.
    for number in 0..33 {
        caller.say(&format!(r#"it1&"{number}""#)).await;
    }

    let answer = caller.hear().await;
    assert!(
        answer.starts_with(r#"er1&{"code":"resource_exhausted""#),
        "{answer}"
    );
    caller.peer.assert_alive().await;
}

/// [S-9] [S-1]
async fn two_way_streams_have_credit_of_their_own_on_each_way(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say("rq1;c=1&echo&{}").await;
    assert_eq!(caller.hear().await, "cr1&8");
    caller.say(r#"it1&"a""#).await;
    caller.say(r#"it1&"b""#).await;
    assert_eq!(caller.hear().await, "cr1&25");
    assert_eq!(caller.hear().await, r#"it1&"a""#);
    caller.peer.assert_alive().await;

    // The source is not asked whether that was all before there is credit for more.
    caller.say("cr1&2").await;
    caller.say("en1&").await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != "en1&") {
        heard.push(caller.hear().await);
    }
    heard.retain(|envelope| !envelope.starts_with("cr"));
    assert_eq!(heard, [r#"it1&"b""#, "en1&"]);
}

/// [R-16] [R-1]
async fn the_server_asks_and_hears_the_answer(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    for (id, (answer, told)) in [
        ("ok2&true", "ok1&true"),
        (
            r#"er4&{"code":"application","message":"","data":{"reason":"not_allowed"}}"#,
            r#""data":"NotAllowed"}"#,
        ),
        (
            r#"er6&{"code":"unimplemented","message":""}"#,
            r#""data":"unimplemented"}"#,
        ),
        (r#"ok8&"perhaps""#, r#""data":"internal"}"#),
    ]
    .into_iter()
    .enumerate()
    {
        let (asks, asked) = (2 * id + 1, 2 * id + 2);
        caller
            .say(&format!(r#"rq{asks}&ask&{{"question":"sure?"}}"#))
            .await;
        let question = caller.hear().await;
        // What is left of 30 s when it leaves; on a busy machine not all of it.
        let left = question
            .strip_prefix(&format!("rq{asked};t="))
            .and_then(|rest| rest.split_once("&confirm&"))
            .and_then(|(left, _)| left.parse::<u32>().ok());
        assert!(
            left.is_some_and(|left| (1..=30_000).contains(&left)),
            "{question}"
        );
        assert!(question.ends_with(r#"{"question":"sure?"}"#), "{question}");
        caller.say(answer).await;
        let mut heard = caller.hear().await;
        if heard == format!("ca{asked}&") {
            // An answer that can't be read is not waited for again. [Q-5]
            heard = caller.hear().await;
        }
        assert!(heard.ends_with(told), "{heard}");
    }
    caller.peer.assert_alive().await;
}

/// [R-4]
async fn an_answer_that_nobody_waits_for_is_no_fault(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say(r#"rq1&ask&{"question":"sure?"}"#).await;
    assert!(caller.hear().await.starts_with("rq2;"));
    caller.say("ca1&").await;
    assert_eq!(caller.hear().await, "ca2&");
    caller.say("ok2&true").await;

    caller.peer.assert_alive().await;
    caller.state.alive(0).await;
}

/// [R-4]
async fn a_cancelled_upload_drops_its_method(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say(r#"rq1&sum&{"start":1}"#).await;
    assert_eq!(caller.hear().await, "cr1&8");
    caller.say("it1&1").await;
    caller.say("ca1&").await;

    caller.state.alive(0).await;
    caller.say("it1&2").await;
    caller.say("en1&").await;
    caller.peer.send("pi").await;
    let mut heard = caller.peer.text().await;
    while heard.starts_with("cd5&workscr1&") {
        heard = caller.peer.text().await;
    }
    assert_eq!(heard, "po");
}

/// [R-15] [E-12]
async fn the_caller_s_time_is_kept(carrier: Carrier) {
    let mut caller = Caller::new(carrier).await;

    caller.say("rq1;t=1&wait&{}").await;

    let answer = caller.hear().await;
    assert!(
        answer.starts_with(r#"er1&{"code":"deadline_exceeded""#),
        "{answer}"
    );
    caller.state.alive(0).await;
}
