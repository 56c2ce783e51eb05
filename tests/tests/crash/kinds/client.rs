//! Clients of machines and of people, with their credentials.

use breakglass_api_types::Operation;
use serde_json::json;

use super::{at, kind, made_client, nothing, told};
use crate::life::Who::{Driver, Nobody};
use crate::life::{Body, Form, Kind, Life, Look, Step};

fn viewer(_: &Life) -> Body {
    let scope = json!({"scopeType": "SSO_REALM"});
    Body::Json(json!({"vcfRoleAssignments": [{"roleName": "vcf_viewer", "roleScope": scope}]}))
}

fn public_jwk(_: &Life) -> Body {
    // RFC 8037, appendix A.2.
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    Body::Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}))
}

pub(super) fn api_client() -> Kind {
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

/// A grant for the secret of this name.
fn with_secret(client_id: &str, secret: String) -> Body {
    Body::Form(vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", client_id.to_owned()),
        ("client_secret", secret),
    ])
}

pub(super) fn client_secrets() -> Kind {
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

pub(super) fn api_token() -> Kind {
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

pub(super) fn oauth_app() -> Kind {
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
