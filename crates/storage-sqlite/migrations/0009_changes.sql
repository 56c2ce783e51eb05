-- How often anything was changed that a check of a token looks at. That something was used is no change.

CREATE TABLE changes (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    epoch INTEGER NOT NULL
) STRICT;

INSERT INTO changes (singleton, epoch) VALUES (1, 1);

CREATE TRIGGER accounts_inserted_changes AFTER INSERT ON accounts BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER accounts_updated_changes AFTER UPDATE ON accounts BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER accounts_deleted_changes AFTER DELETE ON accounts BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER api_clients_inserted_changes AFTER INSERT ON api_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER api_clients_updated_changes AFTER UPDATE ON api_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER api_clients_deleted_changes AFTER DELETE ON api_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER api_tokens_inserted_changes AFTER INSERT ON api_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER api_tokens_updated_changes AFTER UPDATE OF
    principal_id, digest, issued_at, expires_at, status_index
ON api_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER api_tokens_deleted_changes AFTER DELETE ON api_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER brokers_inserted_changes AFTER INSERT ON brokers BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER brokers_updated_changes AFTER UPDATE OF
    tenant, display_name, deployment_type, algorithm, updated_at, key_rotation_period,
    key_overlap, token_overflow_threshold
ON brokers BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER brokers_deleted_changes AFTER DELETE ON brokers BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER client_keys_inserted_changes AFTER INSERT ON client_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER client_keys_updated_changes AFTER UPDATE OF
    principal_id, kid, algorithm, thumbprint, jwk, status_index
ON client_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER client_keys_deleted_changes AFTER DELETE ON client_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER client_secrets_inserted_changes AFTER INSERT ON client_secrets BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER client_secrets_updated_changes AFTER UPDATE OF
    principal_id, digest, status_index, expires_at
ON client_secrets BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER client_secrets_deleted_changes AFTER DELETE ON client_secrets BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER emergency_clients_inserted_changes AFTER INSERT ON emergency_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER emergency_clients_updated_changes AFTER UPDATE OF
    client_name, client_description, ttl, last_regenerated_at, token_id, token_digest,
    token_status_index, token_issued_at, token_expires_at, token_revoked_at, token_key_id,
    dpop_key
ON emergency_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER emergency_clients_deleted_changes AFTER DELETE ON emergency_clients BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER oauth_apps_inserted_changes AFTER INSERT ON oauth_apps BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER oauth_apps_updated_changes AFTER UPDATE ON oauth_apps BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER oauth_apps_deleted_changes AFTER DELETE ON oauth_apps BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER realms_inserted_changes AFTER INSERT ON realms BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER realms_updated_changes AFTER UPDATE OF
    broker_id, updated_at, rules_epoch, roles_epoch
ON realms BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER realms_deleted_changes AFTER DELETE ON realms BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER registered_tokens_inserted_changes AFTER INSERT ON registered_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER registered_tokens_updated_changes AFTER UPDATE ON registered_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER registered_tokens_deleted_changes AFTER DELETE ON registered_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER revoked_access_tokens_inserted_changes AFTER INSERT ON revoked_access_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER revoked_access_tokens_updated_changes AFTER UPDATE ON revoked_access_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER revoked_access_tokens_deleted_changes AFTER DELETE ON revoked_access_tokens BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER session_grants_inserted_changes AFTER INSERT ON session_grants BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER session_grants_updated_changes AFTER UPDATE ON session_grants BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER session_grants_deleted_changes AFTER DELETE ON session_grants BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER sessions_inserted_changes AFTER INSERT ON sessions BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER sessions_updated_changes AFTER UPDATE ON sessions BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER sessions_deleted_changes AFTER DELETE ON sessions BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER settings_inserted_changes AFTER INSERT ON settings BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER settings_updated_changes AFTER UPDATE ON settings BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER settings_deleted_changes AFTER DELETE ON settings BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;

CREATE TRIGGER signing_keys_inserted_changes AFTER INSERT ON signing_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER signing_keys_updated_changes AFTER UPDATE ON signing_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
CREATE TRIGGER signing_keys_deleted_changes AFTER DELETE ON signing_keys BEGIN
    UPDATE changes SET epoch = epoch + 1;
END;
