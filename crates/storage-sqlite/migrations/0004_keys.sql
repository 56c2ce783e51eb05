-- Signing keys that follow one another, and emergency tokens that know the key that signed them.

ALTER TABLE signing_keys ADD COLUMN activates_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN signs_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN retired_at INTEGER;

-- Minutes; NULL is never.
ALTER TABLE brokers ADD COLUMN key_rotation_period INTEGER DEFAULT 129600;
ALTER TABLE brokers ADD COLUMN key_overlap INTEGER NOT NULL DEFAULT 1440;

ALTER TABLE emergency_clients ADD COLUMN token_key_id TEXT NOT NULL DEFAULT '';

-- Until now a broker had one key, which signed everything.
UPDATE emergency_clients SET token_key_id = coalesce((
    SELECT signing_keys.id FROM signing_keys JOIN realms ON realms.broker_id = signing_keys.broker_id
    WHERE realms.id = emergency_clients.realm_id ORDER BY signing_keys.created_at DESC LIMIT 1
), '');

-- An access token lives eight hours at most; what the key signed before today is over tomorrow, but for emergency tokens.
UPDATE signing_keys SET activates_at = created_at, signs_until = max(
    (CAST(strftime('%s', 'now') AS INTEGER) + 86400) * 1000,
    coalesce((
        SELECT max(emergency_clients.token_expires_at) FROM emergency_clients
        JOIN realms ON realms.id = emergency_clients.realm_id WHERE realms.broker_id = signing_keys.broker_id
    ), 0)
);
