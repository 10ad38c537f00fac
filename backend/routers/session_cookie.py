"""The cookie that carries a browser session."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

# Browsers accept `__Host-` only over TLS, from this very host and for all paths.
SECURE_NAME = "__Host-session"
PLAIN_NAME = "session"


def is_secure(connection: HTTPConnection) -> bool:
    return str(connection.scope.get("scheme")) in ("https", "wss")


def read(connection: HTTPConnection) -> str | None:
    return connection.cookies.get(_name(connection)) or None


def put(response: Response, connection: HTTPConnection, secret: str) -> None:
    # No expiry: it ends with the browser, or when the server says so.
    response.set_cookie(
        _name(connection), secret, path="/", secure=is_secure(connection), httponly=True, samesite="strict"
    )


def clear(response: Response, connection: HTTPConnection) -> None:
    response.delete_cookie(
        _name(connection), path="/", secure=is_secure(connection), httponly=True, samesite="strict"
    )


def _name(connection: HTTPConnection) -> str:
    return SECURE_NAME if is_secure(connection) else PLAIN_NAME
