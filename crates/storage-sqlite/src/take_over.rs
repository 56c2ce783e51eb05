//! What a copy of the store learns of recalls that came after it was made.

use async_trait::async_trait;
use breakglass_domain::{Recall, RecallKind, RecallRecord, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadRecalls, TakenOver, WriteRecalls};

use crate::column::{Key, Place, millis, number};
use crate::lease::Lease;
use crate::view::View;

/// Runs a statement on a view, and evaluates to how many rows it changed.
macro_rules! change {
    ($view:expr, $first:literal $(+ $more:literal)* $(, $argument:expr)* $(,)?) => {{
        let done = sqlx::query!($first $(+ $more)*, $($argument),*)
            .execute($view.changing().await?)
            .await;
        $view.settle(done)?.rows_affected()
    }};
}

/// Ends a credential when it is the one that was recalled: its place says so.
macro_rules! end_credential {
    ($view:expr, $table:literal, $recall:expr, $until:expr) => {{
        let (Held { realm_id, id }, place) = held_by($recall)?;
        change!(
            $view,
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT realms.broker_id, held.status_index, held.id, ? FROM "
                + $table
                + " AS held
             JOIN realms ON realms.id = held.realm_id
             WHERE held.realm_id = ? AND held.id = ? AND held.status_index = ?
             ON CONFLICT (broker_id, status_index) DO NOTHING",
            $until,
            realm_id,
            id,
            place,
        );
        change!(
            $view,
            "DELETE FROM " + $table + " WHERE realm_id = ? AND id = ? AND status_index = ?",
            realm_id,
            id,
            place,
        )
    }};
}

/// Gives a credential the place that it has had since its access tokens were recalled.
macro_rules! move_credential {
    ($view:expr, $table:literal, $recall:expr, $until:expr) => {{
        let (Held { realm_id, id }, place) = held_by($recall)?;
        change!(
            $view,
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT realms.broker_id, held.status_index, held.id, ? FROM "
                + $table
                + " AS held
             JOIN realms ON realms.id = held.realm_id WHERE held.realm_id = ? AND held.id = ?
             ON CONFLICT (broker_id, status_index) DO NOTHING",
            $until,
            realm_id,
            id,
        );
        change!(
            $view,
            "UPDATE " + $table + " SET status_index = ? WHERE realm_id = ? AND id = ?",
            place,
            realm_id,
            id,
        )
    }};
}

/// The key of a credential, as columns hold it.
struct Held<'a> {
    realm_id: Option<&'a [u8]>,
    id: &'a [u8],
}

/// The credential that a recall is about, and its place.
fn held_by(recall: &Recall) -> Result<(Held<'_>, Option<i64>), StoreError> {
    let held = Held {
        realm_id: recall.scope.as_ref().map(<[u8; 16]>::as_slice),
        id: recall.id.as_slice(),
    };
    Ok((held, recall.place.map(number).transpose()?))
}

#[async_trait]
impl WriteRecalls for View<Lease> {
    async fn take_over_recalls(
        &mut self,
        records: &[RecallRecord],
        now: Timestamp,
        recalled_until: Timestamp,
    ) -> Result<TakenOver, StoreError> {
        let head = self.find_recall_head().await?;
        if records
            .first()
            .is_some_and(|first| first.number != head.number + 1)
        {
            return Err(StoreError::Conflict);
        }
        let last = self.last_recall().await?;
        let mut taken = TakenOver::default();
        for record in records {
            self.end(&record.recall, now, recalled_until, &mut taken)
                .await?;
        }
        // What ended here has its record already.
        self.forget_recalls(last).await?;
        for record in records {
            self.keep_recall(record).await?;
        }
        self.leave_places(records, recalled_until).await?;
        Ok(taken)
    }

    async fn recall_everything(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let now = now.millis();
        change!(
            self,
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT realms.broker_id, token_status_index, token_id, token_expires_at FROM emergency_clients
             JOIN realms ON realms.id = realm_id WHERE token_revoked_at IS NULL AND token_expires_at > ?
             ON CONFLICT (broker_id, status_index) DO NOTHING",
            now,
        );
        let mut ended = change!(
            self,
            "UPDATE emergency_clients SET token_revoked_at = ?1
             WHERE token_revoked_at IS NULL AND token_expires_at > ?1",
            now,
        );
        ended += change!(self, "DELETE FROM sessions");
        ended += change!(self, "DELETE FROM api_tokens");
        ended += change!(self, "DELETE FROM client_keys");
        ended += change!(self, "DELETE FROM client_secrets");
        ended += change!(self, "DELETE FROM token_issuers");
        change!(self, "UPDATE brokers SET recall_epoch = recall_epoch + 1");
        Ok(ended)
    }

    async fn skip_places(&mut self, places: u32) -> Result<(), StoreError> {
        self.lease().forget_places();
        change!(
            self,
            "UPDATE brokers SET next_status_index = next_status_index + ?, recall_epoch = recall_epoch + 1",
            places,
        );
        Ok(())
    }
}

impl View<Lease> {
    /// Ends here what ended elsewhere.
    async fn end(
        &mut self,
        recall: &Recall,
        now: Timestamp,
        until: Timestamp,
        taken: &mut TakenOver,
    ) -> Result<(), StoreError> {
        let until = until.millis();
        taken.ended += match recall.kind {
            RecallKind::ApiToken => end_credential!(self, "api_tokens", recall, until),
            RecallKind::ClientKey => end_credential!(self, "client_keys", recall, until),
            RecallKind::ClientSecret => end_credential!(self, "client_secrets", recall, until),
            RecallKind::ApiTokenMoved => move_credential!(self, "api_tokens", recall, until),
            RecallKind::ClientKeyMoved => move_credential!(self, "client_keys", recall, until),
            RecallKind::ClientSecretMoved => {
                move_credential!(self, "client_secrets", recall, until)
            }
            RecallKind::EmergencyToken => self.end_emergency_token(recall, now).await?,
            RecallKind::Password => self.end_password(recall, taken).await?,
            RecallKind::AccessToken
            | RecallKind::ClientSecretEnd
            | RecallKind::Session
            | RecallKind::SessionGrant
            | RecallKind::SigningKey
            | RecallKind::TokenIssuer => self.end_by_id(recall).await?,
            RecallKind::Client
            | RecallKind::ClientProfile
            | RecallKind::Places
            | RecallKind::Realm
            | RecallKind::Role
            | RecallKind::Roles => 0,
        };
        Ok(())
    }

    /// Ends what is found by its id alone.
    async fn end_by_id(&mut self, recall: &Recall) -> Result<u64, StoreError> {
        let scope = recall.scope.as_ref().map(<[u8; 16]>::as_slice);
        let id = recall.id.as_slice();
        let instant = millis(recall.instant);
        Ok(match recall.kind {
            RecallKind::AccessToken => change!(
                self,
                "INSERT INTO revoked_access_tokens (realm_id, token_id, expires_at)
                 SELECT id, ?, ? FROM realms WHERE id = ? ON CONFLICT (realm_id, token_id) DO NOTHING",
                id,
                instant,
                scope,
            ),
            RecallKind::ClientSecretEnd => change!(
                self,
                "UPDATE client_secrets SET expires_at = ? WHERE realm_id = ? AND id = ?",
                instant,
                scope,
                id,
            ),
            RecallKind::Session => change!(self, "DELETE FROM sessions WHERE digest = ?", id),
            RecallKind::SessionGrant => {
                change!(self, "DELETE FROM session_grants WHERE id = ?", id)
            }
            RecallKind::SigningKey => change!(
                self,
                "UPDATE signing_keys SET retired_at = ?, sealed_private_key = x''
                 WHERE id = CAST(? AS TEXT) AND retired_at IS NULL",
                instant,
                id,
            ),
            _ => change!(
                self,
                "DELETE FROM token_issuers WHERE realm_id = ? AND alias = CAST(? AS TEXT)",
                scope,
                id,
            ),
        })
    }

    async fn end_emergency_token(
        &mut self,
        recall: &Recall,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let realm_id = recall.scope.as_ref().map(<[u8; 16]>::as_slice);
        let id = recall.id.as_slice();
        let now = now.millis();
        change!(
            self,
            "INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
             SELECT realms.broker_id, token_status_index, token_id, token_expires_at FROM emergency_clients
             JOIN realms ON realms.id = realm_id WHERE realm_id = ? AND token_id = ?
             ON CONFLICT (broker_id, status_index) DO NOTHING",
            realm_id,
            id,
        );
        Ok(change!(
            self,
            "UPDATE emergency_clients SET token_revoked_at = ?
             WHERE realm_id = ? AND token_id = ? AND token_revoked_at IS NULL",
            now,
            realm_id,
            id,
        ))
    }

    /// The password that is there is an older one, and what was vouched for by it is over.
    async fn end_password(
        &mut self,
        recall: &Recall,
        taken: &mut TakenOver,
    ) -> Result<u64, StoreError> {
        let (name, set_at) = (recall.id.as_slice(), millis(recall.instant));
        let changed = change!(
            self,
            "UPDATE accounts SET password_set_at = coalesce(?, password_set_at)
             WHERE username = CAST(? AS TEXT)",
            set_at,
            name,
        );
        if changed > 0 {
            let place = Place::new("recalls", Key::Bytes(name));
            let text = place.some("id", std::str::from_utf8(name).ok())?;
            let username = place.parse("id", text)?;
            if !taken.outdated_passwords.contains(&username) {
                taken.outdated_passwords.push(username);
            }
        }
        Ok(changed)
    }

    /// Lets each status list go on behind every place that may have been given out. What has such a place and is not known here
    /// is dead here, and so it is on the list.
    async fn leave_places(
        &mut self,
        records: &[RecallRecord],
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let until = until.millis();
        self.lease().forget_places();
        for broker in self.broker_ids().await? {
            let recalled = records.iter().map(|record| &record.recall);
            let bound = recalled
                .filter(|it| it.kind == RecallKind::Places)
                .filter(|it| it.scope.as_ref().map(<[u8; 16]>::as_slice) == Some(broker.as_slice()))
                .filter_map(|it| it.place)
                .max();
            let bound = number(bound.unwrap_or_default())?;
            change!(
                self,
                "WITH RECURSIVE places (place, last) AS (
                    SELECT next_status_index, max((next_status_index / 1024 + 1) * 1024, ?) FROM brokers WHERE id = ?
                    UNION ALL SELECT place + 1, last FROM places WHERE place + 1 < last
                 ), held (place) AS (
                    SELECT status_index FROM api_tokens JOIN realms ON realms.id = api_tokens.realm_id
                    WHERE realms.broker_id = ?
                    UNION SELECT status_index FROM client_keys JOIN realms ON realms.id = client_keys.realm_id
                    WHERE realms.broker_id = ?
                    UNION SELECT status_index FROM client_secrets JOIN realms ON realms.id = client_secrets.realm_id
                    WHERE realms.broker_id = ?
                 )
                 INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
                 SELECT ?, place, zeroblob(16), ? FROM places WHERE place NOT IN (SELECT place FROM held)
                 ON CONFLICT (broker_id, status_index) DO NOTHING",
                bound,
                broker,
                broker,
                broker,
                broker,
                broker,
                until,
            );
            change!(
                self,
                "UPDATE brokers SET next_status_index = max((next_status_index / 1024 + 1) * 1024, ?),
                 recall_epoch = recall_epoch + 1 WHERE id = ?",
                bound,
                broker,
            );
        }
        Ok(())
    }

    async fn broker_ids(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows = sqlx::query_scalar!("SELECT id FROM brokers")
            .fetch_all(self.connection().await?)
            .await;
        self.settle(rows)
    }

    async fn keep_recall(&mut self, record: &RecallRecord) -> Result<(), StoreError> {
        let recall = &record.recall;
        let (number_, kind) = (number(record.number)?, recall.kind.name());
        let scope = recall.scope.as_ref().map(<[u8; 16]>::as_slice);
        let id = recall.id.as_slice();
        let place = recall.place.map(number).transpose()?;
        let (instant, time) = (millis(recall.instant), record.time.millis());
        let mac = record.mac.as_bytes().as_slice();
        change!(
            self,
            "INSERT INTO recalls (number, kind, scope, id, place, instant, time, mac)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            number_,
            kind,
            scope,
            id,
            place,
            instant,
            time,
            mac,
        );
        Ok(())
    }
}
