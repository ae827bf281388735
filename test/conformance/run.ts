/**
 * The MCP conformance suites against Reeve: the real program, and its HTTP stack with the fixtures that the suites ask for. In:
 * the list of expected failures. Out: exit code 0 where exactly those failed. A failure that is not listed fails, and so does a
 * listed one that passes: the list is never stale.
 *
 *     node test/conformance/run.ts
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { openFixtureServer } from './fixture-server.ts';
import { openRealServer } from './real-server.ts';

/** All of what is released; and what each revision asks for, by the suite that knows both. Every one of them decides. */
export const suites = {
  stable: { version: '0.1.16', args: ['--suite', 'all'] },
  '2025-11-25': { version: '0.2.0-alpha.12', args: ['--requirements', '2025-11-25'] },
  '2026-07-28': { version: '0.2.0-alpha.12', args: ['--requirements', '2026-07-28'] },
} as const;
export type SuiteName = keyof typeof suites;

/** `reeve` is `reeve serve` itself; `fixtures` the same face with what the suites ask for by name. */
export const servers = { reeve: openRealServer, fixtures: openFixtureServer } as const;
export type ServerName = keyof typeof servers;

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
export async function runSuite(suite: (typeof suites)[SuiteName], url: string): Promise<Report> {
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

/** Scenarios that fail for one reason, where that is written down, and what it rests on. */
export interface Reason {
  readonly scenarios: readonly string[];
  readonly why: string;
  readonly source: string;
}
interface Listed {
  readonly fixtures: Readonly<Record<SuiteName, readonly Reason[]>>;
  /** By name of a reason, beside those of the fixtures. */
  readonly reeve: Readonly<Record<SuiteName, readonly string[]>>;
  readonly reasons: Readonly<Record<string, Reason>>;
}

export function listed(): Listed {
  const file = new URL('./expected-failures.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Listed;
}

export function reasonsFor(server: ServerName, suite: SuiteName): readonly Reason[] {
  const { fixtures, reeve, reasons } = listed();
  if (server === 'fixtures') return fixtures[suite];
  return [...fixtures[suite], ...reeve[suite].map((name) => reasons[name]!)];
}

export function expectedFailures(server: ServerName, suite: SuiteName): readonly string[] {
  return reasonsFor(server, suite).flatMap(({ scenarios }) => scenarios);
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

function tell(what: string, report: Report, verdict: Verdict): void {
  const { passed, failed } = report;
  console.log(`${what}: ${passed.length} scenarios pass, ${failed.length} fail`);
  for (const name of verdict.unexpected) console.log(`  fails and is not listed: ${name}`);
  for (const name of verdict.stale) console.log(`  listed and does not fail any more: ${name}`);
}

if (import.meta.main) {
  for (const server of Object.keys(servers) as ServerName[]) {
    const opened = await servers[server]();
    try {
      for (const suite of Object.keys(suites) as SuiteName[]) {
        const report = await runSuite(suites[suite], opened.url);
        const verdict = compare(report, expectedFailures(server, suite));
        tell(`${server}, ${suite} (${suites[suite].version})`, report, verdict);
        if (verdict.unexpected.length + verdict.stale.length > 0) process.exitCode = 1;
      }
    } finally {
      await opened.close();
    }
  }
}
