//! How often and how soon a lost connection is tried again.

use std::time::Duration;

/// Options of the delays between attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackoffOptions {
    pub(super) delay: Duration,
    pub(super) delay_max: Duration,
    /// 0 for endless.
    pub(super) attempts: u32,
}

impl Default for BackoffOptions {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(1),
            delay_max: Duration::from_secs(5),
            attempts: 20,
        }
    }
}

/// The delays before the attempts of one outage.
#[derive(Debug)]
pub(super) struct Backoff {
    options: BackoffOptions,
    attempts: u32,
}

impl Backoff {
    pub(super) const fn new(options: BackoffOptions) -> Self {
        Self { options, attempts: 0 }
    }

    /// Returns by how much the delays grow.
    pub(super) const fn step(&self) -> Duration {
        self.options.delay
    }

    /// Returns the delay before the next attempt, or `None` to give up; `random` is in 0 to 1. It is drawn from the upper
    /// half of the growing limit: clients that lost a server together must not come back together, and yet a server that
    /// restarts must find the time for it before they give up.
    pub(super) fn next(&mut self, random: f64) -> Option<Duration> {
        let BackoffOptions {
            delay,
            delay_max,
            attempts,
        } = self.options;
        if attempts != 0 && self.attempts >= attempts {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        let limit = delay.saturating_mul(self.attempts).min(delay_max.max(delay));
        let share = 0.5 + 0.5 * random.clamp(0.0, 1.0);
        // Out of range only for limits that are endless anyway.
        Some(Duration::try_from_secs_f64(limit.as_secs_f64() * share).unwrap_or(limit))
    }

    /// A session was accepted: the outage is over.
    pub(super) const fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(options: BackoffOptions, random: f64) -> Vec<u128> {
        let mut backoff = Backoff::new(options);
        let delays = std::iter::from_fn(|| backoff.next(random));
        delays.take(30).map(|delay| delay.as_millis()).collect()
    }

    #[test]
    fn delays_grow_up_to_their_limit_and_end() {
        let longest = delays(BackoffOptions::default(), 1.0);

        assert_eq!(longest.len(), 20);
        assert_eq!(longest.get(..6).unwrap(), [1000, 2000, 3000, 4000, 5000, 5000]);
    }

    #[test]
    fn delays_are_drawn_from_the_upper_half() {
        let shortest = delays(BackoffOptions::default(), 0.0);

        assert_eq!(shortest.get(..6).unwrap(), [500, 1000, 1500, 2000, 2500, 2500]);
    }

    #[test]
    fn zero_attempts_are_endless_and_a_maximum_below_the_delay_is_raised() {
        let options = BackoffOptions {
            delay: Duration::from_secs(7),
            attempts: 0,
            ..BackoffOptions::default()
        };

        assert_eq!(delays(options, 1.0), [7000; 30]);
    }

    #[test]
    fn an_accepted_session_begins_anew() {
        let mut backoff = Backoff::new(BackoffOptions {
            attempts: 2,
            ..BackoffOptions::default()
        });
        let second = Some(Duration::from_secs(1));

        assert_eq!(backoff.next(1.0), second);
        assert_eq!(backoff.next(1.0), second.map(|second| 2 * second));
        assert_eq!(backoff.next(1.0), None);
        backoff.reset();
        assert_eq!(backoff.next(1.0), second);
    }

    #[test]
    fn delays_beyond_what_can_be_counted_do_no_harm() {
        let options = BackoffOptions {
            delay: Duration::MAX,
            delay_max: Duration::MAX,
            attempts: 2,
        };
        let mut backoff = Backoff::new(options);

        assert!(backoff.next(1.0) > Some(Duration::from_secs(u64::MAX / 4)));
        assert!(backoff.next(0.0) > Some(Duration::from_secs(u64::MAX / 4)));
    }
}
