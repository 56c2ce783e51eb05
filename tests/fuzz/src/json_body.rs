//! Bodies of JSON, each tried as every type that an operation takes: what is accepted is accepted again when it is written, and
//! says the same.

use breakglass_api_types::{Shaped, breakglass, esx, fleet_iam, read, vcenter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use validator::Validate;

/// The longest path or message of a fault is bounded by the body; this is by how much it may be longer.
const ROOM: usize = 4096;

macro_rules! types {
    ($($surface:ident :: $name:ident),* $(,)?) => {
        /// The types of bodies, by their names in the contracts.
        pub const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Panics when something does not hold.
        pub fn check(data: &[u8]) {
            $(check_as::<$surface::$name>(data);)*
        }
    };
}

types!(
    breakglass::AuthzenEvaluationRequest,
    breakglass::AuthzenEvaluationsRequest,
    breakglass::BrokerCreationRequest,
    breakglass::ClientKeysRequest,
    breakglass::ClientSecretRequest,
    breakglass::EmergencyClientRequest,
    breakglass::KeyPolicyChange,
    breakglass::PasswordChangeRequest,
    breakglass::SigningKeyRotationRequest,
    breakglass::TokenPolicyChange,
    esx::EsxClientProfileCreateSpec,
    esx::EsxClientProfileUpdateSpec,
    esx::EsxTokenIssuerCreateSpec,
    esx::EsxTokenIssuerUpdateSpec,
    fleet_iam::ApiClient,
    fleet_iam::ApiToken,
    fleet_iam::ClientTokenQuery,
    fleet_iam::ComponentRole,
    fleet_iam::EmergencyClient,
    fleet_iam::FederatedIdentityProvider,
    fleet_iam::GlobalIamSettings,
    fleet_iam::IamComponentAuthSource,
    fleet_iam::IamComponentAuthSourceQuery,
    fleet_iam::LdapQuery,
    fleet_iam::LdapSyncProfile,
    fleet_iam::OAuthApp,
    fleet_iam::RoleSyncOperationTargets,
    fleet_iam::SamlXmlMetadata,
    fleet_iam::ScimTokenConfiguration,
    fleet_iam::SsoRealmCreationRequest,
    fleet_iam::TokenExchangeRequest,
    fleet_iam::UsernamePassword,
    fleet_iam::VcfRole,
    fleet_iam::VcfRoleAssignments,
    fleet_iam::Vidb,
    fleet_iam::VidbPrincipal,
    fleet_iam::VidbPrincipalQuery,
    vcenter::VapiInvocation,
    vcenter::VcenterRegisteredTokenCreateSpec,
);

fn check_as<T>(data: &[u8])
where
    T: Default + DeserializeOwned + PartialEq + Serialize + Shaped + Validate,
{
    let parsed = match read::<T>(data) {
        Ok(parsed) => parsed,
        Err(malformed) => {
            assert!(malformed.line >= 1 && malformed.line <= data.len() + 1);
            return;
        }
    };
    for failure in &parsed.failures {
        assert!(!failure.message.is_empty(), "a fault says what it is");
        assert!(failure.path.len() <= data.len() + ROOM);
    }
    if !parsed.failures.is_empty() {
        return;
    }
    let written = serde_json::to_vec(&parsed.value).expect("what was read is written");
    let again = read::<T>(&written).expect("what is written is JSON");
    assert!(again.failures.is_empty(), "{:?}", again.failures);
    assert!(again.value == parsed.value, "it says the same");
}
