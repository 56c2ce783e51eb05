//! oidc-provider, from npm.

use anyhow::{Context, Result};
use xshell::cmd;

use super::{Peer, address};
use crate::bench::process::{Core, Process, pinned, starts};
use crate::bench::workshop::Workshop;
use crate::workspace::{self, say};

/// Which one.
const PACKAGE: &str = "oidc-provider@9.13.3";

/// How it is set up.
const PROGRAM: &str = include_str!("oidc-provider.mjs");

/// What it is loaded with. It keeps no more than a thousand opaque tokens, so one that issues them under load forgets those
/// that it is asked for; another server is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Introspection of opaque tokens.
    Asked,
    /// Issuing JWTs, which it does not look into.
    Jwt,
    /// Issuing opaque tokens.
    Opaque,
}

/// Installs it into the target folder, once, and starts it for this kind of load.
pub(super) fn start(workshop: &Workshop<'_>, kind: Kind) -> Result<Peer> {
    anyhow::ensure!(
        starts("node") && starts("npm"),
        "Node.js is not installed (Debian and Ubuntu: `apt install nodejs npm`)"
    );
    let shell = &workshop.shell;
    let folder = workspace::target(&workspace::root()?)?.join("bench-oidc-provider");
    if !folder.join("node_modules").join("oidc-provider").exists() {
        say("installing oidc-provider into the target folder, once");
        shell.create_dir(&folder)?;
        shell.write_file(
            folder.join("package.json"),
            "{ \"private\": true, \"type\": \"module\" }\n",
        )?;
        cmd!(
            shell,
            "npm install --silent --no-audit --no-fund --ignore-scripts --prefix {folder} {PACKAGE}"
        )
        .run()
        .context("npm could not install it; it must reach a package registry")?;
    }
    let program = folder.join("server.mjs");
    shell.write_file(&program, PROGRAM)?;
    let (port, url) = address()?;
    let mut node = pinned(Core::Server, "node");
    node.arg(&program)
        .env("NODE_ENV", "production")
        .env("FORMAT", if kind == Kind::Jwt { "jwt" } else { "opaque" })
        .env("PORT", port.to_string());
    Ok(Peer {
        name: match kind {
            Kind::Asked | Kind::Opaque => "oidc-provider, opaque, in memory",
            Kind::Jwt => "oidc-provider, ES256, stored nowhere",
        },
        server: Process::at(node, url.clone())?,
        token_url: format!("{url}/token"),
        jwks_url: (kind != Kind::Asked).then(|| format!("{url}/jwks")),
        introspection_url: (kind == Kind::Asked).then(|| format!("{url}/token/introspection")),
    })
}
