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

/// Installs it into the target folder, once, and starts it with tokens of this format.
pub(super) fn start(workshop: &Workshop<'_>, format: &str) -> Result<Peer> {
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
        .env("FORMAT", format)
        .env("PORT", port.to_string());
    Ok(Peer {
        name: match format {
            "jwt" => "oidc-provider, ES256, stored nowhere",
            _ => "oidc-provider, opaque, in memory",
        },
        server: Process::at(node, url.clone())?,
        token_url: format!("{url}/token"),
        jwks_url: format!("{url}/jwks"),
        introspection_url: (format != "jwt").then(|| format!("{url}/token/introspection")),
    })
}
