//! A kind of life for everything that can be written.

use breakglass_api_types::Operation;
use breakglass_e2e::PASSWORD;
use serde_json::{Value, json};

use crate::life::{Body, Form, Kind, Life, Look, Step, Who};

use Who::{Driver, Holder, Nobody};

/// Write operations that no life has, and why.
pub(crate) const LEFT_OUT: [(Operation, &str); 1] = [(
    Operation::CreateRegisteredToken,
    "needs the tokens of another installation: `the_vendors_client_registers_what_a_token_leaves_out` kills the server after it",
)];

/// The kinds that the administrator of a realm lives, several at a time.
pub(crate) fn of_a_realm() -> Vec<Kind> {
    vec![
        emergency_client(),
        emergency_record(),
        emergency_use(),
        api_client(),
        client_secrets(),
        api_token(),
        oauth_app(),
        role(),
        host_session(),
    ]
}

/// The kinds that need a session of the account, one at a time: one of them ends all its sessions.
pub(crate) fn of_the_account() -> Vec<Kind> {
    vec![
        realm(),
        settings(),
        client_profile(),
        token_issuer(),
        checkpoint(),
        session(),
        password(),
    ]
}

fn nothing(_: &Life) -> Body {
    Body::Nothing
}

fn kind(name: &'static str, steps: Vec<Step>, looks: fn(&Life, usize) -> Vec<Look>) -> Kind {
    Kind {
        name,
        steps,
        looks,
        is_single: false,
    }
}

fn draft(life: &Life) -> Body {
    Body::Json(json!({"clientId": life.name, "clientName": life.name, "accessTokenTtl": 60}))
}

/// A thing with a path: gone, or there with this text.
fn at(path: String, is_there: bool, text: &str) -> Vec<Look> {
    vec![if is_there {
        Look::Holds(path, text.to_owned())
    } else {
        Look::Gone(path)
    }]
}

fn emergency_client() -> Kind {
    use Operation::{CreateEmergencyClient, DeleteEmergencyClient, RegenerateEmergencyClient};
    let renew = || {
        let records = &["emergency_client.regenerated"];
        Step::new(RegenerateEmergencyClient, Driver, nothing, records)
    };
    let created = &["emergency_client.created"];
    let deleted = &["emergency_client.deleted"];
    let steps = vec![
        Step::new(CreateEmergencyClient, Driver, draft, created).gives(
            "first",
            Form::Jwt,
            "/accessToken",
        ),
        renew()
            .gives("second", Form::Jwt, "/accessToken")
            .kills(&["first"]),
        renew()
            .gives("third", Form::Jwt, "/accessToken")
            .kills(&["second"]),
        Step::new(DeleteEmergencyClient, Driver, nothing, deleted).kills(&["third"]),
    ];
    kind("emergency client", steps, |life, done| {
        let there = (1..4).contains(&done);
        let mut looks = at(life.path(Operation::GetEmergencyClient), there, &life.name);
        looks.extend(at(
            life.path(Operation::GetEmergencyClientRecord),
            there,
            "\"uses\":0",
        ));
        looks
    })
}

fn emergency_record() -> Kind {
    use Operation::{CreateEmergencyClientRecord, IssueToken, RevokeToken};
    let steps = vec![
        Step::new(
            CreateEmergencyClientRecord,
            Driver,
            draft,
            &["emergency_client.created"],
        )
        .gives("paper", Form::Jwt, "/accessToken"),
        Step::new(
            IssueToken,
            Nobody,
            |life| exchange(&life.text("paper")),
            &["access_token.issued"],
        )
        .gives("narrow", Form::Jwt, "/access_token"),
        Step::new(
            RevokeToken,
            Driver,
            |life| revoke(&life.text("narrow")),
            &["access_token.revoked"],
        )
        .kills(&["narrow"]),
        Step::new(
            RevokeToken,
            Driver,
            |life| revoke(&life.text("paper")),
            &["emergency_token.revoked"],
        )
        .kills(&["paper"]),
    ];
    kind("revoked tokens", steps, |life, done| {
        let status = if done == 4 {
            "\"REVOKED\""
        } else {
            "\"ACTIVE\""
        };
        at(
            life.path(Operation::GetEmergencyClientRecord),
            done > 0,
            status,
        )
    })
}

fn emergency_use() -> Kind {
    use Operation::{CreateEmergencyClient, GetEmergencyClient};
    let used = || {
        Step::new(
            GetEmergencyClient,
            Holder("paper"),
            nothing,
            &["emergency_token.used"],
        )
    };
    let steps = vec![
        Step::new(
            CreateEmergencyClient,
            Driver,
            draft,
            &["emergency_client.created"],
        )
        .gives("paper", Form::Jwt, "/accessToken"),
        used(),
        used(),
        used(),
    ];
    kind("uses of an emergency token", steps, |life, done| {
        let count = format!("\"uses\":{}", done.saturating_sub(1));
        at(
            life.path(Operation::GetEmergencyClientRecord),
            done > 0,
            &count,
        )
    })
}

fn exchange(token: &str) -> Body {
    Body::Form(vec![
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange".to_owned(),
        ),
        ("subject_token", token.to_owned()),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token".to_owned(),
        ),
        ("scope", "vcf_viewer".to_owned()),
    ])
}

fn revoke(token: &str) -> Body {
    Body::Form(vec![("token", token.to_owned())])
}

fn client_draft(life: &Life) -> Body {
    Body::Json(json!({"clientId": life.name, "clientName": life.name}))
}

/// The making of an API client, with which several lives begin.
fn made_client() -> Step {
    Step::new(
        Operation::CreateApiClient,
        Driver,
        client_draft,
        &["api_client.created"],
    )
    .learns("principal", "/clientUuid")
}

fn viewer(_: &Life) -> Body {
    let scope = json!({"scopeType": "SSO_REALM"});
    Body::Json(json!({"vcfRoleAssignments": [{"roleName": "vcf_viewer", "roleScope": scope}]}))
}

fn public_jwk(_: &Life) -> Body {
    // RFC 8037, appendix A.2.
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    Body::Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}))
}

fn api_client() -> Kind {
    use Operation::{
        DeleteApiClient, DeleteRoleAssignments, UpdateApiClient, UpdateRoleAssignment,
    };
    let replaced = &["role.assignments_replaced"];
    let rename = |life: &Life| {
        let (uuid, name) = (life.fact("principal"), format!("{} renamed", life.name));
        Body::Json(json!({"clientUuid": uuid, "clientName": name}))
    };
    let steps = vec![
        made_client(),
        Step::new(UpdateApiClient, Driver, rename, &["api_client.updated"]),
        Step::new(UpdateRoleAssignment, Driver, viewer, replaced),
        Step::new(
            Operation::ReplaceClientKeys,
            Driver,
            public_jwk,
            &["client_keys.replaced"],
        ),
        Step::new(DeleteRoleAssignments, Driver, nothing, replaced),
        Step::new(DeleteApiClient, Driver, nothing, &["api_client.deleted"]),
    ];
    kind("API client", steps, |life, done| {
        let there = (1..6).contains(&done);
        let path = life.path(Operation::GetApiClient);
        let mut looks = at(path.clone(), there, &life.name);
        if there {
            let name = format!("{} renamed", life.name);
            looks.push(told(done > 1, path.clone(), name));
            looks.push(told((3..5).contains(&done), path, "vcf_viewer".to_owned()));
            let keys = life.path(Operation::ListClientKeys);
            looks.push(told(done > 3, keys, "thumbprint".to_owned()));
        }
        looks
    })
}

fn told(holds: bool, path: String, text: String) -> Look {
    if holds {
        Look::Holds(path, text)
    } else {
        Look::Lacks(path, text)
    }
}

/// A grant for the secret of this name.
fn with_secret(client_id: &str, secret: String) -> Body {
    Body::Form(vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", client_id.to_owned()),
        ("client_secret", secret),
    ])
}

fn client_secrets() -> Kind {
    use Operation::{CreateClientSecret, DeleteApiClient, DeleteClientSecret, IssueToken};
    let at_once = |_: &Life| Body::Json(json!({"overlapMinutes": 0}));
    let issued = &["access_token.issued"];
    let steps = vec![
        made_client(),
        Step::new(
            Operation::UpdateRoleAssignment,
            Driver,
            viewer,
            &["role.assignments_replaced"],
        ),
        Step::new(
            CreateClientSecret,
            Driver,
            at_once,
            &["client_secret.created"],
        )
        .gives("old secret", Form::Secret("clientId"), "/clientSecret"),
        Step::new(
            IssueToken,
            Nobody,
            |life| with_secret(&life.name, life.text("old secret")),
            issued,
        )
        .gives("old token", Form::Jwt, "/access_token"),
        Step::new(
            CreateClientSecret,
            Driver,
            at_once,
            &["client_secret.created"],
        )
        .learns("secret", "/secretId")
        .gives("secret", Form::Secret("clientId"), "/clientSecret")
        .kills(&["old secret", "old token"]),
        Step::new(
            IssueToken,
            Nobody,
            |life| with_secret(&life.name, life.text("secret")),
            issued,
        )
        .gives("token", Form::Jwt, "/access_token"),
        Step::new(
            DeleteClientSecret,
            Driver,
            nothing,
            &["client_secret.deleted"],
        )
        .kills(&["secret", "token"]),
        Step::new(DeleteApiClient, Driver, nothing, &["api_client.deleted"]),
    ];
    kind("client secrets", steps, |life, done| {
        let path = life.path(Operation::ListClientSecrets);
        if !(1..8).contains(&done) {
            return vec![Look::Gone(path)];
        }
        vec![told((3..7).contains(&done), path, "secretId".to_owned())]
    })
}

fn api_token() -> Kind {
    use Operation::{
        DeleteApiToken, GenerateApiToken, IssueToken, ReGenerateApiToken, UpdateApiToken,
    };
    fn grant(text: String) -> Body {
        let grant = "urn:custom:vcf:params:oauth:grant-type:api-token";
        Body::Form(vec![("grant_type", grant.to_owned()), ("api_token", text)])
    }
    let issued = &["access_token.issued"];
    let named = |life: &Life| Body::Json(json!({"apiClientId": life.name, "tokenName": life.name}));
    let rename = |life: &Life| {
        let name = format!("{} renamed", life.name);
        Body::Json(json!({"id": life.fact("api_token"), "tokenName": name}))
    };
    let steps = vec![
        made_client(),
        Step::new(
            Operation::UpdateRoleAssignment,
            Driver,
            viewer,
            &["role.assignments_replaced"],
        ),
        Step::new(GenerateApiToken, Driver, named, &["api_token.created"])
            .learns("api_token", "/id")
            .gives("old", Form::ApiToken, "/token"),
        Step::new(IssueToken, Nobody, |life| grant(life.text("old")), issued).gives(
            "old access",
            Form::Jwt,
            "/access_token",
        ),
        Step::new(UpdateApiToken, Driver, rename, &["api_token.updated"]),
        Step::new(
            ReGenerateApiToken,
            Driver,
            nothing,
            &["api_token.regenerated"],
        )
        .gives("new", Form::ApiToken, "/token")
        .kills(&["old", "old access"]),
        Step::new(IssueToken, Nobody, |life| grant(life.text("new")), issued).gives(
            "access",
            Form::Jwt,
            "/access_token",
        ),
        Step::new(DeleteApiToken, Driver, nothing, &["api_token.deleted"])
            .kills(&["new", "access"]),
    ];
    kind("API token", steps, |life, done| {
        if life.fact("api_token").is_empty() {
            return Vec::new();
        }
        let path = life.path(Operation::GetApiToken);
        let there = (3..8).contains(&done);
        let mut looks = at(path.clone(), there, &life.name);
        if there {
            looks.push(told(done > 4, path, format!("{} renamed", life.name)));
        }
        looks
    })
}

fn oauth_app() -> Kind {
    use Operation::{CreateOAuthApp, DeleteOAuthApp, RotateOAuthAppSecret, UpdateOAuthApp};
    let named = |life: &Life| Body::Json(json!({"clientName": life.name}));
    let rename = |life: &Life| {
        let name = format!("{} renamed", life.name);
        Body::Json(json!({"id": life.fact("app"), "clientName": name}))
    };
    let steps = vec![
        Step::new(
            CreateOAuthApp,
            Driver,
            named,
            &["oauth_app.created", "client_secret.created"],
        )
        .learns("app", "/id")
        .learns("app client", "/clientId")
        .gives("old", Form::Secret("app client"), "/clientSecret"),
        Step::new(UpdateOAuthApp, Driver, rename, &["oauth_app.updated"]),
        Step::new(
            RotateOAuthAppSecret,
            Driver,
            nothing,
            &["client_secret.created"],
        )
        .gives("new", Form::Secret("app client"), "/clientSecret")
        .kills(&["old"]),
        Step::new(DeleteOAuthApp, Driver, nothing, &["oauth_app.deleted"]).kills(&["new"]),
    ];
    kind("OAuth app", steps, |life, done| {
        let path = life.path(Operation::ListOAuthApps);
        let name = format!("\"{}\"", life.name);
        let renamed = format!("\"{} renamed\"", life.name);
        vec![
            told(done == 1, path.clone(), name),
            told((2..4).contains(&done), path, renamed),
        ]
    })
}

fn role() -> Kind {
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

fn rpc(_: &Life) -> Body {
    let input = json!({"STRUCTURE": {"operation-input": {}}});
    let service = "com.vmware.cis.session";
    let params = json!({"serviceId": service, "operationId": "create", "input": input});
    Body::Json(json!({"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params}))
}

/// Sessions of hosts end with the process; their records stay.
fn host_session() -> Kind {
    let created = &["host_session.created"];
    let steps = vec![
        Step::new(Operation::InvokeVapi, Driver, rpc, created),
        Step::new(Operation::CreateVcenterSession, Driver, nothing, created).learns("session", ""),
        Step::new(
            Operation::DeleteVcenterSession,
            Nobody,
            nothing,
            &["host_session.deleted"],
        ),
    ];
    kind("session of a host", steps, |_, _| Vec::new())
}

/// A login of the account, with which its lives begin.
fn login() -> Step {
    acquire(|_| Body::Json(json!({"username": "admin", "password": PASSWORD}))).gives(
        "ops",
        Form::OpsToken,
        "/token",
    )
}

fn acquire(body: fn(&Life) -> Body) -> Step {
    Step::new(Operation::AcquireToken, Nobody, body, &["session.acquired"])
}

/// A step that the account takes in its session.
fn own(operation: Operation, body: fn(&Life) -> Body, records: &'static [&'static str]) -> Step {
    Step::new(operation, Holder("ops"), body, records)
}

fn realm() -> Kind {
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

fn settings() -> Kind {
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

fn client_profile() -> Kind {
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

fn token_issuer() -> Kind {
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

fn checkpoint() -> Kind {
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

fn session() -> Kind {
    let keys = |_: &Life| Body::Json(json!({"serviceKeys": ["ops-li"]}));
    let steps = vec![
        login(),
        own(
            Operation::ExchangeOpsTokenWithJwtToken,
            keys,
            &["access_token.issued"],
        )
        .gives("service", Form::Jwt, "/jwtToken"),
        own(Operation::ReleaseToken, nothing, &["session.released"]).kills(&["ops", "service"]),
    ];
    kind("session", steps, |_, _| Vec::new())
}

/// The password while a life of this kind is between its two changes.
pub(crate) fn other_password(life: &Life) -> String {
    format!("another-long-password-{}", life.name)
}

fn password() -> Kind {
    let set_other = |life: &Life| Body::Json(json!({"password": other_password(life)}));
    let set_back = |_: &Life| Body::Json(json!({"password": PASSWORD}));
    let records = &["account.password_set"];
    let steps = vec![
        login(),
        own(Operation::SetAccountPassword, set_other, records).kills(&["ops"]),
        acquire(|life| Body::Json(json!({"username": "admin", "password": other_password(life)})))
            .gives("again", Form::OpsToken, "/token"),
        Step::new(
            Operation::SetAccountPassword,
            Holder("again"),
            set_back,
            records,
        )
        .kills(&["again"]),
    ];
    kind(PASSWORD_KIND, steps, |_, _| Vec::new())
}

/// The kind of life that changes the password.
pub(crate) const PASSWORD_KIND: &str = "password";
