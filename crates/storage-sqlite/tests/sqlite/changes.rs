//! Whatever checks of tokens read, and every change that it depends on.

use breakglass_domain::{
    Account, ApiClient, ApiToken, Broker, ClientSecret, EmergencyClient, IamSettingsDraft,
    RegisteredToken, SigningKey, TokenDigest, TokenId, TokenIssuer,
};
use breakglass_ports::{ReadView, UnitOfWork};
use breakglass_storage_contract::samples::{
    account, api_client, api_token, at, broker, broker_id, client, client_key, client_secret, held,
    oauth_app, principal_id, realm, realm_id, retired, role, session, session_grant, signing_key,
};

fn issuer() -> TokenIssuer {
    TokenIssuer {
        realm_id: realm_id(1),
        alias: "a".parse().unwrap(),
        issuer: "i".to_owned(),
        chains: Vec::new(),
        jwks_uri: None,
        created_at: at(1),
        updated_at: at(2),
    }
}

fn registered(minute: u32) -> RegisteredToken {
    RegisteredToken {
        realm_id: realm_id(1),
        digest: TokenDigest::of("t"),
        issuer_alias: "a".parse().unwrap(),
        vouched_since: at(2),
        subject: "s".to_owned(),
        twin: TokenDigest::of(&minute.to_string()),
        groups: Vec::new(),
        privileges: std::collections::BTreeMap::new(),
        registered_at: at(minute),
        expires_at: at(90),
    }
}

pub(super) fn machine() -> ApiClient {
    api_client(1, "c")
}

/// The number of the changes that there are.
pub(super) const CHANGES: usize = 33;

/// Changes something; what cannot be changed now is left as it is.
pub(super) async fn change(unit: &mut dyn UnitOfWork, number: usize) {
    let (realm_1, machine) = (realm_id(1), machine());
    let token = api_token(1, machine.id, "t");
    let secret = client_secret(1, machine.id, "s");
    let key = client_key(1, machine.id, "k");
    let emergency = client(1, "e");
    let found = unit
        .find_emergency_client(realm_1, &emergency.client_id)
        .await
        .unwrap();
    let now = at(10);
    match number {
        0 => drop(unit.insert_api_client(&machine).await),
        1 => drop(unit.insert_api_token(&token).await),
        2 => drop(unit.insert_client_secret(&secret).await),
        3 => drop(unit.insert_client_key(&key).await),
        4 => drop(unit.insert_emergency_client(&emergency).await),
        5 => drop(unit.insert_session(&session("o", "admin")).await),
        6 => drop(unit.put_session_grant(&session_grant(1, "o", 1)).await),
        7 => drop(unit.insert_signing_key(&signing_key(1, Some(1))).await),
        8 => drop(unit.insert_token_issuer(&issuer()).await),
        9 => drop(unit.put_registered_token(&registered(20), 8).await),
        10 => drop(unit.put_registered_token(&registered(21), 8).await),
        11 => drop(
            unit.revoke_access_token(realm_1, TokenId::from_random([7; 16]), at(90))
                .await,
        ),
        12 => drop(unit.delete_api_client(realm_1, &machine.client_id).await),
        13 => drop(unit.delete_api_token(realm_1, token.id).await),
        14 => drop(unit.delete_client_secret(realm_1, secret.id).await),
        15 => drop(unit.delete_client_key(realm_1, key.id).await),
        16 => drop(
            unit.delete_emergency_client(realm_1, &emergency.client_id)
                .await,
        ),
        17 => drop(unit.delete_session(&session("o", "admin").digest).await),
        18 => drop(unit.delete_token_issuer(realm_1, &issuer().alias).await),
        19 => drop(unit.set_client_secret_end(realm_1, secret.id, at(50)).await),
        20 => {
            let token = ApiToken {
                expires_at: at(70),
                ..token
            };
            drop(unit.update_api_token(&token).await);
        }
        21 => {
            if let Some(found) = found {
                let revoked: EmergencyClient = found.revoke(now);
                unit.update_emergency_client(&revoked).await.unwrap();
            }
        }
        22 => {
            let other = Account {
                password_set_at: at(33),
                ..account("admin")
            };
            drop(unit.update_account(&other).await);
        }
        23 => {
            let key = SigningKey {
                retired_at: Some(now),
                ..signing_key(1, Some(1))
            };
            drop(unit.update_signing_key(&key).await);
        }
        24 => {
            let other = Broker {
                updated_at: at(44),
                ..broker(1)
            };
            unit.update_broker(&other).await.unwrap();
        }
        25 => {
            drop(unit.insert_role(&role("r")).await);
            drop(
                unit.replace_role_assignments(realm_1, machine.id, &[held("r")])
                    .await,
            );
        }
        26 => drop(unit.insert_realm(&realm(3)).await),
        27 => drop(unit.delete_realm(realm_id(3)).await),
        28 => drop(unit.insert_oauth_app(&oauth_app(1, "w")).await),
        29 => drop(unit.delete_oauth_app(realm_1, oauth_app(1, "w").id).await),
        30 => {
            let draft = IamSettingsDraft {
                access_token_ttl: Some(45),
                all_users_group_enabled: Some(true),
                api_token_retention_period: Some(43_200),
                api_token_ttl: Some(43_200),
                jit_inactive_user_enabled: Some(false),
                jit_inactive_user_ttl: None,
            };
            unit.update_settings(&draft.accept().unwrap())
                .await
                .unwrap();
        }
        31 => drop(unit.recall_token(broker_id(1), &retired(5)).await),
        _ => drop(unit.delete_sessions_of(&account("admin").username).await),
    }
}

/// Whatever is kept, as text.
pub(super) async fn answers(view: &mut dyn ReadView) -> Vec<String> {
    let (realm_1, machine) = (realm_id(1), machine());
    let secret: ClientSecret = client_secret(1, machine.id, "s");
    let emergency = client(1, "e");
    let ids = [TokenId::from_random([7; 16])];
    let digest = TokenDigest::of("t");
    let mut answers = Vec::new();
    macro_rules! ask {
        ($($name:ident($($argument:expr),*);)+) => {$(
            let answer = view.$name($($argument),*).await;
            answers.push(format!("{}: {answer:?}", stringify!($name)));
        )+};
    }
    ask! {
        find_account(&account("admin").username);
        find_api_token(realm_1, api_token(1, machine.id, "t").id);
        find_broker(broker_id(1));
        find_broker_by_tenant(&broker(1).tenant);
        find_client_key(realm_1, client_key(1, machine.id, "k").id);
        find_client_by_principal(realm_1, machine.id);
        find_client_by_principal(realm_1, principal_id("w"));
        find_client_secret(realm_1, secret.id);
        find_emergency_client(realm_1, &emergency.client_id);
        find_emergency_client_by_digest(&emergency.token.digest);
        find_realm(realm_1);
        find_realm_of_broker(broker_id(1));
        find_realm_of_broker(broker_id(3));
        list_realms();
        find_registration(realm_1, &digest);
        is_any_access_token_revoked(realm_1, &ids);
        find_roles_epoch(realm_1);
        find_rules_epoch(realm_1);
        find_session(&session("o", "admin").digest);
        find_session_grant(session_grant(1, "o", 1).id);
        find_settings();
        find_signing_key(&signing_key(1, Some(1)).id);
        list_signing_keys(Some(broker_id(1)));
        find_status_list_extent(broker_id(1));
    }
    answers
}
