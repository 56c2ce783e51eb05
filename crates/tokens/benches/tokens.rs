//! What it costs to make and to verify an access token, by algorithm. `cargo xtask bench --micro` runs it.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use breakglass_domain::{
    AccessTokenClaims, BrokerId, RoleClaim, SignatureAlgorithm, StatusClaim, Timestamp, TokenId,
};
use breakglass_ports::TokenSigner;
use breakglass_tokens::{JwtSigner, MasterKey, Vault};
use criterion::Criterion;

const ISSUER: &str = "https://breakglass.example/acs/t/CUSTOMER";

const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Rs256,
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let signer = JwtSigner::new(Arc::new(Vault::new(MasterKey::new([1; 32]))));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for algorithm in ALGORITHMS {
        let broker = Some(BrokerId::from_random([1; 16]));
        let made = signer.generate(broker, algorithm, Timestamp::from_millis(1));
        let keys = [runtime.block_on(made)?];
        let [key] = &keys;
        let (name, claims) = (algorithm.name(), claims());
        let token = signer.sign_access_token(key, &claims)?;
        criterion.bench_function(&format!("make a JWT, {name}"), |bencher| {
            bencher.iter(|| signer.sign_access_token(key, black_box(&claims)));
        });
        criterion.bench_function(&format!("verify a JWT, {name}"), |bencher| {
            bencher.iter(|| signer.verify_access_token(&keys, ISSUER, black_box(&token)));
        });
    }
    criterion.final_summary();
    Ok(())
}

fn claims() -> AccessTokenClaims {
    AccessTokenClaims {
        issuer: ISSUER.to_owned(),
        subject: "bench".to_owned(),
        client_id: "bench".to_owned(),
        audience: vec!["https://breakglass.example".to_owned()],
        issued_at: Timestamp::from_millis(1_750_000_000_000),
        expires_at: Timestamp::from_millis(1_750_003_600_000),
        token_id: TokenId::from_bytes([0xab; 16]),
        roles: vec![RoleClaim::administrator()],
        scope: None,
        status: Some(StatusClaim {
            index: 7,
            uri: format!("{ISSUER}/statuslist"),
        }),
        credential: None,
        actor: None,
        confirmation: None,
        derived_from: Vec::new(),
        overflow: None,
        expands: None,
    }
}
