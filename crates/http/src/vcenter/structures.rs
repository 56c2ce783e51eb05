//! The structures of the answers, by the names that the vendor's bindings give them.

use super::wire_type::{Structure, Type};

/// A text that may be absent.
const MAYBE_TEXT: Type = Type::Optional(&Type::Text);

/// `com.vmware.cis.session`: a session.
pub(super) static SESSION_INFO: Structure = Structure {
    name: "com.vmware.cis.session.info",
    fields: &[
        ("user", Type::Text),
        ("created_time", Type::Time),
        ("last_accessed_time", Type::Time),
    ],
};

/// `com.vmware.esx.authentication.token`: a host token.
pub(super) static TOKEN_INFO: Structure = Structure {
    name: "com.vmware.esx.authentication.token.token_info",
    fields: &[("access_token", Type::Secret)],
};

/// `com.vmware.esx.authentication.client_profiles`: what a profile grants.
static ACCESS_GRANT: Structure = Structure {
    name: "com.vmware.esx.authentication.client_profiles.access_grant",
    fields: &[("resource_type", Type::Text), ("entitlement", MAYBE_TEXT)],
};

/// The grants of a profile.
const GRANTS: Type = Type::List(&Type::Structure(&ACCESS_GRANT));

/// `com.vmware.esx.authentication.client_profiles`: whom a profile is for.
static SUBJECT: Structure = Structure {
    name: "com.vmware.esx.authentication.client_profiles.subject",
    fields: &[
        ("type", Type::Text),
        ("name", MAYBE_TEXT),
        ("issuer_alias", MAYBE_TEXT),
        ("domain", MAYBE_TEXT),
        (
            "privileges",
            Type::Optional(&Type::Map(&Type::List(&Type::Text))),
        ),
    ],
};

/// `com.vmware.esx.authentication.client_profiles`: a profile.
pub(super) static PROFILE_INFO: Structure = Structure {
    name: "com.vmware.esx.authentication.client_profiles.info",
    fields: &[("subject", Type::Structure(&SUBJECT)), ("grants", GRANTS)],
};

/// `com.vmware.esx.authentication.client_profiles`: as much of a profile as was asked for.
pub(super) static PROFILE_SUMMARY: Structure = Structure {
    name: "com.vmware.esx.authentication.client_profiles.summary",
    fields: &[
        ("summary_type", Type::Text),
        ("client_profile", MAYBE_TEXT),
        ("subject", Type::Optional(&Type::Structure(&SUBJECT))),
        ("grants", Type::Optional(&GRANTS)),
    ],
};

/// `com.vmware.esx.authentication.trust.security_token_issuers`: a chain of certificates.
static CERT_CHAIN: Structure = Structure {
    name: "com.vmware.esx.authentication.trust.security_token_issuers.x509_cert_chain",
    fields: &[("cert_chain", Type::List(&Type::Text))],
};

/// The chains of an issuer.
const CERT_CHAINS: Type = Type::List(&Type::Structure(&CERT_CHAIN));

/// `com.vmware.esx.authentication.trust.security_token_issuers`: a trusted issuer. Where it publishes its keys, an
/// extension of ours, is not told: the vendor's structure has no place for it.
pub(super) static ISSUER_INFO: Structure = Structure {
    name: "com.vmware.esx.authentication.trust.security_token_issuers.info",
    fields: &[("issuer", Type::Text), ("signing_cert_chains", CERT_CHAINS)],
};

/// `com.vmware.esx.authentication.trust.security_token_issuers`: as much of an issuer as was asked for.
pub(super) static ISSUER_SUMMARY: Structure = Structure {
    name: "com.vmware.esx.authentication.trust.security_token_issuers.summary",
    fields: &[
        ("summary_type", Type::Text),
        ("issuer_alias", MAYBE_TEXT),
        ("issuer", MAYBE_TEXT),
        ("signing_cert_chains", Type::Optional(&CERT_CHAINS)),
    ],
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::data_value::decode;
    use super::super::wire_type::encode;
    use super::*;

    #[test]
    fn each_answer_of_the_contract_comes_back_from_its_structure() {
        let grants = json!([{"resource_type": "ENTITLEMENT", "entitlement": "READ_ONLY"}]);
        let subject = json!({
            "type": "PRIVILEGES", "issuer_alias": "vc", "privileges": {"dc-1": ["VM.Read"]}
        });
        let chains = json!([{"cert_chain": ["MIIB"]}]);
        let at = "2026-01-02T03:04:05.678Z";
        for (structure, value) in [
            (
                &SESSION_INFO,
                json!({"user": "u", "created_time": at, "last_accessed_time": at}),
            ),
            (&TOKEN_INFO, json!({"access_token": "t"})),
            (&PROFILE_INFO, json!({"subject": subject, "grants": grants})),
            (
                &PROFILE_SUMMARY,
                json!({"summary_type": "BRIEF", "client_profile": "p"}),
            ),
            (
                &PROFILE_SUMMARY,
                json!({
                    "summary_type": "FULL", "client_profile": "p", "subject": subject, "grants": grants
                }),
            ),
            (
                &ISSUER_INFO,
                json!({"issuer": "https://vc", "signing_cert_chains": chains}),
            ),
            (
                &ISSUER_SUMMARY,
                json!({
                    "summary_type": "FULL", "issuer_alias": "vc", "issuer": "https://vc",
                    "signing_cert_chains": chains
                }),
            ),
        ] {
            let written = encode(&value, &Type::Structure(structure));
            assert_eq!(decode(&written).unwrap(), value, "{}", structure.name);
        }
    }
}
