//! Every limit and time-out of a socket, with its default and its reason. Nothing else defines a maximum.

use std::time::Duration;

/// Bounds of one socket.
///
/// All are enforced before memory is spent on what would go past them. To change some, begin with the defaults:
///
/// ```
/// let mut limits = glue::Limits::default();
/// limits.message_bytes = 64 << 10;
/// ```
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
    /// Bytes that wait on a socket before `send` waits and streams are not polled; default 64 KiB, enough to fill two
    /// writes and small enough that a stalled peer costs little. As much again may wait in the handles' queue, and each of
    /// both takes one message that is larger. A peer that leaves as much of its own answers unread is not read.
    pub send_bytes: usize,
    /// Calls, notifications and streams of a socket that wait for something; default 1,024. One more is answered with
    /// `resource_exhausted`; a notification more is dropped, and the log says so. Those that are `#[glue(no_cancel)]` or `#[glue(blocking)]` count
    /// until they end, also when nobody waits for them any more.
    pub in_flight: usize,
    /// Streams among them, in either direction; default 256. One more is answered with `resource_exhausted`.
    pub streams: usize,
    /// Calls and notifications of a socket in a second; default no limit, as what they may cost is bounded by the others. A
    /// second's worth may come at once. One more is answered with `resource_exhausted`, a notification more is dropped.
    pub calls_per_second: Option<u32>,
    /// Channels that the application may open on a socket; default 256, so that names taken from a client's messages
    /// can't fill the memory. One more receives nothing, and the log says so.
    pub channels: usize,
    /// Messages in one container `ba` of the peer; default 1,024, so that one message doesn't hold up others for long. A
    /// container with more is malformed, so less than 1,024 is for peers that are known to write fewer.
    pub batch_messages: usize,
    /// Bytes of broadcasts that wait on a socket before it counts as a slow consumer; default 1 MiB. All sockets share one
    /// encoding, so this much memory is not used once per socket.
    pub backlog_bytes: usize,
    /// Malformed messages forgiven in a session; default 256. One more closes the socket.
    pub faults: u32,
    /// How long a full channel may keep a socket from being read; default 5 s, below every keep-alive. Then the
    /// socket is closed.
    pub stall: Duration,
    /// Time for the init exchange; default 10 s. Clients send `in` at once, so nearly all of it is left to
    /// `ServerBuilder::authorize`.
    pub init: Duration,
    /// Time to hand over what is queued and to end the connection when a socket is closed; default 5 s.
    pub close: Duration,
}

impl Limits {
    /// Returns what can't work, if anything: a size or a time of zero.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let sizes = [
            ("message_bytes", self.message_bytes),
            ("channel_messages", self.channel_messages),
            ("channel_bytes", self.channel_bytes),
            ("send_bytes", self.send_bytes),
            ("in_flight", self.in_flight),
            ("streams", self.streams),
            (
                "calls_per_second",
                self.calls_per_second.map_or(1, |calls| calls as usize),
            ),
            ("channels", self.channels),
            ("batch_messages", self.batch_messages),
            ("backlog_bytes", self.backlog_bytes),
        ];
        let times = [("init", self.init), ("stall", self.stall), ("close", self.close)];
        let zero_size = sizes
            .into_iter()
            .find(|(_, size)| *size == 0)
            .map(|(name, _)| name);
        let zero_time = times
            .into_iter()
            .find(|(_, time)| time.is_zero())
            .map(|(name, _)| name);
        zero_size.or(zero_time).map_or(Ok(()), Err)
    }
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
            streams: 256,
            calls_per_second: None,
            channels: 256,
            batch_messages: BATCH_MESSAGES,
            backlog_bytes: 1 << 20,
            faults: 256,
            stall: Duration::from_secs(5),
            init: Duration::from_secs(10),
            close: Duration::from_secs(5),
        }
    }
}

/// Bounds of a whole server: what HTTP requests may cost, and how many sockets there may be. To change some, begin with the
/// defaults:
///
/// ```
/// # fn main() -> Result<(), glue::Error> {
/// let mut limits = glue::ServerLimits::default();
/// limits.sockets_per_address = 5;
/// let server = glue::Server::builder().server_limits(limits).build()?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "server")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Sockets in all, those without `in` too; default 65,536. One more is refused with 503.
    pub sockets: usize,
    /// Sockets of one address (IPv6: of one /64 network), those without `in` too; default 1,024. One more is refused
    /// with 503. Behind a proxy all clients have its address unless
    /// [`ServerBuilder::trusted_proxies`](crate::ServerBuilder::trusted_proxies) names it.
    pub sockets_per_address: usize,
    /// Sessions in all that are kept without a link, because theirs was lost and their clients may come back; default 16,384. One
    /// more that loses its link ends at once. Of one address there may be as many as [`ServerLimits::sockets_per_address`]. They are not counted among the
    /// sockets, so that their clients can come back to a server that is full.
    pub detached: usize,
    /// Weight of the messages that these sessions keep for their clients together, each counted with 32 bytes more than it has; default
    /// 64 MiB. A session that would go past it ends. One by itself may grow by twice [`Limits::send_bytes`] and
    /// [`Limits::backlog_bytes`] together (2.1 MiB by default) while its client is away: what handles send and streams make waits before that, answers
    /// to calls under way don't.
    pub detached_bytes: usize,
    /// Time for the head of an HTTP request, and for the next request on an idle connection; default 10 s, so that half-sent
    /// requests don't pile up. Only where Glue accepts the connections itself.
    pub header: Duration,
    /// Time for the body of a request; default 10 s, and [`ServerLimits::bytes_per_second`] as long as bytes come.
    pub body: Duration,
    /// Time without a single byte taken by the peer after which a connection is cut; default 30 s. Only where Glue
    /// accepts the connections itself.
    pub write: Duration,
    /// Slowest link that is served, for bodies and answers of the Ajax transport; default 4 KiB a second. Times grow with the
    /// bytes that are under way.
    pub bytes_per_second: usize,
    /// How long a poll waits for a message; default 35 s, as in the original. Keep it below 45 s, after which
    /// clients give up.
    pub poll: Duration,
    /// Time without a poll after which the link of an Ajax client counts as lost; default 10 s.
    pub unpolled: Duration,
    /// Bytes of pushed messages that wait to be handled in an Ajax session; default 1 MiB. Past it the session ends, as
    /// a push must never wait. The first message always fits.
    pub push_bytes: usize,
    /// Pushes of one Ajax session that may be arriving at the same time; default 64, browsers send six. One more ends the
    /// session.
    pub pushes: usize,
}

#[cfg(feature = "server")]
impl ServerLimits {
    /// Returns what can't work, if anything: a size or a time of zero.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_zero = [
            ("sockets", self.sockets == 0),
            ("sockets_per_address", self.sockets_per_address == 0),
            ("detached", self.detached == 0),
            ("detached_bytes", self.detached_bytes == 0),
            ("header", self.header.is_zero()),
            ("body", self.body.is_zero()),
            ("write", self.write.is_zero()),
            ("bytes_per_second", self.bytes_per_second == 0),
            ("poll", self.poll.is_zero()),
            ("unpolled", self.unpolled.is_zero()),
            ("push_bytes", self.push_bytes == 0),
            ("pushes", self.pushes == 0),
        ];
        let zero = is_zero.into_iter().find(|(_, is_zero)| *is_zero);
        zero.map_or(Ok(()), |(name, _)| Err(name))
    }
}

#[cfg(feature = "server")]
impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            sockets: 65_536,
            sockets_per_address: 1024,
            detached: 16_384,
            detached_bytes: 64 << 20,
            header: Duration::from_secs(10),
            body: Duration::from_secs(10),
            write: Duration::from_secs(30),
            bytes_per_second: 4 << 10,
            poll: Duration::from_secs(35),
            unpolled: Duration::from_secs(10),
            push_bytes: 1 << 20,
            pushes: 64,
        }
    }
}

/// Keep-alive of one side of a socket. An `interval` of [`Duration::MAX`] turns it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence of the peer after which it is pinged.
    pub interval: Duration,
    /// Time for an answer to that ping; then the connection counts as dead.
    pub timeout: Duration,
}

impl KeepAlive {
    /// Returns what can't work, if anything: a time of zero.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let times = [("interval", self.interval), ("timeout", self.timeout)];
        let zero = times.into_iter().find(|(_, time)| time.is_zero());
        zero.map_or(Ok(()), |(name, _)| Err(name))
    }

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

/// How sessions outlive their links, where the peer is one of Glue's own. To change something, begin with the defaults:
///
/// ```
/// let mut resume = glue::Resume::default();
/// resume.window = std::time::Duration::from_secs(300);
/// let builder = glue::Server::builder().resume(resume);
/// ```
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resume {
    /// How long a session is kept without a link; default 60 s. Then it ends.
    pub window: Duration,
    /// Weight of messages that each side keeps until the other has acknowledged them: their bytes, and 32 for each; default
    /// 256 KiB. What is sent past that waits. A client acknowledges each quarter of it at once, so at a round trip of 50 ms the default
    /// carries about 4 MiB a second.
    pub buffer_bytes: usize,
}

#[cfg(feature = "server")]
impl Resume {
    /// Returns what can't work, if anything: a size or a time of zero.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.window.as_millis() == 0 {
            return Err("window");
        }
        if self.buffer_bytes == 0 {
            return Err("buffer_bytes");
        }
        Ok(())
    }
}

#[cfg(feature = "server")]
impl Default for Resume {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            buffer_bytes: 256 << 10,
        }
    }
}

/// How a server lets go of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    /// Time within which clients choose the moment at which they leave.
    pub(crate) spread: Duration,
    /// That moment, for a client that can't be told.
    pub(crate) moment: Duration,
    /// Time for calls under way, from that moment on.
    pub(crate) finish: Duration,
}

/// Pause between `dr` and the end of the connection, as in the original.
pub(crate) const REFUSAL_PAUSE: Duration = Duration::from_secs(1);

/// What a waiting message costs beside its text, so that many tiny ones are bounded as well.
pub(crate) const MESSAGE_OVERHEAD: usize = 32;

/// Messages that are written into one container at most: as many as every peer reads by default.
pub(crate) const BATCH_MESSAGES: usize = 1024;

/// Bytes of one container that is written. At a round trip of 50 ms a poll of this size each time is more than 1 MiB a
/// second; half of it would halve that, more of it would keep a ping waiting on slow links.
pub(crate) const BATCH_BYTES: usize = 64 << 10;

/// Parameters in the head of an envelope; five are defined. Without a bound, telling duplicates costs the square of it.
pub(crate) const MAX_PARAMS: usize = 16;

/// Largest id of an exchange: the largest integer that every peer represents exactly.
pub(crate) const MAX_ID: u64 = (1 << 53) - 1;

/// Largest credit, single and in all.
pub(crate) const MAX_CREDIT: u32 = (1 << 31) - 1;

/// Longest time that a call can say it waits.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_millis((1 << 31) - 1);

/// Longest time within which clients can be told to leave.
pub(crate) const MAX_DRAIN: Duration = Duration::from_millis((1 << 31) - 1);

/// Items that the reader of a stream grants at first, before it knows their size. Half of it makes the first round trip
/// bring less, twice as much makes large items fill the memory.
pub(crate) const FIRST_CREDIT: u32 = 8;

/// Items that the reader of a stream grants or has waiting at most, as long as it doesn't wait for them; it keeps at least half as many.
/// Half of it halves the rate at which a distant client can upload.
pub(crate) const WINDOW: u32 = 32;

/// The same for a client whose reader waits for items. Each half of it costs the server a read, a write and a wake-up: with 32 an item
/// costs 0.34 µs over 64 connections and 1.25 over one, with this 0.1, which is what writing it takes.
pub(crate) const MAX_WINDOW: u32 = 1024;

/// Bytes of one stream that may wait for its reader, once the size of its items is known.
pub(crate) const WINDOW_BYTES: usize = 512 << 10;

/// Calls of a server that one channel of one client may leave unanswered. A client that answers none costs as much as this
/// and [`CALLBACK_TIMEOUT`] let it; few have ten under way.
pub(crate) const CALLBACKS: usize = 1024;

/// Time that a server's call waits for its client unless it says otherwise: a page that never answers must not hold a method for
/// ever. A person who is asked something takes less, or the call says more.
pub(crate) const CALLBACK_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of items that one channel produces before they are handed on; with [`Limits::send_bytes`] this bounds what a
/// stalled reader holds here. As much is one write.
pub(crate) const STREAM_BYTES: usize = 32 << 10;

/// Time that what a client sends waits for a connection, as in the original.
#[cfg(feature = "client")]
pub(crate) const SEND_BUFFER_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a client to connect, handshake and init together.
#[cfg(feature = "client")]
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
