//! What sessions without a link may cost [U-17].

use std::sync::Arc;

use futures_util::stream::{self, Stream};
use glue::{
    Broadcast, CloseReason, Context, Groups, Limits, Resume, Server, ServerBuilder, ServerLimits,
    SlowConsumer,
};
use glue_tests::deadline::within;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::raw_ws::{RawPeer, upgrade_request};
use glue_tests::resuming::{FIRST, ResumingPeer, Terms};
use tokio::sync::Semaphore;

use super::{Stage, lose};

fn limited(change: impl FnOnce(&mut ServerLimits)) -> ServerBuilder {
    let mut limits = ServerLimits::default();
    change(&mut limits);
    Server::builder().server_limits(limits)
}

/// Opens a session and loses its link.
async fn leave(stage: &Stage) -> ResumingPeer {
    let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    leave_behind(stage, &mut peer).await;
    peer
}

/// Loses the link of a session, of which there are others.
async fn leave_behind(stage: &Stage, peer: &mut ResumingPeer) {
    let stats = stage.stats();
    let next = RawPeer::dial(stage.address()).await;
    lose(std::mem::replace(&mut peer.peer, Peer::WebSocket(next)));
    let lost = async {
        while stage.stats() == stats {
            tokio::task::yield_now().await;
        }
    };
    within("the link to be lost", lost).await;
}

/// [U-17]
#[tokio::test]
async fn they_are_bounded_in_number() {
    let mut stage = Stage::start(limited(|limits| limits.detached = 2)).await;
    let mut first = leave(&stage).await;
    let second = leave(&stage).await;
    stage.assert_none_ended();

    let third = leave(&stage).await;

    assert_eq!(stage.end().await, (third.terms.id.clone(), CloseReason::LinkLost));
    let _fresh = third.begin_anew(Carrier::WebSocket, stage.address()).await;
    assert_eq!((stage.stats().detached, stage.stats().overflowed), (2, 1));
    // One that comes back makes room.
    first.come_back(Carrier::WebSocket, stage.address()).await;
    leave(&stage).await;
    assert_eq!((stage.stats().detached, stage.stats().overflowed), (2, 1));
    drop(second);
    stage.assert_none_ended();
}

/// [U-17]
#[tokio::test]
async fn they_are_bounded_by_address() {
    let proxies = glue::TrustedProxies::new(["127.0.0.0/8"]).unwrap();
    let builder = limited(|limits| limits.sockets_per_address = 1).trusted_proxies(proxies);
    let mut stage = Stage::start(builder).await;
    let at = async |stage: &Stage, address: &str| {
        let header = format!("X-Forwarded-For: {address}\r\n");
        let link = Peer::connect_with(Carrier::WebSocket, stage.address(), &header).await;
        let mut peer = ResumingPeer::open_on(Carrier::WebSocket, link, FIRST).await;
        leave_behind(stage, &mut peer).await;
        peer.terms.id
    };
    at(&stage, "192.0.2.1").await;
    at(&stage, "192.0.2.2").await;
    stage.assert_none_ended();

    let second = at(&stage, "192.0.2.1").await;

    assert_eq!(stage.end().await, (second, CloseReason::LinkLost));
    assert_eq!((stage.stats().detached, stage.stats().overflowed), (2, 1));
}

/// [U-17]
#[tokio::test]
async fn they_are_bounded_in_weight() {
    let mut stage = Stage::start(limited(|limits| limits.detached_bytes = 10_000)).await;
    let mut light = leave(&stage).await;
    let light_socket = stage.socket().await;
    let heavy = leave(&stage).await;
    let heavy_socket = stage.socket().await;

    light_socket.send("x".repeat(4000)).await.unwrap();
    heavy_socket.send("y".repeat(4000)).await.unwrap();
    light.come_back(Carrier::WebSocket, stage.address()).await;
    assert_eq!(light.next().await.len(), 5 + 4000);
    stage.assert_none_ended();
    heavy_socket.send("z".repeat(6000)).await.unwrap();

    assert_eq!(stage.end().await, (heavy.terms.id, CloseReason::LinkLost));
    assert_eq!(heavy_socket.undelivered(), Some(2));
    assert_eq!(stage.stats().overflowed, 1);
    light.assert_echo("hello").await;
}

/// [U-17] [L-6]: who waits for room waits.
#[tokio::test]
async fn what_is_sent_to_one_waits_and_does_not_end_it() {
    let mut limits = Limits::default();
    limits.send_bytes = 1024;
    let mut resume = Resume::default();
    resume.buffer_bytes = 1024;
    let mut stage = Stage::start(Server::builder().limits(limits).resume(resume)).await;
    let mut peer = leave(&stage).await;
    let socket = stage.socket().await;
    let sent = Arc::new(Semaphore::new(0));
    let sending = {
        let (socket, sent) = (socket.clone(), sent.clone());
        tokio::spawn(async move {
            for number in 0..100 {
                socket.send(format!("{number:0>200}")).await.unwrap();
                sent.add_permits(1);
            }
        })
    };
    while socket.try_send("x".repeat(200)).is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(sent.available_permits() < 20, "it waits for room");
    assert!(!sending.is_finished());
    stage.assert_none_ended();

    peer.come_back(Carrier::WebSocket, stage.address()).await;

    let mut numbers = 0;
    while numbers < 100 {
        let text = peer.next().await;
        peer.acknowledge().await;
        if !text.ends_with('x') {
            assert_eq!(text, format!("cd1&m{numbers:0>200}"));
            numbers += 1;
        }
    }
    within("the sender", sending).await.unwrap();
    stage.assert_none_ended();
}

#[glue::channel]
trait Works {
    /// Answers with so many bytes when it may.
    async fn work(&self, bytes: u32) -> String;
    /// Never ends.
    fn flow(&self) -> impl Stream<Item = String>;
    async fn enter(&self, cx: &Context);
}

struct Gated {
    gate: Arc<Semaphore>,
    lobby: Groups<WorksEvent>,
}

impl Works for Gated {
    async fn work(&self, bytes: u32) -> String {
        let permit = self.gate.acquire().await.unwrap();
        permit.forget();
        "x".repeat(usize::try_from(bytes).unwrap())
    }

    fn flow(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(1000))
    }

    async fn enter(&self, cx: &Context) {
        self.lobby.join("lobby", cx);
    }
}

/// A session with so many calls under way, and a stream or not, whose link is lost.
async fn busy(calls: usize, bytes: usize, streams: bool) -> (Stage, ResumingPeer, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let works = Gated {
        gate: gate.clone(),
        lobby: Groups::new(),
    };
    let builder = Server::builder().limits(small()).channel(works.into_channel());
    let stage = Stage::start(builder).await;
    let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    let Peer::WebSocket(link) = &mut peer.peer else {
        unreachable!()
    };
    if streams {
        link.send("cd5&worksrq1;c=2147483647&flow&{}").await;
    }
    for call in 0..calls {
        let id = 2 * call + 3;
        link.send(&format!(r#"cd5&worksrq{id}&work&{{"bytes":{bytes}}}"#))
            .await;
    }
    peer.is_read().await;
    leave_behind(&stage, &mut peer).await;
    (stage, peer, gate)
}

fn small() -> Limits {
    let mut limits = Limits::default();
    limits.send_bytes = 4 << 10;
    limits.backlog_bytes = 16 << 10;
    limits
}

/// [U-17]: calls and streams are not continued while more waits than may.
#[tokio::test]
async fn calls_and_streams_and_broadcasts_of_one_stay_within_its_bound() {
    let (mut stage, mut peer, gate) = busy(50, 2000, true).await;
    let id = peer.terms.id.clone();

    gate.add_permits(50);
    let broadcast = Broadcast::new("m", "x".repeat(1000)).slow_consumer(SlowConsumer::DropOldest);
    for _ in 0..1000 {
        broadcast.send_to(stage.server().sockets()).await;
        tokio::task::yield_now().await;
    }

    stage.assert_none_ended();
    assert_eq!((stage.stats().detached, stage.stats().overflowed), (1, 0));
    let mut link = Peer::connect(Carrier::WebSocket, stage.address()).await;
    link.send(&peer.terms.comeback(peer.received())).await;
    peer.terms = Terms::read(&link.text().await);
    assert_eq!(peer.terms.id, id, "the session goes on");
    // Each call is answered once.
    let mut answers = Vec::new();
    peer.peer = link;
    while answers.len() < 50 {
        let text = peer.next().await;
        peer.acknowledge().await;
        if let Some(answer) = text.strip_prefix("cd5&worksok") {
            answers.push(answer.split_once('&').unwrap().0.parse::<usize>().unwrap());
        }
    }
    answers.sort_unstable();
    assert_eq!(answers, (0..50).map(|call| 2 * call + 3).collect::<Vec<_>>());
}

/// [U-17]: an answer can't wait, so one that is too large ends it.
#[tokio::test]
async fn one_that_grows_past_its_bound_ends() {
    let (mut stage, peer, gate) = busy(1, 200_000, false).await;

    gate.add_permits(1);

    assert_eq!(stage.end().await, (peer.terms.id.clone(), CloseReason::LinkLost));
    assert_eq!(stage.stats().overflowed, 1);
    peer.begin_anew(Carrier::WebSocket, stage.address()).await;
}

/// [U-17]: a broadcast that waits for nobody ends who takes too little, with a link or without one.
#[tokio::test]
async fn a_broadcaster_ends_one_that_is_away_for_too_much() {
    let mut stage = Stage::start(Server::builder().limits(small())).await;
    let peer = leave(&stage).await;

    let mut broadcasts = 0;
    while !stage.server().sockets().is_empty() {
        stage.server().broadcast("m", "x".repeat(1000));
        tokio::task::yield_now().await;
        broadcasts += 1;
        assert!(broadcasts < 1000, "nothing bounds what waits");
    }

    assert_eq!(stage.end().await, (peer.terms.id, CloseReason::SlowConsumer));
    assert_eq!(stage.stats().detached, 0);
}

/// A place among the sockets is the link's.
#[tokio::test]
async fn a_client_comes_back_to_a_server_that_is_full() {
    let mut stage = Stage::start(limited(|limits| limits.sockets = 2)).await;
    let full = async |stage: &Stage| {
        let request = upgrade_request("");
        RawPeer::upgrade(stage.address(), &request).await.1.status
    };
    let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    stage.socket().await;
    let other = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    stage.socket().await;
    assert_eq!(full(&stage).await, 503, "nobody is away");

    leave_behind(&stage, &mut peer).await;
    let third = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    stage.socket().await;
    assert_eq!(full(&stage).await, 503, "both places are taken");
    assert_eq!(stage.server().sockets().len(), 3);
    lose(third.peer);
    stage.detached(2).await;
    peer.come_back(Carrier::WebSocket, stage.address()).await;
    assert_eq!(full(&stage).await, 503);

    // The first link of the session that was taken over is free again.
    lose(other.peer);
    stage.detached(2).await;
    peer.come_back(Carrier::Ajax, stage.address()).await;
    peer.come_back(Carrier::WebSocket, stage.address()).await;
    peer.assert_echo("hello").await;
    stage.assert_nothing_told();
}

/// A socket whose client is away is in its groups, until it ends.
#[tokio::test]
async fn one_stays_in_its_groups() {
    let lobby: Groups<WorksEvent> = Groups::new();
    let works = Gated {
        gate: Arc::new(Semaphore::new(0)),
        lobby: lobby.clone(),
    };
    let mut stage = Stage::start(Server::builder().channel(works.into_channel())).await;
    let mut peer = ResumingPeer::open(Carrier::WebSocket, stage.address()).await;
    let id = peer.terms.id.clone();
    peer.peer.send("cd5&worksrq1&enter&{}").await;
    assert_eq!(peer.next().await, "cd5&worksok1&null");

    leave_behind(&stage, &mut peer).await;
    assert_eq!(lobby.members("lobby"), [&*id]);
    stage.server().socket(&id).unwrap().close();

    assert_eq!(stage.end().await, (id, CloseReason::Local));
    assert!(lobby.is_empty("lobby"));
}
