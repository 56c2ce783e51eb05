//! Whether who shows a token holds what the token is bound to: a key (RFC 9449) or a certificate (RFC 8705).

use breakglass_domain::replay_cache::Showing;
use breakglass_domain::{
    Confirmation, DpopFault, DpopFreshness, DpopRequest, Secret, Thumbprint, Timestamp, TokenDigest,
};

use crate::app::{App, lock};
use crate::caller::Origin;
use crate::error::{Error, GrantFault, Refusal};
use crate::live_token::LiveToken;

/// After how many seconds to try again while no more proofs can be remembered: within a minute some are forgotten.
const ROOM_SECONDS: u64 = 60;

/// A proof of a key, as a request shows it in its `DPoP` header (RFC 9449, section 4.1).
#[derive(Clone, Debug)]
pub struct ShownProof {
    /// The header; nothing when there was none, or more than one.
    pub jwt: Secret,
    /// The method of the request.
    pub method: String,
    /// The path of the request, encoded as it was sent. With the public URL before it, it is what `htu` has to be.
    pub path: String,
}

/// A proof that is for this request and of now, and was not used up yet.
pub(crate) struct ReadProof {
    /// The thumbprint of the key.
    pub(crate) key: Thumbprint,
    digest: TokenDigest,
    end: Timestamp,
}

/// Why possession is not proven.
pub(crate) enum Unproven {
    /// The proof is wrong, or was used before.
    Proof,
    /// The proof is of another time.
    Nonce,
    /// So many proofs were shown that no more can be remembered.
    NoRoom,
    /// What the token is bound to was not shown.
    Token,
}

impl App {
    /// Reads a proof, which must be for this request and, when a token comes with it, for this token.
    pub(crate) fn read_proof(
        &self,
        shown: &ShownProof,
        token: Option<&Secret>,
    ) -> Result<ReadProof, Unproven> {
        let read = self.ports.signer.verify_dpop_proof(&shown.jwt);
        let proof = read.map_err(|_| Unproven::Proof)?;
        let uri = format!("{}{}", self.public_url(), shown.path);
        let request = DpopRequest {
            method: &shown.method,
            uri: &uri,
            token: token.map(Secret::expose),
        };
        let freshness = DpopFreshness {
            nonces: &self.nonces,
            is_nonce_required: self.options.require_dpop_nonce,
            remembered_since: self.started_at,
            now: self.now(),
        };
        let end = proof
            .check(request, freshness)
            .map_err(|fault| match fault {
                DpopFault::Misplaced => Unproven::Proof,
                DpopFault::NonceNeeded => Unproven::Nonce,
            })?;
        Ok(ReadProof {
            key: proof.key,
            digest: TokenDigest::of(&format!("{}\n{}", proof.key, proof.id)),
            end,
        })
    }

    /// Uses a proof up. Those for emergency tokens are remembered apart, so that no crowd of others takes their room.
    pub(crate) fn use_proof(&self, proof: &ReadProof, is_emergency: bool) -> Result<(), Unproven> {
        let cache = if is_emergency {
            &self.emergency_proofs
        } else {
            &self.proofs
        };
        match lock(cache).show(proof.digest, proof.end, self.now()) {
            Showing::First => Ok(()),
            Showing::NoRoom => Err(Unproven::NoRoom),
            Showing::Repeated => Err(Unproven::Proof),
        }
    }

    /// Lets a live token pass as a credential when who shows it holds what it is bound to. A token that is bound to nothing
    /// is no token of the scheme `DPoP` (RFC 9449, section 7.1).
    pub(crate) fn prove_possession(
        &self,
        live: &LiveToken,
        token: &Secret,
        shown: Option<&ShownProof>,
        origin: &Origin,
    ) -> Result<(), Unproven> {
        let bound = (live.claims().confirmation, live.is_emergency());
        self.prove_possession_of(bound, token, shown, origin)
    }

    /// The same for a token that is bound to this, of an emergency client or not.
    pub(crate) fn prove_possession_of(
        &self,
        (confirmation, is_emergency): (Option<Confirmation>, bool),
        token: &Secret,
        shown: Option<&ShownProof>,
        origin: &Origin,
    ) -> Result<(), Unproven> {
        let Some(shown) = shown else {
            return Held::by(None, origin).check(confirmation);
        };
        if !matches!(confirmation, Some(Confirmation::Key(_))) {
            return Err(Unproven::Token);
        }
        let proof = self.read_proof(shown, Some(token))?;
        if confirmation != Some(Confirmation::Key(proof.key)) {
            return Err(Unproven::Proof);
        }
        self.use_proof(&proof, is_emergency)
    }

    /// The error of a request whose credential is bound to what was not shown. Whoever has a token that is alive without what
    /// it is bound to may have stolen it, so it is recorded, with the holder; a proof of another time is everyday life.
    pub(crate) async fn refuse_possession(
        &self,
        unproven: Unproven,
        holder: &str,
        origin: &Origin,
        operation: &str,
    ) -> Error {
        let refusal = match unproven {
            Unproven::Proof => Refusal::Proof,
            Unproven::Token => Refusal::Possession,
            Unproven::Nonce => return self.nonce_needed(false),
            Unproven::NoRoom => return no_room(),
        };
        let limited = self.admit_attempt(origin).err();
        self.record_refusal(origin, operation, refusal, Some(holder))
            .await;
        limited.unwrap_or(Error::Unauthenticated(refusal))
    }

    /// The error of a request for a token whose proof is not good.
    pub(crate) async fn refuse_proof(
        &self,
        unproven: Unproven,
        origin: &Origin,
        operation: &str,
    ) -> Error {
        let (refusal, fault) = match unproven {
            Unproven::Proof => (Refusal::Proof, GrantFault::InvalidDpopProof),
            Unproven::Token => (Refusal::Possession, GrantFault::InvalidGrant),
            Unproven::Nonce => return self.nonce_needed(true),
            Unproven::NoRoom => return no_room(),
        };
        let limited = self.admit_attempt(origin).err();
        self.record_refusal(origin, operation, refusal, None).await;
        limited.unwrap_or(Error::Grant(fault))
    }

    fn nonce_needed(&self, is_grant: bool) -> Error {
        Error::DpopNonceNeeded {
            nonce: self.nonces.issue(self.now()),
            is_grant,
        }
    }
}

fn no_room() -> Error {
    Error::RateLimited {
        retry_after_seconds: ROOM_SECONDS,
    }
}

/// What the sender of a request was found to hold.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    key: Option<Thumbprint>,
    certificate: Option<Thumbprint>,
}

impl Held {
    /// What a proof and the connection show.
    pub(crate) fn by(proof: Option<&ReadProof>, origin: &Origin) -> Self {
        Self {
            key: proof.map(|proof| proof.key),
            certificate: origin.client_certificate,
        }
    }

    /// What a token that is made for the sender is bound to: a key that was proven for this, or else the certificate of the
    /// connection.
    pub(crate) fn confirmation(self) -> Option<Confirmation> {
        let certificate = self.certificate.map(Confirmation::Certificate);
        self.key.map(Confirmation::Key).or(certificate)
    }

    /// Lets a token pass that is bound to nothing, or to what is held.
    pub(crate) fn check(self, confirmation: Option<Confirmation>) -> Result<(), Unproven> {
        let is_held = match confirmation {
            None => true,
            Some(Confirmation::Certificate(bound)) => self.certificate == Some(bound),
            Some(Confirmation::Key(bound)) => self.key == Some(bound),
        };
        if is_held {
            Ok(())
        } else {
            Err(Unproven::Token)
        }
    }
}
