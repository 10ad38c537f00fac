"""What the swarm's root certificate says of itself."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


@dataclass(frozen=True, slots=True)
class RootCertificate:
    subject: str
    fingerprint: str
    expires_at: datetime


@lru_cache(maxsize=64)
def fingerprint(pem: str) -> str:
    """SHA-256 of the certificates in `pem`, in hexadecimal; empty for none.

    All nodes repeat the same few texts, look after look.
    """
    return sha256("".join(pem.split()).encode()).hexdigest() if pem.strip() else ""


def root_certificate(pem: str) -> RootCertificate | None:
    """The newest root of `pem`, which holds two while they are rotated; None when there is none to read."""
    try:
        roots = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return None
    newest = max(roots, key=lambda root: root.not_valid_after_utc)
    return RootCertificate(
        subject=newest.subject.rfc4514_string(),
        fingerprint=sha256(newest.public_bytes(Encoding.DER)).hexdigest(),
        expires_at=newest.not_valid_after_utc,
    )
