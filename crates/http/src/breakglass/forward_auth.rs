//! `/breakglass/v1/forward-auth`: whether a request that waits at a proxy may pass.

use breakglass_api_types::Operation;
use breakglass_domain::{Entitlement, VerifiedBy};
use http::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

const SUBJECT: HeaderName = HeaderName::from_static("x-breakglass-subject");
const ENTITLEMENTS: HeaderName = HeaderName::from_static("x-breakglass-entitlements");
const ISSUER: HeaderName = HeaderName::from_static("x-breakglass-issuer");
const REALM: HeaderName = HeaderName::from_static("x-breakglass-realm");

/// `forwardAuth`.
pub(crate) async fn check(call: &Call) -> Result<Reply, Failure> {
    let rule = "must be IDENTITY_MGMT, OBSERVABILITY, READ_ONLY or SECURITY_MGMT";
    let in_path = call.parameter("entitlement");
    let needed: Option<Entitlement> = if in_path.is_empty() {
        let mut query = call.query();
        let needed = query.read("entitlement", rule);
        query.finish_with(Ok(()))?;
        needed
    } else {
        // The query is that of the request that waits, and says nothing to us.
        let parsed = in_path.parse();
        Some(parsed.map_err(|_| Failure::of_field("entitlement", rule))?)
    };
    let caller = call.caller()?;
    if let Some(needed) = needed {
        let operation = Operation::ForwardAuth.name();
        call.app()
            .authorize_entitled(caller, &[needed], operation)
            .await?;
    }
    let identity = caller.host_identity()?;
    let entitlements: Vec<&str> = identity
        .decision
        .entitlements()
        .into_iter()
        .map(Entitlement::name)
        .collect();
    let reply = Reply::empty()
        .with_header(SUBJECT, text(&identity.subject()))
        .with_header(ENTITLEMENTS, text(&entitlements.join(" ")))
        .with_header(REALM, text(&identity.realm_id.to_string()));
    Ok(match &identity.known.verified_by {
        VerifiedBy::Issuer(alias) => reply.with_header(ISSUER, text(alias.as_str())),
        VerifiedBy::Local => reply,
    })
}

/// A header of this text. What a header cannot hold is percent-encoded, and so is the percent sign.
fn text(text: &str) -> HeaderValue {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'%';
    let mut encoded = String::new();
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(percent_encode(&[byte], NON_ALPHANUMERIC));
        }
    }
    HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_spelled_so_that_a_header_holds_it() {
        for (subject, header) in [
            ("alice@example.org", "alice@example.org"),
            ("Ärztin 1%", "%C3%84rztin 1%25"),
            ("a\r\nb", "a%0D%0Ab"),
        ] {
            assert_eq!(text(subject).to_str().ok(), Some(header));
        }
    }
}
