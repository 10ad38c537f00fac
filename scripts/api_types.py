"""Generate the page's API types from the OpenAPI document; `--check` only says whether they are stale."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.node import CODEGEN, find_node
from scripts.shell import ROOT


def main() -> int:
    node = find_node()
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        with document.open("w") as out:
            subprocess.run([sys.executable, "-m", "scripts.openapi"], cwd=ROOT, stdout=out, check=True)
        env = {**os.environ, **(node.env if node else {}), "OPENAPI_JSON": str(document)}
        generate = ["sh", str(CODEGEN / "generate.sh"), *sys.argv[1:]]
        return subprocess.run(generate, cwd=CODEGEN, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
