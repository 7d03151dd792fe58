//! What a process holds, as it knows itself.

use std::alloc::System;
use std::fs;

use cap::Cap;
use glue::Server;
use serde::Serialize;
use tokio::runtime::Handle;

/// What the server's process holds.
#[derive(Debug, Serialize)]
pub(crate) struct Counters {
    /// Sockets in the server's list.
    sockets: usize,
    /// Tasks of the runtime.
    tasks: usize,
    /// Open files, the listener and those of the runtime among them; only Linux tells.
    files: Option<usize>,
    /// Bytes that are allocated.
    allocated: usize,
    /// The most bytes that were allocated at any time.
    most_allocated: usize,
    /// Bytes of memory that the system has given to the process, which gives them back when it likes; only Linux tells.
    resident: Option<u64>,
    /// The most bytes that it had at any time; only Linux tells.
    most_resident: Option<u64>,
}

impl Counters {
    pub(crate) fn read(server: &Server) -> Self {
        Self {
            sockets: server.sockets().len(),
            tasks: Handle::current().metrics().num_alive_tasks(),
            files: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
            allocated: ALLOCATOR.allocated(),
            most_allocated: ALLOCATOR.max_allocated(),
            resident: kilobytes("VmRSS:"),
            most_resident: kilobytes("VmHWM:"),
        }
    }

    /// Returns whether both hold the same; memory is another matter.
    pub(crate) fn holds_what(&self, other: &Self) -> bool {
        let held = |counters: &Self| (counters.sockets, counters.tasks, counters.files);
        held(self) == held(other)
    }
}

/// Returns the bytes that a line `KEY 123 kB` of the process's status tells.
fn kilobytes(key: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(number << 10)
}

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);
