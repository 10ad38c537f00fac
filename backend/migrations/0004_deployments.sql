-- Rollbacks and restarts are deployments too, with the times of their phases and what failed tasks left
-- behind; a rollback writes a revision of its own. SQLite changes a CHECK only by a new table. Which run of
-- the server began a change no longer matters: the label of the change on the service tells what became of it.

CREATE TABLE deployments_new (
    seq               INTEGER PRIMARY KEY AUTOINCREMENT,
    id                TEXT NOT NULL UNIQUE,
    service           TEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('deploy', 'scale', 'stop', 'rollback', 'restart')),
    state             TEXT NOT NULL,
    cause             TEXT,
    actor             TEXT NOT NULL,
    from_revision     INTEGER,
    to_revision       INTEGER,
    restores_revision INTEGER,
    from_digest       TEXT,
    to_digest         TEXT,
    image             TEXT,
    replicas          INTEGER,
    changes           TEXT NOT NULL DEFAULT '[]',
    restarts_tasks    INTEGER NOT NULL DEFAULT 0 CHECK (restarts_tasks IN (0, 1)),
    warnings          TEXT NOT NULL DEFAULT '[]',
    phases            TEXT NOT NULL DEFAULT '[]',
    evidence          TEXT NOT NULL DEFAULT '[]',
    operation         TEXT,
    service_id        TEXT,
    spec_hash         TEXT,
    created_at        TEXT NOT NULL,
    sent_at           TEXT,
    finished_at       TEXT
) STRICT;

INSERT INTO deployments_new (
    seq, id, service, kind, state, cause, actor, from_revision, to_revision, from_digest, to_digest, image,
    replicas, changes, restarts_tasks, warnings, operation, service_id, spec_hash, created_at, sent_at,
    finished_at
)
SELECT
    seq, id, service, kind, state, cause, actor, from_revision, to_revision, from_digest, to_digest, image,
    replicas, changes, restarts_tasks, warnings, operation, service_id, spec_hash, created_at, sent_at,
    finished_at
FROM deployments;

DROP TABLE deployments;
ALTER TABLE deployments_new RENAME TO deployments;
CREATE INDEX deployments_by_service ON deployments (service, seq);
CREATE INDEX deployments_unfinished ON deployments (seq) WHERE finished_at IS NULL;

CREATE TABLE revisions_new (
    service    TEXT NOT NULL,
    number     INTEGER NOT NULL CHECK (number > 0),
    text       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    author     TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('api', 'disk', 'seed', 'scale', 'rollback')),
    deleted    INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    note       TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (service, number)
) STRICT;

INSERT INTO revisions_new (service, number, text, sha256, author, source, deleted, note, created_at)
SELECT service, number, text, sha256, author, source, deleted, note, created_at FROM revisions ORDER BY rowid;

DROP TABLE revisions;
ALTER TABLE revisions_new RENAME TO revisions;
