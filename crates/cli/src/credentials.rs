//! What proves to a server who is asking.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use breakglass_domain::Secret;
use serde::Deserialize;

use crate::environment::Environment;
use crate::exit::{Exit, Failure};

/// The largest credentials file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The mode bits that let everybody at a file.
const EXPOSED_BITS: u32 = 0o007;

/// What proves who is asking. Printing it shows no secret.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// An access token: RFC 6750.
    AccessToken(Secret),
    /// A session token of the fleet API.
    OpsToken(Secret),
    /// A local account.
    Password {
        /// Its name.
        username: String,
        /// Its password.
        password: Secret,
    },
}

impl Credentials {
    /// The credentials of the file when one is named, otherwise those of the environment: a token before a password.
    ///
    /// # Errors
    /// When there are none, or the file is not fit to be used.
    pub(crate) fn find(file: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        if let Some(path) = file {
            return Self::of_file(path);
        }
        if let Some(token) = environment.get("BREAKGLASS_TOKEN") {
            return Ok(Self::of_token(token.clone()));
        }
        let username = environment.get("BREAKGLASS_USERNAME");
        match (username, environment.get("BREAKGLASS_PASSWORD")) {
            (Some(username), Some(password)) => Ok(Self::Password {
                username: username.expose().to_owned(),
                password: password.clone(),
            }),
            _ => Err(Failure::new(
                Exit::Unauthenticated,
                "no credentials: set BREAKGLASS_TOKEN, or BREAKGLASS_USERNAME and BREAKGLASS_PASSWORD, name a \
                 --credentials-file, or use --local on the server's machine",
            )),
        }
    }

    fn of_token(token: Secret) -> Self {
        // The two forms cannot be mistaken: a JWT holds no colon.
        if token.expose().contains("::") {
            Self::OpsToken(token)
        } else {
            Self::AccessToken(token)
        }
    }

    fn of_file(path: &Path) -> Result<Self, Failure> {
        let text = read_private(path)?;
        // An error of the TOML reader shows the line, which may hold the secret: only its bare message is told.
        let file: CredentialsFile = toml::from_str(text.expose()).map_err(|error| {
            let message = format!(
                "{} is no credentials file: {}",
                path.display(),
                error.message()
            );
            Failure::new(Exit::Usage, message)
        })?;
        match (file.token, file.username, file.password) {
            (Some(token), None, None) => Ok(Self::of_token(Secret::new(token))),
            (None, Some(username), Some(password)) => Ok(Self::Password {
                username,
                password: Secret::new(password),
            }),
            _ => Err(Failure::new(
                Exit::Usage,
                format!(
                    "{} must hold either token, or username and password",
                    path.display()
                ),
            )),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CredentialsFile {
    token: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// Reads a small text file that is not everybody's.
///
/// # Errors
/// When it cannot be read, or is everybody's.
pub(crate) fn read_private(path: &Path) -> Result<Secret, Failure> {
    let (text, mode) = read(path)?;
    if mode & EXPOSED_BITS == 0 {
        return Ok(text);
    }
    let message = format!(
        "{} holds a secret and must not be everybody's (chmod 600), but has mode {:04o}",
        path.display(),
        mode & 0o7777
    );
    Err(Failure::new(Exit::Usage, message))
}

/// Reads a password, the first line of a file, and whether everybody can read it too. Secrets that a container is given
/// often are so, and that is for the caller to warn of.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_password(path: &Path) -> Result<(Secret, bool), Failure> {
    let (text, mode) = read(path)?;
    let line = text.expose().lines().next().unwrap_or_default();
    Ok((Secret::new(line), mode & EXPOSED_BITS != 0))
}

/// The text of a small file, and its mode.
fn read(path: &Path) -> Result<(Secret, u32), Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::caused(
            Exit::Usage,
            format!("cannot read {}", path.display()),
            &error,
        )
    };
    let file = File::open(path).map_err(unreadable)?;
    // The mode is asked of the open file, so that no other can be put in its place in between.
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    file.take(MAX_FILE_BYTES)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    Ok((Secret::new(text), mode))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn of_file(text: &str) -> Result<Credentials, Failure> {
        let (_folder, path) = file(text, 0o600);
        Credentials::find(Some(&path), &Environment::default())
    }

    #[test]
    fn a_token_says_by_its_form_what_it_is() {
        let find = |token| {
            let environment = Environment::from_iter([("BREAKGLASS_TOKEN", token)]);
            Credentials::find(None, &environment).unwrap()
        };
        assert!(matches!(find("a.b.c"), Credentials::AccessToken(_)));
        assert!(matches!(find("1-2::3-4"), Credentials::OpsToken(_)));
    }

    #[test]
    fn a_file_goes_before_the_environment_and_a_token_before_a_password() {
        let environment = Environment::from_iter([
            ("BREAKGLASS_TOKEN", "a.b.c"),
            ("BREAKGLASS_USERNAME", "u"),
            ("BREAKGLASS_PASSWORD", "p"),
        ]);
        let (_folder, path) = file("username = 'f'\npassword = 'p'", 0o600);
        let found = Credentials::find(Some(&path), &environment).unwrap();
        assert!(matches!(found, Credentials::Password { username, .. } if username == "f"));
        let found = Credentials::find(None, &environment).unwrap();
        assert!(matches!(found, Credentials::AccessToken(_)));
    }

    #[test]
    fn half_a_password_is_no_credential() {
        let environment = Environment::from_iter([("BREAKGLASS_USERNAME", "u")]);
        let failure = Credentials::find(None, &environment).unwrap_err();
        assert_eq!(failure.exit, Exit::Unauthenticated);
    }

    #[test]
    fn no_error_shows_what_stands_in_the_file() {
        for text in [
            "token = hunter2",
            "token = 'hunter2'\npassword = 'hunter2'",
            "hunter2 hunter2",
            "password = ['hunter2']",
        ] {
            let failure = of_file(text).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(!failure.to_string().contains("hunter2"), "{failure}");
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let failure = of_file("tokn = 'x'").unwrap_err();
        assert!(failure.message.contains("tokn"), "{failure}");
    }

    #[test]
    fn a_file_that_everybody_can_read_is_refused() {
        for mode in [0o644, 0o604, 0o602] {
            let (_folder, path) = file("token = 'a.b.c'", mode);
            let failure = Credentials::find(Some(&path), &Environment::default()).unwrap_err();
            assert!(failure.message.contains("chmod 600"), "{failure}");
        }
    }

    #[test]
    fn credentials_are_not_printed() {
        let printed = format!(
            "{:?}",
            of_file("username = 'u'\npassword = 'hunter2'").unwrap()
        );
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
