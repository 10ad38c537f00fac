-- What happened in the cluster, beyond the few tasks the engine remembers. Times as in 0001.

CREATE TABLE timeline (
    id       INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('task', 'service', 'node', 'deployment', 'engine')),
    service  TEXT,
    node     TEXT,
    task     TEXT,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'good', 'bad', 'warn')),
    text     TEXT NOT NULL
) STRICT;

CREATE INDEX timeline_by_service ON timeline (service, id) WHERE service IS NOT NULL;
CREATE INDEX timeline_by_node ON timeline (node, id) WHERE node IS NOT NULL;

-- The last picture in brief, so that a restart can tell what changed meanwhile.
CREATE TABLE last_seen (
    kind  TEXT NOT NULL CHECK (kind IN ('service', 'node')),
    id    TEXT NOT NULL,
    name  TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
