//! Sessions, and the password that opens them.

use breakglass_api_types::Operation;
use breakglass_e2e::PASSWORD;
use serde_json::json;

use super::{acquire, kind, login, nothing, own};
use crate::life::Who::{Driver, Holder, Nobody};
use crate::life::{Body, Form, Kind, Life, Step};

fn rpc(_: &Life) -> Body {
    let input = json!({"STRUCTURE": {"operation-input": {}}});
    let service = "com.vmware.cis.session";
    let params = json!({"serviceId": service, "operationId": "create", "input": input});
    Body::Json(json!({"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params}))
}

/// Sessions of hosts end with the process; their records stay.
pub(super) fn host_session() -> Kind {
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

pub(super) fn session() -> Kind {
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

pub(super) fn password() -> Kind {
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
