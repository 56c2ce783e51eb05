//! Nonces by which a proof is known to be of now without trust in the clock of who made it (RFC 9449, section 8).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::timestamp::Timestamp;

/// For how long one nonce is given, in milliseconds. It is good for as long again, so that none is dead on arrival.
const PERIOD_MILLIS: i64 = 60_000;

/// Gives nonces and knows them again. A nonce is a keyed digest of the minute in which it was given, so none is kept.
pub struct DpopNonces([u8; 32]);

impl DpopNonces {
    /// Nonces under this key: 32 random bytes that nobody else has.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The nonce of this instant.
    pub fn issue(&self, now: Timestamp) -> String {
        self.of_period(now.millis().div_euclid(PERIOD_MILLIS))
    }

    /// The last instant at which a nonce is good; `None` when it is not good now.
    pub fn end_of(&self, nonce: &str, now: Timestamp) -> Option<Timestamp> {
        let present = now.millis().div_euclid(PERIOD_MILLIS);
        let period = [present, present - 1]
            .into_iter()
            .find(|period| self.of_period(*period) == nonce)?;
        let end = (period + 2).saturating_mul(PERIOD_MILLIS);
        Some(Timestamp::from_millis(end.saturating_sub(1)))
    }

    fn of_period(&self, period: i64) -> String {
        // A key of 32 bytes is never refused.
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        hmac.update(b"dpop nonce");
        hmac.update(&period.to_be_bytes());
        URL_SAFE_NO_PAD.encode(hmac.finalize().into_bytes())
    }
}

impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopNonces(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_its_minute_and_the_next() {
        let nonces = DpopNonces::new([7; 32]);
        let at = Timestamp::from_millis;
        let nonce = nonces.issue(at(60_000));
        assert_eq!(nonces.issue(at(119_999)), nonce);
        for now in [60_000, 119_999, 179_999] {
            assert_eq!(nonces.end_of(&nonce, at(now)), Some(at(179_999)), "{now}");
        }
        for now in [59_999, 180_000] {
            assert_eq!(nonces.end_of(&nonce, at(now)), None, "{now}");
        }
        assert_eq!(DpopNonces::new([8; 32]).end_of(&nonce, at(60_000)), None);
        assert_eq!(nonces.end_of("", at(60_000)), None);
        assert_eq!(format!("{nonces:?}"), "DpopNonces(..)");
    }
}
