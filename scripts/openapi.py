"""Print the API's OpenAPI document, the same bytes for the same API."""

import json
import sys

from backend.config import Settings
from backend.main import create_app


def main() -> None:
    json.dump(create_app(Settings(_env_file=None)).openapi(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
