-- Emergency tokens that are bound to a key: the thumbprint of the key, NULL for a token that is bound to none.

ALTER TABLE emergency_clients ADD COLUMN dpop_key BLOB CHECK (dpop_key IS NULL OR length(dpop_key) = 32);
