-- Scopes are the roles that tokens always had: those of before keep `admin`, full rights. `confirm` tokens, made
-- for agents, wait for a person before they do what would hurt. Times as in 0001.

ALTER TABLE tokens ADD COLUMN confirm INTEGER NOT NULL DEFAULT 0 CHECK (confirm IN (0, 1));

-- The program a caller speaks through, in its own words.
ALTER TABLE audit ADD COLUMN client TEXT NOT NULL DEFAULT '';

-- One act that waits or waited for a person. `fingerprint` is of the act with its exact arguments, `arguments`
-- what a person is shown of them. Approved ones are used once: state `used`.
CREATE TABLE approvals (
    id          TEXT PRIMARY KEY,
    actor_kind  TEXT NOT NULL,
    actor_id    TEXT NOT NULL,
    actor_name  TEXT NOT NULL,
    client      TEXT NOT NULL DEFAULT '',
    action      TEXT NOT NULL,
    target      TEXT NOT NULL,
    arguments   TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    permission  TEXT NOT NULL,
    reason      TEXT NOT NULL,
    effect      TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'used')),
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    decided_by  TEXT,
    decided_at  TEXT,
    used_at     TEXT
) STRICT;

CREATE INDEX approvals_by_act ON approvals (actor_id, fingerprint, created_at);
CREATE INDEX approvals_waiting ON approvals (created_at) WHERE state = 'pending';
