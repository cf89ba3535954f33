-- +goose Up
-- What the stages of the routes show to late joiners; an empty payload hides what a wider space shows by that name.
CREATE TABLE staged (
    route   TEXT NOT NULL REFERENCES routes (name) ON DELETE CASCADE,
    space   TEXT NOT NULL,
    name    TEXT NOT NULL,
    serial  INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (route, space, name)
) STRICT;
