//! glewlwyd, from Debian's packages, with its store on SQLite.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use xshell::cmd;

use super::{Peer, address};
use crate::bench::http::Session;
use crate::bench::process::{Core, Process, pinned, starts};
use crate::bench::workshop::Workshop;
use crate::workspace::{self, say};

/// Its configuration.
const CONFIGURATION: &str = include_str!("glewlwyd.conf");

/// The tables of an empty store, in its package.
const TABLES: &str = "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3";

/// Makes an SQLite file of a file of statements.
const MAKE_DATABASE: &str =
    "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())";

/// Unpacks it into the target folder, once, starts it on an empty store, and sets up a client and an ES256 key.
pub(super) fn start(workshop: &Workshop<'_>) -> Result<Peer> {
    let shell = &workshop.shell;
    for (program, package) in [("openssl", "openssl"), ("python3", "python3")] {
        ensure!(
            starts(program),
            "`{program}` does not start (Debian and Ubuntu: `apt install {package}`)"
        );
    }
    let unpacked = unpacked(workshop).context("Debian's package could not be had")?;
    let folder = workshop.folder("glewlwyd")?;
    let (database, tables) = (folder.join("glewlwyd.db"), unpacked.join(TABLES));
    cmd!(shell, "python3 -c {MAKE_DATABASE} {database} {tables}")
        .quiet()
        .run()?;
    let (port, url) = address()?;
    let configuration = CONFIGURATION
        .replace("%PORT%", &port.to_string())
        .replace("%FOLDER%", &unpacked.to_string_lossy())
        .replace("%DATABASE%", &database.to_string_lossy());
    let file = folder.join("glewlwyd.conf");
    shell.write_file(&file, configuration)?;
    let mut program = pinned(Core::Server, unpacked.join("usr/bin/glewlwyd"));
    program
        .arg(format!("--config-file={}", file.display()))
        .env("LD_LIBRARY_PATH", libraries(&unpacked)?);
    let server = Process::at(program, url.clone())?;
    set_up(workshop, &folder, &url).context("it could not be set up")?;
    let api = format!("{url}/api/bench");
    Ok(Peer {
        name: "glewlwyd, ES256, durable",
        server,
        token_url: format!("{api}/token"),
        jwks_url: Some(format!("{api}/jwks")),
        introspection_url: Some(format!("{api}/introspect")),
    })
}

/// Debian's package and the libraries that it needs and that are not installed.
fn unpacked(workshop: &Workshop<'_>) -> Result<PathBuf> {
    let shell = &workshop.shell;
    let folder = workspace::target(&workspace::root()?)?.join("bench-glewlwyd");
    if folder.join("usr/bin/glewlwyd").exists() {
        return Ok(folder);
    }
    say("unpacking Debian's glewlwyd into the target folder, once");
    shell.remove_path(&folder)?;
    shell.create_dir(&folder)?;
    let wanted = cmd!(
        shell,
        "apt-get --simulate --no-install-recommends install glewlwyd"
    )
    .quiet()
    .ignore_stderr()
    .read()?;
    let packages: Vec<&str> = packages(&wanted).collect();
    let _folder = shell.push_dir(&folder);
    cmd!(shell, "apt-get --quiet=2 download {packages...}")
        .quiet()
        .run()?;
    for package in shell.read_dir(&folder)? {
        cmd!(shell, "dpkg-deb --extract {package} .")
            .quiet()
            .run()?;
    }
    Ok(folder)
}

/// Of what would be installed, the server and the libraries. Its pages and the tools of databases are not needed.
fn packages(simulated: &str) -> impl Iterator<Item = &str> {
    let named = simulated
        .lines()
        .filter_map(|line| line.strip_prefix("Inst "));
    let named = named.filter_map(|line| line.split(' ').next());
    named.filter(|name| {
        let is_library = name.starts_with("lib") && !name.starts_with("libjs-");
        *name == "glewlwyd" || is_library && !name.ends_with("-perl")
    })
}

/// The folder that the libraries were unpacked into, which is named after the architecture.
fn libraries(unpacked: &Path) -> Result<PathBuf> {
    let entries = std::fs::read_dir(unpacked.join("usr/lib"))?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut named = folders.filter(|path| path.to_string_lossy().ends_with("-linux-gnu"));
    Ok(named.next().unwrap_or_else(|| unpacked.join("usr/lib")))
}

fn set_up(workshop: &Workshop<'_>, folder: &Path, url: &str) -> Result<()> {
    let shell = &workshop.shell;
    let [private, public] = ["private.pem", "public.pem"].map(|name| folder.join(name));
    cmd!(
        shell,
        "openssl ecparam -name prime256v1 -genkey -noout -out {private}"
    )
    .quiet()
    .run()?;
    cmd!(shell, "openssl pkey -in {private} -pubout -out {public}")
        .quiet()
        .run()?;
    let mut session = Session::default();
    let mut post = |path: &str, body: &Value| session.post(&format!("{url}/api/{path}"), body);
    post(
        "auth/",
        &json!({ "username": "admin", "password": "password" }),
    )?;
    post(
        "scope/",
        &json!({
            "name": "scope1", "display_name": "scope1", "description": "bench",
            "password_required": false, "password_max_age": 0, "scheme": {},
        }),
    )?;
    post(
        "client/",
        &json!({
            "client_id": "bench", "name": "bench", "description": "bench", "confidential": true, "enabled": true,
            "client_secret": "bench-secret", "authorization_type": ["client_credentials"], "scope": ["scope1"],
            "redirect_uri": ["https://client.example/cb"],
            "token_endpoint_auth_method": ["client_secret_basic"],
        }),
    )?;
    let parameters = json!({
        "iss": format!("{url}/api/bench"), "jwt-type": "ecdsa", "jwt-key-size": "256",
        "key": std::fs::read_to_string(private)?, "cert": std::fs::read_to_string(public)?,
        "code-duration": 600, "refresh-token-duration": 1_209_600, "access-token-duration": 3600,
        "allow-non-oidc": true, "auth-type-client-enabled": true, "auth-type-code-enabled": true,
        "auth-type-implicit-enabled": false, "auth-type-password-enabled": false,
        "auth-type-refresh-enabled": true, "introspection-revocation-allowed": true,
        "introspection-revocation-allow-target-client": true, "jwks-show": true,
    });
    post(
        "mod/plugin/",
        &json!({
            "module": "oidc", "name": "bench", "display_name": "bench", "enabled": true,
            "parameters": parameters,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_and_its_libraries_are_taken_and_nothing_else() {
        let simulated = "Reading state\nInst libulfius2.7 (2.7 Debian)\nInst libjs-popper.js (1)\n\
                         Inst libconfig-inifiles-perl (3)\nInst glewlwyd (2.7.5)\nConf libulfius2.7 (2.7)\n";
        let found: Vec<&str> = packages(simulated).collect();
        assert_eq!(found, ["libulfius2.7", "glewlwyd"]);
    }
}
