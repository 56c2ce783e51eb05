//! What ended before its time, in a chain of its own, so that a copy of the store which is put back revives none of it.
//!
//! Each record has a MAC over itself and the record before, under the key of the audit: nobody without the master key can
//! add one, change one or leave one out of the middle.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::audit::{AuditKey, AuditMac};
use crate::id::RealmId;
use crate::timestamp::Timestamp;

macro_rules! kinds {
    ($($name:ident = $text:literal, $description:literal;)+) => {
        /// What ended. The names are stored: they never change.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum RecallKind {
            $(#[doc = $description] $name,)+
        }

        impl RecallKind {
            /// Every kind, ordered by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stored name of the kind.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The kind of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    AccessToken = "access_token", "An access token that was revoked on its own: realm, id, end.";
    ApiToken = "api_token", "The secret of an API token: realm, id, place in the status list, end.";
    ApiTokenMoved = "api_token_moved", "The access tokens of an API token that lives on: realm, id, its new place.";
    Client = "client", "An API client or OAuth app that was deleted, what it held having ended on its own: realm, client id.";
    ClientKey = "client_key", "A public key of a client: realm, id, place.";
    ClientKeyMoved = "client_key_moved", "The access tokens of a public key that lives on: realm, id, its new place.";
    ClientProfile = "client_profile", "What a client profile granted: realm, id.";
    ClientSecret = "client_secret", "A secret of a client: realm, id, place, end.";
    ClientSecretEnd = "client_secret_end", "A secret of a client from its new end on: realm, id, the end.";
    ClientSecretMoved = "client_secret_moved", "The access tokens of a secret that lives on: realm, id, its new place.";
    EmergencyToken = "emergency_token", "The token of an emergency client: realm, id of the token, place, end.";
    Password = "password", "The password of an account: name, when the next was set.";
    Places = "places", "Nothing ended: no place of a broker's status list from this one on was given out yet: broker, place.";
    Realm = "realm", "A realm that was deleted, what was in it having ended on its own: realm.";
    Role = "role", "What a role gave: name.";
    Roles = "roles", "A role that a principal held: realm, principal.";
    Session = "session", "A session of an account: the digest of its token.";
    SessionGrant = "session_grant", "What was given out for a session: broker, id, place, end.";
    SigningKey = "signing_key", "A signing key, with everything that it signed: broker, id.";
    TokenIssuer = "token_issuer", "The trust in an issuer as it was: realm, alias.";
}

impl RecallKind {
    /// Whether this says only that something granted less from then on: a copy that is put back grants it again, which its
    /// operator has to be told.
    pub const fn is_note(self) -> bool {
        matches!(
            self,
            Self::Client | Self::ClientProfile | Self::Realm | Self::Role | Self::Roles
        )
    }
}

/// Something that ended before its time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recall {
    /// What it is.
    pub kind: RecallKind,
    /// Within which realm or broker.
    pub scope: Option<[u8; 16]>,
    /// Which of its kind: the bytes of an id, a digest or a name.
    pub id: Vec<u8>,
    /// A place in the status list of the broker.
    pub place: Option<u64>,
    /// An instant; which, the kind says.
    pub instant: Option<Timestamp>,
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uuid = |bytes: &[u8]| bytes.try_into().map(RealmId::from_bytes).ok();
        if let Some(id) = uuid(&self.id) {
            write!(f, "{id}")?;
        } else if let Some(text) = std::str::from_utf8(&self.id)
            .ok()
            .filter(|id| !id.is_empty())
        {
            f.write_str(text)?;
        } else if let Some(scope) = self.scope {
            return write!(f, "{}", RealmId::from_bytes(scope));
        }
        match self.scope {
            Some(scope) => write!(f, " in {}", RealmId::from_bytes(scope)),
            None => Ok(()),
        }
    }
}

/// A recall at its place in the chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecallRecord {
    /// Its place: 1, 2, 3, ... without a gap. The epoch of a store is the number of its last record.
    pub number: u64,
    /// When it was made durable.
    pub time: Timestamp,
    /// What ended.
    pub recall: Recall,
    /// The MAC over all of this and the MAC of the record before.
    pub mac: AuditMac,
}

impl RecallRecord {
    /// The head of the chain once this record is its last.
    pub const fn head(&self) -> RecallHead {
        RecallHead {
            number: self.number,
            mac: self.mac,
        }
    }
}

/// The last record of a chain of recalls: the epoch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecallHead {
    /// Its number.
    pub number: u64,
    /// Its MAC.
    pub mac: AuditMac,
}

impl RecallHead {
    /// What stands before the first record.
    pub const GENESIS: Self = Self {
        number: 0,
        mac: AuditMac::GENESIS,
    };
}

/// The first recall that does not fit its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("recall {number} was changed, removed, or is of another store")]
pub struct RecallFault {
    /// Its number.
    pub number: u64,
}

impl AuditKey {
    /// Chains a recall to the one before it.
    pub fn seal_recall(&self, before: RecallHead, time: Timestamp, recall: Recall) -> RecallRecord {
        let number = before.number.saturating_add(1);
        let mac = self.recall_mac(number, before.mac, time, &recall);
        RecallRecord {
            number,
            time,
            recall,
            mac,
        }
    }

    /// Checks that the records follow one another, the first of them on `before`, and gives the head that they lead to.
    ///
    /// # Errors
    /// The first that does not fit.
    pub fn verify_recalls<'a>(
        &self,
        before: RecallHead,
        records: impl IntoIterator<Item = &'a RecallRecord>,
    ) -> Result<RecallHead, RecallFault> {
        let mut head = before;
        for record in records {
            let number = head.number.saturating_add(1);
            let mac = self.recall_mac(number, head.mac, record.time, &record.recall);
            if record.number != number || record.mac != mac {
                return Err(RecallFault { number });
            }
            head = record.head();
        }
        Ok(head)
    }

    fn recall_mac(
        &self,
        number: u64,
        previous: AuditMac,
        time: Timestamp,
        recall: &Recall,
    ) -> AuditMac {
        // As for the audit: the error cannot occur, and the zero MAC never verifies.
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(self.expose()) else {
            return AuditMac::GENESIS;
        };
        hmac.update(b"breakglass-recall-1\0");
        hmac.update(&number.to_be_bytes());
        hmac.update(previous.as_bytes());
        hmac.update(&time.millis().to_be_bytes());
        field(&mut hmac, recall.kind.name().as_bytes());
        field(
            &mut hmac,
            recall.scope.as_ref().map_or(&[], |id| id.as_slice()),
        );
        field(&mut hmac, &recall.id);
        number_field(&mut hmac, recall.place.map(u64::to_be_bytes));
        let instant = recall.instant.map(Timestamp::millis);
        number_field(&mut hmac, instant.map(i64::to_be_bytes));
        AuditMac::from_bytes(hmac.finalize().into_bytes().into())
    }
}

/// A value with its length before it, so that no two recalls have the same bytes.
fn field(hmac: &mut Hmac<Sha256>, value: &[u8]) {
    hmac.update(&(value.len() as u64).to_be_bytes());
    hmac.update(value);
}

fn number_field(hmac: &mut Hmac<Sha256>, value: Option<[u8; 8]>) {
    field(hmac, value.as_ref().map_or(&[], |bytes| bytes.as_slice()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> AuditKey {
        AuditKey::new([7; 32])
    }

    fn recall() -> impl Strategy<Value = Recall> {
        (
            prop::sample::select(RecallKind::ALL),
            proptest::option::of(any::<[u8; 16]>()),
            prop::collection::vec(any::<u8>(), 0..40),
            proptest::option::of(any::<u64>()),
            proptest::option::of(any::<i64>()),
        )
            .prop_map(|(kind, scope, id, place, instant)| Recall {
                kind,
                scope,
                id,
                place,
                instant: instant.map(Timestamp::from_millis),
            })
    }

    fn chain(recalls: Vec<Recall>) -> Vec<RecallRecord> {
        let mut head = RecallHead::GENESIS;
        let mut records = Vec::new();
        for recall in recalls {
            let record = key().seal_recall(head, Timestamp::from_millis(5), recall);
            head = record.head();
            records.push(record);
        }
        records
    }

    #[test]
    fn each_kind_has_a_name_of_its_own_that_reads_back() {
        assert!(RecallKind::ALL.is_sorted_by_key(|kind| kind.name()));
        for kind in RecallKind::ALL {
            assert_eq!(RecallKind::from_name(kind.name()), Some(*kind));
        }
    }

    proptest! {
        #[test]
        fn a_chain_of_recalls_verifies_from_any_of_its_records_on(
            recalls in prop::collection::vec(recall(), 1..8), from in any::<prop::sample::Index>(),
        ) {
            let records = chain(recalls);
            let from = from.index(records.len());
            let before = from.checked_sub(1).map_or(RecallHead::GENESIS, |last| records[last].head());
            let head = key().verify_recalls(before, &records[from..]);
            prop_assert_eq!(head, Ok(records.last().unwrap().head()));
        }

        #[test]
        fn a_recall_that_is_left_out_changed_or_of_another_key_shows(
            recalls in prop::collection::vec(recall(), 2..8), at in any::<prop::sample::Index>(), other in recall(),
        ) {
            let records = chain(recalls);
            let at = at.index(records.len() - 1);
            let fault = Err(RecallFault { number: records[at].number });
            let mut fewer = records.clone();
            fewer.remove(at);
            prop_assert_eq!(key().verify_recalls(RecallHead::GENESIS, &fewer), fault);
            let mut changed = records.clone();
            if changed[at].recall != other {
                changed[at].recall = other;
                prop_assert_eq!(key().verify_recalls(RecallHead::GENESIS, &changed), fault);
            }
            let stranger = AuditKey::new([8; 32]).verify_recalls(RecallHead::GENESIS, &records);
            prop_assert_eq!(stranger, Err(RecallFault { number: 1 }));
        }
    }
}
