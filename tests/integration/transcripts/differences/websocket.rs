//! Where our server answers otherwise over WebSocket.

use super::{Difference, UNAVAILABLE};
use crate::transcripts::answer::{ACCEPTED, END};
use crate::transcripts::edit::Edit;

pub(super) const WEBSOCKET: &[Difference] = &[
    Difference {
        file: "websocket/binary-frame",
        rule: "[F-9]",
        edits: &[Edit::Ends {
            after: "cd1&m\u{fffd}\u{fffd}",
            ours: &["[close 1007]", END],
        }],
    },
    Difference {
        file: "websocket/blocked-server-glue-js",
        rule: "[H-9]",
        edits: &[
            Edit::Refused(3, UNAVAILABLE),
            Edit::Refused(11, UNAVAILABLE),
            Edit::Refused(19, UNAVAILABLE),
            Edit::Refused(27, UNAVAILABLE),
        ],
    },
    Difference {
        file: "websocket/burst-100-from-server",
        rule: "[K-5]",
        edits: &[Edit::Without("pi")],
    },
    Difference {
        file: "websocket/chromium-basic",
        rule: "[C-11]",
        edits: &[Edit::Reordered("cd6&golanghi gophers", "cd1&mhello 😀")],
    },
    Difference {
        file: "websocket/panic-in-onnewsocket",
        rule: "[X-6]",
        edits: &[Edit::Also {
            after: r#"in{"version":"1.9.1"}"#,
            ours: &[ACCEPTED],
        }],
    },
    Difference {
        file: "websocket/remote-address",
        rule: "[H-10]",
        edits: &[
            // What the proxy itself has seen comes last; the client may have written the rest.
            Edit::Line(15, "cd3&cmd5.6.7.8"),
            // In the one header that the proxy is known for.
            Edit::Line(23, "cd3&cmd127.0.0.1"),
            Edit::Line(31, "cd3&cmd5.6.7.8"),
            Edit::Line(39, "cd3&cmd127.0.0.1"),
        ],
    },
    Difference {
        file: "websocket/channel-name-bytes",
        rule: "[C-7]",
        edits: &[
            Edit::Also {
                after: "cd1&éhello",
                ours: &["cd2&éhello"],
            },
            Edit::Also {
                after: "cd2&😀hello",
                ours: &["cd4&😀hello"],
            },
        ],
    },
    Difference {
        file: "websocket/data-before-init-8-messages",
        rule: "[I-11]",
        edits: &[Edit::Ends {
            after: "cd1&mearly 7",
            ours: &["[close]", END],
        }],
    },
    Difference {
        file: "websocket/double-init",
        rule: "[I-9]",
        edits: &[Edit::Instead {
            was: ACCEPTED,
            ours: "iv",
        }],
    },
    Difference {
        file: "websocket/nonascii-channel-glue-js",
        rule: "[C-7]",
        edits: &[
            Edit::Also {
                after: "cd1&éhello",
                ours: &["cd2&éhello"],
            },
            Edit::Also {
                after: "cd2&日本hello",
                ours: &["cd6&日本hello"],
            },
            Edit::Also {
                after: "cd2&😀hello",
                ours: &["cd4&😀hello"],
            },
        ],
    },
    Difference {
        file: "websocket/server-release",
        rule: "[H-9]",
        edits: &[Edit::Refused(13, UNAVAILABLE)],
    },
    Difference {
        file: "websocket/short-empty-message",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "websocket/short-one-byte-before-init",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "websocket/short-one-byte-message",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "websocket/unread-channel-7-messages",
        rule: "[L-5]",
        edits: &[Edit::Also {
            after: "cd1&mecho2",
            ours: &["cd1&mecho2"],
        }],
    },
    Difference {
        file: "websocket/unread-channel-blocks",
        rule: "[L-5]",
        edits: &[
            Edit::Also {
                after: "cd1&mecho?",
                ours: &["cd1&mecho?"],
            },
            Edit::Ends {
                after: "pi",
                ours: &["po"],
            },
        ],
    },
    Difference {
        file: "websocket/write-then-close",
        rule: "[X-2]",
        edits: &[Edit::Also {
            after: "cd3&cmdwriteclose 10",
            ours: &[
                "cd5&burst000000",
                "cd5&burst000001",
                "cd5&burst000002",
                "cd5&burst000003",
                "cd5&burst000004",
                "cd5&burst000005",
                "cd5&burst000006",
                "cd5&burst000007",
                "cd5&burst000008",
                "cd5&burst000009",
            ],
        }],
    },
];
