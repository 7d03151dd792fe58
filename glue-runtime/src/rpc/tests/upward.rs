//! Streams from the caller to a method.

use super::*;

const TOO_MANY: &str = r#"{"code":"resource_exhausted","message":"more items than were granted"}"#;

/// [S-9] [S-10]
#[test]
fn a_method_takes_what_its_caller_streams() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&sum&{}"), ["cr1&8"]);
    assert_eq!(served.say("it1&20"), ["cr1&25"]);
    assert!(served.say("it1&22").is_empty());

    assert_eq!(served.say("en1&"), ["ok1&42"]);
    assert_eq!(served.alive(), 0);
}

/// [S-9]
#[test]
fn credit_comes_as_the_method_takes_items() {
    let mut served = Served::new();
    served.say("rq1&sum&{}");

    let mut granted = 8;
    for sent in 0..200 {
        assert!(
            granted > sent,
            "a method that keeps up never makes its caller wait"
        );
        for said in served.say("it1&1") {
            granted += said.strip_prefix("cr1&").unwrap().parse::<u32>().unwrap();
        }
        assert!(granted - sent <= 33, "no more than 32 items are under way");
    }

    assert_eq!(served.say("en1&"), ["ok1&200"]);
}

/// [S-9]
#[test]
fn large_items_get_little_credit() {
    let mut served = Served::new();
    served.say("rq1&sum&{}");
    let item = format!("it1&{}1", " ".repeat(100 << 10));

    let granted: usize = (0..8).map(|_| served.say(&item).len()).sum();

    assert!(
        granted <= 3,
        "{granted} grants where 5 items of 100 KiB are a window"
    );
}

/// [S-12]
#[test]
fn an_item_without_credit_ends_its_call_only() {
    let mut served = Served::new();
    served.say("rq1&skip&{}");
    served.say("rq3&wait&{}");
    let mut late = Served::new();
    late.say("rq1&echo&{}");

    // Nothing was granted: the stream to the caller has no credit, so its source is not asked.
    let (receipt, answers) = late.offer("it1&1");

    assert_eq!(
        (receipt, answers),
        (Receipt::Fault, vec![format!("er1&{TOO_MANY}")])
    );
    assert_eq!(late.offer("it1&2"), (Receipt::Taken, vec![]), "[R-9]");
    assert_eq!(served.offer("it3&1"), (Receipt::Taken, vec![]), "nobody reads it");
    assert_eq!(served.alive(), 1);
}

/// [S-12]
#[test]
fn an_item_behind_the_end_is_a_fault() {
    let mut served = Served::new();
    served.say("rq1&echo&{}");
    served.say("en1&");

    let (receipt, answers) = served.offer("it1&1");

    assert_eq!(
        (receipt, answers),
        (Receipt::Fault, vec![format!("er1&{TOO_MANY}")])
    );
}

/// [S-11] [Q-3]
#[test]
fn an_item_that_does_not_fit_is_named_and_ends_the_call() {
    let mut served = Served::new();
    served.say("rq1&sum&{}");
    served.say("it1&1");

    let answers = served.say(r#"it1&"two""#);

    let [answer] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(
        answer.starts_with(r#"er1&{"code":"invalid_argument","#),
        "{answer}"
    );
    for part in ["`sum`", "item 2", "`numbers`"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(served.alive(), 0);
    assert!(served.say("en1&").is_empty());
}

/// [S-10]
#[test]
fn a_method_that_wants_no_more_says_so_and_is_answered_all_the_same() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1&skip&{}"), ["ca1&"]);
    assert_eq!(served.offer("it1&1"), (Receipt::Taken, vec![]), "it crossed");
    served.probe.gate.notify_one();

    assert_eq!(served.poll(), ["ok1&0"]);
}

/// [S-10]
#[test]
fn an_answer_says_that_no_more_is_wanted() {
    let mut served = Served::new();
    served.probe.gate.notify_one();

    assert_eq!(served.say("rq1&skip&{}"), ["ok1&0"], "no `ca` besides");
}

/// [S-9]
#[test]
fn both_directions_have_their_own_credit() {
    let mut served = Served::new();

    assert_eq!(served.say("rq1;c=2&echo&{}"), ["cr1&8"]);
    assert_eq!(served.say("it1&1"), ["cr1&25", "it1&1"]);
    assert_eq!(served.say("it1&2"), ["it1&2"]);
    assert!(served.say("it1&3").is_empty(), "no credit");
    assert_eq!(served.say("cr1&9"), ["it1&3"]);

    assert_eq!(served.say("en1&"), ["en1&"]);
}

/// [R-4]
#[test]
fn a_cancelled_upload_is_dropped() {
    let mut served = Served::new();
    served.say("rq1&sum&{}");

    assert!(served.say("ca1&").is_empty());

    assert_eq!(served.alive(), 0);
    assert_eq!(served.offer("it1&1"), (Receipt::Taken, vec![]));
    assert_eq!(served.offer("en1&"), (Receipt::Taken, vec![]));
}

/// [R-9]
#[test]
fn what_is_for_no_exchange_is_a_fault() {
    let mut served = Served::new();
    served.say("rq1&add&1");

    for stray in ["it3&1", "en3&", "it2&1", "en2&", "er1&{}", "ok1&1"] {
        assert_eq!(served.offer(stray), (Receipt::Fault, vec![]), "{stray}");
    }
}

/// [L-14]
#[test]
fn streams_have_a_limit_of_their_own() {
    let mut served = Served::with(&Limits {
        streams: 2,
        ..Limits::default()
    });
    served.say("rq1&endless&{}");
    served.say("rq3&sum&{}");

    assert_eq!(
        served.say("rq5&echo&{}"),
        [r#"er5&{"code":"resource_exhausted","message":"more than 2 streams open"}"#]
    );
    assert_eq!(served.say("rq7&add&1"), ["ok7&2"]);
    served.say("ca1&");
    assert_eq!(served.say("rq9&sum&{}"), ["cr9&8"]);
}
