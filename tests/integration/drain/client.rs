//! What the Rust client says when its server goes, before a raw one in memory and in virtual time.

use futures_util::stream;
use glue::testing::Pipe;
use glue::{CallRequest, Caller as _, ClientEvent, ErrorKind, LinkError, OpenRpc as _, RpcChannel};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::peers::server::{self, Peer};

/// A client with a channel `desk`, and the server's end of its connection.
struct Stage {
    client: Client,
    desk: RpcChannel,
    events: Pin<Box<dyn Stream<Item = ClientEvent> + Send>>,
    connections: mpsc::UnboundedReceiver<Pipe>,
    peer: Peer,
}

impl Stage {
    async fn new() -> Self {
        let (accept, mut connections) = mpsc::unbounded_channel();
        let network = Network::custom(move |pipe| accept.send(pipe).unwrap());
        let client = network.client().start().unwrap();
        let events = Box::pin(client.events());
        let desk = client.open_rpc("desk").unwrap();
        let peer = accept_client(&mut connections).await;
        let mut stage = Self {
            client,
            desk,
            events,
            connections,
            peer,
        };
        stage.greeted().await;
        stage
    }

    async fn greeted(&mut self) {
        let hello = self.hear().await;
        assert!(hello.starts_with("cd4&deskhi&"), "{hello}");
    }

    async fn say(&mut self, text: &str) {
        server::say(&mut self.peer, text).await;
    }

    async fn hear(&mut self) -> String {
        loop {
            match eventually(self.peer.next()).await.unwrap().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Close(_) => return "Close".to_owned(),
                _ => {}
            }
        }
    }

    /// Shows that the client has nothing else to say.
    async fn assert_quiet(&mut self) {
        self.say("pi").await;
        assert_eq!(self.hear().await, "po");
    }

    /// Has the client leave at once.
    async fn send_away(&mut self) {
        self.say("dn0").await;
        assert_eq!(self.hear().await, "dn");
    }

    /// Waits for the client's next connection; returns how long that took.
    async fn come_back(&mut self) -> Duration {
        let begin = now();
        self.peer = accept_client(&mut self.connections).await;
        let time = begin.elapsed();
        self.greeted().await;
        time
    }

    /// Returns the delay of which the client tells, and what it was for.
    async fn told(&mut self) -> (Duration, CloseReason) {
        loop {
            if let ClientEvent::Reconnecting { error, delay } = eventually(self.events.next()).await.unwrap()
            {
                assert_eq!(error.kind(), ErrorKind::Connect);
                match error.link() {
                    Some(&LinkError::Ended { reason, .. }) => return (delay, reason),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

async fn accept_client(connections: &mut mpsc::UnboundedReceiver<Pipe>) -> Peer {
    let mut peer = server::upgrade(eventually(connections.recv()).await.unwrap()).await;
    let init = peer.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(init.contains(r#","drain":true"#), "{init}");
    server::say(
        &mut peer,
        r#"in{"socketID":"6ZW6uQTwo8apxm11ta3p","batch":true,"drain":true}"#,
    )
    .await;
    peer
}

/// [D-3] [D-5]
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_begins_nothing_and_comes_back_at_once() {
    let mut stage = Stage::new().await;
    let desk = stage.desk.clone();
    let ask = |method: &'static str| {
        let desk = desk.clone();
        tokio::spawn(async move { desk.call(CallRequest::new(method, "{}")).await })
    };
    let first = ask("first");
    assert_eq!(stage.hear().await, "cd4&deskrq1&first&{}");

    stage.send_away().await;
    let second = ask("second");
    stage.assert_quiet().await;
    for text in ["one", "two"] {
        stage.client.send(text).await.unwrap();
    }
    stage.desk.notify(CallRequest::new("note", "{}")).await.unwrap();
    pass(SECOND).await;
    stage.assert_quiet().await;
    stage.say("cd4&deskok1&1").await;
    assert_eq!(eventually(first).await.unwrap().unwrap(), "1");
    stage.assert_quiet().await;
    stage.say("cl").await;

    assert_eq!(stage.come_back().await, Duration::ZERO);
    assert_eq!(stage.told().await, (Duration::ZERO, CloseReason::Peer));
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(stage.hear().await);
    }
    assert_eq!(
        said,
        [
            "cd4&deskrq1&second&{}",
            "cd1&mone",
            "cd1&mtwo",
            "cd4&desknt&note&{}"
        ]
    );
    stage.say("cd4&deskok1&2").await;
    assert_eq!(eventually(second).await.unwrap().unwrap(), "2");
}

/// [D-3]: within the time that the server gives, and as before until then.
#[tokio::test(start_paused = true)]
async fn a_client_chooses_its_moment() {
    let mut stage = Stage::new().await;
    let begin = now();
    stage.say("dn60000").await;

    stage.client.send("before").await.unwrap();
    assert_eq!(stage.hear().await, "cd1&mbefore");
    assert_eq!(begin.elapsed(), Duration::ZERO);
    let mut said = stage.hear().await;
    while said == "pi" {
        stage.say("po").await;
        said = stage.hear().await;
    }

    assert_eq!(said, "dn");
    let moment = begin.elapsed();
    assert!(moment > Duration::ZERO && moment <= 60 * SECOND, "{moment:?}");
}

/// [D-3]: what was asked for before goes in front, however slowly the server takes it.
#[tokio::test(start_paused = true)]
async fn what_waits_goes_out_ahead_of_the_farewell() {
    let mut stage = Stage::new().await;
    let large = "x".repeat(30_000);
    stage.say("dn0").await;
    for _ in 0..2 {
        stage.client.try_send(&large).unwrap();
    }
    stage.client.try_send("last").unwrap();

    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.push(stage.hear().await.len());
    }
    assert_eq!(heard, [30_005, 30_005, 9, 2]);
}

/// [D-3]: items of a call under way go on, and so does what it says of them.
#[tokio::test(start_paused = true)]
async fn exchanges_under_way_go_on() {
    let mut stage = Stage::new().await;
    let desk = stage.desk.clone();
    let (items, source) = mpsc::unbounded_channel::<u32>();
    let source = stream::unfold(source, |mut source| async move {
        Some((Ok(source.recv().await?.to_string()), source))
    });
    let mut upload = CallRequest::new("upload", "{}");
    upload.items = Some(Box::pin(source));
    let upload = tokio::spawn(async move { desk.call(upload).await });
    assert_eq!(stage.hear().await, "cd4&deskrq1&upload&{}");
    stage.say("cd4&deskcr1&8").await;
    let dropped = stage.desk.clone();
    let dropped = tokio::spawn(async move { dropped.call(CallRequest::new("dropped", "{}")).await });
    assert_eq!(stage.hear().await, "cd4&deskrq3&dropped&{}");

    stage.send_away().await;
    stage.client.send("held").await.unwrap();
    items.send(7).unwrap();
    assert_eq!(stage.hear().await, "cd4&deskit1&7");
    dropped.abort();
    assert_eq!(stage.hear().await, "cd4&deskca3&");
    stage.assert_quiet().await;
    stage.say("cd4&deskok1&1").await;

    assert_eq!(eventually(upload).await.unwrap().unwrap(), "1");
}

/// [D-3]: a closed client has no next session.
#[tokio::test(start_paused = true)]
async fn what_waits_goes_out_when_the_application_closes() {
    let mut stage = Stage::new().await;
    stage.send_away().await;
    stage.client.send("held").await.unwrap();
    stage.assert_quiet().await;

    stage.client.close();

    assert_eq!(stage.hear().await, "cd1&mheld");
    assert_eq!(stage.hear().await, "cl");
    assert_eq!(eventually(stage.client.closed()).await, CloseReason::Local);
}

/// [D-5]: it is an end like any other.
#[tokio::test(start_paused = true)]
async fn a_client_that_was_closed_before_it_left_waits_as_ever() {
    let mut stage = Stage::new().await;
    stage.say("dn60000").await;
    stage.say("cl").await;

    assert!(stage.come_back().await >= SECOND / 2);
}

/// [D-5]: servers that send everybody away are not asked as fast as they do that.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_sent_from_server_to_server_takes_its_time() {
    let mut stage = Stage::new().await;
    let mut waits = Vec::new();
    for time in [0, 0, 2] {
        pass(time * SECOND).await;
        stage.send_away().await;
        stage.say("cl").await;
        waits.push(stage.come_back().await >= SECOND / 2);
    }

    assert_eq!(waits, [false, true, false]);
}

/// [D-5]: the first attempt is for nothing, and those behind it wait.
#[tokio::test(start_paused = true)]
async fn attempts_that_fail_behind_that_wait_as_ever() {
    let mut stage = Stage::new().await;
    stage.send_away().await;
    stage.say("cl").await;

    let begin = now();
    drop(eventually(stage.connections.recv()).await.unwrap());
    assert_eq!(begin.elapsed(), Duration::ZERO);

    assert!(stage.come_back().await >= SECOND / 2);
}
