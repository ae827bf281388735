/**
 * `npm run adversarial -- --corpus FILE [--only CLASS] [--report OUT.json]`: a corpus of attacks against the real gateway.
 * Out: a line a case, counts, exit 0 only if nothing failed (1: something did, 2: the command line is wrong).
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCase } from './case.ts';
import { type Case, readCorpus } from './corpus.ts';
import { type FaceName, faces } from './reply.ts';
import { printCounts, printVerdict } from './report.ts';
import type { Verdict } from './verdict.ts';
import { runHandTests } from './words.ts';

const usage =
  'usage: npm run adversarial -- [--corpus FILE] [--only CLASS-OR-ID]… [--except CLASS-OR-ID]… [--report OUT.json] [--face rest|mcp-http|mcp-stdio] [--jobs N] [--list-by-hand]';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      corpus: { type: 'string' },
      only: { type: 'string', multiple: true },
      except: { type: 'string', multiple: true },
      report: { type: 'string' },
      face: { type: 'string' },
      jobs: { type: 'string' },
      'list-by-hand': { type: 'boolean' },
      'relative-to': { type: 'string' },
    },
  });
  const folder = values['relative-to'] ?? process.cwd();
  const corpus =
    values.corpus === undefined
      ? join(import.meta.dirname, '../data/corpus/attacks.json')
      : resolve(folder, values.corpus);
  const fixed = faces.find((name) => name === values.face);
  if (values.face !== undefined && fixed === undefined) throw new Error(`no face ${values.face}`);
  const cases = readCorpus(readFileSync(corpus, 'utf8'))
    .map((test, index) => ({ test, index, face: fixed ?? faceOf(index) }))
    .filter(({ test }) => values.only?.some((w) => w === test.class || w === test.id) ?? true)
    .filter(({ test }) => !values.except?.some((w) => w === test.class || w === test.id));
  if (cases.length === 0) throw new Error(`no case of ${corpus} is left to run`);

  const jobs = Math.max(1, Number(values.jobs ?? Math.min(2, availableParallelism())) || 1);
  const found = new Map<number, Verdict>();
  const report = (index: number, made: Verdict) => {
    found.set(index, made);
    printVerdict(made);
  };
  // What exhausts the machine runs alone, so that it is not mistaken for slowness of another case.
  const heavy = ({ test }: { test: Case }) => test.expected.outcome === 'terminate';
  const light = cases.filter((entry) => !heavy(entry));
  const queue = [...light];
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        report(next.index, await runCase(next.test, next.face));
      }
    }),
  );
  for (const { test, index, face } of cases.filter(heavy)) {
    report(index, await runCase(test, face));
  }
  if (values['list-by-hand'] !== true) await runByHand(found);

  const all = [...found.entries()].sort(([a], [b]) => a - b).map(([, made]) => made);
  printCounts(all);
  if (values.report !== undefined) {
    writeFileSync(
      resolve(folder, values.report),
      `${JSON.stringify({ corpus, verdicts: all }, null, 2)}\n`,
    );
  }
  return all.some((made) => made.verdict === 'fail') ? 1 : 0;
}

/** REST and MCP in turns, MCP over HTTP and over standard input and output in turns. */
function faceOf(index: number): FaceName {
  return index % 2 === 0 ? 'rest' : index % 4 === 1 ? 'mcp-http' : 'mcp-stdio';
}

/** A test that is named must also hold. */
async function runByHand(found: Map<number, Verdict>): Promise<void> {
  const files = new Map<string, [number, Verdict][]>();
  for (const entry of found) {
    const file = entry[1].hand?.file;
    if (file !== undefined) files.set(file, [...(files.get(file) ?? []), entry]);
  }
  for (const [file, entries] of files) {
    const results = await runHandTests(
      file,
      entries.map(([, made]) => made.id),
    );
    for (const [index, made] of entries) {
      const result = results.get(made.id);
      if (result === undefined || result.kind === 'held') continue;
      const changed: Verdict =
        result.kind === 'skipped'
          ? { ...made, verdict: 'not-expressible', reasons: [`its test is skipped: ${result.why}`] }
          : { ...made, verdict: 'fail', reasons: [`${file}: ${result.saw}`] };
      found.set(index, changed);
      printVerdict(changed);
    }
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `adversarial: ${error instanceof Error ? error.message : error}\n${usage}\n`,
  );
  process.exitCode = 2;
}
