//! What a server does for a call, an item, a text and a connection, as often as is asked for, so that `cargo xtask counts`
//! can have callgrind count its instructions.
//!
//! `counts WORK N` does so N times, and a tenth of that before, as what is done for the first time takes longer. The server is
//! whole: HTTP, WebSocket, session and calls on a Unix socket. Client and server take turns in one thread, so that every run
//! does the same: the client writes, the server has its turn, the client reads. Only what is inside of [`counted`] counts.
//!
//! | WORK | what the client does |
//! | --- | --- |
//! | `add` | one call after another, of two numbers |
//! | `echo` | 16 calls in one write, which send a text of 100 bytes there and back |
//! | `items` | takes the items of a stream, and grants more |
//! | `raw` | 16 texts of 100 bytes in one write, which the server sends back on the main channel |
//! | `connect` | one connection after another, each with upgrade, init and a proper end |
//!
//! Sessions outlive their links, as they do by default, so the client acknowledges what it takes in.

mod peer;
mod server;

use std::error::Error;
use std::path::{Path, PathBuf};

use peer::Peer;
use tokio::runtime::Runtime;

/// A server in the thread that it shares with its clients.
struct House {
    runtime: Runtime,
    path: PathBuf,
}

impl House {
    fn open(path: PathBuf) -> Result<Self, Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(server::start(&path))?;
        Ok(Self { runtime, path })
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the server do what there is to do.
    fn turn(&self, is_counted: bool) {
        if is_counted {
            counted(&self.runtime);
        } else {
            rest(&self.runtime);
        }
    }
}

/// What callgrind counts: it finds this by its name, which must have no generics and stay a function of its own.
#[inline(never)]
fn counted(runtime: &Runtime) {
    rest(runtime);
}

/// Comes back when the server has done what it could: in the first of these rounds the runtime asks the system what has come, and
/// runs the tasks that this wakes before the second.
fn rest(runtime: &Runtime) {
    runtime.block_on(async {
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    });
}

/// Does some work so many times; the fraction that comes first is not counted.
fn work(house: &House, order: &str, count: usize) -> Result<(), Box<dyn Error>> {
    if order == "connect" {
        for index in 0..count + count / 10 {
            let is_counted = index >= count / 10;
            Peer::connect(house, is_counted)?.leave(house, is_counted)?;
        }
        return Ok(());
    }
    let mut peer = Peer::connect(house, false)?;
    for (count, is_counted) in [(count / 10, false), (count, true)] {
        match order {
            "add" => peer.add(house, count, is_counted),
            "echo" => peer.echo(house, count, is_counted),
            "items" => peer.items(house, count, is_counted),
            "raw" => peer.raw(house, count, is_counted),
            _ => Err("no such work".into()),
        }?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [order, count] = &args[..] else {
        return Err("usage: counts WORK N".into());
    };
    let folder = std::env::temp_dir().join(format!("glue-counts-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let done = House::open(folder.join("socket")).and_then(|house| work(&house, order, count.parse()?));
    std::fs::remove_dir_all(&folder)?;
    done
}
