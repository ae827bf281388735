/** Code that lies where commands can write: refused, bound by approvals, or accepted. And standard input that is code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { house } from '../house.ts';
import { findings, loadLine } from './table.ts';

test('run | more | finding | why', (t) => {
  const at = house(t);
  const bound = 'approvals: [ops]\ninputs: [tools/*.py, Makefile]';
  const table: readonly (readonly [string, string, string | null, string])[] = [
    ['python3, tools/a.py', '', 'code-from-workspace', 'a command could rewrite it'],
    ['python3, /workspace/tools/a.py', '', 'code-from-workspace', 'by its whole path'],
    [
      'python3, ./tools/a.py',
      'workspace: read-write',
      'code-from-workspace',
      'it could do so itself',
    ],
    ['python3, tools/a.py', bound, null, 'approvers see its content'],
    ['python3, ./tools/a.py', bound, null, 'written otherwise'],
    ['python3, other/a.py', bound, 'code-from-workspace', 'another file'],
    [
      'python3, tools/a.py',
      'inputs: [tools/*.py]',
      'code-from-workspace',
      'hashed, and nobody looks',
    ],
    ['python3, tools/a.py', 'workspace: none', null, 'there is no workspace'],
    ['python3, .reeve/a.py', '', null, 'read-only in every sandbox'],
    ['python3, .reeve/../a.py', '', 'code-from-workspace', 'which this is not'],
    ['timeout, "5", ./run.sh', '', 'code-from-workspace', 'a program of the workspace'],
    ['timeout, "5", /usr/bin/ls', '', null, 'a program of the system'],
    ['make, all', bound, null, 'bound'],
    ['make, all', '', 'runs-workspace-code', 'whoever writes the Makefile decides'],
    [
      'make, all',
      'lint: { allow: [runs-workspace-code], reason: "people review the Makefile" }',
      null,
      'accepted',
    ],
    ['sh', 'stdin: "{free}"', 'code-from-caller', 'a shell that reads its code'],
    ['sh', 'stdin: { json: { a: "{free}" } }', 'code-from-caller', 'JSON with a hole is code, too'],
    ['sh, -s', 'stdin: "{free}"', 'code-from-caller', 'in so many words'],
    ['sh, -c, cat', 'stdin: "{free}"', null, 'fixed code that reads data'],
    ['python3, "-"', 'stdin: "{free}"', 'code-from-caller', 'a script called "-"'],
    ['python3, -m, json.tool', 'stdin: "{free}"', null, 'a module that reads data'],
    ['psql, -At', 'stdin: "{free}"', 'code-from-caller', 'SQL with a door to the shell'],
    ['wc, -l', 'stdin: "{free}"', null, 'data'],
    ['bc, -q', 'stdin: "{free}"', null, 'a calculator'],
  ];
  for (const [line, more, expected, why] of table) {
    const loaded = loadLine(at, line, more);
    const found = findings(loaded).filter(
      (rule) =>
        !(loaded.ok && loaded.warnings.some((d) => d.rule === rule && d.severity === 'note')),
    );
    assert.deepEqual(found, expected === null ? [] : [expected], `${line} | ${more} (${why})`);
  }
});

test('what connects is judged where there is a network to reach', (t) => {
  const at = house(t);
  const network = 'network: host\nguardrails: [reaches the mirror]';
  const table: readonly (readonly [string, string, string | null])[] = [
    ['curl, -s, --, "{free}"', '', null],
    ['curl, -s, --, "{free}"', network, 'free-destination'],
    ['curl, -s, --, "https://api.example/items/{free}"', network, null],
    ['curl, -s, --, "https://{free}"', network, 'free-destination'],
    ['curl, -s, --, "https://{host}/x"', network, null],
    ['curl, -s, --data, "{free}", https://api.example/', network, 'special-argument'],
    ['ssh, --, "{host}", uptime', network, null],
    ['ssh, --, "{free}", uptime', network, 'free-destination'],
    ['dig, "{free}"', network, 'free-destination'],
    ['kubectl, get, pods, "--server={free}"', network, 'free-destination'],
  ];
  for (const [line, more, expected] of table)
    assert.deepEqual(
      findings(loadLine(at, line, more)),
      expected === null ? [] : [expected],
      `${line} ${more}`,
    );
});
