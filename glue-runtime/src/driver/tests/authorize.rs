//! Decisions of the application on whether a client is accepted.

use std::future::pending;

use tokio::sync::oneshot;

use super::*;
use crate::proto::code::Code;

const ERRORS: &str = r#"in{"version":"1.9.1","errors":true}"#;
const ACCEPTED: &str = r#"in{"socketID":"xxxxxxxxxxxxxxxxxxxx"}"#;
const REFUSED: &str = r#"in{"error":{"code":"unauthenticated","message":"no"}}"#;

fn refusal() -> Refusal {
    Refusal::new(Code::Unauthenticated, "no")
}

/// Notes that it was dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// [I-14]
#[tokio::test]
async fn a_decision_at_once_costs_no_turn_of_its_own() {
    let mut stage = Stage::deciding(async { Ok(()) });

    stage.link.receives([ERRORS, "cd1&mhello"]);
    stage.turn();

    assert_eq!(
        stage.link.sent(),
        (vec![ACCEPTED.to_owned(), "cd1&mhello".to_owned()], 1)
    );
}

/// [I-7] [I-11] [I-14]
#[tokio::test]
async fn a_late_decision_opens_the_socket_and_delivers_what_came_before() {
    let (decide, decision) = oneshot::channel();
    let mut stage = Stage::deciding(async { decision.await.unwrap() });
    stage.link.receives([ERRORS, "cd1&mearly", "pi"]);
    stage.turn();
    assert_eq!(stage.link.sent().0, ["po"]);
    assert!(stage.main.get().is_none());
    stage.wakes();

    decide.send(Ok(())).unwrap();
    assert_eq!(stage.wakes(), 1);
    stage.turn();

    assert_eq!(stage.link.sent().0, [ACCEPTED, "cd1&mearly"]);
}

/// [I-15]
#[tokio::test]
async fn a_refusal_is_told_and_ends_the_socket() {
    let mut stage = Stage::deciding(async { Err(refusal().for_good()) });

    stage.link.receives([ERRORS, "cd1&mhello"]);
    let is_done = stage.turn();

    assert!(is_done);
    assert_eq!(stage.link.sent().0, [REFUSED, "dr"]);
    assert_eq!(*stage.refused.lock().unwrap(), [refusal().for_good()]);
    assert!(stage.main.get().is_none(), "the application sees no socket");
    assert_eq!(
        stage.channels.mailbox().closed().now_or_never(),
        Some(CloseReason::Refused)
    );
}

/// [I-14] [X-6]
#[tokio::test]
async fn a_panic_as_it_decides_ends_the_socket() {
    let mut stage = Stage::deciding(async { panic!("on purpose") });

    stage.link.receives([ERRORS]);
    let is_done = stage.turn();

    assert!(is_done);
    assert!(stage.link.sent().0.is_empty());
    assert_eq!(
        stage.channels.mailbox().closed().now_or_never(),
        Some(CloseReason::Panicked)
    );
}

/// [I-14]
#[tokio::test]
async fn a_client_that_goes_is_not_decided_on_any_more() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let guard = Guard(dropped.clone());
    let mut stage = Stage::deciding(async move {
        let _guard = guard;
        pending().await
    });
    stage.link.receives([ERRORS]);
    stage.turn();
    assert_eq!(dropped.load(Ordering::SeqCst), 0);

    stage.link.receives(["cl"]);
    stage.turn();

    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

/// [I-10] [I-14]
#[tokio::test(start_paused = true)]
async fn a_decision_that_takes_too_long_is_dropped() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let guard = Guard(dropped.clone());
    let mut stage = Stage::deciding(async move {
        let _guard = guard;
        pending().await
    });
    stage.link.receives([ERRORS]);
    stage.turn();

    tokio::time::advance(Limits::default().init).await;
    stage.turn();

    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert_eq!(
        stage.channels.mailbox().closed().now_or_never(),
        Some(CloseReason::InitTimeout)
    );
}

#[tokio::test]
async fn a_destructor_that_panics_behind_the_end_is_survived() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let mut stage = Stage::deciding(async {
        let _bomb = Bomb;
        pending().await
    });
    stage.link.receives([ERRORS]);
    stage.turn();

    stage.link.receives(["cl"]);

    assert!(stage.turn());
}
