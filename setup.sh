#!/usr/bin/env bash
# First-time setup: asks what differs from place to place and writes .env and .mcp.json. `./setup.sh --help`.
set -euo pipefail
cd "$(dirname "$0")"

ENV_FILE=.env
MCP_FILE=.mcp.json
INTERACTIVE=true
FORCE=false
CHECK=true

usage() {
  cat <<'END'
usage: ./setup.sh [OPTIONS]

Without options it asks for each value, explains it, checks it and writes .env and .mcp.json, both readable by you
only. An existing .env keeps its comments and whatever is not asked for.

  --manager-ssh USER@HOST     SWARM_MANAGER_SSH: where deploy.sh goes
  --registry-host HOST:PORT   REGISTRY_HOST: the private registry, as the nodes reach it
  --registry-url URL          REGISTRY_URL: the same as a URL (default: http://REGISTRY_HOST)
  --app-port PORT             APP_PORT: where the page answers on the manager (default: 8080)
  --projects-host-path PATH   PROJECTS_HOST_PATH: folder on the manager with the projects to build
  --allowed-hosts NAMES       ORCHESTRATOR_ALLOWED_HOSTS: names, beyond addresses, under which browsers come
  --non-interactive           ask nothing: take the options, the present .env and the defaults
  --force                     without asking, change an existing .env and write .mcp.json anew
  --skip-checks               do not try the values out
END
}

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
fail() {
  printf 'setup.sh: %s\n' "$*" >&2
  exit 1
}

# --- Values --------------------------------------------------------------------------------------------------

# What .env says now; the first `=` ends the name.
present() { [ ! -f "$ENV_FILE" ] || sed -n "s/^$1=//p" "$ENV_FILE" | tail -n 1; }

# settle NAME DEFAULT JUDGE TEXT…: option, else present value, else default; asks where that is wanted.
settle() {
  local name=$1 default=$2 judge=$3 value problem
  shift 3
  value=${!name:-$(present "$name")}
  value=${value:-$default}
  if ! $INTERACTIVE || [[ " ${GIVEN[*]-} " == *" $name "* ]]; then
    problem=$("$judge" "$value") || fail "$name: $problem"
  else
    printf '\n%s\n' "$name"
    printf '  %s\n' "$@"
    while :; do
      local answer=""
      read -r -p "  [${value}] " answer || fail "nothing was written: there are no more answers"
      [ "$answer" != - ] || { value="" && break; }
      answer=${answer:-$value}
      problem=$("$judge" "$answer") && value=$answer && break
      printf '  %s\n' "$problem"
    done
  fi
  printf -v "$name" '%s' "$value"
}

good_ssh() {
  case $1 in
    '') ;;
    -* | *[[:space:]]*) say "an SSH target such as user@manager-host is meant" && return 1 ;;
    *:*) say "a port or a jump belongs into ~/.ssh/config; an SSH target such as user@manager-host is meant" && return 1 ;;
  esac
}

good_registry_host() {
  case $1 in
    '') ;;
    *://*) say "without http://, as in an image's name: 192.168.1.100:5000" && return 1 ;;
    *[!A-Za-z0-9._:/-]*) say "a host and port such as 192.168.1.100:5000 are meant" && return 1 ;;
  esac
}

good_registry_url() {
  case $1 in
    '' | http://?* | https://?*) ;;
    *) say "a URL such as http://192.168.1.100:5000 is meant" && return 1 ;;
  esac
}

good_port() {
  case $1 in
    '' | *[!0-9]* | ??????*) ;;
    *) [ "$1" -lt 1 ] || [ "$1" -gt 65535 ] || return 0 ;;
  esac
  say "a port from 1 to 65535 is meant"
  return 1
}

good_path() {
  case $1 in
    '' | /*) ;;
    *) say "a path that begins with / is meant" && return 1 ;;
  esac
}

good_hosts() {
  case $1 in
    *[!A-Za-z0-9._,:\ -]*) say "names such as swarm.example.org, separated by commas, are meant" && return 1 ;;
  esac
}

# --- Trying them out -----------------------------------------------------------------------------------------

check_registry() {
  local name=${REGISTRY_HOST%%/*}
  [ -n "$name" ] || return 0
  case ${name%:*} in
    *[!0-9.]*) warn "$name is a name: every node has to resolve it. An address is safer for a registry" ;;
  esac
  command -v curl >/dev/null || { warn "no curl here: whether the registry answers was not tried" && return 0; }
  if curl -sS -o /dev/null --max-time 10 "${REGISTRY_URL%/}/v2/" 2>/dev/null; then
    say "ok: the registry answers at $REGISTRY_URL"
  else
    warn "no registry answers at ${REGISTRY_URL%/}/v2/: start it, or correct REGISTRY_URL"
  fi
}

check_manager() {
  [ -n "$SWARM_MANAGER_SSH" ] || return 0
  command -v ssh >/dev/null || { warn "no ssh here: the manager was not tried" && return 0; }
  local options=(-o ConnectTimeout=10) answers
  [ -t 0 ] || options+=(-o BatchMode=yes)
  # shellcheck disable=SC2087  # our values are meant
  if ! answers=$(ssh "${options[@]}" "$SWARM_MANAGER_SSH" sh -s 2>&1 <<END
role=\$(docker info --format '{{if .Swarm.ControlAvailable}}manager{{else}}no manager{{end}}' 2>&1) || role="no docker (\$role)"
echo "role=\$role"
echo "group=\$(stat -c %g /var/run/docker.sock 2>/dev/null)"
echo "ours=\$(docker service ls --quiet --filter name=orchestrator_app 2>/dev/null)"
echo "port=\$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '\$4 == "0A" { print \$2 }' | grep -i -c ":\$(printf %04X "$APP_PORT")\$")"
[ -z "$PROJECTS_HOST_PATH" ] || [ -d "$PROJECTS_HOST_PATH" ] && echo "projects=yes"
exit 0
END
  ); then
    warn "cannot reach $SWARM_MANAGER_SSH by SSH ($(say "$answers" | tail -n 1 | tr -d '\r')). Try: ssh $SWARM_MANAGER_SSH true"
    return 0
  fi
  answer() { say "$answers" | sed -n "s/^$1=//p"; }
  if [ "$(answer role)" = manager ]; then
    say "ok: $SWARM_MANAGER_SSH is a swarm manager; its Docker socket belongs to group $(answer group)"
  else
    warn "$SWARM_MANAGER_SSH answers, but is $(answer role): docker swarm init makes it a manager"
  fi
  if [ "$(answer port)" != 0 ] && [ -z "$(answer ours)" ]; then
    warn "something else listens on port $APP_PORT there: choose another APP_PORT"
  fi
  [ -z "$PROJECTS_HOST_PATH" ] || [ "$(answer projects)" = yes ] ||
    warn "$PROJECTS_HOST_PATH does not exist there yet; deploy.sh makes it if it may"
}

# --- Writing -------------------------------------------------------------------------------------------------

VALUES=(SWARM_MANAGER_SSH REGISTRY_HOST REGISTRY_URL APP_PORT PROJECTS_HOST_PATH ORCHESTRATOR_ALLOWED_HOSTS)

# Before anything is written, so that it is both or none.
refuse_to_overwrite() {
  local file
  for file in "$ENV_FILE" "$MCP_FILE"; do
    if [ -f "$file" ]; then fail "there is a $file already; --force has it changed"; fi
  done
}

# agree FILE: whether it may be written.
agree() {
  if $FORCE || [ ! -f "$1" ]; then return 0; fi
  local answer=""
  read -r -p "There is a $1 already. Change it? [y/N] " answer || true
  case $answer in [yY]*) ;; *) say "$1 stays as it is" && return 1 ;; esac
}

write_env() {
  local name source=$ENV_FILE new
  [ -f "$source" ] || source=.env.example
  new=$(mktemp "$ENV_FILE.XXXXXX")
  chmod 600 "$new"
  for name in "${VALUES[@]}"; do export "SETUP_$name=${!name}"; done
  # Values go through the environment: awk would read escapes in arguments.
  awk '
    /^[A-Z_]+=/ {
      name = substr($0, 1, index($0, "=") - 1)
      if (("SETUP_" name) in ENVIRON) { print name "=" ENVIRON["SETUP_" name]; written[name] = 1; next }
    }
    { print }
    END { for (key in ENVIRON) if (key ~ /^SETUP_/ && !((name = substr(key, 7)) in written)) print name "=" ENVIRON[key] }
  ' "$source" >"$new"
  mv "$new" "$ENV_FILE"
  say "wrote $ENV_FILE"
}

# The Python that has our packages, as far as one can tell.
python_here() {
  local candidate
  for candidate in "$PWD/.venv/bin/python" "${VIRTUAL_ENV:-}/bin/python" "${CONDA_PREFIX:-}/bin/python"; do
    [ ! -x "$candidate" ] || { say "$candidate" && return; }
  done
  say "$PWD/.venv/bin/python"
}

json_text() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }

write_mcp() {
  local new
  new=$(mktemp "$MCP_FILE.XXXXXX")
  chmod 600 "$new"
  SETUP_HERE=$(json_text "$PWD") SETUP_PYTHON=$(json_text "$(python_here)") awk '
    function put(placeholder, value,    at) {
      if ((at = index($0, placeholder))) $0 = substr($0, 1, at - 1) value substr($0, at + length(placeholder))
    }
    { put("/path/to/swarm-orchestrator/.venv/bin/python", ENVIRON["SETUP_PYTHON"]) }
    { put("/path/to/swarm-orchestrator", ENVIRON["SETUP_HERE"]) }
    { print }
  ' .mcp.json.example >"$new"
  mv "$new" "$MCP_FILE"
  say "wrote $MCP_FILE"
}

main() {
  GIVEN=()
  # Only options and .env count: a variable that happens to be set is nobody's answer.
  for name in "${VALUES[@]}"; do printf -v "$name" '%s' ""; done
  while [ $# -gt 0 ]; do
    local name=""
    case $1 in --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;; esac
    case $1 in
      --manager-ssh) name=SWARM_MANAGER_SSH ;;
      --registry-host) name=REGISTRY_HOST ;;
      --registry-url) name=REGISTRY_URL ;;
      --app-port) name=APP_PORT ;;
      --projects-host-path) name=PROJECTS_HOST_PATH ;;
      --allowed-hosts) name=ORCHESTRATOR_ALLOWED_HOSTS ;;
      --non-interactive) INTERACTIVE=false ;;
      --force) FORCE=true ;;
      --skip-checks) CHECK=false ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && fail "there is no option $1" ;;
    esac
    if [ -n "$name" ]; then
      [ $# -ge 2 ] || fail "$1 needs a value"
      printf -v "$name" '%s' "$2"
      GIVEN+=("$name")
      shift
    fi
    shift
  done
  $INTERACTIVE || $FORCE || refuse_to_overwrite
  ! $INTERACTIVE || say "Each value's present or usual one is in brackets: Enter keeps it, - leaves it empty."

  settle SWARM_MANAGER_SSH "" good_ssh \
    "Where deploy.sh goes: an SSH target on a swarm manager, such as user@manager-host." \
    "Empty: you do not deploy from here."
  settle REGISTRY_HOST "" good_registry_host \
    "The private registry as images name it and every node reaches it, such as 192.168.1.100:5000." \
    "Use an address: a name would have to resolve on all nodes."
  settle REGISTRY_URL "${REGISTRY_HOST:+http://${REGISTRY_HOST%%/*}}" good_registry_url \
    "The same registry as a URL; http:// means plain HTTP, which each node's daemon.json has to allow."
  settle APP_PORT 8080 good_port "The port on which the page answers, on the manager and when run here."
  settle PROJECTS_HOST_PATH "${SWARM_MANAGER_SSH:+/srv/swarm-orchestrator/projects}" good_path \
    "The folder on the manager that holds the projects to build; it becomes /projects in the container."
  settle ORCHESTRATOR_ALLOWED_HOSTS "" good_hosts \
    "Names under which browsers come, such as swarm.example.org; addresses need not be listed."

  if agree "$ENV_FILE"; then write_env; fi
  if agree "$MCP_FILE"; then write_mcp; fi
  if $CHECK; then
    check_registry
    check_manager
  fi
  say "Next: ./deploy.sh build && ./deploy.sh deploy   (or make run, to run it here)"
}

main "$@"
