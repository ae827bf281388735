/**
 * Clients that aren't ours: the MCP Inspector's command line, and curl. In: a shell line as anybody could type it.
 * Out: what it printed, read as an answer of Reeve. Never: a line that is shown and another that is run.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { project, type Stage } from './stage.ts';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** What every form of answer comes down to. */
export interface Answer {
  readonly status: string | null;
  readonly errorCode: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
  readonly stdout: string;
  readonly truncated: boolean;
  readonly exitCode: number | null;
  readonly durationMs: number | null;
  readonly http: number | null;
}

/** Variables that the lines of the story use; the story prints them first, so that each line can be repeated. */
export function variablesOf(stage: Stage): Record<string, string> {
  return {
    PATH: `${join(project, 'bin')}:${join(project, 'node_modules/.bin')}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    REEVE_CONFIG: stage.config,
    REEVE_STATE: stage.state,
    URL: stage.url,
    TOKEN: stage.token,
  };
}

/** Runs a line by `sh`, for a minute at most. */
export function runLine(stage: Stage, line: string): Promise<Printed> {
  const child = spawn('sh', ['-c', line], {
    cwd: stage.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The Inspector keeps files in the home folder; they belong into the demo's own.
    env: { ...variablesOf(stage), HOME: stage.folder, LANG: 'C.UTF-8', NO_COLOR: '1' },
    detached: true,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 60_000);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(late);
      resolve({
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
        exitCode,
      });
    });
  });
}

type Json = { readonly [key: string]: unknown };
const object = (value: unknown): Json =>
  value !== null && typeof value === 'object' ? (value as Json) : {};
const text = (value: unknown) => (typeof value === 'string' ? value : null);
const number = (value: unknown) => (typeof value === 'number' ? value : null);

/** Reads an execution, a problem, or an MCP tool result that carries one of them. */
export function readAnswer(printed: string): Answer {
  const [, json, http] = /^([\s\S]*)\n(\d{3})$/.exec(printed) ?? [null, printed, null];
  const body = object(parse(json!));
  const carried = object(body.structuredContent ?? object(body.result).structuredContent);
  const whole = Object.keys(carried).length > 0 ? carried : body;
  const result = object(whole.result);
  const meta = object(whole.meta);
  return {
    status: text(whole.executionStatus) ?? text(whole.status) ?? text(result.status),
    errorCode: text(whole.errorCode) ?? text(result.errorCode),
    message: text(whole.message) ?? text(whole.detail) ?? text(result.errorMessage),
    requestId: text(whole.requestId) ?? text(meta.requestId) ?? text(result.requestId),
    stdout: text(result.stdout) ?? '',
    truncated: result.truncated === true,
    exitCode: number(result.exitCode),
    durationMs: number(meta.durationMs),
    http: http === null ? null : Number(http),
  };
}

export function parse(printed: string): unknown {
  try {
    return JSON.parse(printed) as unknown;
  } catch {
    return null;
  }
}
