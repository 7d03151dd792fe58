//! Where our server answers requests otherwise that never become a socket.

use super::Difference;
use crate::transcripts::edit::Edit;

pub(super) const HTTP: &[Difference] = &[
    Difference {
        file: "http/any-origin-no-cors",
        rule: "[H-7]",
        edits: &[Edit::Line(
            3,
            "[200] access-control-allow-origin: http://app.example; <uid>&<token>",
        )],
    },
    Difference {
        file: "http/any-origin-no-cors",
        rule: "[H-8]",
        edits: &[Edit::Line(9, PREFLIGHT)],
    },
    Difference {
        file: "http/cors-on",
        rule: "[H-7]",
        edits: &[Edit::Line(3, STARTED)],
    },
    Difference {
        file: "http/cors-on",
        rule: "[H-8]",
        edits: &[Edit::Line(
            27,
            "[204] access-control-allow-headers: content-type; access-control-allow-methods: GET, POST; access-control-max-age: 600;",
        )],
    },
    Difference {
        file: "http/cors-on-any-origin",
        rule: "[H-7]",
        edits: &[
            Edit::Line(3, STARTED),
            Edit::Line(
                41,
                "[101] connection: Upgrade; sec-websocket-accept: jNFdWrBKN8JyLhSul1e2FuBcfBQ=; upgrade: websocket;",
            ),
        ],
    },
    Difference {
        file: "http/cors-on-any-origin",
        rule: "[H-8]",
        edits: &[Edit::Line(15, PREFLIGHT)],
    },
    Difference {
        file: "http/paths",
        rule: "[H-2]",
        edits: &[
            // The original's mux led clients to the paths that they might have meant.
            Edit::Line(9, "[404]"),
            Edit::Line(39, "[404]"),
            Edit::Line(45, "[400]"),
            Edit::Line(51, "[400]"),
        ],
    },
    Difference {
        file: "http/paths-custom-mux",
        rule: "[H-2]",
        edits: &[
            Edit::Line(9, "[404]"),
            Edit::Line(15, "[404]"),
            Edit::Line(21, "[404]"),
        ],
    },
];

/// The answer that starts a session.
const STARTED: &str = "[200] <uid>&<token>";
/// The answer to a preflight.
const PREFLIGHT: &str = "[204] access-control-allow-headers: content-type; access-control-allow-methods: GET, POST; \
    access-control-allow-origin: http://app.example; access-control-max-age: 600;";
