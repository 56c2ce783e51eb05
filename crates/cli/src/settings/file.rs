//! The configuration file.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use breakglass_domain::ServiceDraft;
use rustix::process::{Uid, geteuid};
use serde::Deserialize;

use super::resolve::DEFAULT_DATA_DIR;
use crate::exit::{Exit, Failure};

/// The name of the file when none is named.
const FILE_NAME: &str = "breakglass.toml";

/// The mode bits that let others than its owner write a file.
const WRITABLE_BITS: u32 = 0o022;

/// What can stand in `breakglass.toml`: the long flags of `serve`, without their dashes. Anything else is refused.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SettingsFile {
    /// The password of the administrator at the first start.
    pub(crate) admin_password_file: Option<PathBuf>,
    /// Whether the keys of trusted issuers may be fetched without TLS.
    pub(crate) allow_plain_http_key_sets: Option<bool>,
    /// Whether an address that others reach may be served without TLS.
    pub(crate) allow_plaintext: Option<bool>,
    /// Where checkpoints are appended.
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// How often a checkpoint is signed, in minutes or with a unit.
    pub(crate) checkpoint_interval: Option<TtlText>,
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
    /// How many connections are served at once.
    pub(crate) max_connections: Option<u32>,
    /// How many of them one source may have.
    pub(crate) max_connections_per_source: Option<u32>,
    /// The URL under which clients reach the server.
    pub(crate) public_url: Option<String>,
    /// The record of recalls.
    pub(crate) recall_file: Option<PathBuf>,
    /// Whether proofs of possession have to carry a nonce.
    pub(crate) require_dpop_nonce: Option<bool>,
    /// Other services that tokens can be asked for.
    pub(crate) service: Option<Vec<ServiceDraft>>,
    /// For how many seconds a status list may be kept.
    pub(crate) status_list_ttl: Option<u32>,
    /// The certificate chain, PEM.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Whether clients are asked for certificates.
    pub(crate) tls_client_certificates: Option<bool>,
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
    /// When the named file is missing, when one has an unknown key or a value that makes no sense, and when one that
    /// nobody named could be somebody else's.
    pub(crate) fn find(named: Option<&Path>, data_dir: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Self::read(path, Trust::Named)?.ok_or_else(|| {
                Failure::new(Exit::Usage, format!("{} does not exist", path.display()))
            });
        }
        let in_data_dir = match data_dir {
            Some(folder) => (folder.join(FILE_NAME), Trust::Named),
            None => (Path::new(DEFAULT_DATA_DIR).join(FILE_NAME), Trust::Found),
        };
        for (path, trust) in [in_data_dir, (PathBuf::from(FILE_NAME), Trust::Found)] {
            if let Some(found) = Self::read(&path, trust)? {
                return Ok(found);
            }
        }
        Ok(Self::default())
    }

    fn read(path: &Path, trust: Trust) -> Result<Option<Self>, Failure> {
        let Some(text) = read_text(path, trust)? else {
            return Ok(None);
        };
        let file: Self = toml::from_str(&text).map_err(|error| {
            let fault = error
                .message()
                .replace("expected u32", "expected a whole number");
            let message = format!("{} is not valid: {fault}", path.display());
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
            &mut self.recall_file,
            &mut self.tls_cert,
            &mut self.tls_key,
        ] {
            *path = path.take().map(|path| folder.join(path));
        }
        self
    }
}

/// How a file came to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trust {
    /// It lay where the program was started.
    Found,
    /// It, or the folder it is in, was named.
    Named,
}

/// The text of a file that is there and may be believed.
fn read_text(path: &Path, trust: Trust) -> Result<Option<String>, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("cannot read {}", path.display());
        Failure::caused(Exit::Usage, message, &error)
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if trust == Trust::Found {
        // It is the open file that is asked, so that no other can be put in its place in between.
        let metadata = file.metadata().map_err(unreadable)?;
        let owner = Uid::from_raw(metadata.uid());
        if let Some(doubt) = doubt(owner, metadata.mode(), geteuid()) {
            let message = format!("{} {doubt}, and nobody named it", path.display());
            return Err(Failure::new(Exit::Usage, message).with_detail(
                "whoever wrote it could choose where this program listens and which keys it takes: mend its owner and \
                 its mode, or say with --config that it is the one to use",
            ));
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unreadable)?;
    Ok(Some(text))
}

/// Why a file of this owner and mode could be the work of somebody else than the user.
fn doubt(owner: Uid, mode: u32, user: Uid) -> Option<&'static str> {
    if owner != user && !owner.is_root() {
        return Some("belongs to another user");
    }
    (mode & WRITABLE_BITS != 0).then_some("can be written by others")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn read(text: &str) -> Result<SettingsFile, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        fs::write(&path, text).unwrap();
        SettingsFile::find(Some(&path), None)
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
        let told = read("status-list-ttl = 'soon'").unwrap_err().to_string();
        assert!(told.contains("expected a whole number"), "{told}");
        let told = read("tls-self-signed = 'yes'").unwrap_err().to_string();
        assert!(told.contains("expected a boolean"), "{told}");
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
        let failure = SettingsFile::find(Some(Path::new("/nowhere.toml")), None).unwrap_err();
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
        let file = SettingsFile::find(None, Some(folder.path())).unwrap();
        assert_eq!(file.tls_cert, Some(folder.path().join("c.pem")));
        assert_eq!(file.tls_key, Some("/k.pem".into()));
    }

    #[test]
    fn a_file_that_others_could_have_written_is_not_believed_unless_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "status-list-ttl = 7").unwrap();
        let find = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let found = SettingsFile::read(&path, Trust::Found);
            found.map(|file| file.unwrap().status_list_ttl)
        };
        for mode in [0o600, 0o644, 0o400] {
            assert_eq!(find(mode).unwrap(), Some(7), "{mode:o}");
        }
        for mode in [0o620, 0o602, 0o664] {
            let failure = find(mode).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            let told = failure.to_string();
            assert!(
                told.contains("written by others") && told.contains("--config"),
                "{told}"
            );
        }
        let named = SettingsFile::find(Some(&path), None).unwrap();
        assert_eq!(named.status_list_ttl, Some(7));
        let named = SettingsFile::find(None, Some(folder.path())).unwrap();
        assert_eq!(named.status_list_ttl, Some(7));
    }

    #[test]
    fn a_file_of_another_user_is_doubted_and_one_of_root_is_not() {
        let check = |owner: u32, mode, expected| {
            let doubt = doubt(Uid::from_raw(owner), mode, Uid::from_raw(1000));
            assert_eq!(doubt, expected, "{owner} {mode:o}");
        };
        check(1000, 0o100_644, None);
        check(0, 0o100_644, None);
        check(1001, 0o100_600, Some("belongs to another user"));
        check(1000, 0o100_664, Some("can be written by others"));
        check(0, 0o100_646, Some("can be written by others"));
    }
}
