//! What the load generator has to know of a server: how it is started and what is said to it. One file each.

mod glue;
mod json;
mod jsonrpsee;
mod limit;
mod socketioxide;
mod trpc;

use std::error::Error;

pub use self::glue::Glue;
pub use self::jsonrpsee::Jsonrpsee;
pub use self::limit::Limit;
pub use self::socketioxide::Socketioxide;
pub use self::trpc::Trpc;
use crate::load::Out;

/// Why a run failed: an answer that is wrong, missing or surplus, or a server that doesn't do what it should.
pub type Failure = Box<dyn Error>;

/// A server that is measured.
pub trait Peer: Sync {
    /// What it is called in options and tables.
    fn name(&self) -> &'static str;

    /// How its server is started.
    fn program(&self) -> Program;

    /// Path and query of the request that opens a WebSocket.
    fn target(&self) -> &'static str;

    /// Headers of that request beside those of each upgrade; each ends with CR LF.
    fn headers(&self) -> &'static str {
        ""
    }

    /// Begins one connection.
    fn session(&self) -> Box<dyn Session>;

    /// How many times fewer operations are enough for a figure: more than 1 for a server that is slower by so much.
    fn slowness(&self) -> usize {
        1
    }

    /// How it is spoken to over long polling, if it is.
    fn ajax(&self) -> Option<Ajax> {
        None
    }

    /// Packages whose versions stand in the report, by their names in Cargo.lock or in package-lock.json.
    fn packages(&self) -> &'static [&'static str];
}

/// A server's program. Its first line must be `{"port":N}`, it must take one core at most, and end with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// A package of this workspace, with one binary of the same name.
    Rust(&'static str),
    /// A script in a folder below `servers`; `npm ci` is run there where `node_modules` is missing.
    Node {
        /// The folder's name.
        folder: &'static str,
        /// The script's name.
        script: &'static str,
    },
}

/// Long polling, as PROTOCOL.md, part 17, has it.
#[derive(Clone, Copy)]
pub struct Ajax {
    /// How the server is started.
    pub program: Program,
    /// Path of all requests.
    pub target: &'static str,
    /// Begins a session, as that over a WebSocket.
    pub session: fn() -> Box<dyn Session>,
    /// Begins what packs its texts.
    pub packing: fn() -> Box<dyn Packing>,
}

/// How texts share a push, or the answer to a poll.
pub trait Packing {
    /// Appends what is pushed.
    fn join(&mut self, texts: &[Vec<u8>], out: &mut Vec<u8>);

    /// Takes apart what has come.
    ///
    /// # Errors
    /// It makes no sense.
    fn split<'a>(&mut self, message: &'a [u8]) -> Result<Vec<&'a [u8]>, Failure>;
}

/// What is asked of a server.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// The sum of two numbers is answered.
    Add(u32, u32),
    /// The text is answered. It has nothing in it that JSON must escape.
    Echo(&'a str),
    /// Shouts are wanted on this connection from now on. Any value is answered.
    Listen,
    /// The text goes to all connections that listen, this one as well. Any value is answered.
    Shout(&'a str),
}

/// One connection, from the end of the WebSocket's opening. It writes texts and reads texts; sockets, frames and counting are not its
/// own.
pub trait Session {
    /// The WebSocket is open; returns whether that is all, and [`Event::Ready`] won't come.
    fn start(&mut self, out: &mut Out) -> bool;

    /// Writes a call. The ids of a connection, those of streams too, are 0, 1, 2 and so on.
    fn call(&mut self, id: u64, call: Call<'_>, out: &mut Out);

    /// Asks for a stream of the numbers from 0 to below `count`. A connection has one at a time.
    fn stream(&mut self, id: u64, count: u32, out: &mut Out);

    /// Says good-bye, ahead of the WebSocket's own Close frame.
    fn close(&mut self, _out: &mut Out) {}

    /// Reads a text that has come; what has to be said to it at once is written.
    ///
    /// # Errors
    /// It makes no sense.
    fn read<'a>(&mut self, text: &'a [u8], out: &mut Out) -> Result<Event<'a>, Failure>;

    /// Is called twice a second or so, for what is said from time to time.
    fn tick(&mut self, _out: &mut Out) {}
}

/// What a text says.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Nothing that is counted.
    Nothing,
    /// The server has accepted the connection: comes once, before anything else that counts.
    Ready,
    /// The answer to a call.
    Answer {
        /// The call's id.
        id: u64,
        /// The value, as JSON without white space.
        value: &'a [u8],
    },
    /// An item of the stream, as JSON.
    Item(&'a [u8]),
    /// The stream has ended well.
    End,
    /// What somebody shouted, as JSON.
    Shout(&'a [u8]),
}

/// Returns all servers, in the order of the tables; the first is the one that the others are compared with.
pub fn all() -> Vec<&'static dyn Peer> {
    vec![&Limit, &Glue, &Jsonrpsee, &Socketioxide, &Trpc]
}

/// Shows a text that makes no sense.
pub(crate) fn nonsense(text: &[u8]) -> Failure {
    let shown: String = String::from_utf8_lossy(text).chars().take(200).collect();
    format!("the server said what makes no sense: {shown}").into()
}
