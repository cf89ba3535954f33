-- +goose Up
-- What fleets (kind 1), routes (2) and all fleets together (0, name '') did; see greenroom's model.HistoryRecord. Those that
-- are deleted keep their past.
CREATE TABLE history_subjects (
    id   INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (kind, name)
) STRICT;

-- What servers cost, each price once. 0 in a record: not known.
CREATE TABLE history_prices (
    id              INTEGER PRIMARY KEY,
    per_server_hour REAL NOT NULL,
    currency        TEXT NOT NULL,
    instance_type   TEXT NOT NULL,
    spot            INTEGER NOT NULL,
    architecture    TEXT NOT NULL,
    UNIQUE (per_server_hour, currency, instance_type, spot, architecture)
) STRICT;

-- The lengths of steps that there are, so that a subject's records of a span are found by the key of history.
CREATE TABLE history_steps (
    step INTEGER PRIMARY KEY
) STRICT;

-- step and at are in seconds, at since 1970; what is so many for so long is in milliseconds.
CREATE TABLE history (
    subject        INTEGER NOT NULL REFERENCES history_subjects (id),
    step           INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    price          INTEGER NOT NULL,
    covered        INTEGER NOT NULL,
    wanted         INTEGER NOT NULL,
    starting       INTEGER NOT NULL,
    ready          INTEGER NOT NULL,
    open           INTEGER NOT NULL,
    leaving        INTEGER NOT NULL,
    idle           INTEGER NOT NULL,
    sessions       INTEGER NOT NULL,
    active         INTEGER NOT NULL,
    slots          INTEGER NOT NULL,
    seats          INTEGER NOT NULL,
    players        INTEGER NOT NULL,
    joins          INTEGER NOT NULL,
    departed        INTEGER NOT NULL,
    sessions_begun INTEGER NOT NULL,
    sessions_keyed INTEGER NOT NULL,
    refusals       INTEGER NOT NULL,
    waits          INTEGER NOT NULL,
    wait_time      INTEGER NOT NULL,
    sessions_max   INTEGER NOT NULL,
    players_max    INTEGER NOT NULL,
    wait_max       INTEGER NOT NULL,
    PRIMARY KEY (subject, step, at, price)
) STRICT, WITHOUT ROWID;

-- What keepers did and why. servers is a JSON list; at is in nanoseconds.
CREATE TABLE decisions (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    fleet    TEXT NOT NULL,
    verb     TEXT NOT NULL,
    servers  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    sentence TEXT NOT NULL,
    result   TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_time ON decisions (at);
CREATE INDEX decisions_by_fleet ON decisions (fleet, at);
