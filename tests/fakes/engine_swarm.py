"""What the fake swarm says of itself: settings, root certificate, join tokens."""

import secrets
from dataclasses import dataclass, field

from tests.fakes.engine_store import Spec, now

# Made once for these tests; the key is gone. Good until 2046.
ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBOjCB4aADAgECAhQ/BqYddelo3g5kXzflGbVC/V1XZDAKBggqhkjOPQQDAjAT
MREwDwYDVQQDDAhzd2FybS1jYTAeFw0yNjAxMDEwMDAwMDBaFw00NjAxMDEwMDAw
MDBaMBMxETAPBgNVBAMMCHN3YXJtLWNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEkqliWwZWLsYBWkr3Hfv/6xaIxfSIsfgPwz+ZVUIePiu1Y1GkY/mwF+G9Arzf
yPZLcp7q+w/DzEgeRV/6BMpKZaMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
PQQDAgNIADBFAiAeG7vjLVaNGIMDXII8xHICaQDPTxf333Q07n7QidnSiwIhAOB8
5AUoSK+ax7o9DUz33Z6RsKHBv5tsfab4QdJRXSMg
-----END CERTIFICATE-----
"""


@dataclass
class FakeSwarm:
    id: str
    version: int = 11
    created: str = field(default_factory=now)
    tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ("Worker", "Manager"):
            self.rotate(role)

    def rotate(self, role: str) -> None:
        self.tokens[role] = f"SWMTKN-1-{secrets.token_hex(25)}-{secrets.token_hex(12)}"

    def render(self) -> Spec:
        return {
            "ID": self.id,
            "Version": {"Index": self.version},
            "CreatedAt": self.created,
            "Spec": {
                "Name": "default",
                "Orchestration": {"TaskHistoryRetentionLimit": 5},
                "CAConfig": {"NodeCertExpiry": 7_776_000_000_000_000},
                "EncryptionConfig": {"AutoLockManagers": False},
            },
            "TLSInfo": {"TrustRoot": ROOT},
            "RootRotationInProgress": False,
            "JoinTokens": dict(self.tokens),
        }
