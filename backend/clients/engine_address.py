"""What `DOCKER_HOST` and `DOCKER_CERT_PATH` mean."""

import errno
import os
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from backend.errors import FieldError, InvalidInput


def display_host(docker_host: str) -> str:
    """The address without user and password."""
    parts = urlsplit(docker_host)
    if "@" not in parts.netloc:
        return docker_host
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def socket_path(docker_host: str) -> str:
    return docker_host.removeprefix("unix://")


def base_url(docker_host: str, *, tls: bool) -> str:
    parts = urlsplit(docker_host)
    match parts.scheme:
        # With a connector of one's own, aiodocker wants a host it can put into a URL, not the socket's path.
        case "unix" if socket_path(docker_host).startswith("/"):
            return "unix://localhost"
        case "ssh" if parts.hostname:
            return "unix://localhost"
        case "tcp" | "http" | "https" if parts.hostname:
            scheme = "https" if tls or parts.scheme == "https" else "http"
            try:
                port = parts.port or (2376 if scheme == "https" else 2375)
            except ValueError as error:
                raise _no_address(docker_host, f"; {str(error)[:1].lower()}{str(error)[1:]}") from None
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            return f"{scheme}://{host}:{port}"
    raise _no_address(docker_host)


def _no_address(docker_host: str, because: str = "") -> InvalidInput:
    hint = "use unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host"
    return InvalidInput(
        f"DOCKER_HOST is '{display_host(docker_host)}', which is no engine's address{because}; {hint}.",
        errors=(FieldError("DOCKER_HOST", hint),),
    )


def tls_context(cert_path: Path | None, *, verify: bool) -> ssl.SSLContext:
    """Docker's own layout: ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH, by default ~/.docker."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    folder = cert_path or Path.home() / ".docker"
    for name in ("ca.pem", "cert.pem", "key.pem"):
        # OpenSSL's own complaint does not say which file it misses.
        if cert_path is not None and not (folder / name).is_file():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder / name))
    if (folder / "ca.pem").is_file():
        context.load_verify_locations(cafile=folder / "ca.pem")
    if (folder / "cert.pem").is_file():
        context.load_cert_chain(certfile=folder / "cert.pem", keyfile=folder / "key.pem")
    if cert_path is not None and not verify:
        # As Docker's client does: certificates without DOCKER_TLS_VERIFY encrypt but do not authenticate.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
