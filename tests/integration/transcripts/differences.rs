//! Where our server means to answer otherwise than the original did.

mod ajax;
mod http;
mod websocket;

use super::edit::Edit;

/// A deliberate difference in one recording.
#[derive(Debug)]
pub(super) struct Difference {
    /// Folder and name of the recording.
    pub(super) file: &'static str,
    /// The rule of docs/PROTOCOL.md; its last part but one says why.
    pub(super) rule: &'static str,
    pub(super) edits: &'static [Edit],
}

/// A deliberate difference in HTTP answers of all kinds: ours has `ours` where the original had `was`.
#[derive(Debug)]
pub(super) struct Everywhere {
    pub(super) rule: &'static str,
    pub(super) was: &'static str,
    pub(super) ours: &'static str,
}

/// A recording that is not replayed, and the test that shows the same.
#[derive(Debug)]
pub(super) struct NotReplayed {
    pub(super) file: &'static str,
    /// Source file and name of the test.
    pub(super) instead: (&'static str, &'static str),
}

/// Returns all differences in single recordings.
pub(super) fn all() -> impl Iterator<Item = &'static Difference> {
    [websocket::WEBSOCKET, ajax::AJAX, http::HTTP]
        .into_iter()
        .flatten()
}

pub(super) const EVERYWHERE: &[Everywhere] = &[
    Everywhere {
        rule: "[H-5]",
        was: "Bad Request\nBad Request\n",
        ours: "Bad Request\n",
    },
    Everywhere {
        rule: "[H-7]",
        was: " access-control-allow-methods: POST,GET;",
        ours: "",
    },
    Everywhere {
        rule: "[H-7]",
        was: " access-control-allow-origin: http://<host>;",
        ours: "",
    },
];

/// Recordings of half a minute of silence and more, which these tests show in virtual time; and two that can't be played.
pub(super) const NOT_REPLAYED: &[NotReplayed] = &[
    NotReplayed {
        file: "websocket/never-init",
        instead: (
            SESSION,
            "a_peer_that_never_says_in_is_closed_whatever_else_it_says",
        ),
    },
    NotReplayed {
        file: "websocket/never-init-but-pongs",
        instead: (
            SESSION,
            "a_peer_that_never_says_in_is_closed_whatever_else_it_says",
        ),
    },
    NotReplayed {
        file: "websocket/ping-server-30s",
        instead: (SESSION, "an_idle_pair_stays_open_and_pings_once_in_30_seconds"),
    },
    NotReplayed {
        file: "websocket/ping-timeout-server",
        instead: (SESSION, "the_server_pings_at_30_seconds_and_closes_at_37"),
    },
    NotReplayed {
        file: "websocket/ping-client-timeout-blackhole",
        instead: (SESSION, "the_client_pings_at_35_seconds_and_gives_up_at_40"),
    },
    // A frame in the segment of the handshake, which the original took badly: the recorder couldn't tell it from the handshake.
    NotReplayed {
        file: "websocket/pipelined-frame-with-handshake",
        instead: (
            "tests/integration/handshake.rs",
            "what_comes_with_the_handshake_is_not_lost",
        ),
    },
    // Of broken frames the recording has no bytes.
    NotReplayed {
        file: "websocket/protocol-errors",
        instead: (
            "tests/integration/limits.rs",
            "violations_of_the_websocket_rules_close_with_1002",
        ),
    },
    NotReplayed {
        file: "ajax/never-polls",
        instead: (AJAX_SERVER, "a_client_that_never_polls_is_forgotten_after_10_s"),
    },
    NotReplayed {
        file: "ajax/ping-client-35s",
        instead: (AJAX_SERVER, POLL_TIMEOUT),
    },
    NotReplayed {
        file: "ajax/ping-client-timeout-blackhole",
        instead: (SESSION, "the_client_pings_at_35_seconds_and_gives_up_at_40"),
    },
    NotReplayed {
        file: "ajax/ping-server-30s",
        instead: (AJAX_SERVER, PING),
    },
    NotReplayed {
        file: "ajax/ping-timeout-server",
        instead: (AJAX_SERVER, PING),
    },
    NotReplayed {
        file: "ajax/poll-timeout-35s",
        instead: (AJAX_SERVER, POLL_TIMEOUT),
    },
    NotReplayed {
        file: "ajax/poll-timeout-35s-glue-js",
        instead: (AJAX_SERVER, POLL_TIMEOUT),
    },
];

/// The tests of the session alone.
const SESSION: &str = "glue-runtime/src/session/tests.rs";
/// The tests of the Ajax transport without connections.
const AJAX_SERVER: &str = "glue-runtime/src/server/ajax/tests.rs";
const POLL_TIMEOUT: &str = "a_poll_without_a_message_ends_after_35_s_and_its_token_stays_good";
const PING: &str = "a_silent_client_is_pinged_after_30_s_and_closed_at_37";
/// The answer of a server that takes no more sockets.
const UNAVAILABLE: &str = "[503] content-type: text/plain; charset=utf-8; retry-after: 5; \
    x-content-type-options: nosniff; Service Unavailable\n";
