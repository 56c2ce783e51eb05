//! A token as it is handed over, and what stands in it.

use std::fmt;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{Secret, Timestamp};
use serde_json::{Map, Value, json};

use crate::arguments::TokenArgs;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Reads the token from the command line, standard input or a file.
///
/// # Errors
/// When there is nothing to read.
pub(crate) fn read(args: &TokenArgs, console: &mut Console) -> Result<Secret, Failure> {
    let text = match (args.token.as_deref(), &args.file) {
        (Some("-"), _) => Secret::new(console.read_line()?),
        (Some(token), _) => Secret::new(token),
        (None, Some(path)) => fs::read_to_string(path).map(Secret::new).map_err(|error| {
            let message = format!("cannot read {}", path.display());
            Failure::caused(Exit::Usage, message, &error)
        })?,
        (None, None) => Secret::new(""),
    };
    match text.expose().trim() {
        "" => Err(Failure::new(Exit::Usage, "there is no token to look at")),
        token => Ok(Secret::new(token)),
    }
}

/// The header and the claims of a token, by its own word.
#[derive(Clone, Debug)]
pub(crate) struct Unverified {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Unverified {
    /// Takes a token apart (RFC 7515, section 7.1).
    ///
    /// # Errors
    /// [`Exit::TokenInvalid`] when it is none.
    pub(crate) fn of(token: &str) -> Result<Self, Failure> {
        let parts: Vec<&str> = token.split('.').collect();
        match parts.as_slice() {
            [header, claims, _] => object(header)
                .zip(object(claims))
                .map(|(header, claims)| Self { header, claims }),
            _ => None,
        }
        .ok_or_else(|| Failure::new(Exit::TokenInvalid, "this is no signed token (JWT)"))
    }

    /// Who issued it, by its own word.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss")?.as_str()
    }

    /// When it ends, by its own word.
    pub(crate) fn end(&self) -> Option<Timestamp> {
        let seconds = self.claims.get("exp")?.as_i64()?;
        seconds.checked_mul(1000).map(Timestamp::from_millis)
    }
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = json!({"header": self.header, "claims": self.claims});
        write!(f, "{object:#}")
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{claims}.sig")
    }

    #[test]
    fn a_token_is_taken_apart() {
        let unverified =
            Unverified::of(&token(r#"{"alg":"ES256"}"#, r#"{"iss":"i","exp":2}"#)).unwrap();
        assert_eq!(unverified.issuer(), Some("i"));
        assert_eq!(unverified.end(), Some(Timestamp::from_millis(2000)));
        assert!(unverified.to_string().contains("\"alg\": \"ES256\""));
    }

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        for text in ["", "a.b.c", "a.b", &token("[]", "{}"), &token("{}", "x")] {
            assert_eq!(
                Unverified::of(text).unwrap_err().exit,
                Exit::TokenInvalid,
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_comes_from_where_it_is_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "from file\n").unwrap();
        let mut console = Console::new(std::io::sink(), std::io::sink(), &b"from input\n"[..]);
        let mut read = |token: Option<&str>, file| {
            let token = token.map(str::to_owned);
            read(&TokenArgs { token, file }, &mut console).map(|token| token.expose().to_owned())
        };
        assert_eq!(read(None, Some(path)).as_deref(), Ok("from file"));
        assert_eq!(read(Some("-"), None).as_deref(), Ok("from input"));
        assert_eq!(read(Some("given"), None).as_deref(), Ok("given"));
        assert_eq!(read(Some("-"), None).unwrap_err().exit, Exit::Usage);
    }
}
