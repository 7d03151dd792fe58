//! The load generator: one thread, epoll, its own frames. It answers all that it has read in one wake-up with one write, and costs
//! little beside any server.

mod engine;
mod frame;
mod http;
mod line;
mod out;
mod polling;

pub use self::engine::{Load, Task};
pub use self::line::Caller;
pub use self::out::Out;
pub use self::polling::Polling;
