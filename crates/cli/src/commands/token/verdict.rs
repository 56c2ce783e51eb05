//! What a verification found.

use breakglass_domain::Timestamp;
use serde_json::{Map, Value, json};

use crate::arguments::Output;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::{lifetime, table};

/// What was found of a token's recall.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Recall {
    /// The issuer's status list says that it is not recalled.
    Alive,
    /// The token names no status list: its issuer cannot recall it.
    Impossible,
    /// Nobody was asked, as it was wished.
    Unasked,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The token holds.
    Holds {
        /// Its claims.
        claims: Map<String, Value>,
        /// What was found of its recall.
        recall: Recall,
    },
    /// The token does not hold.
    Fails {
        /// Why: one of the exit codes of tokens.
        exit: Exit,
        /// Why, in words.
        reason: String,
        /// Its claims, when the issuer has signed them.
        claims: Option<Map<String, Value>>,
    },
}

impl Recall {
    const fn verdict(self) -> &'static str {
        match self {
            Self::Alive | Self::Impossible => "valid",
            Self::Unasked => "valid, recall not checked",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Alive => "not recalled",
            Self::Impossible => "not recallable: the token names no status list",
            Self::Unasked => "not checked",
        }
    }
}

impl Verdict {
    /// Tells what was found.
    ///
    /// # Errors
    /// When the token does not hold.
    pub(super) fn print(self, output: Output, context: &mut Context) -> Result<Exit, Failure> {
        if output == Output::Json {
            context.console.line(self.object().to_string())?;
        }
        match self {
            Self::Fails { exit, reason, .. } => Err(Failure::new(exit, reason)),
            Self::Holds { claims, recall } => {
                if output == Output::Table {
                    let now = context.clock.now();
                    let facts = facts(&claims, recall, now);
                    context
                        .console
                        .line(table::render(&table::of_facts(facts)))?;
                }
                Ok(Exit::Success)
            }
        }
    }

    fn object(&self) -> Value {
        match self {
            Self::Holds { claims, recall } => json!({
                "valid": true,
                "recallChecked": *recall != Recall::Unasked,
                "claims": claims,
            }),
            Self::Fails {
                exit,
                reason,
                claims,
            } => json!({
                "valid": false,
                "exitCode": exit.code(),
                "reason": reason,
                "claims": claims,
            }),
        }
    }
}

/// What the token is bound to (RFC 7800, section 3.1).
fn binding(claims: &Map<String, Value>) -> Option<String> {
    let cnf = claims.get("cnf")?;
    let member = |name: &str| cnf.get(name).and_then(Value::as_str);
    let key = member("jkt").map(|thumbprint| format!("key {thumbprint}"));
    let certificate = member("x5t#S256").map(|thumbprint| format!("certificate {thumbprint}"));
    key.or(certificate)
}

fn facts(
    claims: &Map<String, Value>,
    recall: Recall,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let text = |name: &str| match claims.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let end = claims.get("exp").and_then(Value::as_i64);
    let end = end.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000)));
    let roles = claims.get("roles").and_then(Value::as_array);
    let roles: Vec<&str> = roles
        .into_iter()
        .flatten()
        .filter_map(|role| role.get("name").unwrap_or(role).as_str())
        .collect();
    vec![
        ("Verdict", recall.verdict().to_owned()),
        ("Issuer", text("iss")),
        ("Client", text("client_id")),
        ("Audience", text("aud")),
        ("Roles", roles.join(", ")),
        ("Leaves out", text("ovc")),
        ("Token id", text("jti")),
        ("Bound to", table::optional(binding(claims))),
        (
            "Left",
            table::optional(end.map(|end| lifetime::countdown(now, end))),
        ),
        ("Recall", recall.text().to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_is_bound_to_is_told() {
        for (cnf, told) in [
            (json!({"jkt": "a"}), Some("key a")),
            (json!({"x5t#S256": "b"}), Some("certificate b")),
            (json!({}), None),
            (json!(null), None),
        ] {
            let claims = Map::from_iter([("cnf".to_owned(), cnf)]);
            assert_eq!(binding(&claims).as_deref(), told);
        }
        assert_eq!(binding(&Map::new()), None);
    }
}
