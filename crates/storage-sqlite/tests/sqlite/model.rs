//! Whatever is done to emergency clients, in whatever order, the store agrees with a map in memory.

use std::collections::BTreeMap;

use breakglass_domain::{ClientId, EmergencyClient, NewToken, RealmId};
use breakglass_ports::StoreError;
use breakglass_storage_contract::samples::{at, client, realm_id, token};
use breakglass_storage_contract::{begin, keep, read, seeded};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::folder::Folder;

/// Something that is done to a client of a few.
#[derive(Clone, Copy, Debug)]
enum Step {
    Delete,
    Insert,
    Regenerate,
    Use,
}

/// A step, the realm and the client it concerns, and whether its unit is kept.
type Change = (Step, u8, u8, bool);

type Model = BTreeMap<(RealmId, ClientId), EmergencyClient>;

fn change() -> impl Strategy<Value = Change> {
    let step = prop_oneof![
        Just(Step::Delete),
        Just(Step::Insert),
        Just(Step::Regenerate),
        Just(Step::Use),
    ];
    (step, 1_u8..=2, 0_u8..3, prop::bool::weighted(0.8))
}

/// What the model makes of the step, and what the store should answer.
fn step(model: &mut Model, step: Step, target: &EmergencyClient, secret: &str) -> Answer {
    let key = (target.realm_id, target.client_id.clone());
    match step {
        Step::Delete => Answer::Found(model.remove(&key).is_some()),
        Step::Insert if model.contains_key(&key) => Answer::Refused(StoreError::Conflict),
        Step::Insert => {
            let mut client = target.clone();
            client.token = token(secret, 1);
            model.insert(key, client);
            Answer::Done
        }
        Step::Regenerate => match model.get_mut(&key) {
            Some(client) => {
                let new = token(secret, 2);
                let new = NewToken {
                    id: new.id,
                    digest: new.digest,
                    key_id: new.key_id,
                    status_index: new.status_index,
                };
                *client = client.clone().regenerate(new, at(20)).0;
                Answer::Done
            }
            None => Answer::Refused(StoreError::Missing),
        },
        Step::Use => match model.get_mut(&key) {
            Some(client) => {
                client.usage.uses += 1;
                client.usage.last_used_at = Some(at(30));
                Answer::Done
            }
            None => Answer::Refused(StoreError::Missing),
        },
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Answer {
    Done,
    Found(bool),
    Refused(StoreError),
}

impl From<Result<(), StoreError>> for Answer {
    fn from(outcome: Result<(), StoreError>) -> Self {
        outcome.map_or_else(Self::Refused, |()| Self::Done)
    }
}

impl From<Result<bool, StoreError>> for Answer {
    fn from(outcome: Result<bool, StoreError>) -> Self {
        outcome.map_or_else(Self::Refused, Self::Found)
    }
}

/// Does the step in a unit of its own, kept or dropped.
async fn perform(
    folder: &Folder,
    step: Step,
    before: Option<&EmergencyClient>,
    after: Option<&EmergencyClient>,
    target: &EmergencyClient,
    kept: bool,
) -> Answer {
    let (realm, id) = (target.realm_id, &target.client_id);
    let mut unit = begin(folder).await;
    let answer = match step {
        Step::Delete => unit.delete_emergency_client(realm, id).await.into(),
        Step::Insert => {
            let client = after.unwrap_or(target);
            unit.insert_emergency_client(client).await.into()
        }
        Step::Regenerate => {
            let client = after.unwrap_or(target);
            unit.update_emergency_client(client).await.into()
        }
        Step::Use => {
            let digest = before.unwrap_or(target).token.digest;
            unit.record_emergency_use(realm, id, &digest, at(30))
                .await
                .into()
        }
    };
    if kept && !matches!(answer, Answer::Refused(_)) {
        keep(unit).await;
    }
    answer
}

async fn agree(changes: Vec<Change>) {
    let folder = seeded::<Folder>().await;
    let mut model = Model::new();
    for (number, (what, realm, id, kept)) in changes.into_iter().enumerate() {
        let target = client(realm, &format!("client {id}"));
        let key = (target.realm_id, target.client_id.clone());
        let mut next = model.clone();
        let expected = step(&mut next, what, &target, &format!("secret {number}"));
        let (before, after) = (model.get(&key), next.get(&key));
        let answer = perform(&folder, what, before, after, &target, kept).await;
        assert_eq!(answer, expected, "{what:?} of {:?}", target.client_id);
        if kept {
            model = next;
        }
    }
    let mut view = read(&folder).await;
    for realm in [realm_id(1), realm_id(2)] {
        let expected: Vec<EmergencyClient> = model
            .values()
            .filter(|client| client.realm_id == realm)
            .cloned()
            .collect();
        let found = view.list_emergency_clients(realm).await;
        assert_eq!(found, Ok(expected));
    }
    for client in model.values() {
        let digest = &client.token.digest;
        let found = view.find_emergency_client_by_digest(digest).await;
        assert_eq!(found, Ok(Some(client.clone())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_store_agrees_with_a_map(changes in prop::collection::vec(change(), 0..40)) {
        Runtime::new().unwrap().block_on(agree(changes));
    }
}
