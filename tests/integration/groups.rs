//! Groups, everyone, and who is there, through a real server.

use futures_util::StreamExt as _;
use glue::{Client, Context, Groups, Presence, PresenceUpdate, Server, Stream};
use glue_tests::deadline::within;
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::server::TestServer;

on_each_transport!(
    events_reach_those_in_the_group_and_no_others,
    who_is_there_is_told_as_people_come_and_go,
    everyone_is_who_has_opened_the_channel,
);

#[glue::channel]
trait Rooms {
    /// Goes into a room.
    async fn enter(&self, cx: &Context, room: String) -> bool;
    /// Says something to the others in a room, and returns how many will hear it.
    async fn say(&self, cx: &Context, room: String, text: String) -> u32;
    /// Says something to everybody else.
    async fn shout(&self, cx: &Context, text: String) -> u32;
    /// Returns how many sockets are in a room.
    async fn count(&self, room: String) -> u32;
    /// Sits down in a room, and yields who is there.
    fn sit(&self, cx: &Context, room: String, name: String)
    -> impl Stream<Item = PresenceUpdate<String, u8>>;
    /// Somebody said something.
    #[event]
    fn said(text: String);
}

#[derive(Clone, Default)]
struct House {
    groups: Groups<RoomsEvent>,
    presence: Presence<String, String, u8>,
}

impl Rooms for House {
    async fn enter(&self, cx: &Context, room: String) -> bool {
        self.groups.join(room, cx)
    }
    async fn say(&self, cx: &Context, room: String, text: String) -> u32 {
        let event = RoomsEvent::Said { text };
        let delivery = self.groups.emit_except(&room, &event, cx.socket_id()).await;
        u32::try_from(delivery.unwrap().queued).unwrap()
    }
    async fn shout(&self, cx: &Context, text: String) -> u32 {
        let event = RoomsEvent::Said { text };
        let delivery = cx.everyone().emit_except(&event, cx.socket_id()).await;
        u32::try_from(delivery.unwrap().queued).unwrap()
    }
    async fn count(&self, room: String) -> u32 {
        u32::try_from(self.groups.len(&room)).unwrap()
    }
    fn sit(
        &self,
        cx: &Context,
        room: String,
        name: String,
    ) -> impl Stream<Item = PresenceUpdate<String, u8>> {
        self.presence.join(room.clone(), name, 7, cx);
        self.presence.watch(room)
    }
}

async fn open(carrier: Carrier, server: &TestServer) -> Peer {
    Peer::open(carrier, server.address()).await.0
}

/// Says something on the channel and expects this answer.
async fn ask(peer: &mut Peer, call: &str, answer: &str) {
    peer.send(&format!("cd5&rooms{call}")).await;
    assert_eq!(peer.text().await, format!("cd5&rooms{answer}"));
}

/// [R-8]
async fn events_reach_those_in_the_group_and_no_others(carrier: Carrier) {
    let house = House::default();
    let server = TestServer::start(Server::builder().channel(house.clone().into_channel())).await;
    let mut ann = open(carrier, &server).await;
    let mut eve = open(carrier, &server).await;
    let client = Client::connect(format!("http://{}", server.address()))
        .await
        .unwrap();
    let bob = RoomsClient::open(&client).unwrap();
    let mut heard = Box::pin(bob.events());

    ask(&mut ann, r#"rq1&enter&{"room":"lobby"}"#, "ok1&true").await;
    ask(&mut ann, r#"rq3&enter&{"room":"lobby"}"#, "ok3&false").await;
    ask(&mut eve, r#"rq1&enter&{"room":"attic"}"#, "ok1&true").await;
    assert!(bob.enter("lobby".to_owned()).await.unwrap());

    assert_eq!(bob.say("lobby".to_owned(), "hello".to_owned()).await.unwrap(), 1);
    assert_eq!(peer_text(&mut ann).await, r#"ev&said&{"text":"hello"}"#);
    ask(&mut ann, r#"rq5&say&{"room":"lobby","text":"hi"}"#, "ok5&1").await;
    let event = within("the event", heard.next()).await.unwrap();
    assert!(matches!(event, Ok(RoomsEvent::Said { text }) if text == "hi"));

    client.close();
    within("bob to leave", async {
        while house.groups.len("lobby") > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    ask(&mut ann, r#"rq7&say&{"room":"lobby","text":"?"}"#, "ok7&0").await;
    eve.assert_alive().await;
}

async fn who_is_there_is_told_as_people_come_and_go(carrier: Carrier) {
    let server = TestServer::start(Server::builder().channel(House::default().into_channel())).await;
    let mut ann = open(carrier, &server).await;
    let client = Client::connect(format!("http://{}", server.address()))
        .await
        .unwrap();
    let bob = RoomsClient::open(&client).unwrap();

    ask(
        &mut ann,
        r#"rq1;c=8&sit&{"room":"lobby","name":"ann"}"#,
        r#"it1&{"type":"snapshot","people":[{"id":"ann","meta":7}]}"#,
    )
    .await;
    let mut told = Box::pin(bob.sit("lobby".to_owned(), "bob".to_owned()));
    let PresenceUpdate::Snapshot { people } = within("who is there", told.next()).await.unwrap().unwrap()
    else {
        panic!("a snapshot comes first");
    };
    let names: Vec<_> = people.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(names, ["ann", "bob"]);
    assert_eq!(
        peer_text(&mut ann).await,
        r#"it1&{"type":"joined","person":{"id":"bob","meta":7}}"#
    );

    client.close();
    assert_eq!(peer_text(&mut ann).await, r#"it1&{"type":"left","id":"bob"}"#);
}

async fn everyone_is_who_has_opened_the_channel(carrier: Carrier) {
    let service = House::default().into_channel();
    let everyone = service.everyone::<RoomsEvent>();
    let server = TestServer::start(Server::builder().channel(service)).await;
    let mut ann = open(carrier, &server).await;
    let mut bob = open(carrier, &server).await;
    let mut silent = open(carrier, &server).await;
    assert!(everyone.is_empty());

    ask(&mut ann, r#"rq1&count&{"room":"lobby"}"#, "ok1&0").await;
    ask(&mut bob, r#"rq1&shout&{"text":"hello"}"#, "ok1&1").await;
    assert_eq!(peer_text(&mut ann).await, r#"ev&said&{"text":"hello"}"#);
    let event = RoomsEvent::Said {
        text: "all".to_owned(),
    };
    assert_eq!(everyone.emit(&event).await.unwrap().queued, 2);
    for peer in [&mut ann, &mut bob] {
        assert_eq!(peer_text(peer).await, r#"ev&said&{"text":"all"}"#);
    }
    silent.assert_alive().await;

    bob.send("cl").await;
    within("bob to leave", async {
        while everyone.len() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Returns the next text of the channel.
async fn peer_text(peer: &mut Peer) -> String {
    let text = peer.text().await;
    text.strip_prefix("cd5&rooms").unwrap().to_owned()
}
