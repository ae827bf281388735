/** A gateway of a few scripted commands, kept in memory, so that the command line can be driven without sandbox and store. */

import { ReeveError, Refusal } from '../../../../src/core/errors.ts';
import { type Execution, type ExecutionStatus, isFinal } from '../../../../src/core/execution.ts';
import type { ExecutionFilter, StoredOutput } from '../../../../src/core/ports.ts';
import type { Caller, Trust } from '../../../../src/core/principal.ts';
import { noResult } from '../../../../src/core/result.ts';
import type {
  ExecuteRequest,
  ExecutionEvent,
  Gateway,
  Listing,
} from '../../../../src/gateway/gateway.ts';
import {
  noApprovals,
  noAssurance,
  noCredentials,
  noLog,
  noRehearsals,
  noRetention,
} from '../../../../src/gateway/no-desks.ts';

type Stream = 'stdout' | 'stderr';
interface Script {
  readonly output: readonly (readonly [Stream, Uint8Array])[];
  readonly end: Partial<Execution> & { status: ExecutionStatus };
  /** Runs until it is cancelled. */
  readonly endless?: true;
}

const bytes = (text: string) => Buffer.from(text);
const scripts: Readonly<Record<string, Script>> = {
  greet: {
    output: [
      ['stdout', bytes('hello\n')],
      ['stderr', bytes('note\n')],
    ],
    end: { status: 'ok', exitCode: 0 },
  },
  escape: {
    output: [['stdout', bytes('\u001b]52;c;cHduZWQ=\u0007\u001b[2Jhi\u001b]0;x\u0007')]],
    end: { status: 'ok', exitCode: 0 },
  },
  fail: {
    output: [['stderr', bytes('broken\n')]],
    end: {
      status: 'failed',
      exitCode: 9,
      errorCode: 'COMMAND_EXIT_NON_ZERO',
      errorMessage: 'The command ended with exit code 9.',
    },
  },
  overdue: {
    output: [],
    end: {
      status: 'timeout',
      errorCode: 'COMMAND_TIMEOUT',
      errorMessage: 'It ran longer than 1s.',
    },
  },
  lost: {
    output: [],
    end: { status: 'unknown', errorCode: 'HOST_LOST', errorMessage: 'The gateway went away.' },
  },
  endless: { output: [['stdout', bytes('started\n')]], end: { status: 'ok' }, endless: true },
  /** Goes on however often it is cancelled. */
  stubborn: {
    output: [['stdout', bytes('started\n')]],
    end: { status: 'ok' },
    endless: true,
  },
  flood: {
    output: Array.from({ length: 200 }, () => ['stdout', Buffer.alloc(16_384, 'y\n')] as const),
    end: { status: 'ok', exitCode: 0 },
  },
};
const refusals: Readonly<Record<string, ReeveError>> = {
  forbidden: new ReeveError('COMMAND_NOT_ALLOWED', 'You may not run "forbidden" here.'),
  guarded: new ReeveError('APPROVAL_REQUIRED', 'It demands approvals by: ops_lead.'),
  unsafe: new ReeveError('SANDBOX_UNAVAILABLE', 'No sandbox.'),
  unwritten: new ReeveError('AUDIT_UNAVAILABLE', 'The disk is full.'),
};

interface Run {
  execution: Execution;
  readonly script: Script;
  readonly ended: PromiseWithResolvers<Execution>;
}

export function memoryGateway(trust: Trust): Gateway {
  const runs = new Map<string, Run>();
  const find = (id: string) => {
    const run = runs.get(id);
    if (run === undefined)
      throw new ReeveError(
        'REQUEST_NOT_FOUND',
        'There is no request of that id, or it is not yours.',
      );
    return run;
  };
  const settle = (run: Run, end: Partial<Execution>) => {
    if (isFinal(run.execution.status)) return;
    run.execution = { ...run.execution, ...end, finishedAt: run.execution.requestedAt + 12 };
    run.ended.resolve(run.execution);
  };
  const outputOf = (run: Run, stream: Stream) =>
    Buffer.concat(run.script.output.filter(([s]) => s === stream).map(([, b]) => b));

  return {
    approvals: noApprovals,
    log: noLog,
    retention: noRetention,
    assurance: noAssurance,
    rehearsals: noRehearsals,
    credentials: noCredentials,
    async submit(caller, request) {
      const refusal = refusals[request.command];
      const script = scripts[request.command];
      if (refusal !== undefined) throw new Refusal('req_refused', refusal);
      if (script === undefined)
        throw new Refusal(
          'req_refused',
          new ReeveError('COMMAND_NOT_ALLOWED', 'No command of this name may be run here.'),
        );
      const run: Run = {
        execution: started(caller, request, trust, `req_${runs.size + 1}`),
        script,
        ended: Promise.withResolvers(),
      };
      run.execution = {
        ...run.execution,
        usage: {
          cpuMs: 1,
          peakMemory: null,
          peakProcesses: null,
          stdoutBytes: outputOf(run, 'stdout').length,
          stderrBytes: outputOf(run, 'stderr').length,
        },
      };
      runs.set(run.execution.requestId, run);
      if (script.endless !== true) setTimeout(() => settle(run, script.end), 5);
      else setTimeout(() => {}, 60_000).unref();
      return run.execution;
    },
    refuse: async (_caller, error) => new Refusal('req_unparsed', error),
    wait: async (_caller, id) => keepAlive(find(id).ended.promise),
    cancel: async (_caller, id, reason) => {
      const run = find(id);
      if (run.execution.command === 'stubborn') return run.execution;
      settle(run, { status: 'cancelled', errorCode: 'COMMAND_CANCELLED', errorMessage: reason });
      return run.execution;
    },
    plan: async (_caller, request) => {
      throw new ReeveError('INVALID_REQUEST', 'An argument does not fit.', [
        {
          field: '/arguments/count',
          problem: `is ${JSON.stringify(request.arguments)}`,
          expected: 'an integer',
        },
      ]);
    },
    execution: async (_caller, id) => find(id).execution,
    output: async (_caller, id): Promise<StoredOutput> => {
      const run = find(id);
      const [stdout, stderr] = [outputOf(run, 'stdout'), outputOf(run, 'stderr')];
      return {
        stdout,
        stderr,
        stdoutTotal: stdout.length,
        stderrTotal: stderr.length,
        stdoutTruncated: false,
        stderrTruncated: false,
        ...noResult,
      };
    },
    watch: async function* (_caller, id): AsyncGenerator<ExecutionEvent> {
      const run = find(id);
      yield { kind: 'status', execution: run.execution };
      for (const [stream, chunk] of run.script.output) yield { kind: 'output', stream, chunk };
      yield { kind: 'end', execution: await keepAlive(run.ended.promise) };
    },
    entries: async () => [],
    why: async () => {
      throw new ReeveError('REQUEST_NOT_FOUND', 'There is no such request, or it is not yours.');
    },
    entry: async (_caller, seq) => {
      throw new ReeveError('REQUEST_NOT_FOUND', `There is no entry ${seq}, or it is not yours.`);
    },
    audit: async (_caller, filter: ExecutionFilter) => ({
      executions: [...runs.values()].map((r) => r.execution).slice(0, filter.limit),
      nextCursor: null,
    }),
    inventory: async () => Object.keys(scripts).map(listing),
    health: async () => ({
      ready: true,
      problems: [],
      generation: 'sha256:0',
      frozen: false,
      trust,
    }),
    freeze: async () => {},
    unfreeze: async () => {},
    reload: async () => ({ loaded: true, generation: 'sha256:0', diagnostics: [] }),
    close: async () => {},
  };
}

/** A pending promise alone does not keep a process; a real gateway's sockets and children do. */
async function keepAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

function started(
  caller: Caller,
  request: ExecuteRequest,
  trust: Trust,
  requestId: string,
): Execution {
  const now = Date.now();
  return {
    requestId,
    status: 'running',
    command: request.command,
    tool: request.command,
    environment: request.environment ?? 'development',
    risk: 'low',
    principal: caller.principal.id,
    onBehalfOf: null,
    face: caller.face,
    client: caller.client,
    trust,
    arguments: request.arguments,
    parametersHash: null,
    argv: ['/usr/bin/true', ...(request.args ?? [])],
    digest: 'sha256:1',
    workingDirectory: '/workspace',
    timeoutMs: 1_000,
    policies: ['everything'],
    concurrencyKey: null,
    owner: 'test',
    fence: 1,
    requestedAt: now,
    startedAt: now,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: { tier: 'bubblewrap', enforced: ['cpuTimeMs'], degraded: ['memory'] },
    salt: null,
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step: null,
  };
}

function listing(name: string): Listing {
  return {
    name,
    tool: name,
    title: name,
    description: `Scripted: ${name}\u202e`,
    owner: 'tests',
    risk: 'low',
    priority: null,
    usageFrequency: null,
    automationCoverage: null,
    complianceNotes: null,
    reviewCadenceMs: null,
    reviewDueAt: null,
    result: null,
    lastVerified: null,
    verifications: [],
    assuranceRequired: [],
    rollback: null,
    parameters: {
      type: 'object',
      properties: { count: { type: 'integer' } },
      additionalProperties: false,
    },
    environments: ['development'],
    defaultEnvironment: 'development',
    timeout: { defaultMs: 1_000, maxMs: 60_000 },
    approvals: [],
    guardrails: [],
    dependencies: [],
    secrets: [],
    network: 'none',
    workspace: 'none',
  };
}
