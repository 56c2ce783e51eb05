//! Chains of certificates: what is accepted is short, signed link by link, and read again as it was read.
//!
//! A null byte parts the texts.

use breakglass_domain::{KeySet, Secret, Timestamp};
use breakglass_ports::TokenSigner;
use breakglass_tokens::HolderKey;

use crate::keys::{OURS, THEIRS};

/// The most texts of a chain.
const MAX_TEXTS: usize = 16;

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    let texts: Vec<String> = data
        .split(|byte| *byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect();
    let signer = &OURS.signer;
    match signer.read_certificate_chain(&texts) {
        Ok(chain) => {
            assert!(!chain.0.is_empty() && texts.len() <= MAX_TEXTS);
            assert!(texts.iter().all(|text| !text.contains("PRIVATE KEY")));
            let ders = chain.0.iter();
            let written: Vec<String> = ders.map(|der| signer.write_certificate(der)).collect();
            let again = signer.read_certificate_chain(&[written.concat()]);
            assert_eq!(again.as_ref(), Ok(&chain));
            let token = Secret::new(THEIRS.sign(br#"{"alg":"EdDSA"}"#, br#"{"iss":"a"}"#));
            let now = Timestamp::from_millis(1_800_000_000_000);
            let verified = signer.verify_foreign_token(&[chain], &KeySet::default(), &token, now);
            assert!(
                verified.is_err(),
                "a stranger's certificate verifies nothing"
            );
        }
        Err(fault) => {
            assert!(!fault.rule.is_empty());
            assert!(
                fault
                    .place
                    .is_none_or(|place| place < data.len() + MAX_TEXTS)
            );
        }
    }
    for text in &texts {
        if let Ok(key) = HolderKey::from_pem(text) {
            let written = key.to_pem().expect("a key is written");
            let again = HolderKey::from_pem(&written).expect("what is written is read");
            assert_eq!(again.thumbprint().ok(), key.thumbprint().ok());
        }
    }
}
