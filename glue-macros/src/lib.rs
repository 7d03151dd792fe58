//! The attributes `#[glue::channel]` and `#[glue::model]`, re-exported by the crate `glue`.
//!
//! An expansion holds signatures, names and calls into `glue::__private`; what those calls do is the runtime's affair. The
//! way of a trait: `attr` reads the attribute's keys, `ast` gives the methods their kinds, `check` refuses
//! what cannot cross a channel, `expand` writes the code.

mod ast;
mod attr;
mod case;
mod check;
mod ctxt;
mod expand;
mod model;
#[cfg(test)]
mod tests;
mod types;

use proc_macro::TokenStream;

/// Turns a trait into a channel: typed calls between a server that implements the trait and clients in TypeScript and Rust.
///
/// ```
/// use glue::{Context, Incoming, Stream};
///
/// /// Why a message was refused.
/// #[glue::model]
/// pub enum ChatError {
///     RoomFull,
/// }
///
/// #[glue::channel]
/// pub trait Chat {
///     /// A call: answered with a value, or with the method's own error.
///     async fn post(&self, cx: &Context, room: String, text: String) -> Result<u64, ChatError>;
///
///     /// A notification: never answered.
///     #[notification]
///     async fn typing(&self, room: String);
///
///     /// A stream: polled as fast as the client reads.
///     fn watch(&self, room: String) -> impl Stream<Item = String>;
///
///     /// A client stream: the caller sends items, the method reads them as it likes.
///     async fn import(&self, room: String, lines: Incoming<String>) -> Result<u64, ChatError>;
///
///     /// A two-way stream.
///     fn translate(&self, lines: Incoming<String>) -> impl Stream<Item = String>;
///
///     /// An event, which the server sends to clients.
///     #[event]
///     fn joined(room: String, user: String);
///
///     /// A client method, which the server calls.
///     #[client]
///     async fn confirm(question: String) -> bool;
/// }
/// # fn main() {}
/// ```
///
/// The server implements the trait with `async fn` (a `blocking` method with `fn`) and serves it with `into_channel()`. Beside the trait stand `ChatCall`,
/// `ChatReply` and `ChatEvent`, the messages of the channel as enums, and `ChatClient`, which calls it from Rust. With client
/// methods there are as well: `ChatHandler`, the trait that a Rust client implements and gives to `ChatClient::handle`;
/// `ChatCallback`, with which the server calls it (`ChatCallback::of(cx)`); and `ChatHandlerCall` and `ChatHandlerReply`.
///
/// # Keys
///
/// | key | default | meaning |
/// | --- | --- | --- |
/// | `name = "chat"` | the trait's name in snake_case | name of the channel on the wire: ASCII letters, digits, `_`, `.` and `-`, not a digit first, at most 64 bytes |
/// | `sequential` | off | one call at a time on each socket: the next one begins when the one before has ended |
/// | `crate = ::path` | `::glue` | where the crate `glue` is found, if it was renamed |
///
/// # Methods
///
/// | method | kind | on the other side |
/// | --- | --- | --- |
/// | `async fn f(&self, …) -> T` | call | answers once; a return type called `Result` is the value and the method's own error |
/// | `#[glue(blocking)] fn f(&self, …) -> T` | call | likewise, from a thread of its own |
/// | `#[notification] async fn f(&self, …)` | notification | never answers |
/// | `fn f(&self, …) -> impl Stream<Item = T>` | server stream | answers with items; an item `Result::Err` ends it with that error |
/// | `async fn f(&self, …, items: Incoming<T>) -> U` | client stream | takes items, answers once |
/// | `fn f(&self, …, items: Incoming<T>) -> impl Stream<Item = U>` | two-way stream | takes items, answers with items |
/// | `#[event] fn f(…)` | event | goes from server to client, never answered |
/// | `#[client] async fn f(…) -> T` | client method | goes from server to client, answered once |
///
/// | on a method | meaning |
/// | --- | --- |
/// | `#[glue(no_cancel)]` | the call runs to its end even if its caller cancels it or leaves; its answer is then dropped |
/// | `#[glue(blocking)]` | the method is a plain `fn`, for long computations and what blocks: it runs in a thread of tokio's blocking pool (512 by default), and the socket's other calls go on meanwhile. Once begun it can't be stopped: it keeps its place in `Limits::in_flight`, and a shutdown waits for it, so let it look at `cx.is_cancelled()`; cancelled before a thread is free, it isn't begun. A panic is answered `internal`. For calls and notifications; not for streams, nor with `no_cancel` |
/// | `#[glue(idempotent)]` | to run the call twice is as good as to run it once: generated clients send it again in the next session where this one ends before the answer |
/// | `#[glue(resume_from = after)]` | the stream goes on in the next session where this one ends: generated clients open it again, with the cursor of the last item that came as the argument `after`, an `Option<C>`; its items are `glue::Tracked<C, T>` |
///
/// Right after `&self` a method may take `&Context`, which says who calls. All other parameters cross the network by name:
/// they are owned, and a type of one's own needs [`model`](macro@model). A client may leave out an `Option`. An `Incoming<T>` is
/// the last parameter, and its items cross the network one by one. `#[cfg]`s and doc comments of methods are kept in all that is
/// generated.
#[proc_macro_attribute]
pub fn channel(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand::channel(attr.into(), item.into()).into()
}

/// Makes a struct or enum fit to cross a channel: derives serde's `Serialize` and `Deserialize`, and `ts_rs::TS`.
///
/// ```
/// #[glue::model]
/// #[derive(Clone, Debug)]
/// pub struct Message {
///     /// Doc comments reach the TypeScript type.
///     pub text: String,
///     #[serde(default, skip_serializing_if = "Option::is_none")]
///     pub reply_to: Option<u32>,
/// }
/// ```
///
/// The derives come through the crate `glue`, so that neither serde nor ts-rs needs to be a dependency. `#[serde(…)]` and
/// `#[ts(…)]` work as always, but what TypeScript types cannot mirror is refused, with an error that says what to write instead:
///
/// - serde attributes that change the form by code (`from`, `into`, `with` …): there `#[ts(as = "…")]` or `#[ts(type = "…")]` states it
/// - names and fields that differ by direction; `skip_serializing_if` without `default`
/// - shapes that serde and ts-rs see differently, such as `transparent` with named fields or a flattened `Option`
/// - `#[ts(…)]` that changes the type and not the JSON: `rename` of fields and variants, `rename_all`, `tag`, `skip` …
/// - types without a form: references, `dyn`, durations, maps whose keys are no texts, `Option<Option<T>>`
/// - any of these attributes inside `cfg_attr`
///
/// # Exact fields
///
/// `#[glue(exact)]` on a field lets its value travel exactly: 64-bit and 128-bit integers, bytes, dates, maps and sets, and `Option`, `Vec`
/// and `Box` of them. The field keeps its type; in TypeScript it is `bigint`, `Uint8Array`, `Date`, `Map` or `Set`.
///
/// ```
/// #[glue::model]
/// pub struct Transfer {
///     #[glue(exact)]
///     pub id: u64,
///     #[glue(exact)]
///     pub receipt: Option<Vec<u8>>,
/// }
/// ```
///
/// # Keys
///
/// | key | default | meaning |
/// | --- | --- | --- |
/// | `crate = ::path` | `::glue` | where the crate `glue` is found, if it was renamed |
#[proc_macro_attribute]
pub fn model(attr: TokenStream, item: TokenStream) -> TokenStream {
    model::model(attr.into(), item.into()).into()
}
