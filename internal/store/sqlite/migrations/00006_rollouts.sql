-- +goose Up
-- spec and state are the contract's RolloutSpec and RolloutStatus as JSON; route, phase, serial, began_at and route_generation
-- are of the state and stand beside it to be looked for, and compared, without reading it.
CREATE TABLE rollouts (
    name             TEXT PRIMARY KEY,
    labels           TEXT NOT NULL,
    spec             TEXT NOT NULL,
    generation       INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    route            TEXT NOT NULL,
    phase            TEXT NOT NULL,
    serial           INTEGER NOT NULL,
    began_at         INTEGER NOT NULL,
    route_generation INTEGER NOT NULL,
    state            TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX rollouts_under_way ON rollouts (route) WHERE phase IN ('running', 'paused');

