//! Where our server means to answer otherwise than the original did.

use super::script::{ACCEPTED, END, Edit};

/// A deliberate difference.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) file: &'static str,
    /// The rule of docs/PROTOCOL.md; its part 16 says why.
    pub(super) rule: &'static str,
    pub(super) edits: &'static [Edit],
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        file: "binary-frame",
        rule: "[F-9]",
        edits: &[Edit::Ends {
            after: "cd1&m\u{fffd}\u{fffd}",
            ours: &["[close 1007]", END],
        }],
    },
    Difference {
        file: "burst-100-from-server",
        rule: "[K-5]",
        edits: &[Edit::Without("pi")],
    },
    Difference {
        file: "channel-name-bytes",
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
        file: "data-before-init-8-messages",
        rule: "[I-11]",
        edits: &[Edit::Ends {
            after: "cd1&mearly 7",
            ours: &["[close]", END],
        }],
    },
    Difference {
        file: "double-init",
        rule: "[I-9]",
        edits: &[Edit::Instead {
            was: ACCEPTED,
            ours: "iv",
        }],
    },
    Difference {
        file: "nonascii-channel-glue-js",
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
        file: "short-empty-message",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "short-one-byte-before-init",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "short-one-byte-message",
        rule: "[F-2]",
        edits: &[Edit::Instead { was: END, ours: "iv" }],
    },
    Difference {
        file: "unread-channel-7-messages",
        rule: "[L-5]",
        edits: &[Edit::Also {
            after: "cd1&mecho2",
            ours: &["cd1&mecho2"],
        }],
    },
    Difference {
        file: "unread-channel-blocks",
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
        file: "write-then-close",
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

/// Recordings of half a minute of silence; session tests show the same in virtual time.
pub(super) const NOT_REPLAYED: &[&str] = &[
    "never-init",
    "never-init-but-pongs",
    "ping-server-30s",
    "ping-timeout-server",
];
