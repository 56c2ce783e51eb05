//! How soon a recall is seen: by the server that was told, and by a second one on the same folder.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::bench::http::exchange_form;
use crate::bench::record::{Part, RecallFigures};
use crate::bench::spread::Spread;
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// How many tokens are recalled.
const RECALLS: u32 = 200;

/// A recall that is not seen after so long is not seen at all.
const MOST: Duration = Duration::from_secs(10);

/// Recalls token after token, and asks both servers from then on.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<RecallFigures>> {
    say(&format!("== recall: {RECALLS} tokens"));
    let stage = workshop.stage("recall")?;
    let second = stage.second(&workshop.binary())?;
    let urls = [stage.broker(), format!("{}/acs/t/CUSTOMER", second.url())];
    let [here, elsewhere] = urls.map(|broker| format!("{broker}/introspect"));
    let active = |url: &str, token: &str| -> Result<bool> {
        let answer = exchange_form(url, stage.authorization(), &format!("token={token}"))?;
        Ok(answer.get("active").and_then(Value::as_bool) == Some(true))
    };
    let made = |id: &str| -> Result<(String, String)> {
        let token = stage.make_client(id)?;
        ensure!(active(&here, &token)?, "a new token is not alive");
        Ok((id.to_owned(), token))
    };
    let mut refused_at_once = 0;
    let mut lags = Vec::new();
    for number in 0..RECALLS {
        let (id, token) = made(&format!("there-{number}"))?;
        eventually(|| active(&elsewhere, &token))?;
        stage.recall(&id)?;
        let acknowledged = Instant::now();
        eventually(|| Ok(!active(&elsewhere, &token)?))?;
        lags.push(acknowledged.elapsed().as_secs_f64() * 1e3);

        let (id, token) = made(&format!("here-{number}"))?;
        stage.recall(&id)?;
        refused_at_once += u32::from(!active(&here, &token)?);
    }
    workshop.part(RecallFigures {
        recalls: RECALLS,
        refused_at_once,
        second_process_ms: Spread::of(lags),
    })
}

/// Asks until it is so.
fn eventually(mut asked: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !asked()? {
        ensure!(
            start.elapsed() < MOST,
            "the other server did not hear of it"
        );
    }
    Ok(())
}
