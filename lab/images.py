"""The lab's own images, made from one static busybox in pure Python: no hub and no `docker build`."""

import gzip
import hashlib
import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
# Fixed, so that the same files always have the same digest.
_CREATED = "2025-01-01T00:00:00Z"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

_HELLO = """\
#!/bin/sh
# Prints the page; as a program of its own (/www/cgi-bin/index.cgi) for a read-only file system.
page() {
    cat <<END
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>hello-world VERSION</title></head>
<body>
<h1>Hello, world!</h1>
<p>version: <b>VERSION</b></p>
<p>node: <b>${NODE:-$(hostname)}</b></p>
<p>task: <b>${TASK:-$(hostname)}</b></p>
</body>
</html>
END
}
if [ -n "$GATEWAY_INTERFACE" ]; then
    printf 'Content-Type: text/html\\r\\n\\r\\n'
    page
    exit
fi
# Process 1 ignores SIGTERM unless it says what to do, and a stop would take the whole grace period.
trap 'kill $!; exit 0' TERM INT
page 2>/dev/null >/www/index.html
echo "hello-world VERSION listens on port 80 on node ${NODE:-$(hostname)} as task ${TASK:-$(hostname)}"
httpd -f -v -p 80 -h /www &
wait $!
"""

_BATCH = """\
#!/bin/sh
echo "batch starts on node ${NODE:-$(hostname)} as task ${TASK:-$(hostname)}"
out=${OUT:-/tmp/batch.txt}
for step in 1 2 3; do
    echo "step $step of 3"
    echo "step $step of 3" >>"$out" || exit 1
done
echo "batch wrote $(wc -l <"$out") lines to $out"
"""

_CRASHER = """\
#!/bin/sh
echo "crasher starts on node ${NODE:-$(hostname)} as task ${TASK:-$(hostname)}"
echo "fatal: the flux capacitor is missing" >&2
exit 3
"""

_MULTI = """\
#!/bin/sh
trap 'exit 0' TERM INT
echo "multi runs on $(uname -m)"
while :; do sleep 3600 & wait $!; done
"""


@dataclass(frozen=True, slots=True)
class Blob:
    """A layer or a config, named by its digest."""

    content: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    def descriptor(self, media_type: str) -> dict[str, Any]:
        return {"mediaType": media_type, "size": len(self.content), "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Layer:
    """Files of an image, packed."""

    blob: Blob
    diff_id: str


@dataclass(frozen=True, slots=True)
class Image:
    """One image for one or more platforms: `manifests` under their digests, the last one under `tag`."""

    repository: str
    tag: str
    blobs: tuple[Blob, ...]
    manifests: tuple[tuple[str, Blob], ...]


def lab_images(busybox: Path) -> list[Image]:
    """All images of the lab, around the static `busybox` of a root file system."""
    base = _busybox_layer(busybox)
    machine = platform.machine()
    here = _ARCHITECTURES.get(machine, machine)
    elsewhere = "arm64" if here != "arm64" else "amd64"
    images = [
        _image("hello-world", version, [base, _hello_layer(version)], ["/bin/hello-world"], [here], port=80)
        for version in ("latest", "1", "2")
    ]
    for name, script in (("batch", _BATCH), ("crasher", _CRASHER)):
        images.append(_image(name, "latest", [base, _script_layer(name, script)], [f"/bin/{name}"], [here]))
    multi = [base, _script_layer("multi", _MULTI)]
    images.append(_image("multi", "latest", multi, ["/bin/multi"], [here, elsewhere]))
    return images


def _image(
    repository: str,
    tag: str,
    layers: Sequence[Layer],
    command: list[str],
    architectures: Sequence[str],
    port: int | None = None,
) -> Image:
    configs = [
        _config(layers, command, architecture, f"{repository}:{tag}", port) for architecture in architectures
    ]
    manifests = [(_MANIFEST, _manifest(config, layers)) for config in configs]
    if len(architectures) > 1:
        platforms = [
            {**manifest.descriptor(_MANIFEST), "platform": {"architecture": architecture, "os": "linux"}}
            for architecture, (_, manifest) in zip(architectures, manifests, strict=True)
        ]
        document = {"schemaVersion": 2, "mediaType": _MANIFEST_LIST, "manifests": platforms}
        manifests.append((_MANIFEST_LIST, _json(document)))
    return Image(repository, tag, (*(layer.blob for layer in layers), *configs), tuple(manifests))


def _config(
    layers: Sequence[Layer], command: list[str], architecture: str, title: str, port: int | None
) -> Blob:
    run: dict[str, Any] = {
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": command,
        "WorkingDir": "/",
        "Labels": {"org.opencontainers.image.title": title},
    }
    if port:
        run["ExposedPorts"] = {f"{port}/tcp": {}}
    return _json(
        {
            "architecture": architecture,
            "os": "linux",
            "created": _CREATED,
            "config": run,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": _CREATED, "created_by": f"lab: {title}"} for _ in layers],
        }
    )


def _manifest(config: Blob, layers: Sequence[Layer]) -> Blob:
    document = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": config.descriptor(_CONFIG),
        "layers": [layer.blob.descriptor(_LAYER) for layer in layers],
    }
    return _json(document)


def _json(document: Mapping[str, Any]) -> Blob:
    return Blob(json.dumps(document, separators=(",", ":")).encode())


def _busybox_layer(busybox: Path) -> Layer:
    listing = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=True).stdout
    links = {f"bin/{applet}": "busybox" for applet in sorted(listing.split()) if applet != "busybox"}
    files = {
        "bin/busybox": busybox.read_bytes(),
        "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
    }
    return _layer(["bin", "etc", "root", "tmp", "var", "www", "www/cgi-bin"], files, links)


def _hello_layer(version: str) -> Layer:
    script = _HELLO.replace("VERSION", version).encode()
    return _layer([], {"bin/hello-world": script, "www/cgi-bin/index.cgi": script}, {})


def _script_layer(name: str, script: str) -> Layer:
    return _layer([], {f"bin/{name}": script.encode()}, {})


def _layer(folders: Sequence[str], files: Mapping[str, bytes], links: Mapping[str, str]) -> Layer:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o1777 if name == "tmp" else 0o755
            archive.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o644 if name.startswith("etc/") else 0o755
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.SYMTYPE
            entry.linkname = target
            archive.addfile(entry)
    content = packed.getvalue()
    # No file name and no time in the header: the same files always have the same digest.
    return Layer(Blob(gzip.compress(content, 6, mtime=0)), f"sha256:{hashlib.sha256(content).hexdigest()}")
