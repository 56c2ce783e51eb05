//! Whether a connection is at work, and until when it may stay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::options::ServerOptions;

/// How long a connection that is closing may take to write what is left and to take leave of its peer.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// How long a connection may do nothing, as things are now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    head_timeout: Duration,
    idle_timeout: Duration,
}

impl Limits {
    /// The limits when most places are taken, or when they are not.
    pub(super) fn new(options: &ServerOptions, crowded: bool) -> Self {
        let most = if crowded {
            options.crowded_timeout
        } else {
            Duration::MAX
        };
        Self {
            head_timeout: options.head_timeout.min(most),
            idle_timeout: options.idle_timeout.min(most),
        }
    }
}

/// What one connection is doing, as its service tells and its task reads.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_flight: usize,
    has_served: bool,
    quiet_since: Instant,
}

impl Activity {
    /// The activity of a connection that starts now.
    pub(super) fn start() -> Self {
        Self(Arc::new(Mutex::new(State {
            in_flight: 0,
            has_served: false,
            quiet_since: Instant::now(),
        })))
    }

    /// Counts a request as in flight until what is returned is dropped.
    pub(super) fn begin(&self) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.has_served = true;
        drop(state);
        InFlight(self.clone())
    }

    /// Whether no request is in flight.
    pub(super) fn is_quiet(&self) -> bool {
        self.state().in_flight == 0
    }

    /// The next instant at which to ask whether the connection has outstayed.
    ///
    /// `closing_since` is when the connection began to close, if it did.
    pub(super) fn wake(&self, limits: Limits, closing_since: Option<Instant>) -> Instant {
        // A first request replaces one deadline by another, which may be the earlier one.
        let now = Instant::now();
        self.deadline(limits, now, closing_since)
            .min(now + limits.idle_timeout)
    }

    /// Whether the connection has stayed longer than it may, and which end it deserves.
    pub(super) fn outstayed(
        &self,
        limits: Limits,
        closing_since: Option<Instant>,
    ) -> Option<Outstayed> {
        let now = Instant::now();
        if self.deadline(limits, now, closing_since) > now {
            return None;
        }
        if self.state().has_served && closing_since.is_none() {
            return Some(Outstayed::Idle);
        }
        Some(Outstayed::Unresponsive)
    }

    /// Until when the connection may stay if nothing happens on it. With a request in flight that is after `now`.
    fn deadline(&self, limits: Limits, now: Instant, closing_since: Option<Instant>) -> Instant {
        let state = self.state();
        let allowed = match closing_since {
            Some(_) => LINGER.min(limits.idle_timeout),
            None if state.has_served => limits.idle_timeout,
            None => limits.head_timeout,
        };
        if state.in_flight > 0 {
            // Whenever the request ends from now on, the connection may stay at least until then.
            return now + allowed;
        }
        state
            .quiet_since
            .max(closing_since.unwrap_or(state.quiet_since))
            + allowed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half-way, so the state behind a poisoned lock is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a connection that has stayed too long is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outstayed {
    /// It has served requests: its peer is told, and what is still to be written is written.
    Idle,
    /// It never sent a request, or did not end when it was told to: it is dropped.
    Unresponsive,
}

/// A request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Activity);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.quiet_since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn options() -> ServerOptions {
        ServerOptions {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            crowded_timeout: Duration::from_secs(20),
            ..ServerOptions::default()
        }
    }

    fn limits() -> Limits {
        Limits::new(&options(), false)
    }

    #[test]
    fn a_crowd_shortens_limits_and_lengthens_none() {
        let crowded = Limits::new(&options(), true);
        assert_eq!(crowded.head_timeout, options().head_timeout);
        assert_eq!(crowded.idle_timeout, options().crowded_timeout);
    }

    #[test]
    fn a_connection_owes_its_first_request_within_the_head_timeout() {
        let before = Instant::now();
        let activity = Activity::start();
        let after = Instant::now();
        for looked_at in [after, after + HOUR] {
            let deadline = activity.deadline(limits(), looked_at, None);
            assert!(deadline >= before + limits().head_timeout);
            assert!(deadline <= after + limits().head_timeout);
        }
    }

    #[test]
    fn a_connection_with_a_request_in_flight_has_never_outstayed() {
        let activity = Activity::start();
        let first = activity.begin();
        let second = activity.begin();
        let later = Instant::now() + HOUR;
        for closing_since in [None, Some(Instant::now())] {
            assert!(activity.deadline(limits(), later, closing_since) > later);
        }

        drop(first);
        assert!(activity.deadline(limits(), later, None) > later);
        drop(second);
        assert!(activity.deadline(limits(), later, None) < later);
    }

    #[test]
    fn quiet_counts_from_the_end_of_the_last_request() {
        let activity = Activity::start();
        let request = activity.begin();
        let before = Instant::now();
        drop(request);
        let after = Instant::now();
        let deadline = activity.deadline(limits(), after + HOUR, None);
        assert!(deadline >= before + limits().idle_timeout);
        assert!(deadline <= after + limits().idle_timeout);
    }

    #[test]
    fn a_closing_connection_lingers_from_when_it_began_to_close() {
        let activity = Activity::start();
        let closing = Instant::now() + HOUR;
        assert_eq!(
            activity.deadline(limits(), closing + HOUR, Some(closing)),
            closing + LINGER,
        );
    }
}
