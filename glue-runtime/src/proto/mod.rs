//! The grammar of the wire: text to values and back, without clock, I/O or state.
//!
//! | file | part of docs/PROTOCOL.md | TypeScript twin |
//! | --- | --- | --- |
//! | `frame` | Glue frames | `proto/frame.ts` |
//! | `pair` | channel data | `proto/pair.ts` |
//! | `init` | init and version rule | `proto/init.ts` |
//! | `envelope` | RPC envelopes | `proto/envelope.ts` |
//! | `code` | error codes | `proto/code.ts` |
//! | `limits` | limits and time-outs | `proto/limits.ts` |
//! | `batch` | containers | `proto/batch.ts` |
//! | `ajax` | the Ajax transport | `proto/ajax.ts` |
//! | `number` | numbers behind a command | `proto/frame.ts` |
//! | `resume` | init: sessions that outlive their links | `proto/init.ts` |
//! | `refusal` | init: why a client is not accepted | `proto/init.ts` |
//! | `messages` | finished messages in a row | – |
//! | `text` | the owned text of one message | – |

#[cfg(feature = "server")]
pub(crate) mod ajax;
pub(crate) mod batch;
pub(crate) mod code;
pub(crate) mod envelope;
pub(crate) mod frame;
pub(crate) mod init;
pub(crate) mod limits;
pub(crate) mod messages;
pub(crate) mod number;
pub(crate) mod pair;
pub(crate) mod refusal;
pub(crate) mod resume;
pub(crate) mod text;
pub(crate) mod utf16;

#[cfg(test)]
mod tests;

/// Protocol version spoken on the wire; the original's last release.
pub(crate) const VERSION: &str = "1.9.1";

/// Name of the main channel, which every socket has.
pub(crate) const MAIN_CHANNEL: &str = "m";
