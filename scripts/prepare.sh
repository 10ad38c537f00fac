#!/bin/sh
# Finds a Python to begin with and hands over to scripts/prepare.py, which installs the rest.
# Each candidate is run before it is believed: the shim of a version manager may exist and still fail.
set -eu
cd "$(dirname "$0")/.."

works() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1
}

for python in python3 python3.12 python3.13 python3.14 /usr/bin/python3 python; do
  if works "$python"; then
    exec "$python" -m scripts.prepare "$@"
  fi
done

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  echo "prepare: installing python3 from Debian" >&2
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3
  exec /usr/bin/python3 -m scripts.prepare "$@"
fi

echo "prepare: no working Python 3.9 or newer was found; install python3 with your system's package manager and run this again" >&2
exit 1
