/** An execution and its output as a store would give them, with whatever a test changes. */
import type { Execution } from '../../../src/core/execution.ts';
import type { StoredOutput } from '../../../src/core/ports.ts';
import { noResult } from '../../../src/core/result.ts';

export function anExecution(changes: Partial<Execution> = {}): Execution {
  return {
    requestId: 'req_0123456789abcdef0123456789abcdef',
    status: 'ok',
    command: 'say',
    tool: 'say',
    environment: 'development',
    risk: 'low',
    principal: 'local',
    onBehalfOf: null,
    face: 'rest',
    client: 'curl/8',
    trust: 'gateway',
    arguments: { text: 'hello' },
    parametersHash: `sha256:${'a'.repeat(64)}`,
    argv: ['/usr/bin/echo', 'hello'],
    digest: `sha256:${'b'.repeat(64)}`,
    workingDirectory: '/workspace',
    timeoutMs: 60_000,
    policies: ['local-user'],
    concurrencyKey: null,
    owner: 'gateway-1',
    fence: 1,
    requestedAt: Date.UTC(2026, 10, 22, 12, 0, 0),
    startedAt: Date.UTC(2026, 10, 22, 12, 0, 1),
    finishedAt: Date.UTC(2026, 10, 22, 12, 0, 3, 500),
    exitCode: 0,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: { cpuMs: 3, peakMemory: 1_000_000, peakProcesses: 1, stdoutBytes: 6, stderrBytes: 0 },
    sandbox: { tier: 'bubblewrap+cgroup', enforced: ['memory'], degraded: ['cpu'] },
    salt: null,
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step: null,
    ...changes,
  };
}

export function anOutput(
  stdout: string | Uint8Array,
  stderr: string | Uint8Array = '',
): StoredOutput {
  const [out, err] = [Buffer.from(stdout as string), Buffer.from(stderr as string)];
  return {
    stdout: out,
    stderr: err,
    stdoutTotal: out.byteLength,
    stderrTotal: err.byteLength,
    stdoutTruncated: false,
    stderrTruncated: false,
    ...noResult,
  };
}
