//! Waiting for what can only be asked for, again and again.

use std::time::{Duration, Instant};

/// How long anything may take before the test gives up on it. Generous, since a loaded machine is no defect.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long to let the other side work between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and fails with what was waited for when there is none in time.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime starts");
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "gave up waiting: {what}");
        clock.block_on(async { tokio::time::sleep(PAUSE).await });
    }
}
