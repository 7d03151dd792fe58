use std::pin::Pin;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use glue::testing::local;
use glue::{ChannelService, Client, RpcChannel};

use super::*;
use crate::chat::{ChatClient, Message};
use crate::room::HISTORY;

const GENERAL: &str = "general";

fn enter(house: &House, socket: &str, name: &str) -> Visit {
    house.visit(socket, name, socket).expect("a free name")
}

fn sit_down(house: &House, socket: &str) -> Seat {
    house.sit_down(socket, None, GENERAL).expect("a visitor")
}

fn next(seat: &mut Seat) -> Option<Update> {
    seat.next().now_or_never()
}

fn snapshot(seat: &mut Seat) -> (Vec<Message>, Vec<String>) {
    match next(seat) {
        Some(Update::Snapshot { messages, people, .. }) => (messages, people),
        other => panic!("not a snapshot: {other:?}"),
    }
}

fn say(house: &House, socket: &str, text: &str) -> Result<u32, ChatError> {
    house.add_message(socket, GENERAL, text, 7)
}

#[test]
fn a_name_is_held_by_its_key_until_the_last_visit_ends() {
    let house = House::default();
    let ada = house.visit("a", " Ada ", "key").expect("free");
    let tab = house.visit("b", "ada", "key").expect("the same key");

    assert_eq!(
        house.visit("c", "ADA", "other").unwrap_err(),
        ChatError::NameTaken
    );
    drop(ada);
    assert_eq!(
        house.visit("c", "Ada", "other").unwrap_err(),
        ChatError::NameTaken
    );
    drop(tab);

    assert!(house.visit("c", "Ada", "other").is_ok());
}

#[test]
fn names_are_one_line_of_bounded_length() {
    let house = House::default();

    let refused = |name: &str| house.visit("a", name, "").unwrap_err();
    assert_eq!(refused(" \n\t"), ChatError::Empty);
    assert_eq!(refused(&"é".repeat(25)), ChatError::TooLong { limit: 24 });
    let visit = house.visit("a", "Ada\n \u{7}Lovelace", "");

    assert!(visit.is_ok());
    assert_eq!(house.lock().visitors["a"].name, "Ada Lovelace");
}

#[test]
fn nothing_is_said_without_a_name() {
    let house = House::default();

    assert_eq!(say(&house, "a", "hello").unwrap_err(), ChatError::NoName);
    assert_eq!(house.sit_down("a", None, GENERAL).unwrap_err(), ChatError::NoName);
    drop(enter(&house, "a", "Ada"));

    assert_eq!(say(&house, "a", "hello").unwrap_err(), ChatError::NoName);
}

#[test]
fn a_room_tells_what_happens_in_it() {
    let house = House::default();
    let _visits = [enter(&house, "a", "Ada"), enter(&house, "b", "Bob")];
    let mut ada = sit_down(&house, "a");
    assert_eq!(snapshot(&mut ada), (vec![], vec!["Ada".to_owned()]));

    let bob = sit_down(&house, "b");
    let id = say(&house, "b", " hello\n").expect("said");
    drop(bob);

    let message = Message {
        id,
        name: "Bob".to_owned(),
        text: "hello".to_owned(),
        at: 7,
    };
    assert_eq!(
        next(&mut ada),
        Some(Update::Joined {
            name: "Bob".to_owned()
        })
    );
    assert_eq!(
        next(&mut ada),
        Some(Update::Said {
            message: message.clone()
        })
    );
    assert_eq!(
        next(&mut ada),
        Some(Update::Left {
            name: "Bob".to_owned()
        })
    );
    assert_eq!(next(&mut ada), None);
    assert_eq!(snapshot(&mut sit_down(&house, "a")).0, [message]);
}

#[test]
fn a_second_tab_neither_joins_nor_leaves() {
    let house = House::default();
    let _visits = [enter(&house, "a", "Ada"), enter(&house, "b", "Bob")];
    let mut bob = sit_down(&house, "b");
    let first = sit_down(&house, "a");
    assert_eq!(snapshot(&mut bob).1, ["Ada", "Bob"]);

    let second = sit_down(&house, "a");
    drop(first);
    assert_eq!(next(&mut bob), None);
    drop(second);

    assert_eq!(
        next(&mut bob),
        Some(Update::Left {
            name: "Ada".to_owned()
        })
    );
}

#[test]
fn a_slow_reader_gets_a_snapshot_of_bounded_length() {
    let house = House::default();
    let _visit = enter(&house, "a", "Ada");
    let mut seat = sit_down(&house, "a");
    snapshot(&mut seat);

    for _ in 0..HISTORY + 1 {
        say(&house, "a", "hello").expect("said");
    }

    let (messages, _) = snapshot(&mut seat);
    assert_eq!(messages.len(), HISTORY);
    assert_eq!(messages.first().map(|message| message.id), Some(2));
    assert_eq!(next(&mut seat), None);
}

#[test]
fn texts_are_checked() {
    let house = House::default();
    let _visit = enter(&house, "a", "Ada");

    assert_eq!(say(&house, "a", "  \n").unwrap_err(), ChatError::Empty);
    assert_eq!(
        say(&house, "a", &"x".repeat(1001)).unwrap_err(),
        ChatError::TooLong { limit: 1000 }
    );
    assert_eq!(say(&house, "a", &"é".repeat(1000)), Ok(1));
}

#[test]
fn a_deserted_room_makes_way_for_a_new_one() {
    let house = House::default();
    let _visit = enter(&house, "a", "Ada");
    let open = |name: &str| house.sit_down("a", None, name);
    let mut seats: Vec<_> = (FIRST_ROOMS.len()..MAX_ROOMS)
        .map(|n| open(&format!("room {n}")))
        .collect();

    assert_eq!(open("one more").unwrap_err(), ChatError::Full);
    seats.pop();

    assert!(open("one more").is_ok());
    assert_eq!(house.lock().rooms.len(), MAX_ROOMS);
    assert!(
        FIRST_ROOMS
            .iter()
            .all(|&name| house.lock().rooms.contains_key(name))
    );
}

#[test]
fn the_list_of_rooms_follows_them() {
    let house = House::default();
    let mut visit = enter(&house, "a", "Ada");
    let general = |visit: &mut Visit| {
        let list = visit.next().now_or_never()?;
        list.into_iter()
            .find(|room| room.name == GENERAL)
            .map(|room| (room.people, room.last))
    };
    assert_eq!(general(&mut visit), Some((0, 0)));
    assert_eq!(general(&mut visit), None);

    let seat = sit_down(&house, "a");
    say(&house, "a", "hello").expect("said");
    assert_eq!(general(&mut visit), Some((1, 1)));
    drop(seat);

    assert_eq!(general(&mut visit), Some((0, 1)));
}

/// A tab: the client that it is, and the streams that it follows.
struct Tab {
    chat: ChatClient<RpcChannel>,
    events: Following<ChatEvent>,
    stay: Following<Update>,
    _visit: Following<Vec<Room>>,
    _client: Client,
}

type Following<T> = Pin<Box<dyn Stream<Item = T>>>;

impl Tab {
    async fn open(service: &ChannelService, name: &str) -> Self {
        let client = local(service.clone()).start().expect("a service");
        let chat = ChatClient::open(&client).expect("a channel");
        let events = Box::pin(chat.events().map(|event| event.expect("an event")));
        let rooms = chat.enter(name.to_owned(), name.to_owned());
        let mut visit: Following<_> = Box::pin(rooms.map(|list| list.expect("the list of rooms")));
        within(visit.next()).await;
        let stay = stay(&chat).await;
        Self {
            chat,
            events,
            stay,
            _visit: visit,
            _client: client,
        }
    }

    async fn types(&self) {
        self.chat.typing(GENERAL.to_owned()).await.expect("a connection");
    }

    async fn hears(&mut self) -> String {
        let ChatEvent::Typing { name, .. } = within(self.events.next()).await;
        name
    }
}

/// Goes into the room.
async fn stay(chat: &ChatClient<RpcChannel>) -> Following<Update> {
    let updates = chat.watch(GENERAL.to_owned());
    let mut stay: Following<_> = Box::pin(updates.map(|update| update.expect("an update")));
    within(stay.next()).await;
    stay
}

async fn within<T>(next: impl Future<Output = Option<T>>) -> T {
    let next = tokio::time::timeout(Duration::from_secs(20), next).await;
    next.expect("it comes in time").expect("it goes on")
}

#[tokio::test]
async fn the_others_in_the_room_hear_who_is_typing_until_they_leave_it() {
    let service = House::default().into_channel();
    let mut ada = Tab::open(&service, "Ada").await;
    let mut second = Tab::open(&service, "Ada").await;
    let mut bob = Tab::open(&service, "Bob").await;

    ada.types().await;
    assert_eq!(bob.hears().await, "Ada");
    bob.types().await;
    assert_eq!(ada.hears().await, "Bob", "not what she types herself");
    assert_eq!(second.hears().await, "Bob", "nor what she types in the other tab");

    let left = Update::Left {
        name: "Bob".to_owned(),
    };
    bob.stay = Box::pin(stream::empty());
    while within(ada.stay.next()).await != left {}
    ada.types().await;
    ada.chat
        .say(GENERAL.to_owned(), "typed".to_owned())
        .await
        .expect("said");
    bob.stay = stay(&bob.chat).await;
    let cy = Tab::open(&service, "Cy").await;
    cy.types().await;
    assert_eq!(bob.hears().await, "Cy", "not what Ada typed while he was out");
}
