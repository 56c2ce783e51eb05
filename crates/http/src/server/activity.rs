//! Whether a connection is at work, and until when it may stay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::options::ServerOptions;

/// How long a connection that is closing may take to write what is left and to take leave of its peer.
const LINGER: Duration = Duration::from_secs(5);

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

    /// The instant at which the connection has to be looked at again. It has outstayed when that is not after `now`.
    ///
    /// `closing_since` is when the connection began to close, if it did.
    pub(super) fn deadline(
        &self,
        options: &ServerOptions,
        now: Instant,
        closing_since: Option<Instant>,
    ) -> Instant {
        let state = self.state();
        let allowed = match closing_since {
            Some(_) => LINGER.min(options.idle_timeout),
            None if state.has_served => options.idle_timeout,
            None => options.head_timeout,
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

    fn options() -> ServerOptions {
        ServerOptions {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            ..ServerOptions::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_owes_its_first_request_within_the_head_timeout() {
        let start = Instant::now();
        let activity = Activity::start();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(
            activity.deadline(&options(), Instant::now(), None),
            start + Duration::from_secs(10),
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_request_in_flight_has_never_outstayed() {
        let activity = Activity::start();
        let request = activity.begin();
        tokio::time::advance(Duration::from_secs(3600)).await;
        let now = Instant::now();
        assert!(activity.deadline(&options(), now, None) > now);
        assert!(activity.deadline(&options(), now, Some(now)) > now);

        drop(request);
        assert_eq!(
            activity.deadline(&options(), now, None),
            now + Duration::from_secs(60),
        );
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_counts_from_the_end_of_the_last_of_several_requests() {
        let activity = Activity::start();
        let first = activity.begin();
        let second = activity.begin();
        drop(first);
        tokio::time::advance(Duration::from_secs(100)).await;
        let ended = Instant::now();
        drop(second);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(
            activity.deadline(&options(), Instant::now(), None),
            ended + Duration::from_secs(60),
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_closing_connection_lingers_from_when_it_began_to_close() {
        let activity = Activity::start();
        tokio::time::advance(Duration::from_secs(9)).await;
        let closing = Instant::now();
        assert_eq!(
            activity.deadline(&options(), closing, Some(closing)),
            closing + LINGER,
        );
    }
}
