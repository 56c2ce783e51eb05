//! Certificates of other issuers (RFC 5280): read, checked, and used for nothing but the key that they hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_domain::{CertificateChain, Timestamp};
use breakglass_ports::ChainFault;
use jsonwebtoken::{Algorithm, DecodingKey};
use pem::{EncodeConfig, LineEnding, Pem};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

/// The most certificates of a chain.
const MAX_CERTIFICATES: usize = 16;

/// The longest text of a certificate, in characters.
const MAX_TEXT: usize = 32 * 1024;

const LABEL: &str = "CERTIFICATE";

/// The algorithms of an RSA key.
pub(crate) const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// Reads a chain: each text one certificate or several, in PEM (RFC 7468) or in base64 of DER.
pub(crate) fn read_chain(texts: &[String]) -> Result<CertificateChain, ChainFault> {
    if !(1..=MAX_CERTIFICATES).contains(&texts.len()) {
        let rule = format!("must have 1 to {MAX_CERTIFICATES} certificates");
        return Err(ChainFault { place: None, rule });
    }
    let mut chain = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let refused = |rule: &str| ChainFault {
            place: Some(place),
            rule: rule.to_owned(),
        };
        let ders = read_text(text).map_err(&refused)?;
        for der in &ders {
            check(der).map_err(&refused)?;
        }
        chain.extend(ders);
    }
    for (place, pair) in chain.windows(2).enumerate() {
        if let [subject, issuer] = pair
            && !is_signed_by(subject, issuer)
        {
            return Err(ChainFault {
                place: Some(place),
                rule: "is not signed by the certificate that follows it".to_owned(),
            });
        }
    }
    Ok(CertificateChain(chain))
}

/// A certificate in PEM.
pub(crate) fn write(der: &[u8]) -> String {
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(LABEL, der), lines)
}

fn read_text(text: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    const RULE: &str = "must be an X.509 certificate in PEM, or in base64 of DER";
    if text.len() > MAX_TEXT {
        return Err("is too long");
    }
    if text.contains("PRIVATE KEY") {
        return Err("must not hold a private key");
    }
    if text.contains("-----BEGIN") {
        let parsed = pem::parse_many(text).map_err(|_| RULE)?;
        let all_certificates = parsed.iter().all(|pem| pem.tag() == LABEL);
        if parsed.is_empty() || !all_certificates {
            return Err(RULE);
        }
        return Ok(parsed.into_iter().map(Pem::into_contents).collect());
    }
    let packed: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(packed).map_err(|_| RULE)?;
    Ok(vec![der])
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Some(certificate),
        _ => None,
    }
}

fn check(der: &[u8]) -> Result<(), &'static str> {
    let certificate = parse(der).ok_or("is not an X.509 certificate")?;
    match key(&certificate) {
        Some(_) => Ok(()),
        None => Err(
            "must hold an RSA key of 2048 to 8192 bits, a point on P-256 or P-384, or an Ed25519 key",
        ),
    }
}

fn is_signed_by(subject: &[u8], issuer: &[u8]) -> bool {
    let (Some(subject), Some(issuer)) = (parse(subject), parse(issuer)) else {
        return false;
    };
    subject.issuer() == issuer.subject()
        && subject.verify_signature(Some(issuer.public_key())).is_ok()
}

/// The key of a certificate, and the algorithms that go with it.
fn key(certificate: &X509Certificate<'_>) -> Option<(DecodingKey, &'static [Algorithm])> {
    let info = certificate.public_key();
    let bytes = info.subject_public_key.data.as_ref();
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) if (2048..=8192).contains(&rsa.key_size()) => {
            Some((DecodingKey::from_rsa_der(bytes), &RSA))
        }
        Ok(PublicKey::EC(point)) => match point.key_size() {
            256 => Some((DecodingKey::from_ec_der(bytes), &[Algorithm::ES256])),
            384 => Some((DecodingKey::from_ec_der(bytes), &[Algorithm::ES384])),
            _ => None,
        },
        // RFC 8410, section 3: id-Ed25519.
        _ if info.algorithm.algorithm.to_id_string() == "1.3.101.112" && bytes.len() == 32 => {
            Some((DecodingKey::from_ed_der(bytes), &[Algorithm::EdDSA]))
        }
        _ => None,
    }
}

/// The key of the first certificate of a chain, which signs, when that certificate is valid at this instant.
pub(crate) fn signing_key(
    chain: &CertificateChain,
    now: Timestamp,
) -> Option<(DecodingKey, &'static [Algorithm])> {
    let certificate = parse(chain.0.first()?)?;
    let validity = certificate.validity();
    let is_valid =
        (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now.seconds());
    key(&certificate).filter(|_| is_valid)
}
