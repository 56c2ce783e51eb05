//! The operations that vAPI clients can call, and where in our own requests goes what they are given.

use super::structures::{
    ISSUER_INFO, ISSUER_SUMMARY, PROFILE_INFO, PROFILE_SUMMARY, SESSION_INFO, TOKEN_INFO,
};
use super::wire_type::Type;

/// `com.vmware.vcenter.registered_tokens`.
const REGISTERED_TOKENS: &str = "com.vmware.vcenter.registered_tokens";
/// `com.vmware.cis.session`.
const SESSION: &str = "com.vmware.cis.session";
/// `com.vmware.esx.authentication.client_profiles`.
const CLIENT_PROFILES: &str = "com.vmware.esx.authentication.client_profiles";
/// `com.vmware.esx.authentication.trust.security_token_issuers`.
const TOKEN_ISSUERS: &str = "com.vmware.esx.authentication.trust.security_token_issuers";
/// `com.vmware.esx.authentication.token`.
const HOST_TOKEN: &str = "com.vmware.esx.authentication.token";

/// An operation.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The service that has it.
    pub(crate) service: &'static str,
    /// Its name there.
    pub(crate) operation: &'static str,
    /// Its name among ours.
    pub(crate) target: &'static str,
    /// What it is given.
    pub(crate) inputs: &'static [Input],
    /// What it answers.
    pub(crate) output: Type,
}

/// What an operation is given.
#[derive(Debug)]
pub(crate) struct Input {
    /// Its name.
    pub(crate) member: &'static str,
    /// Where it goes.
    pub(crate) place: Place,
}

/// Where in a request of ours something goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// It is the parameter of the path with this name.
    Path(&'static str),
    /// It is the parameter behind the path with this name.
    Query(&'static str),
    /// It is a structure, and each of its members is the parameter behind the path with the member's name.
    Filter,
    /// It is a structure, and its members are the body.
    Body,
}

/// The operation of a service, if it can be called.
pub(crate) fn find(service: &str, operation: &str) -> Option<&'static Entry> {
    let mut entries = ENTRIES.iter();
    entries.find(|entry| entry.service == service && entry.operation == operation)
}

/// Every operation.
#[cfg(test)]
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter()
}

const SPEC: Input = input("spec", Place::Body);
const PROFILE: Input = input("profile", Place::Path("profile"));
const ISSUER_ALIAS: Input = input("issuer_alias", Place::Path("issuerAlias"));
const PROJECTION: Input = input("projection", Place::Query("projection"));
const FILTER: Input = input("filter", Place::Filter);

/// The operations.
static ENTRIES: &[Entry] = &[
    entry(
        REGISTERED_TOKENS,
        "create",
        "createRegisteredToken",
        &[SPEC],
        Type::Void,
    ),
    entry(SESSION, "create", "createVcenterSession", &[], Type::Secret),
    entry(
        SESSION,
        "get",
        "getVcenterSession",
        &[],
        Type::Structure(&SESSION_INFO),
    ),
    entry(SESSION, "delete", "deleteVcenterSession", &[], Type::Void),
    entry(
        CLIENT_PROFILES,
        "list",
        "listClientProfiles",
        &[FILTER, PROJECTION],
        Type::List(&Type::Structure(&PROFILE_SUMMARY)),
    ),
    entry(
        CLIENT_PROFILES,
        "get",
        "getClientProfile",
        &[PROFILE],
        Type::Structure(&PROFILE_INFO),
    ),
    entry(
        CLIENT_PROFILES,
        "create",
        "createClientProfile",
        &[SPEC],
        Type::Text,
    ),
    entry(
        CLIENT_PROFILES,
        "update",
        "updateClientProfile",
        &[PROFILE, SPEC],
        Type::Void,
    ),
    entry(
        CLIENT_PROFILES,
        "delete",
        "deleteClientProfile",
        &[PROFILE],
        Type::Void,
    ),
    entry(
        TOKEN_ISSUERS,
        "list",
        "listSecurityTokenIssuers",
        &[PROJECTION],
        Type::List(&Type::Structure(&ISSUER_SUMMARY)),
    ),
    entry(
        TOKEN_ISSUERS,
        "get",
        "getSecurityTokenIssuer",
        &[ISSUER_ALIAS],
        Type::Structure(&ISSUER_INFO),
    ),
    entry(
        TOKEN_ISSUERS,
        "create",
        "createSecurityTokenIssuer",
        &[SPEC],
        Type::Void,
    ),
    entry(
        TOKEN_ISSUERS,
        "update",
        "updateSecurityTokenIssuer",
        &[ISSUER_ALIAS, SPEC],
        Type::Void,
    ),
    entry(
        TOKEN_ISSUERS,
        "delete",
        "deleteSecurityTokenIssuer",
        &[ISSUER_ALIAS],
        Type::Void,
    ),
    entry(
        HOST_TOKEN,
        "create",
        "createHostToken",
        &[],
        Type::Structure(&TOKEN_INFO),
    ),
];

const fn input(member: &'static str, place: Place) -> Input {
    Input { member, place }
}

const fn entry(
    service: &'static str,
    operation: &'static str,
    target: &'static str,
    inputs: &'static [Input],
    output: Type,
) -> Entry {
    Entry {
        service,
        operation,
        target,
        inputs,
        output,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_is_there_once_and_is_found() {
        let names: BTreeSet<_> = ENTRIES
            .iter()
            .map(|one| (one.service, one.operation))
            .collect();
        let targets: BTreeSet<_> = ENTRIES.iter().map(|one| one.target).collect();
        assert_eq!(names.len(), ENTRIES.len());
        assert_eq!(targets.len(), ENTRIES.len());
        for one in ENTRIES {
            let found = find(one.service, one.operation).unwrap();
            assert_eq!(found.target, one.target);
        }
        assert!(find(SESSION, "list").is_none());
        assert!(find("com.vmware.cis", "create").is_none());
    }

    #[test]
    fn no_operation_is_given_two_things_for_one_place() {
        for one in ENTRIES {
            let members: BTreeSet<_> = one.inputs.iter().map(|input| input.member).collect();
            assert_eq!(members.len(), one.inputs.len(), "{}", one.target);
            let bodies = one.inputs.iter().filter(|input| input.place == Place::Body);
            assert!(bodies.count() <= 1, "{}", one.target);
        }
    }
}
