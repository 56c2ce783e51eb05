//! Access tokens of ours: nothing verifies but what was signed, to the byte, and what was signed says what it said.
//!
//! The first byte says what the others are: `t` a text that is shown, `e` changes to a token that was signed, `c` claims as JSON
//! that are signed.

use std::sync::LazyLock;

use breakglass_domain::access_token::{MAX_DERIVATIONS, MAX_TOKEN_BYTES};
use breakglass_domain::{
    AccessTokenClaims, ActorClaim, OverflowClaim, RoleClaim, Secret, StatusClaim, Thumbprint,
    Timestamp, TokenId,
};
use breakglass_ports::TokenSigner;
use serde_json::Value;

use crate::keys::{ISSUER, OURS};
use crate::tamper::{split, tampered};

static SIGNED: LazyLock<String> = LazyLock::new(|| {
    let token = OURS
        .signer
        .sign_access_token(OURS.key(), &claims(&Value::Null));
    token.expect("a token").expose().to_owned()
});

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    match split(data) {
        (b'c', json) => {
            if let Ok(wanted) = serde_json::from_slice(json) {
                comes_back(&claims(&wanted));
            }
        }
        (b'e', changes) => is_refused_unless_signed(&tampered(&SIGNED, changes)),
        (_, text) => is_refused_unless_signed(&String::from_utf8_lossy(text)),
    }
}

fn is_refused_unless_signed(shown: &str) {
    let token = Secret::new(shown);
    let ours = &OURS.signer;
    let verified = [
        ours.verify_access_token(&OURS.keys, ISSUER, &token).is_ok(),
        ours.verify_own_expanded_token(&OURS.keys, ISSUER, &token)
            .is_ok(),
        OURS.published.verify_access_token(shown).is_ok(),
    ];
    let is_signed = shown == *SIGNED;
    assert_eq!(verified, [is_signed; 3], "{shown:?}");

    let other = [
        ours.verify_host_token(OURS.key(), ISSUER, &token).is_ok(),
        ours.verify_checkpoint(OURS.key(), shown).is_ok(),
        OURS.published.verify_status_list(shown).is_ok(),
    ];
    assert_eq!(
        other, [false; 3],
        "an access token is nothing else: {shown:?}"
    );
    // What a text claims of itself is read before anything is verified.
    drop((ours.claimed_key(&token), ours.claimed_kid(&token)));
    drop((ours.claimed_issuer(&token), ours.claimed_client(&token)));
}

fn comes_back(claims: &AccessTokenClaims) {
    let Ok(token) = OURS.signer.sign_access_token(OURS.key(), claims) else {
        return;
    };
    assert!(token.expose().len() <= MAX_TOKEN_BYTES);
    let read = OURS.signer.verify_access_token(&OURS.keys, ISSUER, &token);
    assert_eq!(read.as_ref(), Ok(claims));
    let published = OURS.published.verify_access_token(token.expose());
    assert_eq!(
        published.expect("others verify it")["sub"],
        claims.subject.as_str()
    );
}

/// Claims that can be, of whatever is wanted of them.
fn claims(wanted: &Value) -> AccessTokenClaims {
    let overflow = wanted
        .get("ovl")
        .and_then(Value::as_str)
        .map(|expansion| OverflowClaim {
            names: texts(wanted, "ovc"),
            expansion: expansion.to_owned(),
            digest: Thumbprint::of(expansion.as_bytes()),
        });
    let whole = overflow.is_none();
    let seconds = |name: &str| {
        wanted
            .get(name)
            .and_then(Value::as_i64)
            .unwrap_or(1_750_000_000)
            % 100_000_000_000
    };
    AccessTokenClaims {
        issuer: ISSUER.to_owned(),
        subject: text(wanted, "sub"),
        client_id: text(wanted, "client_id"),
        audience: texts(wanted, "aud"),
        issued_at: Timestamp::from_millis(seconds("iat") * 1000),
        expires_at: Timestamp::from_millis(seconds("exp") * 1000),
        token_id: TokenId::from_bytes([0xab; 16]),
        roles: texts(wanted, "roles")
            .iter()
            .filter(|_| whole)
            .map(|name| role(name))
            .collect(),
        scope: wanted
            .get("scope")
            .and_then(Value::as_str)
            .filter(|_| whole)
            .map(str::to_owned),
        status: wanted
            .get("idx")
            .and_then(Value::as_u64)
            .map(|index| StatusClaim {
                index,
                uri: text(wanted, "uri"),
            }),
        credential: None,
        actor: actor(&texts(wanted, "act")),
        confirmation: None,
        derived_from: vec![
            TokenId::from_bytes([7; 16]);
            texts(wanted, "derived_from").len().min(MAX_DERIVATIONS)
        ],
        overflow,
        expands: None,
    }
}

fn text(wanted: &Value, name: &str) -> String {
    wanted
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn texts(wanted: &Value, name: &str) -> Vec<String> {
    let list = wanted.get(name).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn role(name: &str) -> RoleClaim {
    RoleClaim {
        name: name.to_owned(),
        display_name: name.chars().rev().collect(),
        resources: name.split('/').skip(1).map(str::to_owned).collect(),
    }
}

fn actor(names: &[String]) -> Option<ActorClaim> {
    names
        .iter()
        .take(MAX_DERIVATIONS)
        .fold(None, |inner, name| {
            Some(ActorClaim {
                subject: name.clone(),
                actor: inner.map(Box::new),
            })
        })
}
