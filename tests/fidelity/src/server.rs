//! What the methods of the generated channels do, and the server that runs them.

use std::error::Error;
use std::fmt::Debug;

use futures_util::{Stream, StreamExt as _, stream};
use glue::{Incoming, Server};

use crate::{Fidelity, Random};

/// A value that did not come back as it was sent.
#[glue::model]
#[derive(Debug)]
pub struct Difference {
    /// Number of the value.
    pub index: u32,
    /// What was sent, as `{:?}` shows it.
    pub sent: String,
    /// What came back.
    pub back: String,
}

/// What became of several values.
#[glue::model]
#[derive(Debug, Default)]
pub struct Tally {
    /// How many came back.
    pub values: u32,
    /// Those that were different.
    pub differences: Vec<Difference>,
}

/// Returns value `index` of type number `root`; the same one whenever it is asked for.
pub fn value<T: Fidelity>(seed: u32, root: u32, index: u32) -> T {
    T::random(&mut Random::of(&[seed.into(), root.into(), index.into()]))
}

/// Yields the values below `count`.
pub fn values<T: Fidelity>(seed: u32, root: u32, count: u32) -> impl Stream<Item = T> {
    stream::iter((0..count).map(move |index| value(seed, root, index)))
}

/// Compares what came back with what was sent.
pub fn check<T: Fidelity + Debug>(seed: u32, root: u32, index: u32, back: &T) -> Option<Difference> {
    let sent: T = value(seed, root, index);
    (!sent.same(back)).then(|| Difference {
        index,
        sent: format!("{sent:?}"),
        back: format!("{back:?}"),
    })
}

/// Compares values that come as a stream.
pub async fn upload<T: Fidelity + Debug>(seed: u32, root: u32, mut items: Incoming<T>) -> Tally {
    let mut tally = Tally::default();
    while let Some(back) = items.next().await {
        tally.answer(seed, root, tally.values, Ok(back));
    }
    tally
}

impl Tally {
    /// Counts what the client has answered to value `index`.
    pub fn answer<T: Fidelity + Debug>(&mut self, seed: u32, root: u32, index: u32, back: Result<T, String>) {
        let difference = match back {
            Ok(back) => check(seed, root, index, &back),
            Err(back) => Some(Difference {
                index,
                sent: format!("{:?}", value::<T>(seed, root, index)),
                back,
            }),
        };
        self.differences.extend(difference);
        self.values += 1;
    }
}

/// Serves channels on a free port, which the first line of the output names: `{"port":N}`.
///
/// # Errors
/// Fails if the server can't be built or finds no port.
#[allow(clippy::print_stdout)] // the port is for whoever starts it
pub async fn serve(server: Result<Server, glue::Error>) -> Result<(), Box<dyn Error>> {
    let listener = server?.bind("127.0.0.1:0").await?;
    println!(r#"{{"port":{}}}"#, listener.local_addr()?.port());
    listener.serve().await;
    Ok(())
}
