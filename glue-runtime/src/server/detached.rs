//! Sessions without a link: how many a server keeps, and how much they keep [U-17].

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::policy::network_of;
use super::warning_limit::WarningLimit;
use crate::clock::now;
use crate::proto::limits::{Limits, ServerLimits};
use crate::table;

/// Places for detached sessions.
#[derive(Debug)]
pub(super) struct DetachedSessions {
    limits: ServerLimits,
    /// Weight by which one may grow.
    growth: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sessions: usize,
    /// Weight of all that they keep.
    bytes: usize,
    /// By address, or network for IPv6; those without a session are not kept.
    addresses: HashMap<IpAddr, usize>,
    full: WarningLimit,
}

impl DetachedSessions {
    pub(super) fn new(server_limits: ServerLimits, limits: &Limits) -> Self {
        let waiting = limits.send_bytes.saturating_add(limits.backlog_bytes);
        Self {
            limits: server_limits,
            growth: waiting.saturating_mul(2),
            state: Mutex::default(),
        }
    }

    /// Gives a place to a session whose client was at this address, if there is one.
    pub(super) fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<DetachedPlace> {
        let address = address.map(network_of);
        let mut state = self.lock();
        if state.sessions >= self.limits.detached {
            state.warn("too many");
            return None;
        }
        if let Some(address) = address {
            let sessions = state.addresses.get(&address).copied().unwrap_or_default();
            if sessions >= self.limits.sockets_per_address {
                state.warn("too many of one address");
                return None;
            }
            state.addresses.insert(address, sessions + 1);
        }
        state.sessions += 1;
        Some(DetachedPlace {
            sessions: self.clone(),
            address,
            weight: 0,
            most: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn warn(&mut self, what: &str) {
        if let Some(not_logged) = self.full.pass(now()) {
            let Self { sessions, bytes, .. } = self;
            tracing::warn!(
                sessions,
                bytes,
                not_logged,
                "a session without a connection is not kept: {what}"
            );
        }
    }
}

/// The place of one session, given back when dropped.
#[derive(Debug)]
pub(super) struct DetachedPlace {
    sessions: Arc<DetachedSessions>,
    address: Option<IpAddr>,
    weight: usize,
    /// Weight that it may have at most, once it is known what it had at first.
    most: Option<usize>,
}

impl DetachedPlace {
    /// Takes note of what the session weighs now; returns whether there is room for it.
    pub(super) fn weigh(&mut self, weight: usize) -> bool {
        let growth = self.sessions.growth;
        let most = *self.most.get_or_insert_with(|| weight.saturating_add(growth));
        let mut state = self.sessions.lock();
        let others = state.bytes - self.weight;
        if weight > most {
            state.warn("too much waits in it");
            return false;
        }
        if weight > self.sessions.limits.detached_bytes.saturating_sub(others) {
            state.warn("too much waits in all of them");
            return false;
        }
        state.bytes = others + weight;
        self.weight = weight;
        true
    }
}

impl Drop for DetachedPlace {
    fn drop(&mut self) {
        let mut state = self.sessions.lock();
        state.sessions -= 1;
        state.bytes -= self.weight;
        if let Some(address) = self.address
            && let Some(sessions) = state.addresses.get_mut(&address)
        {
            *sessions -= 1;
            if *sessions == 0 {
                table::remove(&mut state.addresses, &address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(detached: usize, detached_bytes: usize, of_address: usize) -> Arc<DetachedSessions> {
        let server_limits = ServerLimits {
            detached,
            detached_bytes,
            sockets_per_address: of_address,
            ..ServerLimits::default()
        };
        let limits = Limits {
            send_bytes: 10,
            backlog_bytes: 40,
            ..Limits::default()
        };
        Arc::new(DetachedSessions::new(server_limits, &limits))
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// [U-17]
    #[test]
    fn they_are_bounded_in_number_and_places_are_given_back() {
        let sessions = sessions(2, 1000, 9);
        let first = sessions.enter(None).unwrap();
        let _second = sessions.enter(address("192.0.2.1")).unwrap();

        assert!(sessions.enter(None).is_none());
        drop(first);

        assert!(sessions.enter(None).is_some());
    }

    /// [U-17]
    #[test]
    fn they_are_bounded_per_address_and_per_network_of_ipv6() {
        let sessions = sessions(99, 1000, 1);
        let place = sessions.enter(address("2001:db8::1")).unwrap();

        assert!(sessions.enter(address("2001:db8::ffff")).is_none());
        assert!(sessions.enter(address("2001:db8:0:1::1")).is_some());
        assert!(sessions.enter(None).is_some(), "who has no address shares none");
        drop(place);

        assert!(sessions.enter(address("2001:db8::ffff")).is_some());
        assert!(sessions.lock().addresses.is_empty(), "no address is kept");
    }

    /// [U-17]
    #[test]
    fn they_are_bounded_in_weight_together_and_each_in_its_growth() {
        let sessions = sessions(99, 1000, 9);
        let (mut large, mut small) = (sessions.enter(None).unwrap(), sessions.enter(None).unwrap());

        assert!(large.weigh(700), "what it had when its link was lost");
        assert!(small.weigh(300));
        assert!(!small.weigh(301), "all of them");
        assert!(large.weigh(600));
        assert!(small.weigh(400), "twice 10 and 40 more than at first");
        assert!(!small.weigh(401), "by itself");
        drop(large);
        drop(small);

        let State { sessions, bytes, .. } = &*sessions.lock();
        assert_eq!((*sessions, *bytes), (0, 0));
    }
}
