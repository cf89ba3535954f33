-- +goose Up
-- Announced events; spec is greenroom.v1.EventSpec as JSON, the columns beside it are what is asked for. The route is no
-- reference: an event that is over is kept although its route may be gone, and one that is not holds its route in code.
CREATE TABLE events (
    name       TEXT PRIMARY KEY,
    labels     TEXT NOT NULL,
    spec       TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    route      TEXT NOT NULL,
    doors_at   INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_end ON events (ends_at);
CREATE INDEX events_by_route ON events (route, ends_at);
