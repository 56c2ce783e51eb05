//! The first start: what it makes, and what it tells.

use std::path::{Path, PathBuf};

use breakglass_api_types::Operation;
use breakglass_app::{App, FirstStart, Initialized, Ports};
use breakglass_domain::account::accept_password;
use breakglass_domain::{Installation, Secret};
use breakglass_http::TlsConfig;

use crate::arguments::ServeArgs;
use crate::console::Console;
use crate::context::Context;
use crate::credentials::read_password;
use crate::exit::{Exit, Failure};
use crate::settings::{PublicUrl, ServeSettings, Tls};
use crate::{logging, table, wiring};

/// The account that a first start makes.
const ADMIN: &str = "admin";

/// The certificate of a self-signed server, to be handed to clients; its name is the listener's.
const SELF_SIGNED_FILE: &str = "tls-self-signed.crt";

/// Makes everything that a first start makes, and tells it.
///
/// # Errors
/// When the settings make no sense, something cannot be made, or it was made before.
pub(crate) async fn run(
    args: &ServeArgs,
    log: Option<&str>,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let settings = ServeSettings::resolve(args, log)?;
    logging::start(log.unwrap_or("warn"), settings.log_format)?;
    let ground = wiring::survey(&settings.data).await?;
    if ground.is_founded() {
        let folder = settings.data.folder.display();
        let message = format!("{folder} holds an installation already");
        return Err(Failure::new(Exit::Conflict, message));
    }
    let wishes = Wishes::read(&settings)?;
    let url = match &settings.public_url {
        Some(url) => url.clone(),
        None if settings.listen.port() == 0 => {
            let message = "a free port is not known before the server starts; give --public-url";
            return Err(Failure::new(Exit::Usage, message));
        }
        None => derived_url(&settings, settings.listen)?,
    };
    let ports = wiring::prepare(&settings.data, ground).await?;
    tls(&settings, &url, &ports)?;
    let made = make(Some(wishes), &ports, &url).await?;
    let app = wiring::open_app(&settings.data, ports).await?;
    let told = match &made {
        Some(made) => tell(made, &settings, args, &url, &mut context.console),
        None => Err(Failure::new(
            Exit::Conflict,
            format!(
                "{} holds an installation already",
                settings.data.folder.display()
            ),
        )),
    };
    app.close().await?;
    told.map(|()| Exit::Success)
}

/// The URL of a server that clients reach at the address it listens on.
///
/// # Errors
/// When there is none, which no address can bring about.
pub(crate) fn derived_url(
    settings: &ServeSettings,
    address: std::net::SocketAddr,
) -> Result<PublicUrl, Failure> {
    PublicUrl::of_address(address, settings.tls != Tls::Off).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("{address} makes no URL; give --public-url"),
        )
    })
}

/// The TLS of the settings, made or read.
///
/// # Errors
/// When a file cannot be used.
pub(crate) fn tls(
    settings: &ServeSettings,
    url: &PublicUrl,
    ports: &Ports,
) -> Result<Option<TlsConfig>, Failure> {
    let made = match &settings.tls {
        Tls::Off => return Ok(None),
        Tls::Files { certificate, key } => TlsConfig::from_pem_files(certificate, key),
        Tls::SelfSigned => {
            let hosts = own_hosts(settings, url);
            TlsConfig::self_signed(&hosts, &settings.data.folder, ports.clock.now())
        }
    };
    let made = match (made, settings.client_certificates) {
        (Ok(tls), true) => tls.asking_for_certificates(),
        (made, _) => made,
    };
    made.map(Some)
        .map_err(|error| Failure::caused(Exit::Usage, "TLS cannot be set up", &error))
}

/// The certificate that clients of a self-signed server have to trust.
pub(crate) fn self_signed_file(settings: &ServeSettings) -> Option<PathBuf> {
    (settings.tls == Tls::SelfSigned).then(|| settings.data.folder.join(SELF_SIGNED_FILE))
}

/// The public URL of the installation, when there is one already.
///
/// # Errors
/// When the store cannot be read, or what stands there is no URL.
pub(crate) async fn kept_url(ports: &Ports) -> Result<Option<PublicUrl>, Failure> {
    let Some(installation) = find(ports).await? else {
        return Ok(None);
    };
    let url = installation.public_url.parse();
    url.map(Some).map_err(|fault| {
        let message = format!("the public URL that was kept cannot be used: {fault}");
        Failure::new(Exit::Failed, message)
    })
}

async fn find(ports: &Ports) -> Result<Option<Installation>, Failure> {
    let found = match ports.store.read().await {
        Ok(mut view) => view.find_installation().await,
        Err(error) => Err(error),
    };
    Ok(found.map_err(breakglass_app::Error::from)?)
}

/// What a first start is told. It is read, and held against the rules, before anything is made.
pub(crate) struct Wishes {
    password: Option<Secret>,
}

impl Wishes {
    /// Reads what the settings name.
    ///
    /// # Errors
    /// [`Exit::Usage`] when the administrator's password cannot be read or breaks a rule, and when no URL follows from the
    /// settings under which clients could call.
    pub(crate) fn read(settings: &ServeSettings) -> Result<Self, Failure> {
        if settings.public_url.is_none() && settings.listen.ip().is_unspecified() {
            let message = format!(
                "public-url: a first start that listens on {} has to be told under which URL clients call: tokens carry \
                 it as their issuer. Give --public-url, such as https://breakglass.example.org",
                settings.listen
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let path = settings.admin_password_file.as_deref();
        let password = path.map(first_password).transpose()?;
        Ok(Self { password })
    }
}

fn first_password(path: &Path) -> Result<Secret, Failure> {
    let name = "admin-password-file";
    let (password, is_exposed) = read_password(path).map_err(|failure| Failure {
        message: format!("{name}: {}", failure.message),
        ..failure
    })?;
    if is_exposed {
        tracing::warn!(file = %path.display(), "everybody on this machine can read the password's file");
    }
    accept_password(&password).map_err(|report| {
        let message = format!(
            "{name}: the first line of {} is no password",
            path.display()
        );
        let failure = Failure::new(Exit::Usage, message);
        let faults = report.failures().iter().map(|fault| fault.message.clone());
        faults.fold(failure, Failure::with_detail)
    })?;
    Ok(password)
}

/// Makes the installation when there was none yet, which is when there are wishes for it.
///
/// # Errors
/// When the store cannot take it.
pub(crate) async fn make(
    wishes: Option<Wishes>,
    ports: &Ports,
    url: &PublicUrl,
) -> Result<Option<Initialized>, Failure> {
    let Some(wishes) = wishes else {
        return Ok(None);
    };
    let first = FirstStart {
        public_url: url.to_string(),
        admin_username: ADMIN.to_owned(),
        admin_password: wishes.password,
    };
    Ok(App::initialize(ports, first).await?)
}

/// Tells what was made, this once: the only place where the administrator's password is ever shown.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn tell(
    made: &Initialized,
    settings: &ServeSettings,
    args: &ServeArgs,
    url: &PublicUrl,
    console: &mut Console,
) -> Result<(), Failure> {
    let password = match &made.generated_password {
        Some(password) => format!("{}   (shown only this once)", password.expose()),
        None => "as in the file it was taken from".to_owned(),
    };
    let facts = [
        ("Data folder", settings.data.folder.display().to_string()),
        ("Address", url.to_string()),
        ("Realm", made.realm.id.to_string()),
        ("Administrator", made.admin_username.to_string()),
        ("Password", password),
    ];
    console.line("First start: everything is made.\n")?;
    console.line(table::render(&table::of_facts(facts)))?;
    console.line(format!("\n{}", tour(made, settings, args, url)?))
}

/// Two requests that make an emergency client, to be pasted into a shell.
///
/// The password is asked for, so that it comes neither into the shell's history nor into the list of processes. All is one
/// command, so that a shell has read all of it before it asks.
fn tour(
    made: &Initialized,
    settings: &ServeSettings,
    args: &ServeArgs,
    url: &PublicUrl,
) -> Result<String, Failure> {
    let path = |operation: Operation, values: &[(&str, &str)]| {
        operation
            .path(values)
            .map_err(|error| Failure::caused(Exit::Failed, "cannot spell a request", &error))
    };
    let acquire = path(Operation::AcquireToken, &[])?;
    let realm = made.realm.id.to_string();
    let create = path(Operation::CreateEmergencyClient, &[("ssoRealmId", &realm)])?;
    let trust = self_signed_file(settings)
        .map(|file| format!(" --cacert {}", quoted(&file)))
        .unwrap_or_default();
    let user = &made.admin_username;
    Ok(format!(
        "Make an emergency client, while the server runs (this asks for the password, which stays out of the shell's \
         history):\n\n\
         printf 'Password: ' && read -r PASSWORD &&\n\
         TOKEN=$(printf '%s\\n' \"$PASSWORD\" | \
         sed 's/[\"\\]/\\\\&/g; s/.*/{{\"username\":\"{user}\",\"password\":\"&\"}}/' | \
         curl -sS{trust} {url}{acquire} -H 'Content-Type: application/json' -d @- | \
         sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/') &&\n\
         curl -sS{trust} {url}{create} -H \"Authorization: OpsToken $TOKEN\" -H 'Content-Type: application/json' \
         -d '{{\"clientId\":\"break-glass-1\",\"clientName\":\"Break glass 1\",\"accessTokenTtl\":259200}}'\n\n\
         or on this machine, with or without a server:\n\n\
         breakglass emergency-client create --local{} --client-id break-glass-1 --ttl 180d\n",
        same_data(settings, args)
    ))
}

/// The flags that lead another command to the same data.
fn same_data(settings: &ServeSettings, args: &ServeArgs) -> String {
    let flags = [
        ("config", args.data.config.as_deref()),
        ("data-dir", Some(settings.data.folder.as_path())),
        ("master-key-file", args.data.master_key_file.as_deref()),
    ];
    let given = flags
        .into_iter()
        .filter_map(|(name, path)| Some(format!(" --{name} {}", quoted(path?))));
    given.collect()
}

/// The names and addresses under which a self-signed server may be called.
fn own_hosts(settings: &ServeSettings, url: &PublicUrl) -> Vec<String> {
    let mut hosts = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        url.host().to_owned(),
    ];
    if !settings.listen.ip().is_unspecified() {
        hosts.push(settings.listen.ip().to_string());
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(
            quoted(Path::new("/var/lib/break-glass_1.d")),
            "/var/lib/break-glass_1.d"
        );
        assert_eq!(quoted(Path::new("my data")), "'my data'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
