//! A kind of life for everything that can be written.

mod client;
mod emergency;
mod realm;
mod session;

use breakglass_api_types::Operation;
use breakglass_e2e::PASSWORD;
use serde_json::json;

use client::{api_client, api_token, client_secrets, oauth_app};
use emergency::{emergency_client, emergency_record, emergency_use};
use realm::{checkpoint, client_profile, realm, role, settings, token_issuer};
pub(crate) use session::{PASSWORD_KIND, other_password};
use session::{host_session, password, session};

use crate::life::Who::{Driver, Holder, Nobody};
use crate::life::{Body, Form, Kind, Life, Look, Step};

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

fn told(holds: bool, path: String, text: String) -> Look {
    if holds {
        Look::Holds(path, text)
    } else {
        Look::Lacks(path, text)
    }
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
