use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;

use super::*;
use crate::error::ErrorKind;
use crate::rpc::codec::json;
use crate::rpc::message::{ArgsError, EncodeError};
use crate::server::roster::tests::Page;

/// Counts how often it is written.
#[derive(Clone, Default)]
struct Said {
    written: Arc<AtomicUsize>,
    is_bad: bool,
}

impl EventMessage for Said {
    const CHANNEL: &'static str = "rooms";

    fn name(&self) -> &'static str {
        "said"
    }

    fn encode(&self, out: &mut String) -> Result<(), EncodeError> {
        if self.is_bad {
            let value = std::collections::BTreeMap::from([(vec![1], 1)]);
            return crate::rpc::message::encode_value("said", json::<_>(), &value, out).map(drop);
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        out.push_str(&number.to_string());
        Ok(())
    }

    fn decode(_: &str, _: &str) -> Result<Option<Self>, ArgsError> {
        Ok(None)
    }
}

fn groups() -> Groups<Said> {
    Groups::new()
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort_unstable();
    list
}

fn assert_nothing_left<K: Eq + Hash + Clone>(shared: &Shared<K>) {
    let roster = shared.lock();
    assert_eq!((roster.keys().count(), roster.known()), (0, 0));
}

#[test]
fn a_socket_joins_a_group_once_and_a_group_is_there_as_long_as_somebody_is_in_it() {
    let (groups, ann) = (groups(), Page::new("ann"));

    assert!(groups.join("a", &ann.cx));
    assert!(!groups.join("a", ann.cx.emitter()), "it was in it");
    assert!(groups.clone().join("b", &ann.cx));
    assert_eq!(
        (groups.len("a"), groups.members("a")),
        (1, vec!["ann".to_owned()])
    );
    assert_eq!(sorted(groups.keys()), ["a", "b"]);

    assert!(groups.leave("a", "ann"));
    assert!(!groups.leave("a", "ann"), "it was not in it");
    assert!(groups.is_empty("a") && groups.contains("b", "ann"));
    assert_eq!(groups.leave_all("ann"), ["b"]);
    assert!(groups.keys().is_empty());
}

#[test]
fn a_socket_that_ends_leaves_all_groups_by_one_handler() {
    let (groups, ann, bob) = (groups(), Page::new("ann"), Page::new("bob"));
    for _ in 0..100 {
        groups.join("a", &ann.cx);
        groups.leave_all("ann");
    }
    groups.join("a", &ann.cx);
    groups.join("b", &ann.cx);
    groups.join("b", &bob.cx);

    assert_eq!(ann.mailbox.close_handlers(), 1);
    ann.end();
    assert_eq!(groups.keys(), ["b"]);
    assert_eq!(groups.members("b"), ["bob"]);
    bob.end();
    assert_nothing_left(&groups.shared);
}

#[test]
fn a_socket_leaves_with_the_last_of_its_seats() {
    let (groups, ann) = (groups(), Page::new("ann"));
    let first = groups.seat("a", &ann.cx);
    let second = groups.seat("a", &ann.cx);
    let elsewhere = groups.seat("b", &ann.cx);

    drop(first);
    assert!(groups.contains("a", "ann"));
    drop(second);
    assert_eq!(groups.keys(), ["b"]);
    drop(elsewhere);

    assert!(groups.keys().is_empty());
    ann.end();
    assert_nothing_left(&groups.shared);
}

#[test]
fn who_joined_stays_without_a_seat() {
    let (groups, ann) = (groups(), Page::new("ann"));
    let before = groups.seat("a", &ann.cx);
    assert!(!groups.join("a", &ann.cx));
    let after = groups.seat("a", &ann.cx);

    drop((before, after));

    assert!(groups.contains("a", "ann"));
}

#[test]
fn a_seat_that_means_nothing_any_more_takes_nobody_out() {
    let (groups, ann) = (groups(), Page::new("ann"));
    let old = groups.seat("a", &ann.cx);
    assert!(groups.leave("a", "ann"));
    let new = groups.seat("a", &ann.cx);

    drop(old);
    assert!(groups.contains("a", "ann"));
    ann.end();
    assert!(groups.keys().is_empty());
    drop(new);

    let late = groups.seat("a", &ann.cx);
    assert_nothing_left(&groups.shared);
    drop(groups);
    drop(late);
}

#[test]
fn seats_that_come_and_go_at_once_leave_nothing() {
    for _ in 0..200 {
        let (groups, ann) = (groups(), Page::new("ann"));
        let kept = std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| drop(groups.seat("a", &ann.cx)));
            }
            groups.seat("a", &ann.cx)
        });

        assert!(groups.contains("a", "ann"));
        drop(kept);
        assert!(groups.keys().is_empty());
    }
}

#[test]
fn a_socket_that_has_ended_joins_nothing() {
    let (groups, ann) = (groups(), Page::new("ann"));
    groups.join("a", &ann.cx);
    ann.end();

    assert!(!groups.join("a", &ann.cx));

    assert_nothing_left(&groups.shared);
}

/// Whatever the order in which the steps of a join and of the end come, nobody stays.
#[test]
fn joins_that_race_with_the_end_leave_nothing() {
    for round in 0..200 {
        let (groups, ann) = (groups(), Page::new("ann"));
        let join = |key: &'static str| groups.join(key, &ann.cx);
        std::thread::scope(|scope| {
            scope.spawn(|| join("a"));
            scope.spawn(|| join("b"));
            scope.spawn(|| ann.end());
        });

        assert_nothing_left(&groups.shared);
        assert!(ann.mailbox.is_closed(), "round {round}");
    }
}

#[test]
fn groups_that_are_gone_are_not_kept_by_their_sockets() {
    let ann = Page::new("ann");
    let groups = groups();
    groups.join("a", &ann.cx);
    let shared = Arc::downgrade(&groups.shared);

    drop(groups);

    assert!(shared.upgrade().is_none());
    ann.end();
}

#[tokio::test]
async fn an_event_is_written_once_and_every_member_gets_the_same_text() {
    let groups = groups();
    let pages: Vec<_> = (0..50).map(|id| Page::new(&id.to_string())).collect();
    for page in &pages {
        groups.join("a", &page.cx);
    }
    let said = Said::default();

    let delivery = groups.emit("a", &said).await.unwrap();

    assert_eq!((delivery.queued, said.written.load(Ordering::Relaxed)), (50, 1));
    let texts: Vec<_> = pages
        .iter()
        .map(|page| page.mailbox.take_message().unwrap())
        .collect();
    let first = texts[0].text();
    assert_eq!(first.as_str(), "cd5&roomsev&said&0");
    assert!(texts.iter().all(|text| text.text().as_ptr() == first.as_ptr()));
}

#[tokio::test]
async fn events_reach_a_group_or_all_or_all_but_one_or_one() {
    let groups = groups();
    let [ann, bob, eve, out] = ["ann", "bob", "eve", "out"].map(Page::new);
    groups.join("a", &ann.cx);
    groups.join("a", &bob.cx);
    groups.join("b", &bob.cx);
    groups.join("b", &eve.cx);
    groups.join("b", &out.cx);
    groups.leave("b", "out");
    let said = Said::default();
    let taken = || [&ann, &bob, &eve, &out].map(|page| page.take().len());

    groups.emit("a", &said).await.unwrap();
    assert_eq!(taken(), [1, 1, 0, 0]);
    groups.emit_except("a", &said, "ann").await.unwrap();
    assert_eq!(taken(), [0, 1, 0, 0]);
    let is_meant = |id: &str| groups.contains("a", id) && id != "ann";
    assert_eq!(groups.emit_where("b", &said, is_meant).await.unwrap().queued, 1);
    assert_eq!(taken(), [0, 1, 0, 0], "the choice may look into the groups");
    groups.emit_all(&said).await.unwrap();
    assert_eq!(taken(), [1, 1, 1, 0], "once each");
    assert_eq!(groups.emit_to("eve", &said).await.unwrap().queued, 1);
    assert_eq!(taken(), [0, 0, 1, 0]);
    assert_eq!(groups.emit_to("out", &said).await.unwrap(), Delivery::default());
    assert_eq!(groups.emit("c", &said).await.unwrap(), Delivery::default());
}

#[tokio::test]
async fn an_event_that_json_cannot_hold_is_sent_to_nobody() {
    let (groups, ann) = (groups(), Page::new("ann"));
    groups.join("a", &ann.cx);
    let bad = Said {
        is_bad: true,
        ..Said::default()
    };

    let error = groups.emit("a", &bad).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(ann.take().is_empty());
}

#[tokio::test]
async fn a_slow_member_holds_up_nobody_under_any_policy() {
    for (policy, expected) in [
        (SlowConsumer::Close, ["0", "1"]),
        (SlowConsumer::DropOldest, ["2", "3"]),
        (SlowConsumer::Wait, ["0", "1"]),
    ] {
        let groups = groups().slow_consumer(policy);
        let (slow, quick) = (Page::new("slow"), Page::new("quick"));
        groups.join("a", &slow.cx);
        groups.join("a", &quick.cx);
        let said = Said::default();

        let mut waiting = Vec::new();
        for number in 0..4 {
            let mut emit = Box::pin(groups.emit("a", &said));
            if emit.as_mut().now_or_never().is_none() {
                waiting.push(number);
            }
            assert_eq!(quick.take(), [format!("cd5&roomsev&said&{number}")], "{policy:?}");
        }

        assert_eq!(
            slow.take(),
            expected.map(|number| format!("cd5&roomsev&said&{number}"))
        );
        let is_closed = slow.mailbox.end_request().is_some();
        assert_eq!(is_closed, policy == SlowConsumer::Close);
        let waits = policy == SlowConsumer::Wait;
        assert_eq!(waiting, if waits { vec![2, 3] } else { vec![] });
    }
}

#[tokio::test]
async fn a_patient_event_waits_for_room_or_for_the_end() {
    let groups = groups().slow_consumer(SlowConsumer::Wait);
    let (slow, lost) = (Page::new("slow"), Page::new("lost"));
    groups.join("a", &slow.cx);
    groups.join("a", &lost.cx);
    let said = Said::default();
    for _ in 0..2 {
        groups.emit("a", &said).await.unwrap();
    }

    let mut emit = Box::pin(groups.emit("a", &said));
    assert!(emit.as_mut().now_or_never().is_none());
    slow.take();
    assert!(emit.as_mut().now_or_never().is_none());
    lost.end();

    let delivery = emit.await.unwrap();
    assert_eq!((delivery.queued, delivery.closed), (1, 1));
    assert_eq!(slow.take().len(), 1);
}
