//! Issuers that publish keys, and take a while to answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use breakglass_ports::KeySetSource;

use crate::ManualClock;

/// What stands at addresses, and how often it was fetched. Each time takes a millisecond.
#[derive(Debug)]
pub struct PublishedKeys {
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    documents: HashMap<String, Vec<u8>>,
    fetches: usize,
}

impl PublishedKeys {
    /// Nothing is published yet.
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Publishes a document; `None` takes it away.
    pub fn publish(&self, url: &str, document: Option<String>) {
        self.with(|state| match document {
            Some(document) => drop(
                state
                    .documents
                    .insert(url.to_owned(), document.into_bytes()),
            ),
            None => drop(state.documents.remove(url)),
        });
    }

    /// How often anything was fetched.
    pub fn fetches(&self) -> usize {
        self.with(|state| state.fetches)
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl KeySetSource for PublishedKeys {
    async fn fetch(&self, url: &str) -> Result<Vec<u8>, String> {
        self.clock.advance(1);
        self.with(|state| {
            state.fetches += 1;
            let document = state.documents.get(url).cloned();
            document.ok_or_else(|| "nobody answers".to_owned())
        })
    }
}
