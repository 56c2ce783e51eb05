//! Waiting for what can only be asked for, again and again.

use std::time::{Duration, Instant};

/// How long anything may take before the test gives up on it. Generous, since a loaded machine is no defect.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until there is an answer, and fails with what was waited for when there is none in time.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "gave up waiting: {what}");
        // The other side works meanwhile; how long it needs is nobody's guess here.
        std::thread::yield_now();
    }
}
