/**
 * The MCP conformance suite against Reeve's HTTP stack. In: the list of expected failures. Out: exit code 0 where exactly
 * those failed. A failure that is not listed fails, and so does a listed one that passes: the list is never stale.
 *
 *     node test/conformance/run.ts            both suites; only the first decides
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { openFixtureServer } from './fixture-server.ts';

/** The stable suite decides; the one for revision 2026-07-28 is not released yet and is only told of. */
export const suites = {
  stable: { version: '0.1.16', args: ['--suite', 'active'] },
  preview: { version: '0.2.0-alpha.12', args: ['--requirements', '2026-07-28'] },
} as const;

export interface Report {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** What the suite printed. */
  readonly text: string;
}

export interface Verdict {
  readonly unexpected: readonly string[];
  readonly stale: readonly string[];
}

/** Downloads the pinned suite through npm (or takes it from npm's cache) and runs it. Throws where it cannot run at all. */
export async function runSuite(
  suite: (typeof suites)[keyof typeof suites],
  url: string,
): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-conformance-'));
  try {
    const text = await output(
      'npx',
      [
        '--yes',
        '--prefer-offline',
        '--package',
        `@modelcontextprotocol/conformance@${suite.version}`,
        'conformance',
        'server',
        '--url',
        url,
        ...suite.args,
      ],
      folder,
    );
    return reportFrom(text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Scenarios by their lines in the summary: `✓ ping: 1 passed, 0 failed`. */
export function reportFrom(text: string): Report {
  const lines = [...text.matchAll(/^([✓✗]) ([\w-]+): \d+ passed, \d+ failed/gmu)];
  if (lines.length === 0) {
    throw new Error(
      `The conformance suite reported no scenario. It printed:\n${text.slice(-2_000)}`,
    );
  }
  const names = (mark: string) => lines.filter((l) => l[1] === mark).map((l) => l[2]!);
  return { passed: names('✓'), failed: names('✗'), text };
}

export function compare(report: Report, expected: readonly string[]): Verdict {
  return {
    unexpected: report.failed.filter((name) => !expected.includes(name)),
    stale: expected.filter((name) => !report.failed.includes(name)),
  };
}

export function expectedFailures(version: string): readonly string[] {
  const file = new URL('./expected-failures.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>)[version] ?? [];
}

function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    const add = (chunk: Buffer) => {
      text += chunk;
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', reject);
    // The exit code says no more than the summary does.
    child.on('close', () => resolve(text));
  });
}

function tell(version: string, report: Report, verdict: Verdict): void {
  const { passed, failed } = report;
  console.log(`conformance ${version}: ${passed.length} scenarios pass, ${failed.length} fail`);
  for (const name of verdict.unexpected) console.log(`  fails and is not listed: ${name}`);
  for (const name of verdict.stale) console.log(`  listed and does not fail any more: ${name}`);
}

if (import.meta.main) {
  const server = await openFixtureServer();
  try {
    for (const [which, suite] of Object.entries(suites)) {
      const report = await runSuite(suite, server.url);
      const verdict = compare(report, expectedFailures(suite.version));
      tell(suite.version, report, verdict);
      const wrong = verdict.unexpected.length + verdict.stale.length > 0;
      if (wrong && which === 'stable') process.exitCode = 1;
    }
  } finally {
    await server.close();
  }
}
