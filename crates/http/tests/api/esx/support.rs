//! What the tests of this surface share: an issuer that is trusted, and requests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey};
use serde_json::{Value, json};

use crate::support::{Ask, Harness, Told};

pub(crate) const PROFILES: &str = "/api/esx/authentication/client-profiles";
pub(crate) const ISSUERS: &str = "/api/esx/authentication/trust/security-token-issuers";
pub(crate) const TOKEN: &str = "/api/esx/authentication/token";

/// An issuer of another product, with a certificate of its own.
pub(crate) struct Issuer {
    key: KeyPair,
    pub(crate) name: String,
    pub(crate) certificate: String,
}

impl Issuer {
    pub(crate) fn new(issuer: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let params = CertificateParams::new(vec!["issuer.example".to_owned()]).unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            name: issuer.to_owned(),
            key,
        }
    }

    /// The request to trust it.
    pub(crate) fn spec(&self, alias: &str) -> Value {
        json!({
            "issuer_alias": alias,
            "issuer": self.name,
            "signing_cert_chains": [{"cert_chain": [self.certificate]}],
        })
    }

    /// What it publishes, where its key has this name.
    pub(crate) fn key_set(&self, kid: &str) -> String {
        // An uncompressed point: RFC 5480, section 2.2.
        let point = self.key.public_key_raw();
        let (x, y) = point[1..].split_at(32);
        let [x, y] = [x, y].map(|number| URL_SAFE_NO_PAD.encode(number));
        let key = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig"});
        json!({ "keys": [key] }).to_string()
    }

    /// A token of this subject with further claims, that lives for ten minutes.
    pub(crate) fn token(&self, harness: &Harness, subject: &str, more: &Value) -> String {
        self.token_by(&json!({"alg": "ES256"}), harness, subject, more)
    }

    /// The same with this header.
    pub(crate) fn token_by(
        &self,
        header: &Value,
        harness: &Harness,
        subject: &str,
        more: &Value,
    ) -> String {
        let now = harness.test.app.now().seconds();
        let mut claims = json!({
            "iss": self.name,
            "sub": subject,
            "aud": "vmware-tes:vapi",
            "iat": now,
            "exp": now + 600,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(&claims));
        let der = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(fixed(&der)))
    }
}

/// A signature of ECDSA in the form of a JWS (RFC 7518, section 3.4) rather than in DER.
fn fixed(der: &[u8]) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        fixed.extend(std::iter::repeat_n(0, 32 - number.len()));
        fixed.extend(number);
        rest = &rest[2 + length..];
    }
    fixed
}

/// Trusts an issuer under this alias.
pub(crate) async fn trust(harness: &Harness, alias: &str, issuer: &Issuer) {
    let ask = Ask::post(ISSUERS).json(&issuer.spec(alias));
    harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::NO_CONTENT);
}

pub(crate) fn grants(names: &[&str]) -> Value {
    let grant = |name: &&str| json!({"resource_type": "ENTITLEMENT", "entitlement": name});
    names.iter().map(grant).collect()
}

/// Makes a profile and gives its id.
pub(crate) async fn profile(harness: &Harness, spec: &Value) -> String {
    let told = harness.send_as_admin(Ask::post(PROFILES).json(spec)).await;
    let told = told.expect(StatusCode::CREATED);
    told.json().as_str().unwrap().to_owned()
}

/// What a bearer of this token is told of the profiles.
pub(crate) async fn list_with(harness: &Harness, token: &str) -> Told {
    let ask = Ask::get(PROFILES).authorization(&format!("Bearer {token}"));
    harness.send(ask).await
}

/// Checks the whole of an error.
pub(crate) fn refused(told: &Told, status: u16, error_type: &str) -> Value {
    assert_eq!(told.status, status, "{}", told.text);
    let body = told.json();
    assert_eq!(body["error_type"], error_type, "{body}");
    let message = &body["messages"][0];
    assert!(message["id"].is_string() && message["default_message"].is_string());
    assert_eq!(message["args"], json!([]));
    body
}

/// The paths of the fields that an error names.
pub(crate) fn fields(body: &Value) -> Vec<&str> {
    let fields = body["data"]["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|field| field["path"].as_str().unwrap())
        .collect()
}
