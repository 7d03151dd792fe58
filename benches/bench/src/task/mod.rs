//! What is done with connections, and what has to come of it.

mod book;
mod calls;
mod connections;
mod shouts;
mod streams;

pub use self::book::What;
pub use self::calls::{Calls, Once};
pub use self::connections::{Cycle, Opening};
pub use self::shouts::Shouts;
pub use self::streams::Streams;

use crate::peer::{Event, Failure};

/// Says that something came which nobody has asked for.
fn surplus(line: usize, event: Event<'_>) -> Failure {
    let mut shown = format!("{event:?}");
    shown.truncate(200);
    format!("connection {line}: surplus: {shown}").into()
}
