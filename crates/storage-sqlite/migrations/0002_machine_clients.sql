-- API clients, roles, and the roles that principals hold.

CREATE TABLE roles (
    name TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    description TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('BUILT_IN', 'CUSTOM')),
    -- A JSON array of objects: the kind of component, and its own roles by name.
    component_roles TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE api_clients (
    realm_id BLOB NOT NULL REFERENCES realms (id),
    client_id TEXT NOT NULL,
    -- The principal that roles are given to.
    id BLOB NOT NULL CHECK (length(id) = 16),
    client_name TEXT NOT NULL,
    client_description TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    -- A page of all clients is a stretch of this index.
    PRIMARY KEY (realm_id, client_id),
    -- A search by role comes from the principals to their clients.
    UNIQUE (realm_id, id)
) STRICT;

CREATE INDEX api_clients_by_name ON api_clients (realm_id, client_name, client_id);

-- How many clients a realm has, kept beside it because counting a million rows takes its time.
ALTER TABLE realms ADD COLUMN api_clients INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER api_client_inserted AFTER INSERT ON api_clients BEGIN
    UPDATE realms SET api_clients = api_clients + 1 WHERE id = new.realm_id;
END;

CREATE TRIGGER api_client_deleted AFTER DELETE ON api_clients BEGIN
    UPDATE realms SET api_clients = api_clients - 1 WHERE id = old.realm_id;
END;

CREATE TABLE role_assignments (
    -- What is held in a realm ends with it. Principals are of several kinds, so this refers to none of them.
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    principal_id BLOB NOT NULL CHECK (length(principal_id) = 16),
    -- The order in which they were given.
    position INTEGER NOT NULL CHECK (position >= 0),
    role_name TEXT NOT NULL REFERENCES roles (name),
    -- A JSON object: the type of the scope, and the instances that it reaches if they are listed.
    scope TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (realm_id, principal_id, position)
) STRICT, WITHOUT ROWID;

-- The role comes first because it cannot be deleted while anybody holds it, in whatever realm.
CREATE INDEX role_assignments_by_role ON role_assignments (role_name, realm_id, principal_id);
