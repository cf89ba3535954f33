-- +goose Up
-- The four bytes "GRRM": this file is Greenroom's.
PRAGMA application_id = 1196577357;

-- spec is the contract's message (greenroom.v1.FleetSpec, RouteSpec) as JSON. Times are Unix nanoseconds, 0 for none.
CREATE TABLE fleets (
    name       TEXT PRIMARY KEY,
    labels     TEXT NOT NULL,
    spec       TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE routes (
    name       TEXT PRIMARY KEY,
    labels     TEXT NOT NULL,
    spec       TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which route names which fleet, so that a fleet in use is found, and held, without reading specs.
CREATE TABLE route_fleets (
    route TEXT NOT NULL REFERENCES routes (name) ON DELETE CASCADE,
    fleet TEXT NOT NULL REFERENCES fleets (name),
    PRIMARY KEY (route, fleet)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_fleets_by_fleet ON route_fleets (fleet);

CREATE TABLE tokens (
    name         TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    scope        INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
