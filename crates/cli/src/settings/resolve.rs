//! From what was written somewhere to settings that make sense.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use breakglass_app::Options;
use breakglass_domain::Minutes;
use breakglass_domain::service::accept_services;
use breakglass_http::{ServerOptions, TrustedProxy};

use super::file::TtlText;
use super::record_place::remembered;
use super::{PublicUrl, SettingsFile};
use crate::arguments::{DataArgs, ServeArgs};
use crate::exit::{Exit, Failure};
use crate::lifetime;

/// Where everything is kept when nothing else is said.
pub(crate) const DEFAULT_DATA_DIR: &str = "breakglass-data";

/// Where a server listens when nothing else is said.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:8730";

/// The longest time a status list may be kept, in seconds (a day): a recall that shows later is no recall.
const MAX_STATUS_LIST_TTL: u32 = 86_400;

/// The data folder and the rules that hold for whoever works on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DataSettings {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The master key.
    pub(crate) master_key_file: PathBuf,
    /// Where checkpoints are appended, if anywhere.
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// The record of recalls.
    pub(crate) recall_file: PathBuf,
    /// The options of the application.
    pub(crate) options: Options,
}

/// What a server is started with. Holds no secret, only the names of files that do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ServeSettings {
    /// The data.
    pub(crate) data: DataSettings,
    /// The address to listen on.
    pub(crate) listen: SocketAddr,
    /// The URL under which clients reach it, when one was chosen.
    pub(crate) public_url: Option<PublicUrl>,
    /// How connections are protected.
    pub(crate) tls: Tls,
    /// Whether clients are asked for certificates.
    pub(crate) client_certificates: bool,
    /// How many connections are served at once.
    pub(crate) max_connections: usize,
    /// How many of them one source may have; a share of the whole when nothing is said.
    pub(crate) max_connections_per_source: Option<usize>,
    /// The password of the administrator at the first start; a random one when absent.
    pub(crate) admin_password_file: Option<PathBuf>,
    /// Proxies whose word about the client's address is taken.
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    /// What is logged.
    pub(crate) log: String,
    /// How it is logged; by the kind of standard error when absent.
    pub(crate) log_format: Option<LogFormat>,
}

/// How connections are protected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Tls {
    /// By a certificate of the operator's.
    Files {
        /// The certificate chain, PEM.
        certificate: PathBuf,
        /// Its private key, PEM.
        key: PathBuf,
    },
    /// Not here.
    Off,
    /// By a certificate that the server makes and keeps in the data folder.
    SelfSigned,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// An object per line, for programs.
    Json,
    /// For people.
    Text,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}

impl DataSettings {
    /// Puts flags and environment together with the file, for a command that works on the data folder.
    ///
    /// # Errors
    /// [`Exit::Usage`] with everything that makes no sense.
    pub(crate) fn resolve(flags: &DataArgs) -> Result<Self, Failure> {
        let file = find_file(flags)?;
        let mut faults = Faults::default();
        let data = data(flags, &file, &mut faults);
        faults.none_or(data)
    }
}

impl ServeSettings {
    /// The limits of the listener, for a process that may have so many files open.
    pub(crate) fn server_options(&self, descriptors: usize) -> ServerOptions {
        let options = ServerOptions {
            max_connections: self.max_connections,
            ..ServerOptions::default()
        };
        let mut options = options.within(descriptors);
        if let Some(most) = self.max_connections_per_source {
            options.max_connections_per_source = most;
        }
        // Behind a proxy everybody comes from the same address.
        options
            .uncounted_sources
            .extend(self.trusted_proxies.iter().copied());
        options
    }

    /// Puts flags and environment together with the file, for a server.
    ///
    /// # Errors
    /// [`Exit::Usage`] with everything that makes no sense, and when others could listen in on the server.
    pub(crate) fn resolve(flags: &ServeArgs, log: Option<&str>) -> Result<Self, Failure> {
        let file = find_file(&flags.data)?;
        let mut faults = Faults::default();
        let listen = flags.listen.clone().or_else(|| file.listen.clone());
        let listen = listen.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
        let public_url = flags.public_url.clone().or_else(|| file.public_url.clone());
        let log_format = flags.log_format.or_else(|| {
            let text = file.log_format.as_deref()?;
            faults.note("log-format", parse_log_format(text))
        });
        let mut settings = Self {
            data: data(&flags.data, &file, &mut faults),
            listen: faults
                .note("listen", parse_address(&listen))
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            public_url: public_url.and_then(|url| faults.note("public-url", url.parse())),
            tls: tls(flags, &file, &mut faults),
            client_certificates: flags
                .tls_client_certificates
                .or(file.tls_client_certificates)
                .unwrap_or_default(),
            max_connections: count(
                "max-connections",
                flags.max_connections.or(file.max_connections),
                &mut faults,
            )
            .unwrap_or(ServerOptions::default().max_connections),
            max_connections_per_source: count(
                "max-connections-per-source",
                flags
                    .max_connections_per_source
                    .or(file.max_connections_per_source),
                &mut faults,
            ),
            admin_password_file: flags
                .admin_password_file
                .clone()
                .or_else(|| file.admin_password_file.clone()),
            trusted_proxies: proxies(flags, &file, &mut faults),
            log: log
                .map(str::to_owned)
                .or_else(|| file.log.clone())
                .unwrap_or_else(|| "info".to_owned()),
            log_format,
        };
        let nonce = flags.require_dpop_nonce.or(file.require_dpop_nonce);
        settings.data.options.require_dpop_nonce = nonce == Some(true);
        let plain = flags
            .allow_plain_http_key_sets
            .or(file.allow_plain_http_key_sets);
        settings.data.options.allow_plain_http_key_sets = plain == Some(true);
        let services = accept_services(file.service.unwrap_or_default());
        let services = services.map_err(|report| report.to_string());
        settings.data.options.services = faults.note("service", services).unwrap_or_default();
        if settings.client_certificates && settings.tls == Tls::Off {
            let fault = "tls-client-certificates: needs tls-cert and tls-key, or tls-self-signed";
            faults.0.push(fault.to_owned());
        }
        let exposed = !settings.listen.ip().is_loopback() && settings.tls == Tls::Off;
        let allowed = flags.allow_plaintext.or(file.allow_plaintext) == Some(true);
        if exposed && !allowed {
            faults.0.push(refusal_to_expose(settings.listen));
        }
        faults.none_or(settings)
    }
}

/// Everything that makes no sense, so that it is told at once.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn note<T>(&mut self, name: &str, outcome: Result<T, String>) -> Option<T> {
        outcome
            .map_err(|fault| self.0.push(format!("{name}: {fault}")))
            .ok()
    }

    fn none_or<T>(self, value: T) -> Result<T, Failure> {
        let failure = Failure::new(Exit::Usage, "these settings make no sense");
        match self.0.as_slice() {
            [] => Ok(value),
            faults => Err(faults.iter().cloned().fold(failure, Failure::with_detail)),
        }
    }
}

fn find_file(flags: &DataArgs) -> Result<SettingsFile, Failure> {
    SettingsFile::find(flags.config.as_deref(), flags.data_dir.as_deref())
}

fn data(flags: &DataArgs, file: &SettingsFile, faults: &mut Faults) -> DataSettings {
    let folder = flags.data_dir.clone().or_else(|| file.data_dir.clone());
    let folder = folder.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
    let defaults = Options::default();
    let cap = minutes(
        "emergency-ttl-cap",
        flags.emergency_ttl_cap,
        file.emergency_ttl_cap.as_ref(),
        faults,
    );
    let interval = minutes(
        "checkpoint-interval",
        flags.checkpoint_interval,
        file.checkpoint_interval.as_ref(),
        faults,
    );
    let interval = interval.map(|minutes| i64::from(minutes.get()) * 60_000);
    let status_list_ttl = flags.status_list_ttl.or(file.status_list_ttl);
    let status_list_ttl = status_list_ttl.unwrap_or(defaults.status_list_ttl_seconds);
    if !(1..=MAX_STATUS_LIST_TTL).contains(&status_list_ttl) {
        let fault = format!("status-list-ttl: must be 1 to {MAX_STATUS_LIST_TTL} seconds");
        faults.0.push(fault);
    }
    let recall_file = flags
        .recall_file
        .clone()
        .or_else(|| file.recall_file.clone());
    let recall_file = recall_file.or_else(|| {
        let place =
            remembered(&folder).map_err(|error| format!("its place cannot be read: {error}"));
        faults.note("recall-file", place)
    });
    let recall_file = recall_file.unwrap_or_default();
    DataSettings {
        master_key_file: flags
            .master_key_file
            .clone()
            .or_else(|| file.master_key_file.clone())
            .unwrap_or_else(|| folder.join("master.key")),
        recall_file,
        checkpoint_file: flags
            .checkpoint_file
            .clone()
            .or_else(|| file.checkpoint_file.clone()),
        folder,
        options: Options {
            checkpoint_interval_millis: interval.unwrap_or(defaults.checkpoint_interval_millis),
            emergency_ttl_cap: cap.unwrap_or(defaults.emergency_ttl_cap),
            status_list_ttl_seconds: status_list_ttl,
            ..defaults
        },
    }
}

/// A time of at least a minute, the flag before the file.
fn minutes(
    name: &str,
    flag: Option<Minutes>,
    file: Option<&TtlText>,
    faults: &mut Faults,
) -> Option<Minutes> {
    let chosen = flag.or_else(|| faults.note(name, lifetime::parse_minutes(&file?.0)))?;
    let checked = match chosen.get() {
        0 => Err("must be at least a minute".to_owned()),
        _ => Ok(chosen),
    };
    faults.note(name, checked)
}

/// Each setting by itself, the flag before the file. Only a flag that asks for the other kind of TLS puts aside what the
/// file asks for: one that says `false` asks for nothing.
fn tls(flags: &ServeArgs, file: &SettingsFile, faults: &mut Faults) -> Tls {
    let beside = |flag: &Option<PathBuf>, file: &Option<PathBuf>| {
        let file = file
            .as_ref()
            .filter(|_| flags.tls_self_signed != Some(true));
        flag.as_ref().or(file).cloned()
    };
    let certificate = beside(&flags.tls_cert, &file.tls_cert);
    let key = beside(&flags.tls_key, &file.tls_key);
    let by_flags = flags.tls_cert.is_some() || flags.tls_key.is_some();
    let in_file = file.tls_self_signed == Some(true) && !by_flags;
    let self_signed = flags.tls_self_signed.unwrap_or(in_file);
    match (certificate, key, self_signed) {
        (None, None, false) => Tls::Off,
        (None, None, true) => Tls::SelfSigned,
        (Some(certificate), Some(key), false) => Tls::Files { certificate, key },
        (_, _, true) => {
            let fault = "tls-self-signed: cannot be combined with tls-cert and tls-key";
            faults.0.push(fault.to_owned());
            Tls::Off
        }
        (_, _, false) => {
            let fault = "tls-cert: needs tls-key, and tls-key needs tls-cert";
            faults.0.push(fault.to_owned());
            Tls::Off
        }
    }
}

fn proxies(flags: &ServeArgs, file: &SettingsFile, faults: &mut Faults) -> Vec<TrustedProxy> {
    let written = if flags.trusted_proxy.is_empty() {
        file.trusted_proxy.clone().unwrap_or_default()
    } else {
        flags.trusted_proxy.clone()
    };
    let mut proxies = Vec::new();
    for text in written {
        let parsed = text.parse::<TrustedProxy>();
        let parsed = parsed.map_err(|fault| format!("{text:?} {fault}"));
        proxies.extend(faults.note("trusted-proxy", parsed));
    }
    proxies
}

/// A number of connections: at least one, or nobody would be let in.
fn count(name: &str, number: Option<u32>, faults: &mut Faults) -> Option<usize> {
    let number = usize::try_from(number?).unwrap_or(usize::MAX);
    let checked = match number {
        0 => Err("must be at least 1".to_owned()),
        _ => Ok(number),
    };
    faults.note(name, checked)
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let by_name = text
            .rsplit_once(':')
            .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        let hint = match by_name {
            Some(("localhost", port)) => format!(": say 127.0.0.1:{port}, or [::1]:{port}"),
            Some(_) => " in digits: names are not looked up".to_owned(),
            None => ", such as 127.0.0.1:8730".to_owned(),
        };
        format!("{text:?} is no address with a port{hint}")
    })
}

fn parse_log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
}

fn refusal_to_expose(listen: SocketAddr) -> String {
    format!(
        "listen: others can reach {listen}, and without TLS they could read passwords and tokens. Give --tls-cert and \
         --tls-key, or --tls-self-signed; or, when a proxy in front speaks TLS, say so with --allow-plaintext"
    )
}

#[cfg(test)]
mod tests;
