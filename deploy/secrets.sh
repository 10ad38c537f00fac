# shellcheck shell=sh
# Runs on the manager, sent there by deploy.sh: prints a stack file that gives the service each of our secrets that
# the swarm has. A stack file cannot ask for a secret that need not exist.

KNOWN='
orchestrator_token ORCHESTRATOR_TOKEN_FILE
orchestrator_registry_password REGISTRY_PASSWORD_FILE
orchestrator_secret_key ORCHESTRATOR_SECRET_KEY_FILE
orchestrator_state_key ORCHESTRATOR_STATE_KEY_FILE'

secrets_file() {
  has=$(docker secret ls --format '{{.Name}}') || return 1
  found=$(echo "$KNOWN" | while read -r name variable; do
    if [ -n "$name" ] && echo "$has" | grep -qx "$name"; then echo "$name $variable"; fi
  done)
  echo 'version: "3.8"'
  [ -n "$found" ] || return 0
  printf 'services:\n  app:\n    environment:\n'
  echo "$found" | while read -r name variable; do echo "      $variable: /run/secrets/$name"; done
  printf '    secrets:\n'
  echo "$found" | while read -r name variable; do
    printf '      - source: %s\n        target: %s\n        uid: "10001"\n        mode: 0400\n' "$name" "$name"
  done
  printf 'secrets:\n'
  echo "$found" | while read -r name variable; do printf '  %s:\n    external: true\n' "$name"; done
}
