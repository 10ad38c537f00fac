-- Times are ISO 8601 in UTC with microseconds, so that text order is time order.

CREATE TABLE definitions (
    name       TEXT PRIMARY KEY,
    revision   INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    deleted    INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revisions (
    service    TEXT NOT NULL,
    number     INTEGER NOT NULL CHECK (number > 0),
    text       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    author     TEXT NOT NULL,
    source     TEXT NOT NULL CHECK (source IN ('api', 'disk', 'seed', 'scale')),
    deleted    INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    note       TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (service, number)
) STRICT;

-- What is about to be done to a definition's file; a row that outlives its process is settled at the next start.
CREATE TABLE intents (
    id         TEXT PRIMARY KEY,
    service    TEXT NOT NULL,
    file       TEXT NOT NULL,
    old_sha256 TEXT,
    new_sha256 TEXT,
    new_text   TEXT,
    author     TEXT NOT NULL,
    source     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE catalog_facts (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,
    service        TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('deploy', 'scale', 'stop')),
    state          TEXT NOT NULL,
    cause          TEXT,
    actor          TEXT NOT NULL,
    from_revision  INTEGER,
    to_revision    INTEGER,
    from_digest    TEXT,
    to_digest      TEXT,
    image          TEXT,
    replicas       INTEGER,
    changes        TEXT NOT NULL DEFAULT '[]',
    restarts_tasks INTEGER NOT NULL DEFAULT 0 CHECK (restarts_tasks IN (0, 1)),
    warnings       TEXT NOT NULL DEFAULT '[]',
    operation      TEXT,
    boot_id        TEXT NOT NULL,
    service_id     TEXT,
    spec_hash      TEXT,
    created_at     TEXT NOT NULL,
    sent_at        TEXT,
    finished_at    TEXT
) STRICT;

CREATE INDEX deployments_by_service ON deployments (service, seq);
CREATE INDEX deployments_unfinished ON deployments (seq) WHERE finished_at IS NULL;
