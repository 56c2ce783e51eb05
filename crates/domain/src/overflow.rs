//! Overflow: what a token leaves out when all that it should say of its holder's rights would make it too long for a header.
//!
//! Such a token names the claims that it leaves out (`ovc`) and says where they are (`ovl`). It carries their digest as well,
//! so that whoever can write the store can put no others in their place.

use crate::access_token::{AccessTokenClaims, RoleClaim};
use crate::id::TokenId;
use crate::thumbprint::Thumbprint;
use crate::validation::ValidationReport;

/// How long an access token may be, in bytes of its compact form, before it leaves claims out.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OverflowThreshold(u32);

impl OverflowThreshold {
    /// The least: a token without any of the claims that can be left out fits, but for the longest audiences and actors.
    pub const LEAST: u32 = 3072;

    /// The most: what is longer is not even looked at when it comes back.
    pub const MOST: u32 = 12_288;

    /// A threshold of so many bytes, when it is within the bounds.
    pub fn new(bytes: i64) -> Option<Self> {
        let bytes = u32::try_from(bytes).ok()?;
        (Self::LEAST..=Self::MOST)
            .contains(&bytes)
            .then_some(Self(bytes))
    }

    /// The bytes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether a token of so many bytes is too long.
    pub fn is_passed_by(self, bytes: usize) -> bool {
        u32::try_from(bytes).map_or(true, |bytes| bytes > self.0)
    }
}

impl Default for OverflowThreshold {
    fn default() -> Self {
        Self(4096)
    }
}

/// The request for a threshold, as it came from outside. What is absent stays.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenPolicyDraft {
    /// In bytes, 3072 to 12288.
    pub token_overflow_threshold: Option<i64>,
}

impl TokenPolicyDraft {
    /// Accepts the draft for a realm that has this threshold.
    ///
    /// # Errors
    /// A report of the faulty field.
    pub fn accept(self, current: OverflowThreshold) -> Result<OverflowThreshold, ValidationReport> {
        let Some(bytes) = self.token_overflow_threshold else {
            return Ok(current);
        };
        OverflowThreshold::new(bytes).ok_or_else(|| {
            let rule = "must be 3072 to 12288 bytes";
            ValidationReport::of("tokenOverflowThreshold", rule)
        })
    }
}

/// The claims of an access token that say what its holder may do: what there can be any number of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AuthorizationClaims {
    /// `roles`, and what follows from them.
    pub roles: Vec<RoleClaim>,
    /// `scope`.
    pub scope: Option<String>,
}

impl AuthorizationClaims {
    /// The names of those that say anything, ordered.
    pub fn names(&self) -> Vec<&'static str> {
        let is_limited = |role: &RoleClaim| !role.resources.is_empty();
        let mut names = Vec::new();
        if self.roles.iter().any(is_limited) {
            names.push("authorization_details");
        }
        if !self.roles.is_empty() {
            names.push("roles");
        }
        if self.scope.is_some() {
            names.push("scope");
        }
        names
    }

    /// What a token says instead that leaves them out, but for where they are.
    pub fn left_out(&self) -> OverflowClaim {
        let names = self.names().into_iter();
        OverflowClaim {
            names: names.map(str::to_owned).collect(),
            expansion: String::new(),
            digest: self.digest(),
        }
    }

    /// Whether a token that carries them is longer than this, whatever else it says. Looks no further than it must.
    pub fn surely_pass(&self, threshold: OverflowThreshold) -> bool {
        let mut letters = self.scope.as_ref().map_or(0, String::len);
        let is_over = |letters: usize| threshold.is_passed_by(letters / 3 * 4);
        for role in &self.roles {
            if is_over(letters) {
                break;
            }
            letters += role.name.len() + role.display_name.len();
            letters += role.resources.iter().map(String::len).sum::<usize>();
        }
        is_over(letters)
    }

    /// A digest that no other claims have: each text stands after its length and each list after its count.
    pub fn digest(&self) -> Thumbprint {
        let mut bytes = Vec::new();
        push_count(&mut bytes, self.roles.len());
        for role in &self.roles {
            push_text(&mut bytes, &role.name);
            push_text(&mut bytes, &role.display_name);
            push_count(&mut bytes, role.resources.len());
            for resource in &role.resources {
                push_text(&mut bytes, resource);
            }
        }
        if let Some(scope) = &self.scope {
            push_text(&mut bytes, scope);
        }
        Thumbprint::of(&bytes)
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    push_count(bytes, text.len());
    bytes.extend(text.as_bytes());
}

fn push_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes());
}

/// What a token says in place of the claims that it leaves out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OverflowClaim {
    /// `ovc`: their names.
    pub names: Vec<String>,
    /// `ovl`: the absolute URL of the expansion.
    pub expansion: String,
    /// `ovd`: their digest.
    pub digest: Thumbprint,
}

impl AccessTokenClaims {
    /// The claims that say what the holder may do.
    pub fn authorization(&self) -> AuthorizationClaims {
        AuthorizationClaims {
            roles: self.roles.clone(),
            scope: self.scope.clone(),
        }
    }

    /// The same token with what it leaves out in its place, and no word of that it does.
    #[must_use]
    pub fn with(mut self, authorization: AuthorizationClaims) -> Self {
        self.roles = authorization.roles;
        self.scope = authorization.scope;
        self.overflow = None;
        self
    }

    /// The same token, which leaves those claims out.
    #[must_use]
    pub fn without(mut self, left_out: OverflowClaim) -> Self {
        self.roles = Vec::new();
        self.scope = None;
        self.overflow = Some(left_out);
        self
    }

    /// The expanded twin of an overflow token: it says all, ends with it, dies with it and names it. Its own id follows from
    /// the other's, so that expanding a token twice makes no two tokens. `None` for a token that leaves nothing out, or when these
    /// are not the claims that it leaves out.
    pub fn expanded(&self, authorization: AuthorizationClaims) -> Option<Self> {
        let overflow = self.overflow.as_ref()?;
        (overflow.digest == authorization.digest()).then(|| Self {
            token_id: twin(self.token_id),
            expands: Some(self.token_id),
            ..self.clone().with(authorization)
        })
    }

    /// The tokens that this one dies with: itself, and those that it is a copy or the expansion of.
    pub fn lineage(&self) -> Vec<TokenId> {
        let mut ids = self.derived_from.clone();
        ids.extend(self.expands);
        ids.push(self.token_id);
        ids
    }
}

/// The id of the expanded twin of a token.
fn twin(token_id: TokenId) -> TokenId {
    let text = format!("expanded/{token_id}");
    let digest = Thumbprint::of(text.as_bytes());
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest.as_bytes()) {
        *byte = *from;
    }
    TokenId::from_random(bytes)
}

#[cfg(test)]
mod tests;
