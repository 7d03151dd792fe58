//! Typed, real-time calls between a Rust server and TypeScript clients.
//!
//! Write a trait, implement it, serve it. `glue-codegen` writes the TypeScript client; [`Client`] and the generated
//! `ChatClient` are the one in Rust.
//!
#![cfg_attr(
    all(feature = "server", feature = "client", feature = "macros"),
    doc = r##"
```
use glue::{Client, Server, Stream};

#[glue::channel]
trait Greeter {
    /// Greets somebody.
    async fn greet(&self, name: String) -> String;
    /// Counts down to zero.
    fn count_down(&self, from: u32) -> impl Stream<Item = u32>;
}

struct Polite;

impl Greeter for Polite {
    async fn greet(&self, name: String) -> String {
        format!("Hello, {name}!")
    }
    fn count_down(&self, from: u32) -> impl Stream<Item = u32> {
        futures_util::stream::iter((0..=from).rev())
    }
}

# #[tokio::main(flavor = "current_thread")]
# async fn main() -> Result<(), Box<dyn std::error::Error>> {
let server = Server::builder().channel(Polite.into_channel()).build()?;
let listener = server.bind("127.0.0.1:0").await?;
let host = format!("http://{}", listener.local_addr()?);
tokio::spawn(listener.serve());

let greeter = GreeterClient::open(&Client::connect(host).await?)?;
assert_eq!(greeter.greet("Ann".to_owned()).await?, "Hello, Ann!");
# Ok(())
# }
```
"##
)]
//!
//! # Concepts
//!
//! - A [`Server`] accepts [`Socket`]s. A socket is one client; when its connection breaks, the client comes back to it, and nothing is
//!   lost, within the time of [`Resume`]. After that it ends, and the client comes back with a new one.
//! - A socket has [`Channel`]s, named lanes of texts in both directions. They share one connection and keep their order.
//! - A channel that is served by a [`ChannelService`], made by [`channel`](macro@channel), carries typed calls: calls,
//!   notifications, streams in both directions, events and calls of the server. [`Context`] says who calls and how long it may
//!   take, [`Incoming`] is what a caller streams, [`Middleware`] runs around methods, [`Emitter`] sends events.
//! - [`Groups`] send events to many sockets, [`Presence`] tells who is there, and [`Context::everyone`] is all that have opened a
//!   channel.
//! - Types that cross a channel are [models](macro@model). 64-bit integers, bytes, dates, maps and sets travel as JSON has them, or
//!   [exactly](exact).
//! - [`Limits`] bound what a peer may cost; a slow reader makes senders wait, it never makes memory grow.
//!
//! The wire is that of the Glue socket protocol 1.9.1, so original servers and clients connect as well; `docs/PROTOCOL.md` of
//! the repository is its normative text, `docs/GUIDE.md` the guide for users.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! | --- | --- | --- |
//! | `server` | yes | [`Server`] on hyper |
//! | `macros` | yes | [`channel`](macro@channel) and [`model`](macro@model), with serde and ts-rs |
//! | `static-files` | yes | [`ServerBuilder::static_files`] |
//! | `client` | no | [`Client`] over WebSocket |
//! | `tls` | no | [`Client`] for `https` hosts, by rustls with ring |
//! | `http2` | no | WebSocket over HTTP/2 (RFC 8441), for servers that are mounted where HTTP/2 is spoken |
//! | `testing` | no | [`testing`](mod@testing), a network in memory whose links fail when a test says so; with `server` and `client` |
//! | `metrics` | no | exports what [`Server::stats`] counts through the `metrics` facade |
//! | `arrayvec`, `bigdecimal`, `bytes`, `chrono`, `heapless`, `indexmap`, `jiff`, `ordered-float`, `rust_decimal`, `semver`, `serde_json`, `smol_str`, `time`, `url`, `uuid` | no | types of the crate of this name may cross a channel |
//! | `rc` | no | `Arc` and `Rc` may cross a channel, as what they hold |
//! | `schema` | with `macros` | [`schema`], the data that describes channels |
//! | `codegen` | never | set by `glue-codegen` on its own builds |

// One session and one driver serve both roles: a build with a single role leaves parts of them unused.
#![cfg_attr(
    not(all(feature = "server", feature = "client")),
    allow(dead_code, unused_imports)
)]
// Where a feature is off there is nothing to link to; the documentation with all features has every link checked.
#![cfg_attr(
    not(all(
        feature = "server",
        feature = "client",
        feature = "macros",
        feature = "static-files"
    )),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "io")]
mod channel;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "io")]
mod clock;
#[cfg(feature = "io")]
mod driver;
#[cfg(feature = "io")]
mod error;
#[cfg(feature = "io")]
pub mod exact;
#[cfg(feature = "io")]
mod inbox;
#[cfg(feature = "macros")]
mod keys;
#[cfg(feature = "io")]
mod mailbox;
#[cfg(feature = "io")]
mod proto;
#[cfg(feature = "io")]
mod quota;
#[cfg(feature = "io")]
mod rpc;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "io")]
mod session;
#[cfg(feature = "io")]
mod table;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "io")]
mod transport;
#[cfg(feature = "io")]
mod values;

#[cfg(feature = "__bench")]
#[doc(hidden)]
#[path = "bench.rs"]
pub mod __bench;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "client")]
pub use crate::client::{
    Client, ClientBuilder, ClientEvent, ClientState, Connect, DiscardedMessage, Io, LinkError,
};
#[cfg(feature = "io")]
pub use crate::{
    channel::Channel,
    error::{Error, ErrorKind},
    exact::Exact,
    mailbox::{Delivery, SlowConsumer},
    proto::code::Code,
    proto::limits::{KeepAlive, Limits},
    proto::refusal::Refusal,
    rpc::message::{
        ArgsError, CallDecodeError, CallKind, CallMessage, EncodeError, EventMessage, ReplyKind, ReplyMessage,
    },
    rpc::{
        CallError, CallOptions, CallRequest, Caller, ChannelService, ClientHandler, Completion, Context,
        Contract, Emitter, Everyone, Hashes, Incoming, Middleware, Next, OnLoss, OpenRpc, RpcChannel,
        RpcError, SentItems, ServeRpc, TraceContext, TraceContextError, Tracked,
    },
    session::CloseReason,
    transport::TransportKind,
};
#[cfg(feature = "io")]
pub use futures_util::Stream;
#[cfg(feature = "server")]
pub use proto::limits::{Resume, ServerLimits};
#[cfg(feature = "server")]
pub use server::{
    Body, Broadcast, Drain, ForwardedHeader, GlueService, Groups, Listener, Origins, Person, Presence,
    PresenceUpdate, RefusalReason, RemoteAddr, ResumeStats, Seat, Server, ServerBuilder, ServerStats, Socket,
    SocketRequest, TransportStats, TrustedProxies,
};

#[cfg(feature = "macros")]
pub use glue_macros::{channel, model};
