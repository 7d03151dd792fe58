//! The application is asked about each link, and has the last word [U-15].

use std::sync::{Arc, Mutex};

use glue::{CloseReason, Code, Refusal, Server, ServerBuilder, Socket, SocketRequest};
use glue_tests::on_each_transport;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::resuming::{FIRST, ResumingPeer, Terms};

use super::{Stage, assert_let_go};

on_each_transport!(
    it_sees_whose_session_a_client_wants_to_go_on_with,
    what_it_sets_takes_the_place_of_what_was_there,
    a_refusal_leaves_the_session_as_it_is,
    a_refusal_for_good_ends_the_session,
    it_may_begin_a_fresh_session,
    a_session_goes_on_with_an_equal_principal_only,
    a_panic_leaves_the_session_as_it_is,
    a_client_that_has_ended_its_session_is_like_any_other,
);

#[derive(Clone, Debug, PartialEq)]
struct User(String);

#[derive(Clone, Debug, PartialEq)]
struct Link(u32);

/// What a request was, and whose socket it wanted to go on with.
type Asked = Arc<Mutex<Vec<(String, Option<User>)>>>;

/// Does with a client what it says itself: `{"user":"ann","then":"refuse"}`.
fn obedient(asked: &Asked) -> ServerBuilder {
    #[derive(serde::Deserialize)]
    struct Wish {
        user: String,
        then: String,
    }
    let asked = asked.clone();
    Server::builder().authorize(move |request: SocketRequest| {
        let asked = asked.clone();
        async move {
            let Wish { user, then } = request.auth()?;
            let former = request.resumes();
            let links = former.as_ref().and_then(Socket::value::<Link>);
            let of = former.map(|socket| socket.value::<User>().unwrap());
            asked.lock().unwrap().push((then.clone(), of));
            request.set_value(Link(links.map_or(1, |Link(links)| links + 1)));
            match &*then {
                "refuse" => return Err(Refusal::new(Code::Unauthenticated, "not now")),
                "ban" => return Err(Refusal::new(Code::PermissionDenied, "no more").for_good()),
                "panic" => panic!("on purpose"),
                "anew" => {
                    request.refuse_resume();
                    assert!(request.resumes().is_none());
                    request.set_value(User(user));
                }
                "principal" => drop(request.set_principal(User(user))),
                _ => drop(request.set_value(User(user))),
            }
            Ok(())
        }
    })
}

fn wishing(init: &str, user: &str, then: &str) -> String {
    let wish = format!(r#"{{"version":"1.9.1","auth":{{"user":"{user}","then":"{then}"}}"#);
    init.replace(r#"{"version":"1.9.1""#, &wish)
}

async fn open(carrier: Carrier, stage: &mut Stage, user: &str, then: &str) -> (ResumingPeer, Socket) {
    let link = Peer::connect(carrier, stage.address()).await;
    let peer = ResumingPeer::open_on(carrier, link, &wishing(FIRST, user, then)).await;
    (peer, stage.socket().await)
}

async fn come_back(carrier: Carrier, stage: &Stage, peer: &mut ResumingPeer, user: &str, then: &str) -> Peer {
    let link = Peer::connect(carrier, stage.address()).await;
    let init = wishing(&peer.terms.comeback(peer.received()), user, then);
    peer.come_back_on(carrier, link, &init).await
}

/// Comes back and returns the answer, whatever it is, with the link.
async fn ask(carrier: Carrier, stage: &Stage, peer: &ResumingPeer, user: &str, then: &str) -> (Peer, String) {
    let mut link = Peer::connect(carrier, stage.address()).await;
    link.send(&wishing(&peer.terms.comeback(peer.received()), user, then))
        .await;
    let answer = link.text().await;
    (link, answer)
}

/// [U-15] [I-14]
async fn it_sees_whose_session_a_client_wants_to_go_on_with(carrier: Carrier) {
    let asked = Asked::default();
    let mut stage = Stage::start(obedient(&asked)).await;
    let (mut peer, _) = open(carrier, &mut stage, "ann", "").await;

    assert_let_go(come_back(carrier, &stage, &mut peer, "ann", "again").await).await;
    peer.assert_echo("hello").await;
    let stranger = Terms {
        token: "0".repeat(32),
        ..peer.terms.clone()
    };
    let link = Peer::connect(carrier, stage.address()).await;
    ResumingPeer::open_on(carrier, link, &wishing(&stranger.comeback(0), "eve", "guess")).await;

    let ann = Some(User("ann".to_owned()));
    let expected = [("", None), ("again", ann), ("guess", None)];
    assert_eq!(
        *asked.lock().unwrap(),
        expected.map(|(then, of)| (then.to_owned(), of))
    );
}

/// [U-15]
async fn what_it_sets_takes_the_place_of_what_was_there(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, socket) = open(carrier, &mut stage, "ann", "").await;
    socket.set_value("kept");
    assert_eq!(socket.value(), Some(Link(1)));

    come_back(carrier, &stage, &mut peer, "ann of Green Gables", "").await;

    assert_eq!(socket.value(), Some(Link(2)));
    assert_eq!(socket.value(), Some(User("ann of Green Gables".to_owned())));
    assert_eq!(socket.value(), Some("kept"));
    stage.assert_nothing_told();
}

/// [U-15]
async fn a_refusal_leaves_the_session_as_it_is(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, socket) = open(carrier, &mut stage, "ann", "").await;

    let (mut link, answer) = ask(carrier, &stage, &peer, "eve", "refuse").await;

    assert!(
        answer.starts_with(r#"in{"error":{"code":"unauthenticated""#),
        "{answer}"
    );
    link.closed().await;
    peer.assert_echo("still here").await;
    assert_eq!(socket.value(), Some(User("ann".to_owned())));
    assert_eq!(socket.value(), Some(Link(1)));
    // The token that was presented is good still.
    come_back(carrier, &stage, &mut peer, "ann", "").await;
    peer.assert_echo("back").await;
    stage.assert_nothing_told();
    assert_eq!((stage.stats().refused, stage.stats().resumed), (1, 1));
}

/// [U-15]
async fn a_refusal_for_good_ends_the_session(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, _) = open(carrier, &mut stage, "ann", "").await;
    let id = peer.terms.id.clone();

    let (mut link, answer) = ask(carrier, &stage, &peer, "ann", "ban").await;

    assert!(
        answer.starts_with(r#"in{"error":{"code":"permission_denied""#),
        "{answer}"
    );
    assert_eq!(link.text().await, "dr");
    peer.closed().await;
    assert_eq!(stage.end().await, (id, CloseReason::Refused));
    assert_eq!((stage.stats().refused, stage.stats().fresh), (1, 0));
}

/// [U-15]
async fn it_may_begin_a_fresh_session(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, socket) = open(carrier, &mut stage, "ann", "").await;

    let (_link, answer) = ask(carrier, &stage, &peer, "eve", "anew").await;

    let fresh = Terms::read(&answer);
    assert_ne!(fresh.id, peer.terms.id);
    assert_eq!(fresh.received, None);
    let fresh = stage.socket().await;
    assert_eq!(fresh.value(), Some(User("eve".to_owned())));
    peer.closed().await;
    assert_eq!(stage.end().await, (peer.terms.id.clone(), CloseReason::Refused));
    assert_eq!(socket.value(), Some(User("ann".to_owned())));
    let stats = stage.stats();
    assert_eq!((stats.refused, stats.fresh, stats.resumed), (1, 0, 0));
}

/// [U-15]
async fn a_session_goes_on_with_an_equal_principal_only(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, _) = open(carrier, &mut stage, "ann", "principal").await;

    come_back(carrier, &stage, &mut peer, "ann", "principal").await;
    peer.assert_echo("hello").await;
    stage.assert_nothing_told();
    let (_link, answer) = ask(carrier, &stage, &peer, "eve", "principal").await;

    assert_ne!(Terms::read(&answer).id, peer.terms.id);
    assert_eq!(stage.socket().await.value(), Some(User("eve".to_owned())));
    peer.closed().await;
    assert_eq!(stage.end().await, (peer.terms.id.clone(), CloseReason::Refused));
    assert_eq!((stage.stats().resumed, stage.stats().refused), (1, 1));
}

/// [U-15] [X-6]
async fn a_panic_leaves_the_session_as_it_is(carrier: Carrier) {
    let mut stage = Stage::start(obedient(&Asked::default())).await;
    let (mut peer, _) = open(carrier, &mut stage, "ann", "").await;

    let mut link = Peer::connect(carrier, stage.address()).await;
    link.send(&wishing(&peer.terms.comeback(0), "ann", "panic")).await;

    link.closed().await;
    peer.assert_echo("still here").await;
    come_back(carrier, &stage, &mut peer, "ann", "").await;
    stage.assert_nothing_told();
}

/// [U-14]
async fn a_client_that_has_ended_its_session_is_like_any_other(carrier: Carrier) {
    let asked = Asked::default();
    let mut stage = Stage::start(obedient(&asked)).await;
    let (mut peer, _) = open(carrier, &mut stage, "ann", "").await;
    peer.peer.send("cl").await;
    stage.end().await;

    let (_link, answer) = ask(carrier, &stage, &peer, "ann", "refuse").await;

    assert!(answer.starts_with(r#"in{"error":"#), "{answer}");
    assert_eq!(asked.lock().unwrap()[1], ("refuse".to_owned(), None));
    assert_eq!((stage.stats().refused, stage.stats().fresh), (0, 0));
}
