-- +goose Up
-- The templates that fleets have or had. spec is the whole greenroom.v1.FleetSpec that the template was last applied with, as
-- JSON; used_at is when it last became the fleet's; proved_at when a server of it was first ready, 0: none was; stopped why
-- the upgrade to it ended by itself, '': it did not.
CREATE TABLE fleet_revisions (
    fleet      TEXT NOT NULL REFERENCES fleets (name) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    spec       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    proved_at  INTEGER NOT NULL DEFAULT 0,
    stopped    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (fleet, number)
) STRICT, WITHOUT ROWID;

ALTER TABLE fleets ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

INSERT INTO fleet_revisions (fleet, number, spec, created_at, used_at)
    SELECT name, 1, spec, updated_at, updated_at FROM fleets;
