//! The server.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use breakglass_app::{App, Caller, Housekeeping};
use breakglass_http::{Api, ApiOptions, Server, TlsConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::arguments::ServeArgs;
use crate::commands::init;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::settings::{PublicUrl, ServeSettings};
use crate::{descriptors, logging, wiring};

/// How often the server looks after itself.
const ROUND: Duration = Duration::from_millis(250);

/// Serves until the process is told to stop.
///
/// # Errors
/// When the settings make no sense, the address is taken, or the data folder cannot be opened.
pub(crate) async fn run(
    args: &ServeArgs,
    log: Option<&str>,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let settings = ServeSettings::resolve(args, log)?;
    logging::start(&settings.log, settings.log_format)?;
    logging::log_panics();
    // From here on a signal is heard, so that a server that said where it answers also ends in good order.
    let signals = Signals::new()?;
    let ground = wiring::survey(&settings.data).await?;
    ground.refuse_lost_store(&settings.data)?;
    let wishes = if ground.is_founded() {
        // The file of the password may be gone by now.
        None
    } else {
        Some(init::Wishes::read(&settings)?)
    };
    let missed = ground.missed();
    let ports = wiring::prepare(&settings.data, ground).await?;
    // The address is taken before the installation is made, so that a first start that fails can be tried again and
    // still shows the password.
    let server = bind(&settings).await?;
    let listening = init::derived_url(&settings, server.local_addr())?;
    let url = match &settings.public_url {
        Some(url) => url.clone(),
        None => init::kept_url(&ports).await?.unwrap_or(listening.clone()),
    };
    let tls = init::tls(&settings, &url, &ports)?;
    let made = init::make(wishes, &ports, &url).await?;
    let mut app = wiring::open_app(&settings.data, ports).await?;
    wiring::take_over(&settings.data, &app, &missed).await?;
    if settings.public_url.is_some() {
        follow_url(&mut app, &url).await?;
    } else {
        warn_of_another_address(&url, &listening);
    }
    let details = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("address", &listening.to_string()),
    ];
    app.record_start(&details).await?;

    let app = Arc::new(app);
    let mut told = Ok(());
    if let Some(made) = &made {
        told = init::tell(made, &settings, args, &url, &mut context.console);
    }
    let told = told.and_then(|()| announce(&settings, &listening, &url, tls.as_ref(), context));
    if told.is_ok() {
        let options = ApiOptions {
            trusted_proxies: settings.trusted_proxies,
            client_certificates: settings.client_certificates,
            ..ApiOptions::default()
        };
        let api = wiring::api(Arc::clone(&app), options);
        serve(server, api, tls, &app, signals).await;
    }
    let stopped = app.stop().await;
    told?;
    stopped?;
    Ok(Exit::Success)
}

/// Takes the address, with as many connections as the process can have.
async fn bind(settings: &ServeSettings) -> Result<Server, Failure> {
    let options = settings.server_options(descriptors::raise_limit());
    let (asked, possible) = (settings.max_connections, options.max_connections);
    if possible < asked {
        tracing::warn!(
            asked,
            possible,
            "the limit of open files allows fewer connections at once"
        );
    }
    Server::bind(settings.listen, options)
        .await
        .map_err(|error| {
            let message = format!("cannot listen on {}", settings.listen);
            Failure::caused(Exit::Failed, message, &error)
        })
}

/// Says so when clients are sent to an address of this machine at which this server does not listen. What the URL is
/// stays as it was: it stands in tokens that were issued, and other servers on the folder have it too.
fn warn_of_another_address(kept: &PublicUrl, listening: &PublicUrl) {
    if kept.is_loopback() && kept != listening {
        tracing::warn!(
            public_url = %kept,
            listening = %listening,
            "clients are told the public URL of an earlier start, and this server listens elsewhere; --public-url \
             changes it"
        );
    }
}

/// Lets the installation be known under this URL.
async fn follow_url(app: &mut App, url: &PublicUrl) -> Result<(), Failure> {
    let (before, url) = (app.public_url().to_owned(), url.to_string());
    if before != url {
        tracing::warn!(%before, now = %url, "the public URL, and so the issuer of tokens, is another than before");
        app.set_public_url(&url).await?;
    }
    Ok(())
}

fn announce(
    settings: &ServeSettings,
    listening: &PublicUrl,
    url: &PublicUrl,
    tls: Option<&TlsConfig>,
    context: &mut Context,
) -> Result<(), Failure> {
    let console = &mut context.console;
    if let (Some(file), Some(tls)) = (init::self_signed_file(settings), tls) {
        console.line(format!("Certificate: {}", file.display()))?;
        console.line(format!("Fingerprint (SHA-256): {}", tls.fingerprint()))?;
    }
    if url != listening {
        console.line(format!("Public URL: {url}"))?;
    }
    let version = env!("CARGO_PKG_VERSION");
    console.line(format!("Breakglass {version} answers at {listening}"))
}

/// Looks after the installation while it is served. Nobody waits with a first request for what is looked at here.
async fn look_after(app: &App) -> Infallible {
    warn_of_lockout(app).await;
    keep_house(app).await
}

/// Says loudly when losing one emergency client, or none, would lock everybody out.
async fn warn_of_lockout(app: &App) {
    match app.status(&Caller::system()).await {
        Ok(status) => {
            for realm in status.realms {
                for warning in realm.warnings {
                    let tenant = realm.broker.broker.tenant.as_str();
                    tracing::warn!(realm.id = %realm.realm.id, tenant, "{warning}");
                }
            }
        }
        Err(error) => tracing::error!(%error, "cannot look at the emergency clients"),
    }
}

/// Serves and looks after the installation until a signal says to stop.
async fn serve(server: Server, api: Api, tls: Option<TlsConfig>, app: &App, signals: Signals) {
    let stop = stop(signals.interrupt, signals.terminate);
    let serving = server.serve(api, tls.clone(), stop);
    tokio::select! {
        drained = serving => match drained.dropped_connections {
            0 => tracing::info!("the server has stopped, and every request in flight was answered"),
            cut_off => tracing::warn!(cut_off, "the server has stopped, and cut off connections that took too long"),
        },
        never = look_after(app) => match never {},
        never = reload(signals.hangup, tls) => match never {},
    }
}

/// The signals that a server understands.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    /// Sent when a file would pass the limit of file sizes. Heard and left alone, so that the write fails and not the process.
    _file_size: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let hear = |kind| {
            signal(kind)
                .map_err(|error| Failure::caused(Exit::Failed, "cannot await signals", &error))
        };
        Ok(Self {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
            hangup: hear(SignalKind::hangup())?,
            _file_size: hear(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }
}

/// Waits for the first signal to stop; a second one ends the process at once.
async fn stop(mut interrupt: Signal, mut terminate: Signal) {
    next(&mut interrupt, &mut terminate).await;
    tracing::info!("stopping: requests in flight may end; a second signal ends them too");
    tokio::spawn(async move {
        next(&mut interrupt, &mut terminate).await;
        #[expect(
            clippy::exit,
            reason = "whoever asks twice does not want an orderly end"
        )]
        std::process::exit(i32::from(Exit::Failed.code()));
    });
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Reads the certificate again whenever the process is told to (SIGHUP).
async fn reload(mut hangup: Signal, tls: Option<TlsConfig>) -> Infallible {
    while hangup.recv().await.is_some() {
        let Some(tls) = &tls else { continue };
        match tls.reload() {
            Ok(()) => {
                tracing::info!(fingerprint = %tls.fingerprint(), "the certificate was read again");
            }
            Err(error) => tracing::error!(%error, "the certificate stays as it was"),
        }
    }
    std::future::pending().await
}

/// Looks after the installation, several times a second and without end. An error is logged when it comes and when it
/// goes, not at each round.
async fn keep_house(app: &App) -> Infallible {
    let mut housekeeping = Housekeeping::default();
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble = None;
    loop {
        rounds.tick().await;
        let now = housekeeping.round(app).await.err();
        if now != trouble {
            if let Some(error) = &now {
                tracing::error!(%error, "housekeeping fails, and is tried again");
            } else {
                tracing::info!("housekeeping works again");
            }
            trouble = now;
        }
    }
}
