-- Registries added through the API, and credentials for those that the configuration names (url is empty
-- then). `sealed` is encrypted with a key that is not in this file; NULL: no credentials.

CREATE TABLE registries (
    host       TEXT PRIMARY KEY,
    url        TEXT NOT NULL,
    username   TEXT NOT NULL DEFAULT '',
    sealed     BLOB,
    changed_by TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;
