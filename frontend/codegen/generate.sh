#!/bin/sh
# Writes src/api/schema.d.ts from the app's own OpenAPI document; `--check` fails when the committed one is stale.
# OPENAPI_JSON names a document to use instead of asking the app.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out="$here/../src/api/schema.d.ts"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "${OPENAPI_JSON:-}" ]; then
  cp "$OPENAPI_JSON" "$work/openapi.json"
else
  (cd "$root" && uv run --no-sync python -m scripts.openapi) > "$work/openapi.json"
fi
[ -x "$here/node_modules/.bin/openapi-typescript" ] || (cd "$here" && npm ci --no-audit --no-fund >&2)
"$here/node_modules/.bin/openapi-typescript" "$work/openapi.json" --output "$work/schema.d.ts" \
  --alphabetize --default-non-nullable=false >&2

if [ "${1:-}" = "--check" ]; then
  cmp -s "$work/schema.d.ts" "$out" || {
    echo "frontend/src/api/schema.d.ts is stale: run 'npm run generate' in frontend/" >&2
    diff -u "$out" "$work/schema.d.ts" | head -40 >&2 || true
    exit 1
  }
else
  cp "$work/schema.d.ts" "$out"
fi
