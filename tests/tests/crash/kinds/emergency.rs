//! Emergency clients: made, used, ended.

use breakglass_api_types::Operation;

use super::{at, draft, exchange, kind, nothing, revoke};
use crate::life::Who::{Driver, Holder, Nobody};
use crate::life::{Form, Kind, Step};

pub(super) fn emergency_client() -> Kind {
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

pub(super) fn emergency_record() -> Kind {
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

pub(super) fn emergency_use() -> Kind {
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
