# shellcheck shell=sh
# Runs on the manager, sent there by deploy.sh: waits until the service's task runs the spec that the service has
# now, healthy and with no update under way; says why if that does not come true.

# What a task has of its service's spec. Not all of it: engines write empty parts down in the one and not in the other.
spec='{{json .Image}} {{json .Labels}} {{json .Env}} {{json .User}} {{json .Mounts}} {{json .Healthcheck}} {{json .Secrets}}'
wanted="{{with .Spec.TaskTemplate.ContainerSpec}}$spec{{end}} {{.Spec.TaskTemplate.ForceUpdate}}"
has="{{with .Spec.ContainerSpec}}$spec{{end}} {{.Spec.ForceUpdate}}"
ended='{{if or (eq .Status.State "failed") (eq .Status.State "rejected")}}{{.Status.Timestamp.Unix}}{{else}}0{{end}}'
row='  {{.Name}} on {{if .Node}}{{.Node}}{{else}}no node{{end}}: {{.CurrentState}} {{.Error}}'

# failures SERVICE SINCE: docker also lists what failed before.
failures() {
  count=0
  for old in $(docker service ps "$1" --quiet --no-trunc --filter desired-state=shutdown); do
    at=$(docker inspect --format "$ended" "$old" 2>/dev/null) || at=0
    [ "$at" -lt "$2" ] || count=$((count + 1))
  done
  echo "$count"
}

# verdict SERVICE SECONDS
verdict() {
  began=$(date +%s)
  told=""
  while :; do
    passed=$(($(date +%s) - began))
    update=$(docker service inspect "$1" --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}') || return 1
    case $update in
      paused | rollback*)
        docker service inspect "$1" --format 'the update failed: {{.UpdateStatus.Message}}'
        break
        ;;
    esac
    task=$(docker service ps "$1" --quiet --no-trunc --filter desired-state=running | head -n 1)
    state=$(docker inspect --format '{{.Status.State}}' "$task" 2>/dev/null) || state=new
    if [ "$state" = running ] && [ "$update" != updating ]; then
      if [ "$(docker inspect --format "$has" "$task")" = "$(docker service inspect "$1" --format "$wanted")" ]; then
        return 0
      fi
    fi
    if [ "$(failures "$1" "$began")" -ge 2 ]; then
      echo "its task failed again and again"
      break
    fi
    if [ "$passed" -ge "$2" ]; then
      echo "it does not run after $2 s: its task is $state"
      break
    fi
    now="$state${update:+, $update}"
    [ "$now" = "$told" ] || echo "  $passed s: $now"
    told=$now
    sleep 1
  done
  docker service ps "$1" --no-trunc --format "$row" | head -n 3
  # The code of the first sign-in is for whoever asks for it.
  timeout 10 docker service logs --raw --tail 10 "$1" 2>&1 | sed -e 's/#code=.*/#code=…/' -e 's/^/  | /'
  return 1
}
