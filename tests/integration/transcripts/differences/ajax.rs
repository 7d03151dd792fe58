//! Where our server answers otherwise over Ajax.

use super::{Difference, UNAVAILABLE};
use crate::transcripts::edit::Edit;

pub(super) const AJAX: &[Difference] = &[
    Difference {
        file: "ajax/blocked-server",
        rule: "[H-9]",
        edits: &[Edit::Line(3, UNAVAILABLE)],
    },
    Difference {
        file: "ajax/blocked-server-glue-js",
        rule: "[H-9]",
        edits: &[
            Edit::Line(3, UNAVAILABLE),
            Edit::Line(13, UNAVAILABLE),
            Edit::Line(22, UNAVAILABLE),
            Edit::Line(30, UNAVAILABLE),
        ],
    },
    Difference {
        file: "ajax/burst-100-from-client",
        rule: "[A-10]",
        edits: &[Edit::InOrder("cd3&cmd[")],
    },
    Difference {
        file: "ajax/burst-100-from-server",
        rule: "[K-5]",
        edits: &[Edit::WithoutPolledPings],
    },
    // The end waits for a poll as all that is queued does.
    Difference {
        file: "ajax/closed-without-outstanding-poll",
        rule: "[A-8]",
        edits: &[Edit::Answered {
            body: "oz0HneN5mO6&Iji5Q26",
            ours: "[200] c",
        }],
    },
    Difference {
        file: "ajax/double-init",
        rule: "[I-9]",
        edits: &[Edit::Answered {
            body: "o5kZIeBAVdX&LoKe62S",
            ours: "[200] <token>&iv",
        }],
    },
    // Each echo needs a poll of its own, of which the recording has two.
    Difference {
        file: "ajax/nonascii-channel-glue-js",
        rule: "[C-7]",
        edits: &[
            Edit::Answered {
                body: "oV2SDpfVy8H&D4tUvFL",
                ours: "[200] <token>&cd2&éhello",
            },
            Edit::Also {
                after: "oV2SDpfVy8H&yroFGZ0",
                ours: &["[200] <token>&cd6&日本hello"],
            },
        ],
    },
    Difference {
        file: "ajax/poll-abort-loses-message",
        rule: "[A-5]",
        edits: &[Edit::AnsweredLast {
            body: "ovL5SsVaYJ6&tUvglB8",
            ours: "[200] <token>&cd1&mfirst",
        }],
    },
    Difference {
        file: "ajax/push-blocks-when-unread",
        rule: "[A-9]",
        edits: &[
            Edit::Also {
                after: "u2ikzo1myFk&cd6&unreadu13",
                ours: &[TAKEN],
            },
            Edit::Also {
                after: "u2ikzo1myFk&cd6&unreadu14",
                ours: &[TAKEN],
            },
            Edit::Ends {
                after: "u2ikzo1myFk&cd6&unreadu15",
                ours: &[TAKEN],
            },
        ],
    },
    // Fixed by the request that starts the session.
    Difference {
        file: "ajax/remote-address",
        rule: "[H-10]",
        edits: &[
            Edit::Always {
                was: "[200] <token>&cd3&cmd9.9.9.9",
                ours: PROXY,
            },
            Edit::Always {
                was: "[200] <token>&cd3&cmd1.2.3.4",
                ours: PROXY,
            },
            Edit::Always {
                was: "[200] <token>&cd3&cmd<script>",
                ours: PROXY,
            },
        ],
    },
    Difference {
        file: "ajax/token-reuse",
        rule: "[A-5]",
        edits: &[Edit::AnsweredLast {
            body: "oQx81ZKNA4t&shtyI6R",
            ours: r#"[200] <token>&in{"socketID":"<id>"}"#,
        }],
    },
    Difference {
        file: "ajax/two-concurrent-polls",
        rule: "[A-6]",
        edits: &[Edit::Swapped {
            line: 20,
            connections: (4, 5),
        }],
    },
    Difference {
        file: "ajax/write-then-close",
        rule: "[A-8]",
        edits: &[Edit::Answered {
            body: "ocvrCOyyeFl&BbTaM1t",
            ours: "[200] <token>&cd5&burst000001",
        }],
    },
    Difference {
        file: "ajax/wrong-user-agent",
        rule: "[A-3]",
        edits: &[
            Edit::Answered {
                body: "u2DTrnAWfJh&pi",
                ours: TAKEN,
            },
            Edit::Answered {
                body: "o2DTrnAWfJh&ons9xo7",
                ours: "[200] <token>&po",
            },
        ],
    },
];

/// The answer to a push.
const TAKEN: &str = "[200] content-length: 0;";
/// The address of the peer, which the request that starts the session has no other for.
const PROXY: &str = "[200] <token>&cd3&cmd127.0.0.1";
