//! How many sockets there are, and whether there may be one more.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::watch;

use super::policy::network_of;
use super::refusal::{Refusal, RefusalReason};
use super::warning_limit::WarningLimit;
use crate::clock::now;
use crate::proto::limits::ServerLimits;
use crate::table;

/// Places for sockets, those without `in` among them.
#[derive(Debug)]
pub(super) struct Admissions {
    limits: ServerLimits,
    state: Mutex<State>,
    /// Sockets in the registry, by the number of releases before they were admitted.
    entered: watch::Sender<BTreeMap<u64, usize>>,
}

#[derive(Debug, Default)]
struct State {
    is_blocked: bool,
    sockets: usize,
    /// By address, or network for IPv6; those without a socket are not kept.
    addresses: HashMap<IpAddr, usize>,
    full: WarningLimit,
    full_of_address: WarningLimit,
    releases: u64,
}

/// Why there may be no socket more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum RefusedBy {
    /// The application blocks new sockets.
    #[error("blocked")]
    Blocked,
    /// The server is shutting down.
    #[error("shutting down")]
    Stopping,
    /// [`ServerLimits::sockets`].
    #[error("too many sockets")]
    Sockets,
    /// [`ServerLimits::sockets_per_address`].
    #[error("too many sockets of one address")]
    Address,
}

impl Admissions {
    pub(super) fn new(limits: ServerLimits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            entered: watch::Sender::default(),
        }
    }

    /// Gives a place to a socket of this address, if it is known.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Admission, RefusedBy> {
        let address = address.map(network_of);
        let mut state = self.lock();
        if state.is_blocked {
            return Err(RefusedBy::Blocked);
        }
        let sockets = state.sockets;
        if sockets >= self.limits.sockets {
            if let Some(not_logged) = state.full.pass(now()) {
                tracing::warn!(sockets, not_logged, "the server takes no more sockets");
            }
            return Err(RefusedBy::Sockets);
        }
        if let Some(address) = address {
            let sockets = state.addresses.get(&address).copied().unwrap_or_default();
            if sockets >= self.limits.sockets_per_address {
                if let Some(not_logged) = state.full_of_address.pass(now()) {
                    tracing::warn!(
                        %address,
                        sockets,
                        not_logged,
                        "no more sockets of this address; if it is a proxy, name it as a trusted one"
                    );
                }
                return Err(RefusedBy::Address);
            }
            state.addresses.insert(address, sockets + 1);
        }
        state.sockets += 1;
        Ok(Admission {
            admissions: self.clone(),
            address,
            releases: state.releases,
        })
    }

    /// Refuses all, or no longer.
    pub(super) fn set_blocked(&self, is_blocked: bool) {
        self.lock().is_blocked = is_blocked;
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.lock().is_blocked
    }

    /// Refuses all, and lets go of the sockets admitted up to now; returns a number for [`Admissions::released`].
    pub(super) fn release(&self) -> u64 {
        let mut state = self.lock();
        state.is_blocked = true;
        state.releases += 1;
        state.releases
    }

    /// Waits until none is left of the sockets that a release has let go of. Cancel safe.
    pub(super) async fn released(&self, releases: u64) {
        let mut entered = self.entered.subscribe();
        let left = entered.wait_for(|entered| entered.range(..releases).next().is_none());
        // The sender lives as long as `self`.
        let _ = left.await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one socket, given back when dropped: with its link, so that a client can come back to a server that is full.
#[derive(Debug)]
pub(super) struct Admission {
    admissions: Arc<Admissions>,
    address: Option<IpAddr>,
    /// Releases before this.
    releases: u64,
}

impl Admission {
    /// Notes that the socket is in the registry, where a release finds it, for as long as the returned value lives.
    pub(super) fn enter(&self) -> Entered {
        // First, so that a release that is not seen by `is_late` sees this.
        self.admissions.entered.send_if_modified(|entered| {
            *entered.entry(self.releases).or_default() += 1;
            // A release waits until there are fewer.
            false
        });
        Entered {
            admissions: self.admissions.clone(),
            releases: self.releases,
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut state = self.admissions.lock();
        state.sockets -= 1;
        if let Some(address) = self.address
            && let Some(sockets) = state.addresses.get_mut(&address)
        {
            *sockets -= 1;
            if *sockets == 0 {
                table::remove(&mut state.addresses, &address);
            }
        }
    }
}

/// A socket that is in the registry, with a link or without one: a release waits until this is dropped.
#[derive(Debug)]
pub(super) struct Entered {
    admissions: Arc<Admissions>,
    releases: u64,
}

impl Entered {
    /// Returns whether there was a release since the socket was admitted, which may have looked into the registry before: then the
    /// socket must go by itself.
    pub(super) fn is_late(&self) -> bool {
        self.admissions.lock().releases != self.releases
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.admissions.entered.send_if_modified(|entered| {
            let Some(sockets) = entered.get_mut(&self.releases) else {
                return false;
            };
            *sockets -= 1;
            let is_last = *sockets == 0;
            if is_last {
                entered.remove(&self.releases);
            }
            is_last
        });
    }
}

impl From<RefusedBy> for Refusal {
    fn from(refused: RefusedBy) -> Self {
        Self::unavailable(match refused {
            RefusedBy::Blocked => RefusalReason::Blocked,
            RefusedBy::Stopping => RefusalReason::ShuttingDown,
            RefusedBy::Sockets => RefusalReason::Sockets,
            RefusedBy::Address => RefusalReason::SocketsPerAddress,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn admissions(sockets: usize, sockets_per_address: usize) -> Arc<Admissions> {
        Arc::new(Admissions::new(ServerLimits {
            sockets,
            sockets_per_address,
            ..ServerLimits::default()
        }))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// [H-9]
    #[test]
    fn places_are_bounded_in_all_and_given_back() {
        let admissions = admissions(2, 9);
        let first = admissions.admit(None).unwrap();
        let _second = admissions.admit(address("192.0.2.1")).unwrap();

        assert_eq!(admissions.admit(None).unwrap_err(), RefusedBy::Sockets);
        drop(first);

        assert!(admissions.admit(None).is_ok());
    }

    /// [H-9]
    #[test]
    fn places_are_bounded_per_address_and_per_network_of_ipv6() {
        let admissions = admissions(99, 1);
        let cases = [
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"),
        ];
        for (first, same, other) in cases {
            let place = admissions.admit(address(first)).unwrap();

            assert_eq!(admissions.admit(address(same)).unwrap_err(), RefusedBy::Address);
            assert!(admissions.admit(address(other)).is_ok(), "{other}");
            drop(place);
            assert!(admissions.admit(address(same)).is_ok(), "{same}");
        }
        assert!(admissions.lock().addresses.is_empty(), "no address is kept");
        assert_eq!(admissions.lock().sockets, 0);
    }

    /// [H-9]
    #[test]
    fn a_blocked_server_admits_nobody_until_it_is_unblocked() {
        let admissions = admissions(9, 9);

        admissions.set_blocked(true);
        let refused = admissions.admit(None).unwrap_err();
        admissions.set_blocked(false);

        assert_eq!(refused, RefusedBy::Blocked);
        assert!(!admissions.is_blocked());
        assert!(admissions.admit(None).is_ok());
    }

    #[test]
    fn a_release_waits_for_the_sockets_before_it_only() {
        let admissions = admissions(9, 9);
        let (link, arriving) = (admissions.admit(None).unwrap(), admissions.admit(None).unwrap());
        let open = link.enter();
        assert!(!open.is_late());
        // The socket goes on without it.
        drop(link);

        let release = admissions.release();
        assert_eq!(admissions.admit(None).unwrap_err(), RefusedBy::Blocked);
        let arriving = arriving.enter();
        assert!(arriving.is_late(), "the release may have looked before");
        admissions.set_blocked(false);
        let later = admissions.admit(None).unwrap().enter();
        assert!(!later.is_late());

        let mut released = Box::pin(admissions.released(release));
        assert!(released.as_mut().now_or_never().is_none());
        drop(arriving);
        assert!(released.as_mut().now_or_never().is_none());
        drop(open);
        assert!(released.now_or_never().is_some());
        drop(later);
        assert!(admissions.entered.borrow().is_empty());
    }
}
