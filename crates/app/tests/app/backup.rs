//! A copy of the store that is put back: whatever history lies between, nothing that was recalled lives, and whatever lived on
//! lives on.

use breakglass_app::{App, Credentials, KnownRecalls, Restoration, Restored};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{BackupManifest, Principal, Secret};
use breakglass_test_support::{ADMIN_PASSWORD, TestApp};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::{add_api_client, add_api_token, draft, exchange, origin, records_of};

/// Something that is done to a store.
#[derive(Clone, Copy, Debug)]
enum Step {
    Create,
    Regenerate(usize),
    Delete(usize),
    RevokeToken(usize),
    SignIn,
    SignOut(usize),
    SetPassword,
    Exchange,
    RegenerateApiToken,
    RotateKeys,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Create),
        3 => (0_usize..8).prop_map(Step::Regenerate),
        3 => (0_usize..8).prop_map(Step::Delete),
        4 => (0_usize..16).prop_map(Step::RevokeToken),
        3 => Just(Step::SignIn),
        2 => (0_usize..8).prop_map(Step::SignOut),
        1 => Just(Step::SetPassword),
        4 => Just(Step::Exchange),
        1 => Just(Step::RegenerateApiToken),
        1 => Just(Step::RotateKeys),
    ]
}

/// What was given out.
#[derive(Default)]
struct Given {
    clients: usize,
    bearers: Vec<Secret>,
    sessions: Vec<Secret>,
    api_token: Option<(breakglass_domain::ApiTokenId, Secret)>,
}

impl Given {
    fn all(&self) -> Vec<Credentials> {
        let bearers = self.bearers.iter().cloned().map(Credentials::Bearer);
        let sessions = self.sessions.iter().cloned().map(Credentials::OpsToken);
        bearers.chain(sessions).collect()
    }
}

/// Does it, as far as it can be done.
async fn take(test: &TestApp, step: Step, given: &mut Given) {
    let (app, admin, realm) = (&test.app, test.admin(), test.made.realm.id);
    let name = |number: usize| format!("c-{number}");
    test.clock.advance(1000);
    match step {
        Step::Create => {
            let draft = draft(&name(given.clients), 600);
            let issued = app.create_emergency_client(&admin, realm, draft).await;
            given.clients += 1;
            given.bearers.push(issued.unwrap().access_token);
        }
        Step::Regenerate(number) => {
            let issued = app
                .regenerate_emergency_client(&admin, realm, &name(number))
                .await;
            given.bearers.extend(issued.ok().map(|it| it.access_token));
        }
        Step::Delete(number) => {
            drop(
                app.delete_emergency_client(&admin, realm, &name(number))
                    .await,
            );
        }
        Step::RevokeToken(number) => {
            if let Some(token) = given.bearers.get(number) {
                app.revoke(&admin, "CUSTOMER", token).await.unwrap();
            }
        }
        Step::SignIn => {
            let acquired = app
                .acquire_session("admin", &Secret::new(ADMIN_PASSWORD), &origin("192.0.2.9"))
                .await;
            given.sessions.push(acquired.unwrap().token);
        }
        Step::SignOut(number) => {
            if let Some(token) = given.sessions.get(number) {
                let shown = Some(Credentials::OpsToken(token.clone()));
                let caller = app.authenticate(shown, origin("192.0.2.9"), "test").await;
                if let Ok(caller) = caller {
                    app.release_session(&caller).await.unwrap();
                }
            }
        }
        Step::SetPassword => {
            let password = Secret::new(ADMIN_PASSWORD);
            app.set_password(&admin, "admin", &password).await.unwrap();
        }
        Step::Exchange => {
            if let Some((_, token)) = &given.api_token {
                let token = token.clone();
                given.bearers.push(exchange(test, &token).await.unwrap());
            }
        }
        Step::RegenerateApiToken => {
            if let Some((id, _)) = given.api_token {
                let issued = app.regenerate_api_token(&admin, realm, id).await.unwrap();
                given.api_token = Some((id, issued.token));
            }
        }
        Step::RotateKeys => {
            app.replace_signing_keys(&admin, realm).await.unwrap();
        }
    }
}

/// Which of these open the application.
async fn living(app: &App, credentials: &[Credentials]) -> Vec<bool> {
    let mut living = Vec::new();
    for shown in credentials {
        let shown = Some(shown.clone());
        let caller = app
            .authenticate(shown, origin("198.51.100.7"), "test")
            .await;
        living.push(caller.is_ok());
    }
    living
}

/// What a copy says of itself.
async fn manifest(ports: &breakglass_app::Ports) -> BackupManifest {
    let mut view = ports.store.read().await.unwrap();
    let installation = view.find_installation().await.unwrap().unwrap();
    BackupManifest {
        installation: installation.id,
        created_at: ports.clock.now(),
        audit_head: view.find_audit_head().await.unwrap().unwrap(),
        recall_head: view.find_recall_head().await.unwrap(),
        schema: 10,
        sealed_audit_key: installation.sealed_audit_key,
    }
}

/// A copy of the store, put back later.
struct Copy {
    folder: TempDir,
    ports: breakglass_app::Ports,
    manifest: BackupManifest,
}

impl Copy {
    async fn of(test: &TestApp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = test.ports_over_copy(folder.path()).await;
        let manifest = manifest(&ports).await;
        Self {
            folder,
            ports,
            manifest,
        }
    }

    async fn put_back(&self, test: &TestApp, recalls: KnownRecalls) -> (App, Restored) {
        assert!(self.folder.path().exists());
        let options = test.app.options().clone();
        let app = App::open(self.ports.clone(), options).await.unwrap();
        let restoration = Restoration {
            file: "copy",
            manifest: &self.manifest,
            recalls,
        };
        let restored = app.restore(&test.admin(), &restoration).await.unwrap();
        (app, restored)
    }

    /// The recalls of the store that came after it.
    async fn since(&self, test: &TestApp) -> KnownRecalls {
        let mut view = test.ports().store.read().await.unwrap();
        let after = self.manifest.recall_head.number;
        KnownRecalls::All(view.list_recalls(after, 100_000).await.unwrap())
    }
}

async fn holds(before: Vec<Step>, after: Vec<Step>) {
    let test = TestApp::start().await;
    let mut given = Given::default();
    add_api_client(&test, "ci").await;
    let made = add_api_token(&test, "ci").await;
    given.api_token = Some((made.view.token.id, made.token));
    for step in before {
        take(&test, step, &mut given).await;
    }
    let copy = Copy::of(&test).await;
    let known = given.all();
    for step in after {
        take(&test, step, &mut given).await;
    }
    let (restored, _) = copy.put_back(&test, copy.since(&test).await).await;
    // What the copy knows lives in it exactly when it lived on; of what it does not know, nothing that has ended lives.
    assert_eq!(
        living(&restored, &known).await,
        living(&test.app, &known).await
    );
    let all = given.all();
    let before = living(&test.app, &all).await;
    let after = living(&restored, &all).await;
    let mut both = after.iter().zip(before);
    assert!(both.all(|(lives, lived)| !lives || lived));
    let verification = restored.verify_audit(&test.admin(), None).await.unwrap();
    assert_eq!(verification.tampering, None);
    // And it can go on: a new token lives, on a place that no other has.
    let issued = restored
        .create_emergency_client(&test.admin(), test.made.realm.id, draft("later", 60))
        .await
        .unwrap();
    let shown = [Credentials::Bearer(issued.access_token)];
    assert_eq!(living(&restored, &shown).await, [true]);
    let broker = test.made.broker.id;
    let mut view = test.ports().store.read().await.unwrap();
    let given_out = view.find_status_list_extent(broker).await.unwrap().unwrap();
    assert!(issued.view.client.token.status_index >= given_out.places);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_copy_put_back_revives_nothing_and_ends_nothing(
        before in prop::collection::vec(step(), 0..14), after in prop::collection::vec(step(), 0..14),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(holds(before, after));
    }
}

/// A store with an emergency token and a session, of which both are in the copy.
async fn with_copy() -> (TestApp, Given, Copy) {
    let test = TestApp::start().await;
    let mut given = Given::default();
    take(&test, Step::Create, &mut given).await;
    take(&test, Step::SignIn, &mut given).await;
    let copy = Copy::of(&test).await;
    (test, given, copy)
}

#[tokio::test]
async fn where_the_recalls_are_lost_the_choice_counts() {
    let (test, given, copy) = with_copy().await;
    let (app, restored) = copy.put_back(&test, KnownRecalls::LostAccepted).await;
    assert_eq!((restored.ended, restored.without_password.len()), (0, 0));
    assert_eq!(living(&app, &given.all()).await, [true, true]);

    let (test, given, copy) = with_copy().await;
    let ended = KnownRecalls::LostEndEverything;
    let (app, restored) = copy.put_back(&test, ended).await;
    assert_eq!((restored.ended, restored.new_keys), (2, 1));
    assert_eq!(restored.without_password.len(), 1);
    assert_eq!(living(&app, &given.all()).await, [false, false]);
    let password = Credentials::Basic {
        username: "admin".to_owned(),
        password: Secret::new(ADMIN_PASSWORD),
    };
    assert_eq!(living(&app, &[password]).await, [false]);
}

#[tokio::test]
async fn a_password_that_was_set_since_opens_nothing_and_neither_does_the_one_before() {
    let (test, _, copy) = with_copy().await;
    let new = "another horse battery";
    let password = Secret::new(new);
    let admin = test.admin();
    let set = test.app.set_password(&admin, "admin", &password);
    set.await.unwrap();
    let (app, restored) = copy.put_back(&test, copy.since(&test).await).await;
    assert_eq!(
        restored.without_password,
        std::slice::from_ref(&test.made.admin_username)
    );
    let shown = [new, ADMIN_PASSWORD].map(|password| Credentials::Basic {
        username: "admin".to_owned(),
        password: Secret::new(password),
    });
    assert_eq!(living(&app, &shown).await, [false, false]);
}

#[tokio::test]
async fn both_ends_of_a_copy_are_on_record_and_the_chain_goes_on() {
    let (test, _, copy) = with_copy().await;
    let recorded = test
        .app
        .record_backup(&test.admin(), "/mnt/copy", &copy.manifest)
        .await;
    recorded.unwrap();
    let made = records_of(&test, AuditAction::BackupCreated).await;
    assert_eq!(made[0].event.details["file"], "/mnt/copy");
    let (app, _) = copy.put_back(&test, copy.since(&test).await).await;
    let verification = app.verify_audit(&test.admin(), None).await.unwrap();
    let next = copy.manifest.audit_head.sequence + 1;
    assert_eq!((verification.tampering, verification.records), (None, next));
}

#[tokio::test]
async fn only_who_manages_everything_makes_and_puts_back_copies() {
    let (test, _, copy) = with_copy().await;
    let realm_id = test.made.realm.id;
    let emergency = Principal::EmergencyClient {
        realm_id,
        client_id: "c-0".parse().unwrap(),
        token_id: breakglass_domain::TokenId::from_random([1; 16]),
        privileges: breakglass_domain::Privilege::ALL.to_vec(),
    };
    let caller = breakglass_app::Caller::without_session(emergency, origin("192.0.2.1"));
    assert!(test.app.begin_backup(&caller).is_err());
    let recorded = test.app.record_backup(&caller, "x", &copy.manifest).await;
    assert!(recorded.is_err());
    let restoration = Restoration {
        file: "x",
        manifest: &copy.manifest,
        recalls: KnownRecalls::LostAccepted,
    };
    assert!(test.app.restore(&caller, &restoration).await.is_err());
}

#[tokio::test]
async fn what_was_over_at_the_last_recall_stays_so_when_the_clock_was_set_back() {
    let (test, mut given, copy) = with_copy().await;
    let bearer = [Credentials::Bearer(given.bearers[0].clone())];
    test.clock.advance_minutes(601);
    take(&test, Step::SetPassword, &mut given).await;
    test.clock.jump(-600 * 60_000);
    let (app, _) = copy.put_back(&test, copy.since(&test).await).await;
    assert_eq!(living(&app, &bearer).await, [false]);
}

#[tokio::test]
async fn recalls_are_taken_over_once_and_only_as_they_followed() {
    let (test, given, copy) = with_copy().await;
    take(&test, Step::Delete(0), &mut Given::default()).await;
    let KnownRecalls::All(records) = copy.since(&test).await else {
        unreachable!()
    };
    let options = test.app.options().clone();
    let app = App::open(copy.ports.clone(), options).await.unwrap();
    let mut changed = records.clone();
    changed[0].recall.id = vec![1; 16];
    assert!(app.take_over_recalls(&changed).await.is_err());
    assert_eq!(living(&app, &given.all()).await, [true, true]);
    assert_eq!(app.take_over_recalls(&records).await.unwrap().ended, 1);
    assert_eq!(living(&app, &given.all()).await, [false, true]);
    let again = app.take_over_recalls(&records).await.unwrap();
    assert_eq!(again, Restored::default());
}
