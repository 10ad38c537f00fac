#!/usr/bin/env bash
# Builds the image of Swarm Orchestrator and runs it on a swarm manager, over SSH. `./deploy.sh help` tells how.
set -euo pipefail
cd "$(dirname "$0")"

STACK=orchestrator
SERVICE=${STACK}_app
STACK_FILE=docker-compose.prod.yml
FILTER_FILE=deploy/socket-filter.yml
FILTER_CONF=deploy/socket-filter.conf
REMOTE_FILE=swarm-orchestrator-stack.yml
REMOTE_FILTER=swarm-orchestrator-socket-filter.yml
REMOTE_CONF=swarm-orchestrator-socket-filter.conf
REMOTE_SECRETS=swarm-orchestrator-secrets.yml
DRY_RUN=false
CONTROL=""

usage() {
  cat <<'END'
usage: ./deploy.sh [--dry-run] [--env-file FILE] COMMAND [ARGUMENTS]

  build [DOCKER OPTIONS]  build the image for PLATFORM (linux/amd64) and push it to the private registry
  deploy                  copy the stack file to the manager, deploy it and wait until it runs
  update                  force-update the running service, as after a push, and wait until it runs
  redeploy                all of it: build, push, remove the stack, wait, deploy
  remove                  remove the stack; the volume with the state stays
  stop                    scale to 0: pause without removing
  start                   scale to 1 again, and wait until it runs
  logs [DOCKER OPTIONS]   follow the log (default: --follow --tail 100)
  status                  show the service and its tasks; exit code 1 unless it runs

Settings come from the environment or from .env, which ./setup.sh writes: SWARM_MANAGER_SSH, REGISTRY_HOST,
APP_PORT, PROJECTS_HOST_PATH and what else docker-compose.prod.yml names. --dry-run shows what would be done.
END
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'deploy.sh: %s\n' "$*" >&2
  exit 1
}

# --- Settings ------------------------------------------------------------------------------------------------

# What the stack file takes from here; everything else in it is the same everywhere.
PASSED_ON=(
  REGISTRY_HOST REGISTRY_URL REGISTRY_USERNAME APP_PORT PROJECTS_HOST_PATH DOCKER_GID IMAGE_TAG
  ORCHESTRATOR_CONSTRAINT ORCHESTRATOR_ALLOWED_HOSTS ORCHESTRATOR_TRUSTED_PROXIES ORCHESTRATOR_SEED_EXAMPLES
  HEALTH_CHECK_INTERVAL BUILD_CONTEXT_MAX_BYTES BUILD_CONTEXT_MAX_FILES BUILD_CONCURRENCY BUILD_QUEUE
  BUILD_TAGS_KEPT BUILD_TIMEOUT BUILD_MEMORY_BYTES BUILD_CPUS BACKUP_INTERVAL BACKUPS_KEPT
  SOCKET_FILTER_IMAGE
)
COMPUTED=(SOCKET_FILTER_VERSION SOCKET_FILTER_CONF)
OWN=(SWARM_MANAGER_SSH PLATFORM DEPLOY_TIMEOUT SOCKET_FILTER)
NOT_PASSED_ON=(
  REGISTRY_PASSWORD REGISTRY_PASSWORD_FILE REGISTRIES_FILE ORCHESTRATOR_TOKEN ORCHESTRATOR_TOKEN_FILE
  ORCHESTRATOR_SECRET_KEY_FILE ORCHESTRATOR_STATE_KEY_FILE
)

# Read rather than sourced, so that the environment wins and a value needs no quotes for its spaces.
read_settings() {
  local line name value
  if [ -e "$1" ]; then
    while IFS= read -r line || [ -n "$line" ]; do
      line=${line%$'\r'}
      line=${line#export }
      case $line in '' | '#'* | [!A-Za-z_]*) continue ;; *=*) ;; *) continue ;; esac
      name=${line%%=*}
      value=${line#*=}
      case " ${PASSED_ON[*]} ${OWN[*]} ${NOT_PASSED_ON[*]} " in *" $name "*) ;; *) continue ;; esac
      case $value in
        \"*\") value=${value#\"} value=${value%\"} ;;
        \'*\') value=${value#\'} value=${value%\'} ;;
        *) value=${value%%[[:space:]]#*} value=${value%"${value##*[![:space:]]}"} ;;
      esac
      [ -n "${!name:-}" ] || printf -v "$name" '%s' "$value"
    done <"$1"
  elif [ "$1" != .env ]; then
    fail "there is no file $1"
  fi
  APP_PORT=${APP_PORT:-8080}
  PLATFORM=${PLATFORM:-linux/amd64}
  DEPLOY_TIMEOUT=${DEPLOY_TIMEOUT:-180}
  case ${SOCKET_FILTER:=false} in
    true)
      # Exported as the stack file wants them. A config of the swarm never changes: another content has another name.
      export SOCKET_FILTER_VERSION SOCKET_FILTER_CONF
      SOCKET_FILTER_VERSION=$(cksum <"$FILTER_CONF" | cut -d ' ' -f 1)
      SOCKET_FILTER_CONF=./$REMOTE_CONF
      ;;
    false) ;;
    *) fail "SOCKET_FILTER is true or false, and not $SOCKET_FILTER" ;;
  esac
  for name in "${NOT_PASSED_ON[@]}"; do
    [ -z "${!name:-}" ] || say "note: $name stays here: in the swarm it is a secret, see docs/guide/install.md"
  done
}

need() {
  local name
  for name in "$@"; do
    [ -n "${!name:-}" ] || fail "$name is not set: run ./setup.sh, or write it into .env (see .env.example)"
  done
}

need_program() { command -v "$1" >/dev/null || fail "$1 is needed and was not found: $2"; }

run() {
  if $DRY_RUN; then
    printf '+'
    printf ' %q' "$@"
    printf '\n'
  else
    "$@"
  fi
}

# --- The manager ---------------------------------------------------------------------------------------------

connect() {
  need SWARM_MANAGER_SSH
  need_program ssh "install OpenSSH"
  $DRY_RUN && return
  CONTROL=$(mktemp -d)
  trap disconnect EXIT
  # One connection for everything, so that a password is asked for once.
  SSH_OPTIONS=(-o ConnectTimeout=10 -o ControlMaster=auto -o "ControlPath=$CONTROL/s" -o ControlPersist=60)
  [ -t 0 ] || SSH_OPTIONS+=(-o BatchMode=yes)
  local answer
  answer=$(manager <<'END' 2>"$CONTROL/said"
command -v docker >/dev/null || { echo "there is no docker"; exit; }
docker info --format '{{if .Swarm.ControlAvailable}}manager{{else}}its engine is no swarm manager (docker swarm init makes it one){{end}}' 2>&1
END
  ) || fail "cannot reach $SWARM_MANAGER_SSH by SSH: $(tail -n 1 "$CONTROL/said" | tr -d '\r'). Try: ssh $SWARM_MANAGER_SSH true"
  [ "$answer" = manager ] || fail "$SWARM_MANAGER_SSH answers, but $(say "$answer" | tail -n 1)"
}

disconnect() {
  [ -n "$CONTROL" ] || return 0
  ssh "${SSH_OPTIONS[@]}" -O exit "$SWARM_MANAGER_SSH" 2>/dev/null || true
  rm -rf "$CONTROL"
}

# Runs what comes on its standard input, so that no value shows up in a list of processes.
manager() {
  if $DRY_RUN; then
    say "+ ssh $SWARM_MANAGER_SSH sh -s <<END"
    sed 's/^/  /'
    say "  END"
  else
    ssh "${SSH_OPTIONS[@]}" "$SWARM_MANAGER_SSH" sh -s
  fi
}

# The same for what prints on and on, or answers to Ctrl-C.
manager_runs() {
  run ssh ${SSH_OPTIONS[@]+"${SSH_OPTIONS[@]}"} "$SWARM_MANAGER_SSH" "$(printf '%q ' "$@")"
}

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

variables() {
  local name
  for name in "${PASSED_ON[@]}" "${COMPUTED[@]}"; do
    [ -z "${!name:-}" ] || printf 'export %s=%s\n' "$name" "$(quoted "${!name}")"
  done
}

# Where browsers find it: the name that SSH goes to.
address() {
  local host=${SWARM_MANAGER_SSH##*@}
  if ! $DRY_RUN; then
    host=$(ssh -G "$SWARM_MANAGER_SSH" 2>/dev/null | sed -n 's/^hostname //p' | head -n 1)
  fi
  case $host in *:*) host="[$host]" ;; esac
  say "http://$host:$APP_PORT"
}

require_service() {
  $DRY_RUN && return
  manager <<END >/dev/null 2>&1 || fail "the stack is not deployed: run ./deploy.sh deploy"
docker service inspect $SERVICE
END
}

# Waits for the truth about the service: all of its tasks from the present spec, healthy, and nothing under way.
wait_until_it_runs() {
  $DRY_RUN && return
  manager <<END || fail "it does not run as deployed; what is said above is why (./deploy.sh status, ./deploy.sh logs)"
$(cat deploy/verdict.sh)
verdict ${1:-$SERVICE} $DEPLOY_TIMEOUT
END
}

# --- Commands ------------------------------------------------------------------------------------------------

image() { say "$REGISTRY_HOST/swarm-orchestrator:${IMAGE_TAG:-latest}"; }

require_registry() {
  # With an engine elsewhere, it is that one that has to reach the registry.
  if $DRY_RUN || [ -n "${DOCKER_HOST:-}" ] || ! command -v curl >/dev/null; then return; fi
  local url=${REGISTRY_URL:-http://$REGISTRY_HOST}
  curl -sS -o /dev/null --max-time 10 "${url%/}/v2/" 2>/dev/null ||
    fail "the registry does not answer at ${url%/}/v2/: is it up, and are REGISTRY_HOST and REGISTRY_URL right?"
}

build() {
  need REGISTRY_HOST
  need_program docker "install Docker, or build on a machine that has it"
  require_registry
  local version revision tag
  tag=$(image)
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -n 1)
  revision=$(git rev-parse HEAD 2>/dev/null || say unknown)
  set -- --build-arg "VERSION=$version" --build-arg "REVISION=$revision" -t "$tag" "$@" .
  if docker buildx version >/dev/null 2>&1; then
    run docker buildx build --platform "$PLATFORM" --push "$@"
  else
    require_native_platform
    run docker build "$@"
    run docker push "$tag"
  fi || fail "no image was pushed; what docker says above is why. A registry that speaks plain HTTP has to be in \
\"insecure-registries\" of /etc/docker/daemon.json, here and on every node"
  if $DRY_RUN; then say "that would push $tag for $PLATFORM"; else say "pushed $tag for $PLATFORM"; fi
}

# Without buildx the engine builds for its own architecture and for no other.
require_native_platform() {
  $DRY_RUN && return
  local engine
  engine=$(docker version --format '{{.Server.Os}}/{{.Server.Arch}}' 2>/dev/null) || fail "the Docker engine does not answer"
  [ "$engine" = "$PLATFORM" ] ||
    fail "this engine builds for $engine and the manager needs $PLATFORM: install docker-buildx, or set PLATFORM if the manager is $engine"
}

# The manager's own answers: the socket's group, whether it can have the image, where our state is.
prepare_manager() {
  local answers
  $DRY_RUN && return
  answers=$(manager <<END
$(variables)
image=$(quoted "$(image)")
mkdir -p "\$PROJECTS_HOST_PATH" 2>/dev/null
[ -d "\$PROJECTS_HOST_PATH" ] || { echo "problem=PROJECTS_HOST_PATH: \$PROJECTS_HOST_PATH does not exist there and cannot be made"; exit; }
said=\$(docker pull --quiet "\$image" 2>&1) || { echo "problem=the manager cannot pull \$image: \$(echo "\$said" | tail -n 1)"; exit; }
image_is=\$(docker image inspect --format '{{.Architecture}}' "\$image")
engine_is=\$(docker version --format '{{.Server.Arch}}')
[ "\$image_is" = "\$engine_is" ] || { echo "problem=\$image is for \$image_is and the manager is \$engine_is: PLATFORM=linux/\$engine_is ./deploy.sh build"; exit; }
echo "group=\$(stat -c %g /var/run/docker.sock)"
echo "pinned=\$(docker service inspect $SERVICE --format '{{range .Spec.TaskTemplate.Placement.Constraints}}{{println .}}{{end}}' 2>/dev/null | sed -n 2p)"
echo "hostname=\$(docker info --format '{{.Name}}')"
END
  ) || fail "the connection to $SWARM_MANAGER_SSH broke off"
  answer() { say "$answers" | sed -n "s/^$1=//p"; }
  [ -z "$(answer problem)" ] || fail "$(answer problem)"
  DOCKER_GID=${DOCKER_GID:-$(answer group)}
  # The state is a volume of the node we run on; on another one we would begin anew.
  ORCHESTRATOR_CONSTRAINT=${ORCHESTRATOR_CONSTRAINT:-$(answer pinned)}
  ORCHESTRATOR_CONSTRAINT=${ORCHESTRATOR_CONSTRAINT:-node.hostname == $(answer hostname)}
}

send() {
  run scp -q ${SSH_OPTIONS[@]+"${SSH_OPTIONS[@]}"} "$1" "$SWARM_MANAGER_SSH:$2" ||
    fail "$1 could not be copied to $SWARM_MANAGER_SSH"
}

deploy() {
  need SWARM_MANAGER_SSH REGISTRY_HOST PROJECTS_HOST_PATH
  connect
  prepare_manager
  send "$STACK_FILE" "$REMOTE_FILE"
  local filter=""
  if $SOCKET_FILTER; then
    send "$FILTER_FILE" "$REMOTE_FILTER"
    send "$FILTER_CONF" "$REMOTE_CONF"
    filter=" -c ~/$REMOTE_FILTER"
  fi
  # Never resolved to a digest here: so a forced update runs what :latest means by then.
  manager <<END || fail "the stack was not deployed; what docker says above is why"
$(variables)
$(cat deploy/secrets.sh)
secrets_file >~/$REMOTE_SECRETS
docker stack deploy --with-registry-auth --resolve-image never --prune -c ~/$REMOTE_FILE$filter -c ~/$REMOTE_SECRETS $STACK
END
  ! $SOCKET_FILTER || wait_until_it_runs "${STACK}_engine"
  wait_until_it_runs
  announce
}

# The address, and until somebody is admin the link that makes one.
announce() {
  $DRY_RUN && return
  local code
  code=$(manager <<END || true
task=\$(docker service ps $SERVICE --quiet --no-trunc --filter desired-state=running | head -n 1)
container=\$(docker inspect --format '{{.Status.ContainerStatus.ContainerID}}' "\$task")
if docker inspect "\$container" >/dev/null 2>&1; then
  docker exec "\$container" sh -c 'cat /data/setup-code 2>/dev/null'
else
  timeout 10 docker service logs --raw "\$task" 2>/dev/null | sed -n 's/.*#code=\\([A-Za-z0-9_-]*\\).*/\\1/p' | tail -n 1
fi
END
  )
  say "Swarm Orchestrator runs at $(address)"
  [ -z "$code" ] || say "Nobody is admin yet. This link works once, for 30 minutes: $(address)/setup#code=$code"
}

update() {
  connect
  require_service
  manager <<END || fail "the service was not updated; what docker says above is why"
docker service update --force --detach --with-registry-auth $SERVICE >/dev/null
END
  wait_until_it_runs
  announce
}

remove() {
  connect
  manager <<END || fail "the stack is not gone; what is said above is why"
if [ -z "\$(docker stack ls --format '{{.Name}}' | grep -x $STACK)" ]; then echo "there is no stack $STACK"; exit 0; fi
docker stack rm $STACK
label=com.docker.stack.namespace=$STACK
left() {
  docker stack ps $STACK --quiet 2>/dev/null
  docker ps --quiet --filter label=\$label
  docker network ls --quiet --filter label=\$label
}
began=\$(date +%s)
while [ -n "\$(left)" ]; do
  [ \$((\$(date +%s) - began)) -lt $DEPLOY_TIMEOUT ] || { echo "after $DEPLOY_TIMEOUT s there is still: \$(left)"; exit 1; }
  sleep 1
done
echo "removed; its state stays in the volume ${STACK}_state"
END
}

scale_to() {
  connect
  require_service
  manager <<END || fail "the service was not scaled; what docker says above is why"
docker service scale --detach $SERVICE=$1 >/dev/null
END
}

stop() {
  scale_to 0
  manager <<END || fail "it still runs"
began=\$(date +%s)
while [ -n "\$(docker service ps $SERVICE --quiet --filter desired-state=running)\$(docker ps --quiet --filter label=com.docker.swarm.service.name=$SERVICE)" ]; do
  [ \$((\$(date +%s) - began)) -lt 60 ] || exit 1
  sleep 1
done
END
  say "stopped; ./deploy.sh start brings it back"
}

start() {
  scale_to 1
  wait_until_it_runs
  announce
}

logs() {
  connect
  require_service
  [ $# -gt 0 ] || set -- --follow --tail 100
  if $DRY_RUN; then manager_runs docker service logs "$@" "$SERVICE" && return; fi
  local status=0
  {
    manager_runs docker service logs "$@" "$SERVICE" 2>&1 >&3 | tee /dev/stderr | tail -n 2 >"$CONTROL/said"
  } 3>&1 || status=$?
  # The client fails, after it showed every line there is, when a task of the past never got to a node. An empty
  # line follows what it says.
  ! grep -q 'has not been scheduled' "$CONTROL/said" || status=0
  return "$status"
}

status() {
  connect
  require_service
  manager <<END || exit 1
docker service ls --filter name=$SERVICE
docker service ps $SERVICE
[ -n "\$(docker service ps $SERVICE --filter desired-state=running --format '{{.CurrentState}}' | grep ^Running)" ]
END
}

main() {
  local env_file=.env
  SSH_OPTIONS=()
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) DRY_RUN=true ;;
      --env-file) env_file=${2:?--env-file needs a file} && shift ;;
      -h | --help) usage && exit 0 ;;
      *) break ;;
    esac
    shift
  done
  local command=${1:-help}
  [ $# -eq 0 ] || shift
  case $command in
    build | logs) ;;
    deploy | update | redeploy | remove | stop | start | status)
      [ $# -eq 0 ] || fail "$command takes no arguments, and there is: $*"
      ;;
    help) usage && exit 0 ;;
    *) usage >&2 && fail "there is no command $command" ;;
  esac
  read_settings "$env_file"
  case $command in
    redeploy)
      need SWARM_MANAGER_SSH REGISTRY_HOST PROJECTS_HOST_PATH
      build && remove && disconnect && deploy
      ;;
    *) "$command" "$@" ;;
  esac
}

main "$@"
