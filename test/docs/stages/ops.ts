/** A small operations folder `ops`, as an ordinary company has one: what the examples of docs/cli.md name, and no gateway yet. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handOver, type Stage } from '../world.ts';

const settings = `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
runbooks: runbooks.yaml
listen: 127.0.0.1:8080
publicUrl: http://localhost:8080
defaultEnvironment: development
auditFile: ./audit.log
environments:
  development: { workspace: ./workspace/development }
  staging: { workspace: ./workspace/staging }
  production: { workspace: ./workspace/production }
approvals: { proofs: { default: [passkey, token] } }
`;

/** Where the workspace has a file `slow` it takes its time, where it has `locked` it fails: once each. */
const app = `#!/bin/sh
case "$*" in
*"db migrate"*)
  if [ -e locked ]; then rm locked; echo "the database is locked" >&2; exit 1; fi
  if [ -e slow ]; then rm slow; sleep 300; fi
  echo migrated >>schema
  if [ "\${5:-}" = --cli ] && [ -e differs ]; then echo "in other words"; fi
  echo migrated
  ;;
*"db down"*) : >schema; echo "rolled back" ;;
*restart*)
  if [ -e stuck ]; then rm stuck; echo "the servers are locked" >&2; exit 1; fi
  echo restarted
  ;;
*) echo "no such task" >&2; exit 2 ;;
esac
`;

const common = (risk: string) => `    owner: platform
    risk: ${risk}
    environments: [development, staging, production]
    mounts: [./bin]
    timeout: { default: 60s, max: 300s }
    workspace: read-write
    dependencies: []
    inputs: unbound
`;

const inventory = `version: 1
commands:
  greet:
    tool: greet
    title: Say hello
    description: Prints a greeting for a name.
    owner: you
    risk: low
    run: [/usr/bin/echo, --name, "{name}"]
    parameters: { name: { type: string, pattern: "[A-Z][a-z]*", maxLength: 60 } }
    required: [name]
    examples: { accept: [{ name: Ada }], reject: [{}] }
    environments: [development]
    timeout: 10s
    workspace: none
    approvals: []
    dependencies: []
  count:
    tool: count
    title: Count seconds
    description: Counts for a while.
    run: [bin/count, "{seconds}"]
    parameters: { seconds: { type: integer, minimum: 1, maximum: 60, default: 30 } }
    approvals: []
${common('low')}
  migrate-db:
    tool: migrate_db
    title: Migrate the database
    description: Applies what is pending.
    run: [bin/app-cli, -e, "{environment}", db, migrate]
    parameters: {}
    rollback: migrate-down
    approvals: []
    assurance: { cli: [bin/app-cli, -e, "{environment}", db, migrate, --cli], compare: output }
${common('high')}
  migrate-down:
    tool: migrate_down
    title: Take migrations back
    description: Takes back what was applied.
    run: [bin/app-cli, -e, "{environment}", db, down]
    parameters: {}
    approvals: []
${common('high')}
  restart:
    tool: restart
    title: Restart
    description: Tells the servers to start anew.
    run: [bin/app-cli, -e, "{environment}", restart, "{label}"]
    parameters: { label: { type: string, pattern: "[a-z0-9-]+" } }
    required: [label]
    examples: { accept: [{ label: v2 }], reject: [{}] }
    approvals: []
${common('medium')}
  deploy:
    tool: deploy
    title: Deploy
    description: Puts a version into service.
    run: [/usr/bin/echo, "{version}"]
    parameters: { version: { type: string, pattern: "v[0-9]+" } }
    required: [version]
    examples: { accept: [{ version: v2 }], reject: [{}] }
    approvals: [ops_lead]
${common('high').replace('read-write', 'none')}`;

const runbooks = `version: 1
runbooks:
  release:
    title: Release
    description: Migrates, then restarts.
    owner: platform
    environments: [development, staging]
    parameters: { label: { type: string, pattern: "[a-z0-9-]+" } }
    required: [label]
    steps:
      - name: greet
        command: count
        with: { seconds: 1 }
      - name: migrate
        command: migrate-db
        rollback: { command: migrate-down }
      - name: restart
        command: restart
        with: { label: { from: parameters.label } }
  rest:
    title: Rest
    description: Takes its time.
    owner: platform
    environments: [development, staging]
    parameters: { seconds: { type: integer, minimum: 1, maximum: 60, default: 30 } }
    steps:
      - { name: one, command: count, with: { seconds: { from: parameters.seconds } } }
      - { name: two, command: count, with: { seconds: 1 } }
`;

const policy = `@id("operators-may-all") permit (principal == Reeve::Principal::"local", action, resource);
@id("operators-may-ask") permit (principal in Reeve::Role::"operator", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("approvers-see") permit (principal in Reeve::Role::"ops_lead", action == Reeve::Action::"see", resource);
@id("approvers-waive") permit (principal in Reeve::Role::"ops_lead", action == Reeve::Action::"waiveAssurance", resource);
`;

const people = `version: 1
people:
  alice: { name: Alice Example, roles: [ops_lead] }
  bob: { name: Bob Example, roles: [operator] }
`;

/** What comments of the page say in a word: a run of the runbook release, brought to where a verb has something to do. */
const words = `
latest() { reeve runbook status --runbook release --limit 1 --output json | jq -r '.runs[0].runId'; }
stands() {
  until reeve runbook status "$(latest)" --output json | jq --exit-status ".run.status == \\"$1\\"" >/dev/null; do sleep 0.2; done
}
over() { reeve runbook cancel "$(latest)" --reason "for another" || true; }
waiting() { reeve runbook start release --param label=v3 --env staging || [ $? = 4 ]; }
digest() { reeve runbook status "$(latest)" --output json | jq --raw-output '.run.steps[] | select(.name == "migrate") | .confirmation.digest'; }
agree() { reeve runbook confirm "$(latest)" migrate --yes --digest "$(digest)" || [ $? = 4 ]; }
asked() {
  env --unset=REEVE_TOKEN reeve run deploy --param version=v2 2>asked.txt || [ $? = 4 ]
  grep --only-matching --max-count 1 'req_[0-9a-f]*' asked.txt
}
`;

export const stage: Stage = {
  summary:
    'the folder `ops` with what docs/cli.md names (`greet`, `deploy`, `migrate-db`, the runbook `release`, alice and bob); no gateway',
  starts: 'home',
  variables: ({ home }) => ({ REEVE_CONFIG: join(home, 'ops/reeve.yaml') }),
  prepare: ({ home }) => {
    const ops = join(home, 'ops');
    const files: Readonly<Record<string, string>> = {
      'reeve.yaml': settings,
      'inventory.yaml': inventory,
      'runbooks.yaml': runbooks,
      'people.yaml': people,
      'policy/ops.cedar': policy,
    };
    for (const folder of ['policy', 'bin']) mkdirSync(join(ops, folder), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(ops, name), text);
    writeFileSync(join(ops, 'bin/app-cli'), app, { mode: 0o755 });
    writeFileSync(
      join(ops, 'bin/count'),
      '#!/bin/sh\nfor i in $(seq "$1"); do echo "second $i of $1"; sleep 1; done\n',
      { mode: 0o755 },
    );
    for (const environment of ['development', 'staging', 'production']) {
      const workspace = join(ops, 'workspace', environment);
      mkdirSync(workspace, { recursive: true });
      handOver(workspace);
    }
  },
  given: ['cd ops', 'reeve lint --strict', words],
};
