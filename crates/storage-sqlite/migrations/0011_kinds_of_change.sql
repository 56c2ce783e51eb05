-- Changes are counted by their kind, so that what is asked of one kind is not read again when another is changed: tokens come
-- and go all the time, sessions often, and everything else seldom.

ALTER TABLE changes RENAME COLUMN epoch TO standing;
ALTER TABLE changes ADD COLUMN tokens INTEGER NOT NULL DEFAULT 1;
ALTER TABLE changes ADD COLUMN sessions INTEGER NOT NULL DEFAULT 1;

DROP TRIGGER api_tokens_inserted_changes;
CREATE TRIGGER api_tokens_inserted_changes AFTER INSERT ON api_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER api_tokens_updated_changes;
CREATE TRIGGER api_tokens_updated_changes AFTER UPDATE OF
    principal_id, digest, issued_at, expires_at, status_index
ON api_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER api_tokens_deleted_changes;
CREATE TRIGGER api_tokens_deleted_changes AFTER DELETE ON api_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;

DROP TRIGGER emergency_clients_inserted_changes;
CREATE TRIGGER emergency_clients_inserted_changes AFTER INSERT ON emergency_clients BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER emergency_clients_updated_changes;
CREATE TRIGGER emergency_clients_updated_changes AFTER UPDATE OF
    client_name, client_description, ttl, last_regenerated_at, token_id, token_digest,
    token_status_index, token_issued_at, token_expires_at, token_revoked_at, token_key_id,
    dpop_key
ON emergency_clients BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER emergency_clients_deleted_changes;
CREATE TRIGGER emergency_clients_deleted_changes AFTER DELETE ON emergency_clients BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;

DROP TRIGGER revoked_access_tokens_inserted_changes;
CREATE TRIGGER revoked_access_tokens_inserted_changes AFTER INSERT ON revoked_access_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER revoked_access_tokens_updated_changes;
CREATE TRIGGER revoked_access_tokens_updated_changes AFTER UPDATE ON revoked_access_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;
DROP TRIGGER revoked_access_tokens_deleted_changes;
CREATE TRIGGER revoked_access_tokens_deleted_changes AFTER DELETE ON revoked_access_tokens BEGIN
    UPDATE changes SET tokens = tokens + 1;
END;

DROP TRIGGER sessions_inserted_changes;
CREATE TRIGGER sessions_inserted_changes AFTER INSERT ON sessions BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;
DROP TRIGGER sessions_updated_changes;
CREATE TRIGGER sessions_updated_changes AFTER UPDATE ON sessions BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;
DROP TRIGGER sessions_deleted_changes;
CREATE TRIGGER sessions_deleted_changes AFTER DELETE ON sessions BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;

DROP TRIGGER session_grants_inserted_changes;
CREATE TRIGGER session_grants_inserted_changes AFTER INSERT ON session_grants BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;
DROP TRIGGER session_grants_updated_changes;
CREATE TRIGGER session_grants_updated_changes AFTER UPDATE ON session_grants BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;
DROP TRIGGER session_grants_deleted_changes;
CREATE TRIGGER session_grants_deleted_changes AFTER DELETE ON session_grants BEGIN
    UPDATE changes SET sessions = sessions + 1;
END;
