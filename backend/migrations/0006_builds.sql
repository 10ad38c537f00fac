-- Builds, the deployments that wait for one, and what the timeline tells of them. Times as in 0001.
-- A build's arguments are never stored: a build that its server did not finish is not taken up again.

CREATE TABLE builds (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    service       TEXT NOT NULL,
    project       TEXT NOT NULL,
    image         TEXT NOT NULL,
    tag           TEXT NOT NULL,
    state         TEXT NOT NULL,
    actor         TEXT NOT NULL,
    dockerfile    TEXT NOT NULL,
    target        TEXT,
    platforms     TEXT NOT NULL DEFAULT '[]',
    cause         TEXT,
    digest        TEXT,
    image_id      TEXT,
    context_bytes INTEGER,
    context_files INTEGER,
    warnings      TEXT NOT NULL DEFAULT '[]',
    phases        TEXT NOT NULL DEFAULT '[]',
    steps         TEXT NOT NULL DEFAULT '[]',
    deploy        INTEGER NOT NULL DEFAULT 0 CHECK (deploy IN (0, 1)),
    deployment_id TEXT,
    unverified    INTEGER NOT NULL DEFAULT 0 CHECK (unverified IN (0, 1)),
    created_at    TEXT NOT NULL,
    started_at    TEXT,
    finished_at   TEXT
) STRICT;

CREATE INDEX builds_by_service ON builds (service, seq);
CREATE INDEX builds_by_project ON builds (project, seq);
CREATE INDEX builds_open ON builds (seq) WHERE finished_at IS NULL OR unverified = 1;

ALTER TABLE deployments ADD COLUMN build_id TEXT;

-- SQLite changes a CHECK only by a new table.
CREATE TABLE timeline_new (
    id       INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('task', 'service', 'node', 'deployment', 'engine', 'build')),
    service  TEXT,
    node     TEXT,
    task     TEXT,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'good', 'bad', 'warn')),
    text     TEXT NOT NULL
) STRICT;

INSERT INTO timeline_new (id, at, kind, service, node, task, severity, text)
SELECT id, at, kind, service, node, task, severity, text FROM timeline;

DROP TABLE timeline;
ALTER TABLE timeline_new RENAME TO timeline;
CREATE INDEX timeline_by_service ON timeline (service, id) WHERE service IS NOT NULL;
CREATE INDEX timeline_by_node ON timeline (node, id) WHERE node IS NOT NULL;
