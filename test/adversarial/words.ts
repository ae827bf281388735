/**
 * Cases that are told in words. In: a case, and the tests of the project. Out: the test that holds it (its title carries
 * the case's id), or which feature it waits for. Found by title alone: no list of ids stands anywhere.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Case, textsOf } from './corpus.ts';

const tests = join(import.meta.dirname, '..');
const root = join(tests, '..');

export interface HandTest {
  /** Relative to the project. */
  readonly file: string;
  readonly title: string;
}

/** What a case says in words instead of giving it; empty where the harness can make its call. */
export function wordsOf(test: Case): readonly string[] {
  const { request, setup } = test;
  const said = ['steps', 'action', 'http', 'mcp'].flatMap((key) => textsOf(request[key]));
  if (said.length > 0) return said;
  if (setup.runbook !== undefined) return ['a runbook is declared'];
  if (typeof request.command !== 'string') return ['no command is called'];
  return [];
}

let found: readonly HandTest[] | null = null;

/** Every test of the project that is neither skipped nor still to be written. */
function handTests(): readonly HandTest[] {
  found ??= readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .flatMap((name) => {
      const path = join(tests, name);
      const text = readFileSync(path, 'utf8');
      return [...text.matchAll(/\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g)].map(
        (match) => ({ file: relative(root, path), title: match[2]! }),
      );
    });
  return found;
}

export function handTestFor(id: string): HandTest | null {
  return handTests().find(({ title }) => carries(id, title)) ?? null;
}

/** As a word of its own: `val-nul` is not carried by `val-nul-again`. */
function carries(id: string, text: string): boolean {
  return new RegExp(`(^|[^\\w-])${id.replace(/[^\w-]/g, '\\$&')}($|[^\\w-])`).test(text);
}

export type HandResult =
  | { readonly kind: 'held' }
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'broken'; readonly saw: string };

/** Runs the tests of one file that carry one of the ids, and says of each how it went. */
export function runHandTests(
  file: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, HandResult>> {
  const pattern = ids.map((id) => id.replace(/[^\w-]/g, '\\$&')).join('|');
  const args = ['--disable-warning=ExperimentalWarning', '--test', '--test-reporter=tap'];
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [...args, `--test-name-pattern=${pattern}`, '--test-timeout=120000', join(root, file)],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: withoutRunner(),
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    child.once('close', () => resolve(new Map(ids.map((id) => [id, resultOf(id, output)]))));
  });
}

/** From the lines of TAP: `ok 1 - title`, `ok 2 - title # SKIP why`, `not ok 3 - title`. */
function resultOf(id: string, output: string): HandResult {
  const mine = output
    .split('\n')
    .filter((line) => /^\s*(not )?ok \d+ - /.test(line) && carries(id, line));
  const bad = mine.find((line) => line.trimStart().startsWith('not ok'));
  if (bad !== undefined || mine.length === 0) {
    return { kind: 'broken', saw: bad?.trim() ?? `it did not run: ${output.slice(-300)}` };
  }
  const skipped = mine.map((line) => /# (?:SKIP|TODO)\b ?(.*)$/.exec(line)).find((m) => m !== null);
  return skipped == null ? { kind: 'held' } : { kind: 'skipped', why: skipped[1]! };
}

/** A test runner that finds itself below another one runs nothing. */
function withoutRunner(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  return rest;
}

/** What words are about, the verb by which the command line has it, and what is said while it has not. */
const features: readonly (readonly [about: RegExp, verb: string, missing: string])[] = [
  [
    /runbook|step .* (starts|at step)|resume run/,
    'runbook',
    'runbooks do not exist yet (issue: runbooks)',
  ],
  [
    /approv|human|prompt|files \d+ requests|pending|held/,
    'approve',
    'approvals given by people do not exist yet (issue: approvals): a command that demands them is refused, and nothing runs',
  ],
  [
    /(change|edit|delete|remove|insert|reorder|rewrite|re-create|truncat|cut).*(byte|record|chain|file|log|entr)|verif/,
    'audit verify',
    'a log that can be verified does not exist yet (issue: log)',
  ],
  [
    /agent B|other agent|second token|another principal/,
    'token',
    'a gateway has one token so far, so there is no other agent (issue: approvals)',
  ],
];

/** The feature that the words are about, where it is one that is not built yet; null otherwise. */
export function featureOf(test: Case): string | null {
  const words = [
    ...wordsOf(test),
    ...(test.setup.runbook === undefined ? [] : ['runbook']),
    ...test.expected.mustNot,
  ].join(' ; ');
  const verbs = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  const found = features.find(([about]) => about.test(words));
  if (found === undefined || new RegExp(`^### reeve ${found[1]}\\b`, 'm').test(verbs)) return null;
  return found[2];
}
