//! The configuration file.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exit::{Exit, Failure};

/// The name of the file when none is named.
const FILE_NAME: &str = "breakglass.toml";

/// What can stand in `breakglass.toml`: the long flags of `serve`, without their dashes. Anything else is refused.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SettingsFile {
    /// The password of the administrator at the first start.
    pub(crate) admin_password_file: Option<PathBuf>,
    /// Whether an address that others reach may be served without TLS.
    pub(crate) allow_plaintext: Option<bool>,
    /// Where checkpoints are appended.
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// The folder of everything that is kept.
    pub(crate) data_dir: Option<PathBuf>,
    /// The longest lifetime of an emergency token, in minutes or with a unit.
    pub(crate) emergency_ttl_cap: Option<TtlText>,
    /// The address to listen on.
    pub(crate) listen: Option<String>,
    /// What is logged.
    pub(crate) log: Option<String>,
    /// `text` or `json`.
    pub(crate) log_format: Option<String>,
    /// The master key.
    pub(crate) master_key_file: Option<PathBuf>,
    /// The URL under which clients reach the server.
    pub(crate) public_url: Option<String>,
    /// For how many seconds a status list may be kept.
    pub(crate) status_list_ttl: Option<u32>,
    /// The certificate chain, PEM.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether the server makes its own certificate.
    pub(crate) tls_self_signed: Option<bool>,
    /// Proxies whose word about the client's address is taken.
    pub(crate) trusted_proxy: Option<Vec<String>>,
}

/// A lifetime in the file: a number of minutes, or a text with units.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "toml::Value")]
pub(crate) struct TtlText(pub(crate) String);

impl TryFrom<toml::Value> for TtlText {
    type Error = &'static str;

    fn try_from(value: toml::Value) -> Result<Self, &'static str> {
        match value {
            toml::Value::Integer(minutes) => Ok(Self(minutes.to_string())),
            toml::Value::String(text) => Ok(Self(text)),
            _ => Err("expected minutes, or a text such as \"180d\""),
        }
    }
}

impl SettingsFile {
    /// Reads the file that is named; otherwise `breakglass.toml` in the data folder, or else in the working folder, if
    /// there is one.
    ///
    /// # Errors
    /// When the named file is missing, and when one has an unknown key or a value that makes no sense.
    pub(crate) fn find(named: Option<&Path>, data_dir: &Path) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Self::read(path)?.ok_or_else(|| {
                Failure::new(Exit::Usage, format!("{} does not exist", path.display()))
            });
        }
        for path in [data_dir.join(FILE_NAME), PathBuf::from(FILE_NAME)] {
            if let Some(found) = Self::read(&path)? {
                return Ok(found);
            }
        }
        Ok(Self::default())
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let message = format!("cannot read {}", path.display());
                return Err(Failure::caused(Exit::Usage, message, &error));
            }
        };
        let file: Self = toml::from_str(&text).map_err(|error| {
            let message = format!("{} is not valid: {}", path.display(), error.message());
            let line = error.span().map(|span| {
                let before = text.get(..span.start).unwrap_or_default();
                format!("in line {}", before.matches('\n').count() + 1)
            });
            let failure = Failure::new(Exit::Usage, message);
            line.into_iter().fold(failure, Failure::with_detail)
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Ok(Some(file.relative_to(folder)))
    }

    /// A path in the file is relative to the file's folder, wherever the program was started.
    fn relative_to(mut self, folder: &Path) -> Self {
        for path in [
            &mut self.admin_password_file,
            &mut self.checkpoint_file,
            &mut self.data_dir,
            &mut self.master_key_file,
            &mut self.tls_cert,
            &mut self.tls_key,
        ] {
            *path = path.take().map(|path| folder.join(path));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SettingsFile, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        fs::write(&path, text).unwrap();
        SettingsFile::find(Some(&path), Path::new("nowhere"))
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let failure = read("listen = '127.0.0.1:1'\nlisten-adress = 'x'").unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        let told = failure.to_string();
        assert!(
            told.contains("listen-adress") && told.contains("in line 2"),
            "{told}"
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        assert!(read("status-list-ttl = 'soon'").is_err());
        assert!(read("emergency-ttl-cap = true").is_err());
    }

    #[test]
    fn a_lifetime_is_a_number_or_a_text() {
        assert_eq!(
            read("emergency-ttl-cap = 60")
                .unwrap()
                .emergency_ttl_cap
                .unwrap()
                .0,
            "60"
        );
        assert_eq!(
            read("emergency-ttl-cap = '9d'")
                .unwrap()
                .emergency_ttl_cap
                .unwrap()
                .0,
            "9d"
        );
    }

    #[test]
    fn a_file_that_is_named_must_exist() {
        let failure =
            SettingsFile::find(Some(Path::new("/nowhere.toml")), Path::new("x")).unwrap_err();
        assert!(failure.message.contains("/nowhere.toml"), "{failure}");
    }

    #[test]
    fn the_file_of_the_data_folder_is_found_and_its_paths_start_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join(FILE_NAME),
            "tls-cert = 'c.pem'\ntls-key = '/k.pem'",
        )
        .unwrap();
        let file = SettingsFile::find(None, folder.path()).unwrap();
        assert_eq!(file.tls_cert, Some(folder.path().join("c.pem")));
        assert_eq!(file.tls_key, Some("/k.pem".into()));
    }
}
