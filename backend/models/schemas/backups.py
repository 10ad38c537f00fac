"""Backups across the API."""

from datetime import datetime

from backend.models.schemas.common import Schema


class BackupOut(Schema):
    """One file with the database and the definitions as they were at one moment."""

    name: str
    bytes: int
    created_at: datetime
    reason: str
    """`manual`, `scheduled`, `before-upgrade` or `before-restore`."""
    version: str
    """Of the program that made it; empty when the file is damaged."""
    definitions: int
    has_key: bool
    """Whether the key of stored registry passwords is in it."""
    problem: str | None = None
    """Why it cannot be restored, as far as a glance tells."""
