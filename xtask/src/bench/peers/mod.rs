//! Other servers that issue tokens, under the same loads on the same cores in the same run.

mod glewlwyd;
mod oidc_provider;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::oidc_provider::Kind;
use crate::bench::http::{exchange_form, free_port};
use crate::bench::load::{Load, TURNS};
use crate::bench::process::Process;
use crate::bench::record::{Part, PeerFigures};
use crate::bench::rounds::Subject;
use crate::bench::stage::{FORM, secret_file, text};
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// `bench:bench-secret`, the credentials of the client at each of them (RFC 7617).
const BASIC: &str = "Basic YmVuY2g6YmVuY2gtc2VjcmV0";

/// What it sends for a token.
const GRANT: &str = "grant_type=client_credentials&scope=scope1";

/// A server of others, ready to be loaded.
#[derive(Debug)]
struct Peer {
    /// What it is called in the table.
    name: &'static str,
    server: Process,
    token_url: String,
    /// Where its keys are, if it is one that is loaded with issuing tokens.
    jwks_url: Option<String>,
    /// Where tokens are asked for, if it takes its own tokens there.
    introspection_url: Option<String>,
}

/// Measures this server beside those of others that can be had.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<PeerFigures>> {
    say("== compare: preparing the servers of others");
    let mut peers = Vec::new();
    let mut skipped = Vec::new();
    let prepared = [
        ("glewlwyd", glewlwyd::start(workshop)),
        (
            "oidc-provider, opaque tokens",
            oidc_provider::start(workshop, Kind::Opaque),
        ),
        (
            "oidc-provider, introspection",
            oidc_provider::start(workshop, Kind::Asked),
        ),
        (
            "oidc-provider, JWT",
            oidc_provider::start(workshop, Kind::Jwt),
        ),
    ];
    for (name, peer) in prepared {
        match peer.and_then(|peer| peer.check().map(|()| peer)) {
            Ok(peer) => peers.push(peer),
            Err(error) => {
                let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
                let why = format!("{name} was left out: {}", causes.join(": "));
                say(&why);
                skipped.push(why);
            }
        }
    }
    let (hello, stage) = (workshop.hello()?, workshop.stage("compare")?);
    let ours = |what: &str, load: Load| {
        let name = format!("{what}: breakglass");
        stage.subject(Load { name, ..load })
    };
    let loads = stage.loads_of_peers();
    let mut subjects: Vec<Subject<'_>> = loads
        .into_iter()
        .map(|(what, load)| ours(what, load))
        .collect();
    for peer in &peers {
        subjects.extend(peer.subjects(workshop)?);
    }
    subjects.sort_by_key(|subject| order(&subject.load.name));
    let rows = workshop.arguments.plan().measure(&hello, &subjects)?;
    workshop.part(PeerFigures { rows, skipped })
}

/// Rows that compare with one another stand together.
fn order(name: &str) -> usize {
    let kinds = ["token:", "introspection:", "JWKS:"];
    kinds
        .iter()
        .position(|kind| name.starts_with(kind))
        .unwrap_or(kinds.len())
}

impl Peer {
    /// A token of its own.
    fn token(&self) -> Result<String> {
        let answer = exchange_form(&self.token_url, BASIC, GRANT)?;
        Ok(text(&answer, "access_token")?.to_owned())
    }

    /// Fails unless it does what it is compared for: gives another token each time, and knows them as alive.
    fn check(&self) -> Result<()> {
        let (one, other) = (self.token()?, self.token()?);
        ensure!(one != other, "it gives the same token twice");
        let Some(url) = &self.introspection_url else {
            return Ok(());
        };
        let answer = exchange_form(url, BASIC, &format!("token={one}"))?;
        let active = answer.get("active").and_then(Value::as_bool);
        ensure!(active == Some(true), "it does not know its own token");
        Ok(())
    }

    fn subjects(&self, workshop: &Workshop<'_>) -> Result<Vec<Subject<'_>>> {
        let post = |what: &str, url: &str, body: &str| Load {
            authorization: Some(BASIC.to_owned()),
            body: Some(body.to_owned()),
            content_type: FORM,
            ..Load::of(&format!("{what}: {}", self.name), "POST", url.to_owned())
        };
        let mut loads = Vec::new();
        if let Some(url) = &self.jwks_url {
            loads.push(post("token", &self.token_url, GRANT));
            loads.push(Load::of(
                &format!("JWKS: {}", self.name),
                "GET",
                url.clone(),
            ));
        }
        if let Some(url) = &self.introspection_url {
            loads.push(Load {
                tokens: Some(self.tokens(workshop)?),
                expected: "\"active\":true",
                ..post("introspection", url, "token=%TOKEN%")
            });
        }
        let server = &self.server;
        Ok(loads
            .into_iter()
            .map(|load| Subject { load, server })
            .collect())
    }

    fn tokens(&self, workshop: &Workshop<'_>) -> Result<PathBuf> {
        let tokens: Result<Vec<String>> = (0..TURNS).map(|_| self.token()).collect();
        let file = workshop
            .folder(&format!("tokens of {}", self.name))?
            .join("tokens");
        secret_file(&file, &(tokens?.join("\n") + "\n"))?;
        Ok(file)
    }
}

/// Where a server of others is to answer.
fn address() -> Result<(u16, String)> {
    let port = free_port().context("there is no free port")?;
    Ok((port, format!("http://127.0.0.1:{port}")))
}
