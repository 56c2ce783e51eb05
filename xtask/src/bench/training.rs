//! Work for a server that counts what it does: starts, the operations that are measured, and TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::bench::decisions::FEW_PROFILES;
use crate::bench::http::submit;
use crate::bench::load;
use crate::bench::overflow::Pair;
use crate::bench::stage::Stage;
use crate::bench::targets::FULL_LOAD;
use crate::workspace::say;

/// How many tokens are alive.
const LIVE_TOKENS: u64 = 1_000;

/// How many roles a client holds whose tokens leave claims out.
const ROLES: u64 = 100;

/// How often the server is started again.
const STARTS: u32 = 5;

/// For how long each load is sent.
const TIME: Duration = Duration::from_secs(2);

/// A server that is put to work. It is asked to end before it ends, so that it can write down what it has counted.
#[derive(Debug)]
pub(crate) struct Training {
    server: PathBuf,
    folder: TempDir,
    stage: Stage,
}

impl Training {
    /// Fails with what to install when the load generator is not there.
    pub(crate) fn require() -> Result<()> {
        load::require()
    }

    /// Makes an installation of this server, which has ended when this returns.
    pub(crate) fn set(server: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let alone = folder.path().join("alone");
        std::fs::create_dir(&alone)?;
        let mut stage = Stage::set(server, &alone)?;
        stage.fill_profiles(FEW_PROFILES)?;
        stage.keep_tokens(LIVE_TOKENS)?;
        stage.stop()?;
        Ok(Self {
            server: server.to_owned(),
            folder,
            stage,
        })
    }

    /// Starts the server again and again, each time to a first token and a sign-in.
    pub(crate) fn start(&mut self) -> Result<()> {
        for _ in 0..STARTS {
            self.stage.start(&self.server)?;
            let url = format!("{}/token", self.stage.broker());
            submit(&url, &self.stage.machine_form())?;
            self.stage.sign_in()?;
            self.stage.stop()?;
        }
        Ok(())
    }

    /// Sends the operations that are measured, alone and at full load, then over TLS and to a server among others.
    pub(crate) fn work(&mut self) -> Result<()> {
        self.stage.start(&self.server)?;
        let mut loads = self.stage.loads()?;
        loads.extend(self.stage.loads_of_decisions()?);
        loads.extend(self.stage.loads_over());
        for load in loads {
            say(&format!("working: {}", load.name));
            for concurrency in [1, FULL_LOAD] {
                load.warm(concurrency, TIME)?;
            }
        }
        self.stage.stop()?;
        self.over_tls()?;
        self.among_others()
    }

    fn over_tls(&mut self) -> Result<()> {
        self.stage
            .start_with(&self.server, &["--tls-self-signed"])?;
        for load in self.stage.loads_over_tls() {
            say(&format!("working: {}, over TLS", load.name));
            load.warm(FULL_LOAD, TIME)?;
        }
        self.stage.stop()
    }

    fn among_others(&self) -> Result<()> {
        let folder = self.folder.path().join("pair");
        std::fs::create_dir(&folder)?;
        let mut pair = Pair::set(&self.server, &folder)?;
        for subject in pair.subjects(&folder, ROLES)? {
            say(&format!("working: {}", subject.load.name));
            subject.load.warm(FULL_LOAD, TIME)?;
        }
        pair.stop()
    }
}
