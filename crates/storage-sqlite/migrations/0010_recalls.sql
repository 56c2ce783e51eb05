-- What ended before its time, one row each, which is also written to a file beside the store: a copy of the store that is put
-- back learns from there what has ended since it was made. What is forgotten because it is over leaves no row.

CREATE TABLE recalls (
    number INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- A realm or a broker.
    scope BLOB CHECK (scope IS NULL OR length(scope) = 16),
    id BLOB NOT NULL,
    place INTEGER,
    instant INTEGER,
    -- Both are filled in when the unit of work is committed.
    time INTEGER,
    mac BLOB CHECK (mac IS NULL OR length(mac) = 32)
) STRICT;

CREATE TRIGGER accounts_recalled AFTER UPDATE OF password_hash ON accounts
WHEN new.password_hash <> old.password_hash BEGIN
    INSERT INTO recalls (kind, id, instant)
    VALUES ('password', CAST(old.username AS BLOB), new.password_set_at);
END;

CREATE TRIGGER accounts_deleted_recalled AFTER DELETE ON accounts BEGIN
    INSERT INTO recalls (kind, id, instant)
    VALUES ('password', CAST(old.username AS BLOB), old.password_set_at);
END;

CREATE TRIGGER sessions_recalled AFTER DELETE ON sessions BEGIN
    INSERT INTO recalls (kind, id) VALUES ('session', old.digest);
END;

CREATE TRIGGER session_grants_recalled AFTER DELETE ON session_grants BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('session_grant', old.broker_id, old.id, old.status_index, old.expires_at);
END;

CREATE TRIGGER emergency_clients_deleted_recalled AFTER DELETE ON emergency_clients
WHEN old.token_revoked_at IS NULL BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('emergency_token', old.realm_id, old.token_id, old.token_status_index, old.token_expires_at);
END;

CREATE TRIGGER emergency_clients_recalled AFTER UPDATE OF token_id, token_revoked_at ON emergency_clients
WHEN old.token_revoked_at IS NULL AND (new.token_id <> old.token_id OR new.token_revoked_at IS NOT NULL) BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('emergency_token', old.realm_id, old.token_id, old.token_status_index, old.token_expires_at);
END;

CREATE TRIGGER api_tokens_deleted_recalled AFTER DELETE ON api_tokens BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('api_token', old.realm_id, old.id, old.status_index, old.expires_at);
END;

CREATE TRIGGER api_tokens_recalled AFTER UPDATE OF digest ON api_tokens WHEN new.digest <> old.digest BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('api_token', old.realm_id, old.id, old.status_index, old.expires_at);
END;

CREATE TRIGGER api_tokens_moved_recalled AFTER UPDATE OF status_index ON api_tokens
WHEN new.status_index <> old.status_index AND new.digest = old.digest BEGIN
    INSERT INTO recalls (kind, scope, id, place)
    VALUES ('api_token_moved', old.realm_id, old.id, new.status_index);
END;

CREATE TRIGGER client_keys_deleted_recalled AFTER DELETE ON client_keys BEGIN
    INSERT INTO recalls (kind, scope, id, place)
    VALUES ('client_key', old.realm_id, old.id, old.status_index);
END;

CREATE TRIGGER client_keys_moved_recalled AFTER UPDATE OF status_index ON client_keys
WHEN new.status_index <> old.status_index BEGIN
    INSERT INTO recalls (kind, scope, id, place)
    VALUES ('client_key_moved', old.realm_id, old.id, new.status_index);
END;

CREATE TRIGGER client_secrets_deleted_recalled AFTER DELETE ON client_secrets BEGIN
    INSERT INTO recalls (kind, scope, id, place, instant)
    VALUES ('client_secret', old.realm_id, old.id, old.status_index, old.expires_at);
END;

CREATE TRIGGER client_secrets_moved_recalled AFTER UPDATE OF status_index ON client_secrets
WHEN new.status_index <> old.status_index BEGIN
    INSERT INTO recalls (kind, scope, id, place)
    VALUES ('client_secret_moved', old.realm_id, old.id, new.status_index);
END;

CREATE TRIGGER client_secrets_recalled AFTER UPDATE OF expires_at ON client_secrets
WHEN new.expires_at IS NOT old.expires_at BEGIN
    INSERT INTO recalls (kind, scope, id, instant)
    VALUES ('client_secret_end', old.realm_id, old.id, new.expires_at);
END;

CREATE TRIGGER revoked_access_tokens_recalled AFTER INSERT ON revoked_access_tokens BEGIN
    INSERT INTO recalls (kind, scope, id, instant)
    VALUES ('access_token', new.realm_id, new.token_id, new.expires_at);
END;

CREATE TRIGGER signing_keys_recalled AFTER UPDATE OF retired_at ON signing_keys
WHEN old.retired_at IS NULL AND new.retired_at IS NOT NULL BEGIN
    INSERT INTO recalls (kind, scope, id, instant)
    VALUES ('signing_key', old.broker_id, CAST(old.id AS BLOB), new.retired_at);
END;

CREATE TRIGGER token_issuers_deleted_recalled AFTER DELETE ON token_issuers BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('token_issuer', old.realm_id, CAST(old.alias AS BLOB));
END;

CREATE TRIGGER token_issuers_recalled AFTER UPDATE ON token_issuers BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('token_issuer', old.realm_id, CAST(old.alias AS BLOB));
END;

-- In steps, so that giving out a place costs nothing: whatever was given out lies before the last step that is on record.
CREATE TRIGGER brokers_places_recalled AFTER UPDATE OF next_status_index ON brokers
WHEN new.next_status_index / 1024 > old.next_status_index / 1024 BEGIN
    INSERT INTO recalls (kind, scope, id, place)
    VALUES ('places', new.id, x'', (new.next_status_index / 1024 + 1) * 1024);
END;

-- What follows is no end of a token: somebody may do less from then on, and a copy that is put back lets it be done again.

CREATE TRIGGER role_assignments_recalled AFTER DELETE ON role_assignments BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('roles', old.realm_id, old.principal_id);
END;

CREATE TRIGGER roles_recalled AFTER UPDATE OF component_roles ON roles
WHEN new.component_roles <> old.component_roles BEGIN
    INSERT INTO recalls (kind, id) VALUES ('role', CAST(old.name AS BLOB));
END;

CREATE TRIGGER roles_deleted_recalled AFTER DELETE ON roles BEGIN
    INSERT INTO recalls (kind, id) VALUES ('role', CAST(old.name AS BLOB));
END;

CREATE TRIGGER client_profiles_recalled AFTER UPDATE ON client_profiles BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('client_profile', old.realm_id, old.id);
END;

CREATE TRIGGER client_profiles_deleted_recalled AFTER DELETE ON client_profiles BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('client_profile', old.realm_id, old.id);
END;

CREATE TRIGGER api_clients_recalled AFTER DELETE ON api_clients BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('client', old.realm_id, CAST(old.client_id AS BLOB));
END;

CREATE TRIGGER oauth_apps_recalled AFTER DELETE ON oauth_apps BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('client', old.realm_id, CAST(old.client_id AS BLOB));
END;

CREATE TRIGGER realms_recalled AFTER DELETE ON realms BEGIN
    INSERT INTO recalls (kind, scope, id) VALUES ('realm', old.id, x'');
END;
