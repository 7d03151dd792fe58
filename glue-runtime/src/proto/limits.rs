//! Every limit and time-out of a socket, with its default and its reason. Nothing else defines a maximum.

use std::time::Duration;

/// Bounds of one socket.
///
/// All are enforced before memory is spent on what would go past them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Largest message accepted, in bytes; default 1 MiB. A larger one closes the socket (WebSocket code 1009).
    pub message_bytes: usize,
    /// Main-channel messages kept before `in`; default 7, as many as the original kept. One more closes the socket.
    pub early_messages: usize,
    /// Messages that wait in one channel for the application; default 1,024.
    ///
    /// When the queue is full the socket is not read any more, so TCP slows the peer; see [`Limits::stall`].
    pub channel_messages: usize,
    /// Bytes that wait in one channel for the application; default 1 MiB. The first message always fits.
    pub channel_bytes: usize,
    /// Bytes that wait on a socket to be sent before `send` waits and calls are not polled; default 64 KiB, enough to
    /// fill one write and small enough that a stalled peer costs little.
    pub send_bytes: usize,
    /// Calls and streams under way in one channel of a socket; default 1,024. One more is answered with
    /// `resource_exhausted`.
    pub in_flight: usize,
    /// Malformed messages forgiven in a session; default 256. One more closes the socket.
    pub faults: u32,
    /// How long a full channel may keep a socket from being read; default 5 s, below every keep-alive. Then the
    /// socket is closed.
    pub stall: Duration,
    /// Time for the init exchange; default 10 s. Clients send `in` at once.
    pub init: Duration,
    /// Time to hand over what is queued and to end the connection when a socket is closed; default 5 s.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 1 << 20,
            early_messages: 7,
            channel_messages: 1024,
            channel_bytes: 1 << 20,
            send_bytes: 64 << 10,
            in_flight: 1024,
            faults: 256,
            stall: Duration::from_secs(5),
            init: Duration::from_secs(10),
            close: Duration::from_secs(5),
        }
    }
}

/// Keep-alive of one side of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence of the peer after which it is pinged.
    pub interval: Duration,
    /// Time for an answer to that ping; then the connection counts as dead.
    pub timeout: Duration,
}

impl KeepAlive {
    /// The server's default, as in the original: ping after 30 s of silence, 7 s for the answer.
    pub const SERVER: Self = Self {
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(7),
    };
    /// The client's default, as in the original: ping after 35 s of silence, 5 s for the answer.
    pub const CLIENT: Self = Self {
        interval: Duration::from_secs(35),
        timeout: Duration::from_secs(5),
    };
}

/// Pause between `dr` and the end of the connection, as in the original.
pub(crate) const REFUSAL_PAUSE: Duration = Duration::from_secs(1);
