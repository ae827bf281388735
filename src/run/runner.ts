/**
 * Permit → outcome. In: a permit. Out: how its run ended, once nothing of it is left. Never: a process without a permit,
 * a run outside the sandbox unless the configuration says so, an answer while a process may still write.
 */
import type { Limits } from '../core/command.ts';
import type { Permit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { LimitReport, Outcome } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Clock, RunHandle } from '../core/ports.ts';
import { areFor, noSecrets, type SealedSecrets } from '../core/secret.ts';
import { abandonedGroups, endAbandoned } from './ahead/name.ts';
import { Pool } from './ahead/pool.ts';
import { removeGroups } from './cgroup.ts';
import { ExecutableCheck } from './executable.ts';
import { proveGone } from './gone.ts';
import { findProgram, readHost } from './host.ts';
import { self } from './identity.ts';
import { inheritedDescriptors } from './inherited.ts';
import { createCopiesFolder } from './inputs-folder.ts';
import { limitReport } from './limit-report.ts';
import { outcomeOf } from './outcome.ts';
import { PipeSupply } from './pipes.ts';
import { type Capabilities, holdsOf, probe } from './probe.ts';
import { bootId } from './processes.ts';
import { assertRehearsal } from './rehearsal.ts';
import { type ActiveRun, type RunContext, type RunControl, startRun } from './run.ts';
import { createRuntimeFolder } from './runtime-folder.ts';
import { seccompProgram } from './seccomp.ts';
import { Starters } from './spawner/starters.ts';

export interface RunnerOptions {
  /** `required`: no sandbox, no run. `unsandboxed`: without one where it cannot be had, and every report says so. */
  readonly sandbox: 'required' | 'unsandboxed';
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Where the gateway keeps its state: covered in the sandbox if it lies in what a command may see. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** Who starts processes: null or absent leaves it to the host. `gateway`: this process itself, without a spawner. */
  readonly starter?: 'gateway' | null;
}

export interface Runner {
  readonly capabilities: Capabilities;
  /** Throws ReeveError only if nothing was started; everything that happened afterwards is an Outcome. */
  run(permit: Permit, control: RunControl): Promise<Outcome>;
  /** What would be enforced for the invocation, and what not. */
  report(invocation: Invocation): LimitReport;
  /** True once it is proven that nothing of a run is left; kills what is. Safe to repeat. */
  proveGone(requestId: string, handle: RunHandle | null): Promise<boolean>;
  /** Ends every run, waits until they are gone, and starts no more. */
  close(): Promise<void>;
}

/** Looks at the host, tries the sandbox once, and answers a runner; a host without a sandbox is not an error here. */
export async function createRunner(options: RunnerOptions): Promise<Runner> {
  // Before anything else is opened: only what whoever started us left open may be found.
  const inherited = inheritedDescriptors();
  const host = readHost();
  const folder = createRuntimeFolder(options.stateDir);
  const perl = options.starter === 'gateway' ? null : findProgram('perl');
  const starters = new Starters({ perl, inherited });
  const base = {
    host,
    folder,
    copies: createCopiesFolder(),
    starters,
    supply: new PipeSupply(folder.closed, (paths) => starters.makePipes(paths)),
    seccomp: host.arch === null ? null : folder.file('seccomp', seccompProgram(host.arch)),
    bootId: bootId() ?? '',
    clock: options.clock,
    stateDir: options.stateDir,
    gateway: self(),
  };
  let probed: Awaited<ReturnType<typeof probe>>;
  try {
    probed = await probe(host, async (cgroups) => {
      const context: RunContext = { ...base, cgroups, sandboxed: true, graceMs: 0 };
      try {
        const run = await startRun(
          context,
          `probe-${process.pid}`,
          trialOf(host.trueProgram),
          silent,
        );
        const outcome = await outcomeOf(run, trialReport);
        return outcome.status === 'ok' ? null : outcome.errorMessage;
      } catch (error) {
        return (error as Error).message;
      }
    });
  } catch (error) {
    await starters.close();
    folder.remove();
    throw error;
  }
  const { cgroups } = probed;
  const capabilities = { ...probed.capabilities, spawner: spawnerOf(starters) };
  const sandboxed = capabilities.tier !== 'none';
  const context: RunContext = { ...base, cgroups, sandboxed, graceMs: options.graceMs };
  // What a killed gateway had started ahead: nobody waits for that to be gone.
  if (abandonedGroups(cgroups).length > 0) void endAbandoned(cgroups, patienceMs).catch(() => {});
  return new LocalRunner(options, capabilities, context);
}

function spawnerOf({ why }: Starters): Capabilities['spawner'] {
  return why === null ? { use: true, why: null } : { use: false, why };
}

class LocalRunner implements Runner {
  readonly capabilities: Capabilities;
  readonly #options: RunnerOptions;
  readonly #context: RunContext;
  readonly #pool: Pool;
  readonly #executables = new ExecutableCheck();
  readonly #active = new Set<ActiveRun>();
  readonly #busy = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: RunnerOptions, capabilities: Capabilities, context: RunContext) {
    this.#options = options;
    this.capabilities = capabilities;
    this.#context = context;
    this.#pool = new Pool(context);
  }

  run(permit: Permit, control: RunControl): Promise<Outcome> {
    const running = this.#run(permit, control);
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#busy.add(settled);
    void settled.then(() => this.#busy.delete(settled));
    return running;
  }

  report(invocation: Invocation): LimitReport {
    const { cgroups, sandboxed } = this.#context;
    const group = cgroups === null ? 'bubblewrap' : 'bubblewrap+cgroup';
    const tier = sandboxed ? group : 'unsandboxed';
    return limitReport(holdsOf(tier, cgroups, this.capabilities.processLimit), invocation);
  }

  proveGone(requestId: string, handle: RunHandle | null): Promise<boolean> {
    return proveGone(requestId, handle, this.#context.cgroups);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const run of this.#active) run.stop('cancelled', stopping);
    await Promise.all([...this.#busy, this.#pool.close()]);
    await this.#context.starters.close();
    this.#context.folder.remove();
    this.#context.copies.remove();
    const { cgroups } = this.#context;
    // Another gateway's runs may be in there: then the folder stays. In version 2 it carries settings and always stays.
    if (cgroups?.version === 1) await removeGroups(Object.values(cgroups.bases), 1);
  }

  async #run(permit: Permit, control: RunControl): Promise<Outcome> {
    this.#assertOpen();
    this.#assertSandbox();
    const invocation = permit.redeem();
    assertSecrets(invocation, control.secrets ?? noSecrets);
    assertRehearsal(invocation, this.#context.stateDir, this.#context.sandboxed);
    await this.#executables.verify(invocation.executable);
    const run = await startRun(
      this.#context,
      permit.requestId,
      invocation,
      control,
      () => this.#assertOpen(),
      this.#pool,
    );
    this.#active.add(run);
    // Closed while it was being started: nobody else would stop it.
    if (this.#closed) run.stop('cancelled', stopping);
    try {
      return await outcomeOf(run, this.report(invocation));
    } finally {
      this.#active.delete(run);
      run.over();
    }
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new ReeveError(
        'SHUTTING_DOWN',
        'The gateway is stopping; nothing was started. Ask again when it is back.',
      );
    }
  }

  #assertSandbox(): void {
    if (this.#context.sandboxed || this.#options.sandbox === 'unsandboxed') return;
    const problem = this.capabilities.problems.find((p) => p.what === 'no sandbox');
    const why = problem === undefined ? '' : ` ${problem.why}. ${problem.remedy}`;
    throw new ReeveError(
      'SANDBOX_UNAVAILABLE',
      `No sandbox can be had on this host, so nothing was started:${why} (reeve doctor tells more.)`,
    );
  }
}

/** Exactly what was decided on: a run without one of its secrets would do something else. */
function assertSecrets(invocation: Invocation, secrets: SealedSecrets): void {
  if (areFor(secrets, invocation.secrets)) return;
  const names = invocation.secrets.map(({ name }) => name).join(', ') || 'none';
  throw new ReeveError(
    'SECRET_UNAVAILABLE',
    `${invocation.command} is to be given these secrets: ${names}; it was handed others, so nothing was started.`,
  );
}

const stopping = 'the gateway is stopping';
const patienceMs = 5_000;

const trialLimits: Limits = Object.freeze({
  cpu: 1,
  cpuTimeMs: 10_000,
  memory: 64 * 2 ** 20,
  processes: 16,
  openFiles: 64,
  fileSize: 2 ** 20,
  workspaceGrowth: 0,
  workspaceFiles: 0,
  output: 4096,
});
const trialReport: LimitReport = { tier: 'bubblewrap', enforced: [], degraded: [] };
const silent: RunControl = {
  signal: new AbortController().signal,
  onStarted() {},
  onOutput() {},
};

/** What the probe runs: nothing but `true`, in the whole sandbox, with /usr as the open folder that is bound. */
function trialOf(program: string): Invocation {
  return {
    command: 'probe',
    commandHash: '',
    environment: 'probe',
    principal: 'reeve',
    onBehalfOf: null,
    arguments: {},
    argv: [program],
    executable: { path: program, source: program, sha256: '' },
    stdin: null,
    inputs: [],
    inputPatterns: [],
    variables: {},
    workspace: '/usr',
    workspaceAccess: 'read-only',
    workingDirectory: '/workspace',
    mounts: [],
    limits: trialLimits,
    timeoutMs: 20_000,
    network: 'none',
    secrets: [],
    runAs: null,
    concurrency: null,
    digest: '',
  };
}
