//! Who calls, as vAPI clients say it within the request.

use std::fmt;

use serde_json::Value;

/// What stands before the name of each scheme.
const PREFIX: &str = "com.vmware.vapi.std.security.";

/// The security context of a call. Nothing in it has been proved yet.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Security {
    /// There is none. The request may still have an `Authorization` header.
    Absent,
    /// The id of a session.
    Session(String),
    /// A user name and a password.
    UserPassword {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// An access token.
    Bearer(String),
    /// What would stand in an `Authorization` header.
    Http {
        /// The scheme, such as `Bearer`.
        scheme: String,
        /// What follows it.
        credentials: String,
    },
    /// A scheme that is not taken here, or one without what it needs.
    Unknown(String),
}

impl Security {
    /// Reads `securityCtx`.
    ///
    /// # Errors
    /// When it is not an object or does not name its scheme; with what it must be.
    pub(crate) fn read(context: Option<&Value>) -> Result<Self, &'static str> {
        let members = match context {
            None | Some(Value::Null) => return Ok(Self::Absent),
            Some(Value::Object(members)) if members.is_empty() => return Ok(Self::Absent),
            Some(Value::Object(members)) => members,
            Some(_) => return Err("ctx.securityCtx must be an object"),
        };
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let scheme = text("schemeId").ok_or("ctx.securityCtx.schemeId must be a text")?;
        Ok(Self::of(&scheme, text).unwrap_or(Self::Unknown(scheme)))
    }

    fn of(scheme: &str, text: impl Fn(&str) -> Option<String>) -> Option<Self> {
        Some(match scheme.strip_prefix(PREFIX)? {
            "no_authentication" => Self::Absent,
            "session_id" => Self::Session(text("sessionId")?),
            "user_pass" => Self::UserPassword {
                user: text("userName")?,
                password: text("password")?,
            },
            "oauth" => Self::Bearer(text("accessToken")?),
            "http_authorization" => Self::Http {
                scheme: text("authn_scheme")?,
                credentials: text("authz_credentials")?,
            },
            _ => return None,
        })
    }
}

impl fmt::Debug for Security {
    /// Names the scheme and tells nothing of what proves it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Session(_) => "Session(…)",
            Self::UserPassword { .. } => "UserPassword(…)",
            Self::Bearer(_) => "Bearer(…)",
            Self::Http { .. } => "Http(…)",
            Self::Unknown(scheme) => return write!(f, "Unknown({scheme:?})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(context: &Value) -> Result<Security, &'static str> {
        Security::read(Some(context))
    }

    #[test]
    fn a_context_that_is_absent_null_or_empty_is_none() {
        assert_eq!(Security::read(None), Ok(Security::Absent));
        let none = json!({"schemeId": "com.vmware.vapi.std.security.no_authentication"});
        for context in [json!(null), json!({}), none] {
            assert_eq!(read(&context), Ok(Security::Absent));
        }
    }

    #[test]
    fn a_scheme_without_what_it_needs_is_unknown() {
        for scheme in [
            "com.vmware.vapi.std.security.session_id",
            "com.vmware.vapi.std.security.user_pass",
            "com.vmware.vapi.std.security.oauth",
            "com.vmware.vapi.std.security.http_authorization",
            "com.vmware.vapi.std.security.saml_bearer_token",
            "session_id",
        ] {
            let context = json!({"schemeId": scheme, "sessionId": null, "password": 1});
            assert_eq!(read(&context), Ok(Security::Unknown(scheme.to_owned())));
        }
    }

    #[test]
    fn what_is_no_context_is_refused() {
        assert_eq!(read(&json!([])), Err("ctx.securityCtx must be an object"));
        let rule = "ctx.securityCtx.schemeId must be a text";
        for context in [json!({"sessionId": "s"}), json!({"schemeId": 1})] {
            assert_eq!(read(&context), Err(rule));
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let secret = || "hunter2".to_owned();
        for security in [
            Security::Session(secret()),
            Security::UserPassword {
                user: secret(),
                password: secret(),
            },
            Security::Bearer(secret()),
            Security::Http {
                scheme: secret(),
                credentials: secret(),
            },
        ] {
            let printed = format!("{security:?}");
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        let unknown = Security::Unknown("x\n".to_owned());
        assert_eq!(format!("{unknown:?}"), r#"Unknown("x\n")"#);
    }
}
