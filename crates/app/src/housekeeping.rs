//! What the server does by itself.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{ClockJump, EmergencyClient, Timestamp, TokenStatus};

use crate::app::{App, lock};
use crate::caller::Caller;
use crate::error::Error;

/// The most expiries that are recorded in one unit of work.
const EXPIRY_BATCH: u32 = 200;

/// How often what can matter no more is forgotten, in milliseconds (10 minutes).
const PRUNE_MILLIS: i64 = 10 * 60 * 1000;

/// How often the signing keys are looked after, in milliseconds (10 seconds).
const TEND_MILLIS: i64 = 10_000;

/// The round of work that a server does several times a second.
#[derive(Debug, Default)]
pub struct Housekeeping {
    pruned_at: Option<Timestamp>,
    tended_at: Option<Timestamp>,
}

impl Housekeeping {
    /// One round: records a jump of the clock, runs the tasks that wait, records the tokens whose time is over and the repeats that were folded,
    /// signs a checkpoint when one is due, lets signing keys follow one another, and forgets what can matter no more. A step that fails holds up no other.
    ///
    /// # Errors
    /// The first failure, when the store cannot take something; the next round tries again.
    pub async fn round(&mut self, app: &App) -> Result<(), Error> {
        let clock = app.record_clock_jump().await;
        let tasks = app.run_queued_tasks().await.map(drop);
        let expiries = app.record_expiries().await;
        let repeats = app.record_repeats(false).await;
        let checkpoint = app.checkpoint_if_due(false).await;
        let keys = self.tend_keys(app).await;
        let pruned = self.prune(app).await;
        clock
            .and(tasks)
            .and(expiries)
            .and(repeats)
            .and(checkpoint)
            .and(keys)
            .and(pruned)
    }

    async fn tend_keys(&mut self, app: &App) -> Result<(), Error> {
        let now = app.now();
        if is_due(self.tended_at, TEND_MILLIS, now) {
            app.tend_signing_keys().await?;
            self.tended_at = Some(now);
        }
        Ok(())
    }

    async fn prune(&mut self, app: &App) -> Result<(), Error> {
        let now = app.now();
        if is_due(self.pruned_at, PRUNE_MILLIS, now) {
            app.forget_outlived_api_tokens().await?;
            app.ports.store.prune(now).await?;
            self.pruned_at = Some(now);
        }
        Ok(())
    }
}

/// Whether something that was last done at `at` is to be done again; also when the clock was set back.
fn is_due(at: Option<Timestamp>, every_millis: i64, now: Timestamp) -> bool {
    at.is_none_or(|at| !(0..every_millis).contains(&now.millis_since(at)))
}

impl App {
    /// Records that the server answers from now on.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub async fn record_start(&self, details: &[(&str, &str)]) -> Result<(), Error> {
        self.record_clock_jump().await?;
        let target = AuditTarget::new(TargetKind::Server, &self.installation.id);
        let mut event = Caller::system().event(AuditAction::ServerStarted, target, self.now());
        for (name, value) in details {
            event = event.with(name, *value);
        }
        self.record(event).await
    }

    /// Records that the clock jumped, if it did since this was last called.
    async fn record_clock_jump(&self) -> Result<(), Error> {
        let now = self.now();
        let Some(jump) = lock(&self.time).take_jump() else {
            return Ok(());
        };
        let (action, millis) = match jump {
            ClockJump::Back(millis) => (AuditAction::ClockMovedBack, millis),
            ClockJump::Forward(millis) => (AuditAction::ClockMovedForward, millis),
        };
        let clock = self.ports.clock.now().millis().to_string();
        tracing::warn!(
            by_millis = millis,
            clock,
            time = now.millis(),
            "{}",
            action.description()
        );
        let target = AuditTarget::new(TargetKind::Server, &self.installation.id);
        let event = Caller::system()
            .event(action, target, now)
            .with("by_millis", millis.to_string())
            .with("clock", clock);
        self.record(event).await
    }

    /// Records that the server stops in good order, signs a last checkpoint and lets go of the store.
    ///
    /// # Errors
    /// When the store cannot take it; it is let go of all the same.
    pub async fn stop(&self) -> Result<(), Error> {
        let written = self.record_stop().await;
        self.ports.store.close().await;
        written
    }

    /// Finishes what was folded and lets go of the store, for a process that was never a server.
    ///
    /// # Errors
    /// When the store cannot take it; it is let go of all the same.
    pub async fn close(&self) -> Result<(), Error> {
        let written = self.record_repeats(true).await;
        self.ports.store.close().await;
        written
    }

    async fn record_stop(&self) -> Result<(), Error> {
        let repeats = self.record_repeats(true).await;
        let target = AuditTarget::new(TargetKind::Server, &self.installation.id);
        let event = Caller::system().event(AuditAction::ServerStopped, target, self.now());
        let stopped = self.record(event).await;
        let checkpoint = self.checkpoint_if_due(true).await;
        repeats.and(stopped).and(checkpoint)
    }

    /// Records the tokens whose time is over, each once, over all processes.
    pub(crate) async fn record_expiries(&self) -> Result<(), Error> {
        let now = self.now();
        loop {
            let over = self
                .ports
                .store
                .read()
                .await?
                .list_unrecorded_expiries(now, EXPIRY_BATCH)
                .await?;
            if over.is_empty() {
                return Ok(());
            }
            let mut unit = self.ports.store.begin().await?;
            let mut events = Vec::new();
            for mut client in unit.list_unrecorded_expiries(now, EXPIRY_BATCH).await? {
                client.token.expiry_recorded = true;
                unit.update_emergency_client(&client).await?;
                events.push(self.expiry_event(&client));
            }
            // Another process may have recorded them since they were listed.
            let Some(events) = AuditEvents::of(events) else {
                return Ok(());
            };
            self.commit(unit, events).await?;
        }
    }

    /// The record of a token whose time is over, when nobody has written it yet. Whoever takes such a token away writes it
    /// in the same unit of work, for nobody could afterwards.
    pub(crate) fn unrecorded_expiry(&self, client: &EmergencyClient) -> Option<AuditEvent> {
        let is_over = client.status(self.now()) == TokenStatus::Expired;
        (is_over && !client.token.expiry_recorded).then(|| self.expiry_event(client))
    }

    fn expiry_event(&self, client: &EmergencyClient) -> AuditEvent {
        self.client_event(
            &Caller::system(),
            AuditAction::EmergencyTokenExpired,
            client,
        )
        .with("token_id", client.token.id.to_string())
        .with("expired_at", client.token.expires_at.millis().to_string())
    }
}
