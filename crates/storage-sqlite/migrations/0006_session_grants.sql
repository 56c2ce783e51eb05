-- What was given out for sessions: tokens for other services. Those of one session and broker share a place in the status
-- list, and are recalled when the session is gone, however that came about.

CREATE TABLE session_grants (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    session_digest BLOB NOT NULL REFERENCES sessions (digest) ON DELETE CASCADE,
    broker_id BLOB NOT NULL REFERENCES brokers (id),
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    -- When the last of the tokens ends.
    expires_at INTEGER NOT NULL,
    UNIQUE (session_digest, broker_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_grants_by_broker ON session_grants (broker_id);

CREATE TRIGGER session_grant_deleted AFTER DELETE ON session_grants BEGIN
    INSERT INTO recalled_tokens (broker_id, status_index, token_id, expires_at)
    VALUES (old.broker_id, old.status_index, old.id, old.expires_at)
    ON CONFLICT (broker_id, status_index) DO NOTHING;
    UPDATE brokers SET recall_epoch = recall_epoch + 1 WHERE id = old.broker_id;
END;
