"""Generate the page's API types from the OpenAPI document; `--check` only says whether they are stale."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.node import CODEGEN, FRONTEND, find_node
from scripts.shell import ROOT

TYPES = FRONTEND / "src" / "api" / "schema.d.ts"


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        with tempfile.TemporaryDirectory() as folder:
            fresh = generate(Path(folder))
        if TYPES.is_file() and TYPES.read_text() == fresh:
            return 0
        print(
            f"{TYPES.relative_to(ROOT)} does not match the API; run `make api-types` and commit it",
            file=sys.stderr,
        )
        return 1
    with tempfile.TemporaryDirectory() as folder:
        TYPES.write_text(generate(Path(folder)))
    return 0


def generate(folder: Path) -> str:
    document, types = folder / "openapi.json", folder / "schema.d.ts"
    with document.open("w") as out:
        subprocess.run([sys.executable, "-m", "scripts.openapi"], cwd=ROOT, stdout=out, check=True)
    node = find_node()
    env = {**os.environ, **(node.env if node else {})}
    tool = CODEGEN / "node_modules" / ".bin" / "openapi-typescript"
    subprocess.run(
        [tool, document, "--output", types], cwd=CODEGEN, env=env, stdout=subprocess.DEVNULL, check=True
    )
    return types.read_text()


if __name__ == "__main__":
    sys.exit(main())
