-- +goose Up
-- Machines that go away, by operators' word; a deadline of 0: the fleets' own.
CREATE TABLE node_leaves (
    node        TEXT PRIMARY KEY,
    noticed_at  INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    reason      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
