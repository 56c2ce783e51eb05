//! What comes out of a pipe.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::wait::PATIENCE;

/// All that came out of a pipe so far. A thread of its own reads on, so that the other side never blocks.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Heard>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    bytes: Vec<u8>,
    ended: bool,
}

impl Stream {
    /// Begins to read a pipe.
    pub(crate) fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let reader = stream.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // An error is an end as well: the other side is gone.
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                reader.heard().bytes.extend(buffer.iter().take(count));
                reader.0.more.notify_all();
            }
            reader.heard().ended = true;
            reader.0.more.notify_all();
        });
        stream
    }

    /// All of it so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.heard().bytes).into_owned()
    }

    /// Waits until it holds what is looked for. There is none when the pipe has ended without it, or time is up.
    pub(crate) fn wait_for<T>(&self, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = self.heard();
        loop {
            if let Some(found) = look(&String::from_utf8_lossy(&heard.bytes)) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if heard.ended || left.is_zero() {
                return None;
            }
            let waited = self.0.more.wait_timeout(heard, left);
            heard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the other side has closed it.
    pub(crate) fn wait_for_end(&self) {
        let found: Option<()> = self.wait_for(|_| None);
        assert!(
            found.is_none() && self.heard().ended,
            "the pipe is still open"
        );
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
