/** A gateway without policy, sandbox or store, for what a face does with its answers. The command's name says how it ends. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, ReeveError, Refusal } from '../../../src/core/errors.ts';
import { type Execution, isFinal } from '../../../src/core/execution.ts';
import type { StoredOutput } from '../../../src/core/ports.ts';
import type { Caller } from '../../../src/core/principal.ts';
import type { ExecuteRequest, Gateway, Health, Listing } from '../../../src/gateway/gateway.ts';
import { LiveRun } from '../../../src/gateway/live.ts';
import {
  noAssurance,
  noCredentials,
  noLog,
  noRehearsals,
  noRetention,
} from '../../../src/gateway/no-desks.ts';
import { anExecution, anOutput } from './fixtures.ts';
import { type MemoryDesk, memoryDesk } from './memory-desk.ts';

export interface MemoryGateway extends Gateway {
  readonly approvals: MemoryDesk;
  readonly refusals: { caller: Caller | null; error: ReeveError; command: string | null }[];
  readonly submitted: { caller: Caller; request: ExecuteRequest }[];
  readonly cancelled: string[];
  readonly live: Map<string, LiveRun>;
  health_: Health;
  failNext: Error | null;
  emit(requestId: string, stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  finish(requestId: string, changes?: Partial<Execution>, output?: StoredOutput): void;
  /** Resolves when a run of `slow` is under way. */
  underWay(): Promise<string>;
}

const empty = anOutput('');

export function memoryGateway(): MemoryGateway {
  const executions = new Map<string, Execution>();
  const outputs = new Map<string, StoredOutput>();
  const keys = new Map<string, { body: string; requestId: string }>();
  const waiting: ((requestId: string) => void)[] = [];
  let count = 0;
  const next = () => {
    count += 1;
    return `req_${String(count).padStart(32, '0')}`;
  };
  const find = (requestId: string): Execution => {
    const execution = self.live.get(requestId)?.execution ?? executions.get(requestId);
    if (execution === undefined || execution.principal !== 'local') {
      throw new ReeveError('REQUEST_NOT_FOUND', 'There is no such request, or it is not yours.');
    }
    return execution;
  };
  const trip = () => {
    const { failNext } = self;
    self.failNext = null;
    if (failNext !== null) throw failNext;
  };
  const refusal = (caller: Caller | null, error: ReeveError, command: string | null): Refusal => {
    self.refusals.push({ caller, error, command });
    const requestId = next();
    executions.set(
      requestId,
      anExecution({
        requestId,
        status: 'rejected',
        command,
        startedAt: null,
        errorCode: error.code,
        errorMessage: error.message,
        principal: caller === null ? 'unauthenticated' : 'local',
      }),
    );
    return new Refusal(requestId, error);
  };

  const desk = memoryDesk((requestId, how, reason) => {
    const before = find(requestId);
    const ended = {
      granted: { status: 'ok', startedAt: Date.now(), exitCode: 0 },
      rejected: { status: 'rejected', errorCode: 'APPROVAL_REJECTED', errorMessage: reason },
      withdrawn: { status: 'cancelled', errorCode: 'APPROVAL_WITHDRAWN', errorMessage: reason },
    } as const;
    const after = { ...before, ...ended[how], finishedAt: Date.now() };
    executions.set(requestId, after);
    return after;
  });

  /** As it stands once it awaits approval no more, or at a signal. */
  const decided = async (
    requestId: string,
    ...signals: (AbortSignal | undefined)[]
  ): Promise<Execution> => {
    while (
      find(requestId).status === 'awaiting_approval' &&
      !signals.some((signal) => signal?.aborted)
    )
      await sleep(20);
    return find(requestId);
  };

  const self: MemoryGateway = {
    approvals: desk,
    log: noLog,
    retention: noRetention,
    assurance: noAssurance,
    rehearsals: noRehearsals,
    credentials: noCredentials,
    refusals: [],
    submitted: [],
    cancelled: [],
    live: new Map(),
    health_: { ready: true, problems: [], generation: 'sha256:1', frozen: false, trust: 'gateway' },
    failNext: null,
    emit: (requestId, stream, chunk) => self.live.get(requestId)!.output(stream, chunk),
    finish: (requestId, changes = {}, output = anOutput('done\n')) => {
      const live = self.live.get(requestId)!;
      const execution = anExecution({
        ...live.execution,
        status: 'ok',
        finishedAt: Date.now(),
        exitCode: 0,
        ...changes,
      });
      executions.set(requestId, execution);
      outputs.set(requestId, output);
      self.live.delete(requestId);
      live.end(execution);
    },
    underWay: () => new Promise((resolve) => waiting.push(resolve)),

    submit: async (caller, request) => {
      trip();
      self.submitted.push({ caller, request });
      const { idempotencyKey, ...body } = request;
      if (idempotencyKey !== null) {
        const earlier = keys.get(idempotencyKey);
        if (earlier !== undefined) {
          if (earlier.body === JSON.stringify(body)) return find(earlier.requestId);
          throw refusal(
            caller,
            new ReeveError('CONFLICT', 'This key came before with another body.'),
            request.command,
          );
        }
      }
      const requestId = next();
      if (idempotencyKey !== null)
        keys.set(idempotencyKey, { body: JSON.stringify(body), requestId });
      const facts = {
        requestId,
        command: request.command,
        arguments: request.arguments,
        face: caller.face,
        client: caller.client,
        requestedAt: Date.now(),
        startedAt: Date.now(),
        finishedAt: Date.now(),
      };
      const ended = (changes: Partial<Execution>, output: StoredOutput): Execution => {
        executions.set(requestId, anExecution({ ...facts, ...changes }));
        outputs.set(requestId, output);
        return executions.get(requestId)!;
      };
      switch (request.command) {
        case 'say':
          return ended({}, anOutput(`${String(request.arguments?.text ?? '')}\n`));
        case 'bytes':
          return ended({}, anOutput(new Uint8Array([0xff, 0x00, 0x80, 0x0a]), 'é'));
        case 'fail':
          return ended(
            {
              status: 'failed',
              exitCode: 3,
              errorCode: 'COMMAND_EXIT_NON_ZERO',
              errorMessage: 'exit code 3',
            },
            anOutput('half\n', 'oops\n'),
          );
        case 'overdue':
          return ended(
            {
              status: 'timeout',
              exitCode: null,
              errorCode: 'COMMAND_TIMEOUT',
              errorMessage: 'stopped',
            },
            anOutput('x'),
          );
        case 'lost':
          return ended(
            { status: 'unknown', exitCode: null, errorCode: 'HOST_LOST', errorMessage: 'lost' },
            empty,
          );
        case 'late-refusal':
          return ended(
            {
              status: 'rejected',
              startedAt: null,
              errorCode: 'FROZEN',
              errorMessage: 'Frozen meanwhile.',
            },
            empty,
          );
        case 'ask-people':
          ended(
            {
              status: 'awaiting_approval',
              startedAt: null,
              finishedAt: null,
              exitCode: null,
              usage: null,
              sandbox: null,
            },
            empty,
          );
          desk.ask(find(requestId));
          return find(requestId);
        case 'slow': {
          const live = new LiveRun(
            anExecution({
              ...facts,
              status: 'running',
              finishedAt: null,
              exitCode: null,
              usage: null,
              sandbox: null,
            }),
          );
          self.live.set(requestId, live);
          for (const tell of waiting.splice(0)) tell(requestId);
          return live.execution;
        }
        default: {
          const code = request.command.startsWith('refuse ')
            ? request.command.slice(7)
            : 'COMMAND_NOT_ALLOWED';
          throw refusal(
            caller,
            new ReeveError(code as ErrorCode, 'Not here.', [
              { field: 'command', problem: 'not allowed' },
            ]),
            request.command,
          );
        }
      }
    },
    refuse: async (caller, error, command) => {
      trip();
      return refusal(caller, error, command);
    },
    wait: async (_caller, requestId, milliseconds, signal) => {
      const execution = find(requestId);
      const live = self.live.get(requestId);
      if (execution.status === 'awaiting_approval' && milliseconds !== null)
        return decided(requestId, AbortSignal.timeout(milliseconds), signal);
      if (live === undefined || isFinal(execution.status)) return execution;
      const over = AbortSignal.any([
        ...(signal === undefined ? [] : [signal]),
        ...(milliseconds === null ? [] : [AbortSignal.timeout(milliseconds)]),
      ]);
      await Promise.race([
        live.ended,
        new Promise((resolve) =>
          over.aborted ? resolve(null) : over.addEventListener('abort', resolve, { once: true }),
        ),
      ]);
      return find(requestId);
    },
    cancel: async (_caller, requestId, reason) => {
      find(requestId);
      self.cancelled.push(reason);
      if (self.live.has(requestId))
        self.finish(requestId, {
          status: 'cancelled',
          exitCode: null,
          errorCode: 'COMMAND_CANCELLED',
          errorMessage: reason,
        });
      return find(requestId);
    },
    plan: async (caller, request) => {
      if (request.command !== 'say') throw new ReeveError('COMMAND_NOT_ALLOWED', 'Not here.');
      return aPlan(caller);
    },
    execution: async (_caller, requestId) => {
      trip();
      return find(requestId);
    },
    output: async (_caller, requestId) => {
      find(requestId);
      const live = self.live.get(requestId);
      return live === undefined
        ? (outputs.get(requestId) ?? empty)
        : anOutput(live.soFar('stdout'), live.soFar('stderr'));
    },
    watch: async function* (_caller, requestId, signal) {
      const execution = find(requestId);
      const live = self.live.get(requestId);
      if (live !== undefined) {
        yield* live.watch(signal);
        return;
      }
      yield { kind: 'status', execution };
      const ended = await decided(requestId, signal);
      if (!isFinal(ended.status)) return;
      const { stdout, stderr } = outputs.get(requestId) ?? empty;
      if (stdout.byteLength > 0) yield { kind: 'output', stream: 'stdout', chunk: stdout };
      if (stderr.byteLength > 0) yield { kind: 'output', stream: 'stderr', chunk: stderr };
      yield { kind: 'end', execution: ended };
    },
    entries: async (_caller, requestId) => {
      find(requestId);
      const draft = {
        kind: 'asked' as const,
        at: Date.UTC(2026, 10, 22),
        requestId,
        principal: 'local',
        body: { command: 'say' },
      };
      return [{ ...draft, seq: 1, text: JSON.stringify({ v: 1, seq: 1, ...draft }) }];
    },
    why: async (_caller, requestId) => ({
      requestId,
      status: find(requestId).status,
      errorCode: find(requestId).errorCode,
      headline: 'It ended as it did.',
      because: [{ fact: 'Nobody asked for anything else.', source: 'entry 1 (asked)' }],
      next: ['Ask again.'],
      timeline: [{ at: Date.UTC(2026, 10, 22), kind: 'asked', text: 'local asked for it.' }],
    }),
    entry: async (_caller, seq) => {
      if (seq !== 1) throw new ReeveError('REQUEST_NOT_FOUND', `There is no entry ${seq}.`);
      const draft = {
        kind: 'frozen' as const,
        at: 1,
        requestId: null,
        principal: 'local',
        body: {},
      };
      return { ...draft, seq, text: JSON.stringify({ v: 1, seq, ...draft }) };
    },
    audit: async (_caller, filter) => {
      if (filter.before === 'nonsense') {
        throw new ReeveError('INVALID_REQUEST', 'cursor: none that this gateway gave.', [
          { field: 'cursor', problem: 'unknown' },
        ]);
      }
      const all = [...executions.values(), ...[...self.live.values()].map((l) => l.execution)]
        .filter((e) => filter.statuses?.includes(e.status) ?? true)
        .filter((e) => filter.command === undefined || e.command === filter.command)
        .filter((e) => filter.since === undefined || e.requestedAt >= filter.since)
        .filter((e) => filter.until === undefined || e.requestedAt < filter.until)
        .sort((a, b) => (a.requestId < b.requestId ? 1 : -1))
        .filter((e) => filter.before === undefined || e.requestId < filter.before);
      const page = all.slice(0, filter.limit);
      return {
        executions: page,
        nextCursor: all.length > page.length ? page.at(-1)!.requestId : null,
      };
    },
    inventory: async () => [aListing],
    health: async () => self.health_,
    freeze: async (_caller, reason) => {
      if (reason === 'forbidden')
        throw new ReeveError(
          'COMMAND_NOT_ALLOWED',
          'Policy does not permit you to freeze this gateway.',
        );
      self.health_ = { ...self.health_, frozen: true };
    },
    unfreeze: async () => {
      self.health_ = { ...self.health_, frozen: false };
    },
    reload: async () => ({
      loaded: false,
      generation: 'sha256:1',
      diagnostics: [
        {
          severity: 'error',
          file: 'inventory.yaml',
          line: 3,
          column: 5,
          rule: 'unknown-field',
          message: 'runn is no field',
          remedy: 'run',
        },
      ],
    }),
    close: async () => {},
  };
  return self;
}

const aListing: Listing = {
  name: 'say',
  tool: 'say',
  title: 'Say it',
  description: 'Says a text.',
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
    properties: { text: { type: 'string' } },
    required: [],
    additionalProperties: false,
  },
  environments: ['development'],
  defaultEnvironment: null,
  timeout: { defaultMs: 1_000, maxMs: 2_000 },
  approvals: [{ role: 'ops_lead', count: 1, independent: true }],
  guardrails: [],
  dependencies: [],
  secrets: [{ name: 'API_KEY', as: 'variable' }],
  network: 'none',
  workspace: 'read-only',
};

function aPlan(_caller: Caller): Awaited<ReturnType<Gateway['plan']>> {
  return {
    command: 'say',
    environment: 'development',
    decision: 'permit',
    policies: ['local-user'],
    approvals: [],
    refusal: { code: 'FROZEN', message: 'Frozen.' },
    argv: ['/usr/bin/echo'],
    arguments: {},
    stdin: null,
    digest: 'sha256:1',
    executable: { path: '/usr/bin/echo', source: '/usr/bin/echo', sha256: '00' },
    workspace: '/srv/w',
    workspaceAccess: 'read-only',
    workingDirectory: '/workspace',
    mounts: [{ source: '/srv/bin', target: '/srv/bin' }],
    variables: { LOG_LEVEL: 'info' },
    secrets: [{ name: 'API_KEY', as: 'variable' }],
    limits: {
      cpu: 1,
      cpuTimeMs: 1,
      memory: 1,
      processes: 1,
      openFiles: 1,
      fileSize: 1,
      workspaceGrowth: 1,
      workspaceFiles: 1,
      output: 1,
    },
    timeoutMs: 1_000,
    network: 'none',
    runAs: null,
    sandbox: { tier: 'bubblewrap', enforced: ['memory'], degraded: ['cpu'] },
    trust: 'gateway',
  };
}
