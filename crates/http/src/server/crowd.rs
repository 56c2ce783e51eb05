//! Whether most places are taken, so that connections which do nothing make room.

use tokio::sync::watch;

/// Tells connections when most places are taken, and when there is room again.
#[derive(Debug)]
pub(super) struct Crowd {
    /// From so many connections on it is crowded.
    crowded_from: usize,
    /// Up to so many there is room again: a margin, so that one connection does not make it change to and fro.
    roomy_to: usize,
    crowded: watch::Sender<bool>,
}

impl Crowd {
    /// Three quarters of the places make a crowd, and half of them do not.
    pub(super) fn new(places: usize) -> Self {
        Self {
            crowded_from: places - places / 4,
            roomy_to: places / 2,
            crowded: watch::Sender::new(false),
        }
    }

    /// Where to hear of it.
    pub(super) fn subscribe(&self) -> watch::Receiver<bool> {
        self.crowded.subscribe()
    }

    /// Notes how many connections there are.
    pub(super) fn note(&self, connections: usize) {
        self.crowded.send_if_modified(|crowded| {
            let before = *crowded;
            *crowded = if before {
                connections > self.roomy_to
            } else {
                connections >= self.crowded_from
            };
            *crowded != before
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_has_come_at_three_quarters_and_has_gone_at_half() {
        for (places, crowded_from, roomy_to) in [(1, 1, 0), (2, 2, 1), (4, 3, 2), (100, 75, 50)] {
            let crowd = Crowd::new(places);
            let heard = crowd.subscribe();
            crowd.note(crowded_from - 1);
            assert!(!*heard.borrow(), "{places}");
            crowd.note(crowded_from);
            assert!(*heard.borrow(), "{places}");
            crowd.note(roomy_to + 1);
            assert!(*heard.borrow(), "{places}");
            crowd.note(roomy_to);
            assert!(!*heard.borrow(), "{places}");
        }
    }
}
