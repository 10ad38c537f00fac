"""The API by the real `curl`, as the brief writes it, plus the Authorization header."""

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from typing import Any

from e2e.server import Server, eventually

UNDER_WAY = ("accepted", "rolling_out")


@dataclass(frozen=True)
class Curl:
    server: Server

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make one call; return the status and the JSON of the answer."""
        command = ["curl", "-sS", "--max-time", "30", "-w", "\n%{http_code}", "-X", method]
        command += [self.server.url + path, "-H", f"Authorization: Bearer {self.server.token}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=40)
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text) if text else None

    def get(self, path: str) -> Any:
        status, body = self("GET", path)
        assert status == 200, body
        return body

    def verdict(self, answer: tuple[int, Any], *, within: float = 120) -> dict[str, Any]:
        """Follow a deployment that was just accepted until it is over."""
        status, deployment = answer
        assert status == 202, deployment

        def over() -> dict[str, Any] | None:
            now = dict(self.get(f"/api/deployments/{deployment['id']}"))
            return now if now["state"] not in UNDER_WAY else None

        found = eventually(over, within=within)
        assert found
        return found


def fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return str(answer.read().decode())
    except OSError as problem:
        return f"({problem})"
