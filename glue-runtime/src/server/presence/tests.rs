use futures_util::{FutureExt as _, StreamExt as _};

use super::*;
use crate::server::roster::tests::Page;

type People = Presence<String, String, u32>;

fn person(id: &str, meta: u32) -> Person<String, u32> {
    Person {
        id: id.to_owned(),
        meta,
    }
}

fn snapshot(people: &[(&str, u32)]) -> PresenceUpdate<String, u32> {
    let people = people.iter().map(|(id, meta)| person(id, *meta)).collect();
    PresenceUpdate::Snapshot { people }
}

fn joined(id: &str, meta: u32) -> PresenceUpdate<String, u32> {
    PresenceUpdate::Joined {
        person: person(id, meta),
    }
}

fn left(id: &str) -> PresenceUpdate<String, u32> {
    PresenceUpdate::Left { id: id.to_owned() }
}

/// Returns all that a watcher is told now.
fn told<S: Stream + Unpin>(watch: &mut S) -> Vec<S::Item> {
    std::iter::from_fn(|| watch.next().now_or_never().flatten()).collect()
}

fn assert_nothing_left(presence: &People) {
    let state = presence.shared.lock();
    assert_eq!((state.places.len(), state.roster.known()), (0, 0));
}

#[test]
fn who_has_two_tabs_is_there_once_until_both_are_gone() {
    let presence = People::new();
    let [one, other, bob] = ["one", "other", "bob"].map(Page::new);
    presence.join("lobby", "bob", 0, &bob.cx);
    let mut watch = Box::pin(presence.watch("lobby".to_owned()));
    assert_eq!(told(&mut watch), [snapshot(&[("bob", 0)])]);

    assert!(presence.join("lobby", "ann", 1, &one.cx));
    assert!(!presence.join("lobby", "ann", 2, &other.cx));
    assert_eq!(told(&mut watch), [joined("ann", 1)]);
    assert_eq!(presence.people("lobby"), [person("ann", 1), person("bob", 0)]);

    assert!(!presence.leave("lobby", "ann", "one"));
    assert_eq!(told(&mut watch), []);
    other.end();
    assert_eq!(told(&mut watch), [left("ann")]);
    drop(watch);
    one.end();
    bob.end();
    assert_nothing_left(&presence);
}

#[test]
fn who_leaves_the_stream_that_holds_the_seat_leaves_the_place() {
    let presence = People::new();
    let [ann, bob] = ["ann", "bob"].map(Page::new);
    let mut watch = Box::pin(presence.watch("lobby".to_owned()));
    told(&mut watch);

    let seat = presence.seat("lobby", "ann", 1, &ann.cx);
    let mut visit = Box::pin(seat.during(presence.watch("lobby".to_owned())));
    assert_eq!(told(&mut visit), [snapshot(&[("ann", 1)])]);
    let again = presence.seat("lobby", "ann", 2, &ann.cx);
    drop(visit);
    assert_eq!(told(&mut watch), [joined("ann", 1)]);
    drop(again);

    assert_eq!(told(&mut watch), [left("ann")]);
    let kept = presence.seat("lobby", "bob", 0, &bob.cx);
    bob.end();
    assert_eq!(told(&mut watch), [joined("bob", 0), left("bob")]);
    drop((watch, kept, presence.seat("lobby", "bob", 0, &bob.cx)));
    ann.end();
    assert_nothing_left(&presence);
}

#[test]
fn what_is_known_of_a_person_changes_for_all() {
    let presence = People::new();
    let ann = Page::new("ann");
    presence.join("lobby", "ann", 1, &ann.cx);
    let mut watch = Box::pin(presence.watch("lobby".to_owned()));
    told(&mut watch);

    assert!(presence.update("lobby", &"ann".to_owned(), 2));
    assert!(
        !presence.update("lobby", &"bob".to_owned(), 2),
        "who is not there"
    );
    assert!(!presence.update("attic", &"ann".to_owned(), 2));

    let person = person("ann", 2);
    assert_eq!(
        told(&mut watch),
        [PresenceUpdate::Changed {
            person: person.clone()
        }]
    );
    assert_eq!(presence.people("lobby"), [person]);
}

#[test]
fn a_slow_watcher_is_told_anew_who_is_there() {
    let presence = People::new();
    let ann = Page::new("ann");
    let mut slow = Box::pin(presence.watch("lobby".to_owned()));
    let mut quick = Box::pin(presence.watch("lobby".to_owned()));
    assert_eq!(
        (told(&mut slow), told(&mut quick).len()),
        (vec![snapshot(&[])], 1)
    );

    for number in 0..1000 {
        presence.join("lobby", "ann", number, &ann.cx);
        presence.leave("lobby", "ann", "ann");
        assert_eq!(told(&mut quick), [joined("ann", number), left("ann")]);
    }
    presence.join("lobby", "ann", 7, &ann.cx);

    assert_eq!(told(&mut slow), [snapshot(&[("ann", 7)])]);
    presence.leave("lobby", "ann", "ann");
    assert_eq!(told(&mut slow), [left("ann")]);
}

#[test]
fn a_place_that_nobody_needs_is_forgotten() {
    let presence = People::new();
    let ann = Page::new("ann");

    let mut watch = Box::pin(presence.watch("lobby".to_owned()));
    told(&mut watch);
    assert_eq!(presence.keys(), ["lobby"], "it is watched");
    presence.join("lobby", "ann", 0, &ann.cx);
    drop(watch);
    assert_eq!(presence.keys(), ["lobby"], "somebody is there");
    presence.leave_all("ann");

    assert!(presence.keys().is_empty());
    ann.end();
    assert!(!presence.join("lobby", "ann", 0, &ann.cx), "it has ended");
    assert_nothing_left(&presence);
}

#[test]
fn joins_that_race_with_the_end_leave_nobody() {
    for _ in 0..200 {
        let (presence, ann) = (People::new(), Page::new("ann"));
        let join = |key: &'static str| presence.join(key, "ann", 0, &ann.cx);
        std::thread::scope(|scope| {
            scope.spawn(|| join("lobby"));
            scope.spawn(|| join("attic"));
            scope.spawn(|| ann.end());
        });

        assert_nothing_left(&presence);
    }
}

#[test]
fn an_update_is_a_union_by_its_type() {
    let update = joined("ann", 1);

    let json = serde_json::to_string(&update).unwrap();

    assert_eq!(json, r#"{"type":"joined","person":{"id":"ann","meta":1}}"#);
    assert_eq!(
        serde_json::from_str::<PresenceUpdate<String, u32>>(&json).unwrap(),
        update
    );
}
