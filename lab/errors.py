"""The one error the lab raises on purpose."""


class LabError(Exception):
    """Something the person at the keyboard can act on; the message is one clear sentence."""
