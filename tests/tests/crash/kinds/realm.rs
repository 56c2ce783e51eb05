//! Realms, and what stands in them.

use breakglass_api_types::Operation;
use serde_json::{Value, json};

use super::{at, draft, kind, login, nothing, own, told};
use crate::life::Who::Driver;
use crate::life::{Body, Form, Kind, Life, Look, Step};

pub(super) fn role() -> Kind {
    fn meaning(life: &Life, component: &str, role: &str) -> Body {
        let roles = json!([{"componentType": component, "roles": [role]}]);
        Body::Json(json!({"roleName": life.name, "componentRoles": roles}))
    }
    let first = |life: &Life| meaning(life, "VCENTER", "ReadOnly");
    let second = |life: &Life| meaning(life, "NSX_MANAGER", "auditor");
    let steps = vec![
        Step::new(Operation::CreateRole, Driver, first, &["role.created"]),
        Step::new(
            Operation::UpdateRoleDefinition,
            Driver,
            second,
            &["role.updated"],
        ),
        Step::new(Operation::DeleteRole, Driver, nothing, &["role.deleted"]),
    ];
    kind("role", steps, |life, done| {
        let text = if done == 2 { "NSX_MANAGER" } else { "VCENTER" };
        at(life.path(Operation::GetRole), (1..3).contains(&done), text)
    })
}

pub(super) fn realm() -> Kind {
    use Operation::{CreateBroker, CreateSsoRealm, DeleteSsoRealm, UpdateVidbMetadata};
    fn on_broker(life: &Life, name: &str, more: &Value) -> Body {
        Body::Json(json!({name: life.fact("broker"), "displayName": more}))
    }
    let steps = vec![
        login(),
        own(
            CreateBroker,
            |life| {
                Body::Json(json!({"tenant": life.name.to_uppercase(), "displayName": life.name}))
            },
            &["broker.created", "signing_key.created"],
        )
        .learns("broker", "/id")
        .learns("tenant", "/tenant"),
        own(
            CreateSsoRealm,
            |life| Body::Json(json!({"vidbResourceId": life.fact("broker")})),
            &["realm.created"],
        )
        .learns("realm", "/id"),
        own(
            UpdateVidbMetadata,
            |life| on_broker(life, "id", &json!(format!("{} renamed", life.name))),
            &["broker.updated"],
        ),
        own(
            Operation::UpdateKeyPolicy,
            |_| Body::Json(json!({"overlap": 61})),
            &["key_policy.updated"],
        ),
        own(
            Operation::UpdateTokenPolicy,
            |_| Body::Json(json!({"tokenOverflowThreshold": 5001})),
            &["token_policy.updated"],
        ),
        own(
            Operation::CreateEmergencyClient,
            draft,
            &["emergency_client.created"],
        )
        .gives("paper", Form::Jwt, "/accessToken"),
        own(
            Operation::RotateSigningKey,
            |_| Body::Json(json!({"immediately": true})),
            &["signing_key.created", "signing_key.revoked"],
        )
        .kills(&["paper"]),
        own(
            Operation::DeleteEmergencyClient,
            nothing,
            &["emergency_client.deleted"],
        ),
        own(DeleteSsoRealm, nothing, &["realm.deletion_requested"]),
    ];
    kind("realm", steps, |life, done| {
        let brokers = life.path(Operation::ListBrokers);
        let mut looks = vec![
            told(
                (2..4).contains(&done),
                brokers.clone(),
                format!("\"{}\"", life.name),
            ),
            told(done > 3, brokers, format!("\"{} renamed\"", life.name)),
        ];
        if done > 2 {
            let realm = life.path(Operation::GetSsoRealm);
            looks.extend(at(realm, done < 10, life.fact("realm")));
        }
        if (3..10).contains(&done) {
            let (keys, tokens) = (Operation::GetKeyPolicy, Operation::GetTokenPolicy);
            looks.push(told(done > 4, life.path(keys), "\"overlap\":61".to_owned()));
            looks.push(told(done > 5, life.path(tokens), "5001".to_owned()));
            let retired = "\"RETIRED\"".to_owned();
            looks.push(told(
                done > 7,
                life.path(Operation::ListSigningKeys),
                retired,
            ));
        }
        looks
    })
}

pub(super) fn settings() -> Kind {
    fn ttl(life: &Life) -> usize {
        61 + life.number % 400
    }
    let change = |life: &Life| {
        Body::Json(json!({
            "accessTokenTtl": ttl(life),
            "allUsersGroupEnabled": life.number.is_multiple_of(2),
            "apiTokenRetentionPeriod": 43200,
            "apiTokenTtl": 43200,
            "jitInactiveUserEnabled": true,
            "jitInactiveUserTtl": 20160,
        }))
    };
    let steps = vec![
        login(),
        own(Operation::UpdateIamSettings, change, &["settings.updated"]),
    ];
    let looks = |life: &Life, done: usize| {
        let text = format!("\"accessTokenTtl\":{},", ttl(life));
        vec![told(done > 1, life.path(Operation::GetIamSettings), text)]
    };
    Kind {
        is_single: true,
        ..kind("settings", steps, looks)
    }
}

pub(super) fn client_profile() -> Kind {
    use Operation::{CreateClientProfile, DeleteClientProfile, UpdateClientProfile};
    let named = |life: &Life| {
        let grants = json!([{"resource_type": "ENTITLEMENT", "entitlement": "READ_ONLY"}]);
        Body::Json(json!({"local_user_name": life.name, "grants": grants}))
    };
    let steps = vec![
        login(),
        own(CreateClientProfile, named, &["client_profile.created"]).learns("profile", ""),
        own(
            UpdateClientProfile,
            |_| Body::Json(json!({"grants": []})),
            &["client_profile.updated"],
        ),
        own(Operation::CreateHostToken, nothing, &["host_token.issued"]),
        own(DeleteClientProfile, nothing, &["client_profile.deleted"]),
    ];
    kind("client profile", steps, |life, done| {
        let there = (2..5).contains(&done);
        let list = life.path(Operation::ListClientProfiles);
        let mut looks = vec![told(there, list, format!("\"{}\"", life.name))];
        if there {
            let path = life.path(Operation::GetClientProfile);
            looks.push(told(done < 3, path, "READ_ONLY".to_owned()));
        }
        looks
    })
}

pub(super) fn token_issuer() -> Kind {
    use Operation::{
        CreateSecurityTokenIssuer, DeleteSecurityTokenIssuer, UpdateSecurityTokenIssuer,
    };
    let made = |life: &Life| {
        let issuer = format!("https://{}.example", life.name);
        let keys = format!("{issuer}/keys");
        Body::Json(json!({"issuer_alias": life.name, "issuer": issuer, "jwks_uri": keys}))
    };
    let rename = |life: &Life| {
        Body::Json(json!({"issuer": format!("https://{}-renamed.example", life.name)}))
    };
    let steps = vec![
        login(),
        own(CreateSecurityTokenIssuer, made, &["token_issuer.created"]),
        own(UpdateSecurityTokenIssuer, rename, &["token_issuer.updated"]),
        own(
            DeleteSecurityTokenIssuer,
            nothing,
            &["token_issuer.deleted"],
        ),
    ];
    kind("trusted issuer", steps, |life, done| {
        let path = life.path(Operation::ListSecurityTokenIssuers);
        let name = format!("https://{}.example", life.name);
        let renamed = format!("https://{}-renamed.example", life.name);
        vec![
            told(done == 2, path.clone(), name),
            told(done == 3, path, renamed),
        ]
    })
}

pub(super) fn checkpoint() -> Kind {
    let steps = vec![
        login(),
        own(
            Operation::CreateAuditCheckpoint,
            nothing,
            &["audit.checkpointed"],
        )
        .learns("mac", "/mac"),
    ];
    kind("checkpoint", steps, |life, done| {
        if done < 2 || life.fact("mac").is_empty() {
            return Vec::new();
        }
        let path = life.path(Operation::ListAuditCheckpoints);
        vec![Look::Holds(path, life.fact("mac").to_owned())]
    })
}
