//! Documents for everybody, kept as they were written until anything is changed that they are made from.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::reply::Reply;

/// The most documents of one kind that are kept: those of so many tenants. Beyond them all of the kind are forgotten.
const MOST: usize = 1024;

/// A kind of document; the position of those of its kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Document {
    /// The keys.
    Keys,
    /// The metadata.
    Metadata,
}

/// What is kept: of each kind, by the tenant.
#[derive(Debug, Default)]
pub(crate) struct Published(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What the store said of its changes before the documents were made.
    revision: u64,
    documents: [HashMap<String, Reply>; 2],
}

impl Published {
    /// The document of a tenant, if it was kept at this revision.
    pub(crate) fn find(&self, revision: u64, document: Document, tenant: &str) -> Option<Reply> {
        let kept = self.kept();
        let documents = kept.documents.get(document as usize)?;
        let found = documents.get(tenant)?;
        (kept.revision == revision).then(|| found.clone())
    }

    /// Keeps the document of a tenant, made of what was read at this revision or after it.
    pub(crate) fn keep(&self, revision: u64, document: Document, tenant: &str, reply: &Reply) {
        let mut kept = self.kept();
        if kept.revision > revision {
            return;
        }
        if kept.revision < revision {
            *kept = Kept {
                revision,
                ..Kept::default()
            };
        }
        if let Some(documents) = kept.documents.get_mut(document as usize) {
            if documents.len() >= MOST {
                documents.clear();
            }
            documents.insert(tenant.to_owned(), reply.clone());
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Only copies are kept, so a panic elsewhere leaves them usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &'static str) -> Reply {
        Reply::of("text/plain", text)
    }

    fn found(published: &Published, revision: u64, document: Document) -> Option<Vec<u8>> {
        let found = published.find(revision, document, "CUSTOMER");
        found.map(|reply| reply.body().to_vec())
    }

    #[test]
    fn a_document_is_kept_until_the_revision_is_another() {
        let published = Published::default();
        published.keep(1, Document::Keys, "CUSTOMER", &reply("one"));
        assert_eq!(found(&published, 1, Document::Keys), Some(b"one".to_vec()));
        assert_eq!(found(&published, 1, Document::Metadata), None);
        assert_eq!(found(&published, 2, Document::Keys), None);
        published.keep(2, Document::Metadata, "CUSTOMER", &reply("two"));
        assert_eq!(found(&published, 2, Document::Keys), None);
        published.keep(1, Document::Keys, "CUSTOMER", &reply("late"));
        assert_eq!(found(&published, 2, Document::Keys), None);
        assert_eq!(found(&published, 1, Document::Keys), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let published = Published::default();
        for number in 0..=MOST {
            published.keep(1, Document::Keys, &number.to_string(), &reply("x"));
        }
        let kept = published.kept();
        assert_eq!(kept.documents[Document::Keys as usize].len(), 1);
    }
}
