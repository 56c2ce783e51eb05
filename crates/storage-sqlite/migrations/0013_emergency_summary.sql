-- What emergency clients amount to is asked at each start and with each look at the metrics. So it is found in indexes alone,
-- without the rows: those that are alive, which are also what housekeeping asks for once they are over, and those that were used.

DROP INDEX emergency_clients_by_unrecorded_expiry;

CREATE INDEX emergency_clients_by_unrecorded_expiry
ON emergency_clients (token_expires_at, realm_id, token_expiry_recorded, token_revoked_at)
WHERE token_expiry_recorded = 0 AND token_revoked_at IS NULL;

CREATE INDEX emergency_clients_by_last_use ON emergency_clients (realm_id, last_used_at)
WHERE last_used_at IS NOT NULL;
