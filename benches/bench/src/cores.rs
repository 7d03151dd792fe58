//! Who runs where.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::peer::Failure;

/// The cores that may be used: one for the server, one for the load generator. Where there is only one they share it.
#[derive(Clone, Copy, Debug)]
pub struct Cores([usize; 2]);

impl Cores {
    /// Finds the first two.
    ///
    /// # Errors
    /// The system doesn't tell.
    pub fn find() -> Result<Self, Failure> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let first = cores.next().ok_or("no core")?;
        Ok(Self([first, cores.next().unwrap_or(first)]))
    }

    /// Returns the server's.
    pub fn server(&self) -> usize {
        self.0[0]
    }

    /// Returns the load generator's.
    pub fn client(&self) -> usize {
        self.0[1]
    }

    /// Goes to a core.
    ///
    /// # Errors
    /// It isn't ours.
    #[allow(clippy::unused_self)] // only a core that was found may be taken
    pub fn take(&self, core: usize) -> Result<(), Failure> {
        let mut set = CpuSet::new();
        set.set(core);
        Ok(sched_setaffinity(None, &set)?)
    }
}
