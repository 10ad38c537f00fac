"""The lab's private registry: a machine that runs `docker-registry`, and how images get into it."""

import http.client
import json
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass

from lab.errors import LabError
from lab.images import Image
from lab.machine import Machine
from lab.waiting import wait_until

_PORT = 5000
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Registry:
    """The real registry over plain HTTP, with deletes enabled, on an address that nodes and host reach."""

    machine: Machine

    @property
    def host(self) -> str:
        """Address and port, as in image references."""
        return f"{self.machine.address}:{_PORT}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def running(self) -> bool:
        return self.machine.running

    def boot(self) -> None:
        directory = self.machine.directory
        directory.mkdir(parents=True, exist_ok=True)
        config = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(directory / "data")},
                "delete": {"enabled": True},
            },
            "http": {"addr": f":{_PORT}"},
        }
        # JSON is YAML too.
        (directory / "config.yml").write_text(json.dumps(config))
        self.machine.boot(["docker-registry", "serve", str(directory / "config.yml")])

    def wait_until_ready(self) -> None:
        """Wait for the first answer; raises `LabError` naming the log."""
        what = "the first answer of the registry"
        wait_until(self.answers, seconds=60, what=what, log=self.machine.log)

    def answers(self) -> bool:
        """Whether it answers; raises `OSError` while nobody listens, `LabError` if it ended."""
        if not self.machine.running:
            raise LabError(f"The registry ended: {self.machine.last_words()} (see {self.machine.log})")
        return self._call("GET", "/v2/")[0] == 200

    def push(self, images: Iterable[Image]) -> None:
        """Store `images`, unless they are there already. Raises `LabError` if one is refused."""
        for image in images:
            for blob in image.blobs:
                self._push_blob(image.repository, blob.digest, blob.content)
            for media_type, manifest in image.manifests:
                self._push_manifest(image.repository, manifest.digest, media_type, manifest.content)
            media_type, manifest = image.manifests[-1]
            self._push_manifest(image.repository, image.tag, media_type, manifest.content)

    def _push_blob(self, repository: str, digest: str, content: bytes) -> None:
        if self._call("HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
            return
        status, headers = self._call("POST", f"/v2/{repository}/blobs/uploads/")
        if status != 202:
            raise self._refused(f"an upload to {repository}", status)
        location = urllib.parse.urlsplit(headers["Location"])
        target = f"{location.path}?{location.query}&digest={urllib.parse.quote(digest)}"
        status, _ = self._call("PUT", target, content, "application/octet-stream")
        if status != 201:
            raise self._refused(f"a blob of {repository}", status)

    def _push_manifest(self, repository: str, reference: str, media_type: str, content: bytes) -> None:
        status, _ = self._call("PUT", f"/v2/{repository}/manifests/{reference}", content, media_type)
        if status != 201:
            raise self._refused(f"{repository}:{reference}", status)

    def _refused(self, what: str, status: int) -> LabError:
        return LabError(f"The registry refused {what} with status {status}; see {self.machine.log}")

    def _call(
        self, method: str, path: str, body: bytes | None = None, media_type: str | None = None
    ) -> tuple[int, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(self.machine.address, _PORT, timeout=_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": media_type} if media_type else {})
            response = connection.getresponse()
            response.read()
        except http.client.HTTPException as error:
            raise OSError(f"the registry broke off: {error!r}") from error
        finally:
            connection.close()
        return response.status, response.headers
