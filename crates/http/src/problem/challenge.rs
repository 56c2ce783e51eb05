//! What a caller is told who was not believed: the schemes that there are, and what was wrong.

use breakglass_api_types::Surface;
use breakglass_app::{NeededRegistration, Refusal};
use http::StatusCode;

use super::Problem;

/// The algorithms of proofs of possession.
pub(crate) const DPOP_ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// What `WWW-Authenticate` says of a problem.
pub(crate) fn challenges_of(problem: &Problem, surface: Surface) -> Vec<String> {
    // RFC 9449, section 9. At the token endpoint the error itself says so (section 8).
    if problem.dpop_nonce.is_some() && problem.status == StatusCode::UNAUTHORIZED {
        return vec![dpop_challenge("use_dpop_nonce")];
    }
    if let Some(registration) = &problem.registration {
        return vec![registration_challenge(registration)];
    }
    let refusal = problem.refusal;
    refusal.map_or_else(Vec::new, |refusal| challenges(refusal, surface))
}

/// The schemes that a surface takes (RFC 9110, section 11.6.1), one header each, because clients are known that read
/// only one challenge per header. A token that was given and not believed is named as such (RFC 6750, section 3.1). Where
/// only a proof of possession was missing or wrong, that alone is told (RFC 9449, section 7.1).
fn challenges(refusal: Refusal, surface: Surface) -> Vec<String> {
    let bearer = match refusal {
        Refusal::Possession => return vec![dpop_challenge("invalid_token")],
        Refusal::Proof => return vec![dpop_challenge("invalid_dpop_proof")],
        Refusal::NoToken => {
            return vec![
                r#"Bearer realm="breakglass""#.to_owned(),
                format!(
                    r#"DPoP realm="breakglass", algs="{}""#,
                    DPOP_ALGORITHMS.join(" ")
                ),
            ];
        }
        Refusal::Token => r#"Bearer realm="breakglass", error="invalid_token""#,
        Refusal::Client | Refusal::Missing | Refusal::Password => r#"Bearer realm="breakglass""#,
    };
    let two = match surface {
        Surface::Breakglass | Surface::FleetIam => [bearer, r#"OpsToken realm="breakglass""#],
        Surface::Broker | Surface::Esx | Surface::Vcenter => {
            [r#"Basic realm="breakglass", charset="UTF-8""#, bearer]
        }
    };
    two.map(str::to_owned).to_vec()
}

fn dpop_challenge(error: &str) -> String {
    let algorithms = DPOP_ALGORITHMS.join(" ");
    format!(r#"DPoP realm="breakglass", algs="{algorithms}", error="{error}""#)
}

/// RFC 6750, section 3, with the error and the parameters that vCenter's clients know.
fn registration_challenge(registration: &NeededRegistration) -> String {
    let configuration = registration.configuration.as_ref();
    let configuration = configuration.map(|url| format!(r#", oidc_config_url="{url}""#));
    format!(
        r#"Bearer realm="breakglass", error="registration_required", error_description="Register the expanded token first", ovl="{}"{}"#,
        registration.expansion,
        configuration.unwrap_or_default()
    )
}
