use std::collections::HashSet;

use super::*;
#[cfg(feature = "metrics")]
use crate::rpc::tests::recorder::TestRecorder;

fn counters() -> Arc<Counters> {
    Arc::new(Counters::new())
}

#[cfg(feature = "metrics")]
fn traffic() -> Traffic {
    Traffic {
        messages_in: 2,
        messages_out: 3,
        bytes_in: 40,
        bytes_out: 50,
    }
}

#[test]
fn a_socket_is_counted_where_it_stands_and_once_at_its_end() {
    let counters = counters();
    let websocket = || counters.read().websocket;

    let mut socket = counters.socket(TransportKind::WebSocket);
    assert_eq!((websocket().opening, websocket().open), (1, 0));
    socket.open();
    assert_eq!((websocket().opening, websocket().open), (0, 1));
    socket.close(CloseReason::KeepAlive);
    drop(socket);

    assert_eq!((websocket().opening, websocket().open), (0, 0));
    assert_eq!(websocket().opened, 1);
    assert_eq!(websocket().closed(CloseReason::KeepAlive), 1);
    assert_eq!(websocket().closings().map(|(_, count)| count).sum::<u64>(), 1);
    assert_eq!(counters.read().ajax, self::counters().read().ajax);
}

#[test]
fn a_socket_that_is_dropped_has_panicked_or_lost_its_runtime() {
    let counters = counters();

    let (panics, ends) = (
        counters.socket(TransportKind::Ajax),
        counters.socket(TransportKind::Ajax),
    );
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _socket = panics;
        panic!("on purpose");
    }));
    drop(ends);

    assert!(panicked.is_err());
    let ajax = counters.read().ajax;
    assert_eq!((ajax.opening, ajax.opened), (0, 0));
    assert_eq!(ajax.closed(CloseReason::Panicked), 1);
    assert_eq!(ajax.closed(CloseReason::Shutdown), 1);
}

#[test]
fn a_session_that_moves_is_counted_where_it_is_and_as_opened_once() {
    let counters = counters();
    let open = || (counters.read().websocket.open, counters.read().ajax.open);
    let mut socket = counters.socket(TransportKind::WebSocket);
    socket.open();

    socket.detach();
    socket.detach();
    assert_eq!((open(), counters.read().resume.detached), ((1, 0), 1));
    let mut candidate = counters.socket(TransportKind::Ajax);
    candidate.hand_over();
    drop(candidate);
    socket.resume(TransportKind::Ajax);
    assert_eq!((open(), counters.read().resume.detached), ((0, 1), 0));
    socket.detach();
    socket.close(CloseReason::LinkLost);

    let ServerStats {
        websocket,
        ajax,
        resume,
        ..
    } = counters.read();
    assert_eq!((open(), resume.detached, resume.resumed), ((0, 0), 0, 1));
    assert_eq!((websocket.opened, ajax.opened), (1, 0));
    assert_eq!(websocket.closings().map(|(_, count)| count).sum::<u64>(), 0);
    assert_eq!(ajax.closings().map(|(_, count)| count).sum::<u64>(), 1);
    assert_eq!((ajax.opening, websocket.opening), (0, 0));
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let closed: HashSet<_> = CLOSE_REASONS.map(close_label).into();
    let refused: HashSet<_> = REFUSAL_REASONS.map(refusal_label).into();

    assert_eq!(closed.len(), CLOSE_REASONS.len());
    assert_eq!(refused.len(), REFUSAL_REASONS.len());
}

/// Dashboards and alarms are built on these names.
#[cfg(feature = "metrics")]
#[test]
fn the_recorder_of_the_time_of_building_gets_all_numbers_under_stable_names() {
    let recorder = TestRecorder::default();
    let counters = metrics::with_local_recorder(&recorder, counters);

    let mut ajax = counters.socket(TransportKind::Ajax);
    ajax.open();
    ajax.move_traffic(traffic());
    ajax.close(CloseReason::Peer);
    let mut open = counters.socket(TransportKind::WebSocket);
    open.open();
    let _opening = counters.socket(TransportKind::WebSocket);
    let _connections = [counters.connection(), counters.connection()];
    drop(counters.connection());
    counters.refuse(RefusalReason::Origin);
    open.detach();
    counters.begin_fresh();
    counters.refuse_resume();
    counters.overflow();
    let mut resumed = counters.socket(TransportKind::Ajax);
    resumed.open();
    resumed.resume(TransportKind::WebSocket);

    assert_eq!(
        recorder.numbers(),
        [
            "glue_bytes_total direction=in transport=ajax 40",
            "glue_bytes_total direction=out transport=ajax 50",
            "glue_http_connections 2",
            "glue_messages_total direction=in transport=ajax 2",
            "glue_messages_total direction=out transport=ajax 3",
            "glue_refused_total reason=origin 1",
            "glue_resumes_total outcome=fresh 1",
            "glue_resumes_total outcome=refused 1",
            "glue_resumes_total outcome=resumed 1",
            "glue_sessions_detached 1",
            "glue_sessions_overflowed_total 1",
            "glue_sockets state=open transport=websocket 2",
            "glue_sockets state=opening transport=websocket 1",
            "glue_sockets_closed_total reason=peer transport=ajax 1",
            "glue_sockets_opened_total transport=ajax 2",
            "glue_sockets_opened_total transport=websocket 1",
        ]
    );
    assert_eq!(recorder.described(), recorder.names(), "each has its explanation");
}

/// Also zeros: a rate can be told from the first event on.
#[cfg(feature = "metrics")]
#[test]
fn every_number_is_there_from_the_start() {
    let recorder = TestRecorder::default();

    let counters = metrics::with_local_recorder(&recorder, counters);

    // Per transport: two levels of sockets, opened, two directions of messages and bytes. Of sessions: detached, three outcomes, overflowed.
    let expected = 2 * (7 + CLOSE_REASONS.len()) + REFUSAL_REASONS.len() + 1 + 5;
    assert_eq!(recorder.registered(), expected);
    drop(counters);
}
