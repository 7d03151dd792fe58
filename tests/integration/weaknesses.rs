//! What was wrong with the original server, part A: anyone could stop it, and part B: data was lost or stuck in ordinary use.
//!
//! Each row is the test here whose name begins with its number. Where time itself, or something that a peer doesn't see, is
//! what matters, it is judged by others as well; A10, A11 and B10 by those alone:
//!
//! | row | what | judged by |
//! | --- | --- | --- |
//! | A2, A6 | what it costs in bytes | `tests/crowd`: `trouble`, `ten_thousand_sockets_leave_nothing_behind` |
//! | A3 | a push that stops after 10 s | `server/ajax/tests.rs`: `a_push_that_stops_coming_ends_the_session_after_10_s` |
//! | A5 | 10 s for the init exchange | `server/ajax/tests.rs`: `a_client_that_never_says_in_is_closed_after_10_s` |
//! | A10 | nothing secret in the log | `observing.rs`: `no_secret_of_an_ajax_session_is_ever_logged` |
//! | A11 | ids without bias | `server/id.rs` |
//! | B3 | answers that are cut behind every byte | `ajax_faults.rs` |
//! | B4 | 35 s for a poll | `server/ajax/tests.rs`: `a_poll_without_a_message_ends_after_35_s_and_its_token_stays_good` |
//! | B10 | slow links, up and down | `driver/tests.rs`: `a_large_message_over_a_slow_link_arrives`, `a_peer_that_takes_a_large_message_slowly_is_not_given_up`; `server/ajax/tests.rs`: `a_client_that_takes_a_large_answer_slowly_is_not_forgotten` |
//! | B11 | the other policies for slow readers | `broadcast.rs` |
//! | B13 | 10 s without a poll | `server/ajax/tests.rs`: `a_client_that_does_not_come_back_is_forgotten_10_s_after_its_last_answer` |
//! | B16 | containers in both directions | `batch.rs` |
//! | B20 | all error answers; HTTP of other servers | `error_bodies.rs`, `policy.rs`, `mounted.rs` |
//! | B21 | a ping ahead of data | `session/tests.rs`: `a_pong_goes_ahead_of_queued_data` |

mod a;
mod b;
mod floods;

use std::time::Duration;

use glue::{Limits, Server, ServerBuilder, ServerLimits, Socket};
use glue_tests::deadline::within;
use glue_tests::peer::{Carrier, Peer};
use glue_tests::recorded_app;
use glue_tests::server::TestServer;
use tokio::runtime::Handle;

/// Begins a server with other limits.
fn limited(change: impl FnOnce(&mut Limits, &mut ServerLimits)) -> ServerBuilder {
    let (mut limits, mut server_limits) = (Limits::default(), ServerLimits::default());
    change(&mut limits, &mut server_limits);
    Server::builder().limits(limits).server_limits(server_limits)
}

/// Starts a server with the application of the recordings.
async fn start(builder: ServerBuilder) -> TestServer {
    TestServer::start(recorded_app::serve(builder)).await
}

/// Starts a server that spends little time on goodbyes, for peers that don't take them.
async fn start_brief() -> TestServer {
    start(limited(|limits, _| limits.close = STALL)).await
}

/// Opens a session on each transport; with it comes the server's handle.
async fn open_both(server: &TestServer) -> [(Peer, Socket); 2] {
    let open = async |carrier| {
        let (peer, id) = Peer::open(carrier, server.address()).await;
        (peer, socket(server, &id))
    };
    [open(Carrier::WebSocket).await, open(Carrier::Ajax).await]
}

/// Starts a session on each transport, without an `in`.
async fn connect_both(server: &TestServer) -> [Peer; 2] {
    let connect = async |carrier| Peer::connect(carrier, server.address()).await;
    [connect(Carrier::WebSocket).await, connect(Carrier::Ajax).await]
}

/// Returns the server's handle of a session.
fn socket(server: &TestServer, id: &str) -> Socket {
    server.server().socket(id).expect("the session is listed")
}

/// Echoes the main channel.
fn echo(socket: &Socket) {
    let main = socket.channel("m");
    main.clone().on_message(move |text| {
        let main = main.clone();
        async move {
            // It may have ended.
            let _ = main.send(text).await;
        }
    });
}

/// Waits for what a deadline of the server brings. Time is virtual meanwhile: it passes only when nothing else can be done.
async fn in_virtual_time<T>(event: impl Future<Output = T>) -> T {
    tokio::time::pause();
    let value = within("what a deadline brings", event).await;
    tokio::time::resume();
    value
}

/// Returns how many tasks there are: all are the server's, or started by the test.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until no more than so many tasks are left.
async fn tasks_end(most: usize) {
    let ended = async {
        while tasks() > most {
            tokio::task::yield_now().await;
        }
    };
    within("the tasks to end", ended).await;
}

/// Deadlines of a server that concern nobody but the peer in question.
const STALL: Duration = Duration::from_millis(100);
