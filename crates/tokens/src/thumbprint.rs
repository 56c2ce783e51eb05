//! The `kid` of a key: its thumbprint (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::KeyId;
use breakglass_ports::PublicKeyMaterial;

/// The SHA-256 thumbprint of a public key in base64url (RFC 7638, section 3).
pub(crate) fn thumbprint(material: &PublicKeyMaterial) -> KeyId {
    KeyId::new(URL_SAFE_NO_PAD.encode(digest(&SHA256, members(material).as_bytes())))
}

/// The required members of a public key as a JWK, in the one spelling that is digested.
pub(crate) fn members(material: &PublicKeyMaterial) -> String {
    // RFC 7638, section 3.2, and RFC 8037, section 2: the required members alone, in the order of their names, without
    // white space. Base64url needs no escapes in JSON.
    match material {
        PublicKeyMaterial::EllipticCurve { x, y } => {
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        PublicKeyMaterial::OctetKeyPair { x } => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
        }
        PublicKeyMaterial::Rsa { e, n } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(material: &PublicKeyMaterial, expected: &str) {
        assert_eq!(thumbprint(material).as_str(), expected);
    }

    #[test]
    fn the_rsa_key_of_rfc_7638_has_its_thumbprint() {
        // RFC 7638, section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
                 FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb\
                 9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls\
                 1jF44-csFCur-kEgU8awapJzKnqDKgw";
        check(
            &PublicKeyMaterial::Rsa {
                e: "AQAB".to_owned(),
                n: n.to_owned(),
            },
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        );
    }

    #[test]
    fn the_ed25519_key_of_rfc_8037_has_its_thumbprint() {
        // RFC 8037, appendix A.3.
        check(
            &PublicKeyMaterial::OctetKeyPair {
                x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            },
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        );
    }
}
