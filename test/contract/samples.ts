/** Executions, outcomes and entries for tests: complete values, of which a test says only what it is about. */
import type { EntryDraft } from '../../src/core/entry.ts';
import type { Execution, Outcome } from '../../src/core/execution.ts';

let made = 0;

export function anExecution(parts: Partial<Execution> = {}): Execution {
  made += 1;
  return {
    requestId: `request-${process.pid}-${made}`,
    status: 'queued',
    command: 'migrate-db',
    tool: 'migrate_db',
    environment: 'development',
    risk: 'high',
    principal: 'local',
    onBehalfOf: null,
    face: 'rest',
    client: 'curl/8',
    trust: 'gateway',
    arguments: { steps: 3, name: 'a\u0000b "quoted" ünï\u2028', nested: { list: [1, null, true] } },
    parametersHash: `sha256:${'a'.repeat(64)}`,
    argv: ['/usr/bin/env', '', 'x y'],
    digest: `sha256:${'d'.repeat(64)}`,
    workingDirectory: '/workspace',
    timeoutMs: 60_000,
    policies: ['policy0', 'policy1'],
    concurrencyKey: null,
    owner: 'owner-1',
    fence: 1,
    requestedAt: 1_790_000_000_000 + made,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: null,
    ...parts,
  };
}

export function anOutcome(parts: Partial<Outcome> = {}): Outcome {
  return {
    status: 'ok',
    exitCode: 0,
    signal: null,
    errorCode: null,
    errorMessage: null,
    stdout: { bytes: Uint8Array.of(0, 255, 10), total: 3, truncated: false },
    stderr: { bytes: new Uint8Array(0), total: 99, truncated: true },
    usage: { cpuMs: 1.5, peakMemory: null, peakProcesses: 2, stdoutBytes: 3, stderrBytes: 99 },
    sandbox: { tier: 'bubblewrap', enforced: ['cpuTimeMs'], degraded: ['memory'] },
    durationMs: 12.75,
    ...parts,
  };
}

export function aDraft(parts: Partial<EntryDraft> = {}): EntryDraft {
  return {
    kind: 'asked',
    at: 1_790_000_000_000,
    requestId: null,
    principal: 'local',
    body: { note: 'ünï', list: [1, 2] },
    ...parts,
  };
}
