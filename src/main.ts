/**
 * The wiring: which store, queue, runner and faces this process is made of. Nothing in here decides. Rooms are imported
 * when they are first needed, because every client starts `reeve mcp` anew.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { LogPlace } from './audit/log/place.ts';
import { ReeveError } from './core/errors.ts';
import type { PasskeyVerifier } from './core/people-ports.ts';
import type { Clock, Ids, Store } from './core/ports.ts';
import type { Settings } from './core/settings.ts';
import type { Keeper } from './edge/checkpoints/keeper.ts';
import { runCli } from './edge/cli/cli.ts';
import type { OpenGateway, OpenOptions, Wiring } from './edge/cli/wiring.ts';
import type { Pages } from './edge/page/door.ts';
import type { Telemetry } from './edge/telemetry/telemetry.ts';
import type { Webhooks } from './edge/webhooks/webhooks.ts';
import type { House } from './gateway/house.ts';
import { version } from './version.ts';

/** Milliseconds that running work may go on after the gateway was asked to stop. */
const drainMs = 5_000;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const ids: Ids = { requestId: () => `req_${randomUUID().replaceAll('-', '')}` };

const wiring: Wiring = {
  version,
  open,
  async check(configFile, env) {
    const { loadGeneration } = await import('./gateway/generation.ts');
    const loaded = await loadGeneration(configFile, env);
    return loaded.ok ? loaded.warnings : loaded.diagnostics;
  },
  stateFiles: () => import('./store/sqlite/state-files.ts'),
  async record(stateDir) {
    const { openRecord } = await import('./store/sqlite/record.ts');
    return openRecord(join(stateDir, 'reeve.db'));
  },
  async capabilities(stateDir) {
    const { createRunner } = await import('./run/runner.ts');
    const runner = await createRunner({ sandbox: 'required', graceMs: 0, stateDir, clock });
    await runner.close();
    return runner.capabilities;
  },
  async sandbox(stateDir) {
    const { createRunner } = await import('./run/runner.ts');
    const { issuePermit } = await import('./core/decision.ts');
    const runner = await createRunner({ sandbox: 'required', graceMs: 0, stateDir, clock });
    return {
      run(invocation, signal) {
        const policies = ['the person at the command line'];
        const decision = { kind: 'permit', digest: invocation.digest, policies } as const;
        const permit = issuePermit(ids.requestId(), 1, invocation, decision, []);
        return runner.run(permit, { signal, onStarted() {}, onOutput() {} });
      },
      close: () => runner.close(),
    };
  },
};

/** Everything that is opened is closed again, in reverse, when a later step fails or when the gateway is closed. */
async function open(options: OpenOptions): Promise<OpenGateway> {
  const { ConfigurationError, Generations, loadGeneration } = await import(
    './gateway/generation.ts'
  );
  const load = () => loadGeneration(options.configFile, options.env, options.trust);
  const first = await load();
  if (!first.ok) throw new ConfigurationError(first.diagnostics);
  const { settings } = first.value;
  const { checkStateDirectory } = await import('./inventory/settings.ts');
  const misplaced = checkStateDirectory(options.stateDir, settings);
  if (misplaced !== null) throw new ConfigurationError([misplaced]);

  const opened: (() => unknown)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const { openSqliteStore } = await import('./store/sqlite/store.ts');
    const { openLiveness } = await import('./store/liveness.ts');
    const { createQueue } = await import('./dispatch/in-process.ts');
    const { createRunner } = await import('./run/runner.ts');
    const { openGateway } = await import('./gateway/open-gateway.ts');
    const { LogPlace } = await import('./audit/log/place.ts');

    const { tellUpgrade } = await import('./edge/cli/upgrade-story.ts');
    const upgraded = tellUpgrade(tellOperator, clock.now);
    const store = openSqliteStore(join(options.stateDir, 'reeve.db'), { upgraded });
    opened.push(() => store.close());
    const token = await localToken(options.stateDir, store);
    const log = await verifiableLog(store, options.stateDir);
    opened.push(() => log.close());
    const liveness = openLiveness(options.stateDir);
    opened.push(() => liveness.release());
    const runner = await createRunner({
      sandbox: settings.sandbox,
      graceMs: settings.graceMs,
      stateDir: options.stateDir,
      clock,
    });
    opened.push(() => runner.close());
    const generations = new Generations(first.value, load);
    const { telemetryOfGateway } = await import('./edge/telemetry/of-gateway.ts');
    const watched = await telemetryOfGateway({ ...options, settings, version, tell: tellOperator });
    opened.push(() => watched.telemetry.close());
    let webhooks: Webhooks | null = null;
    let keeper: Keeper | null = null;
    const place = new LogPlace(options.stateDir);
    const house: House = {
      store,
      liveness,
      queue: createQueue(settings.concurrency),
      runner,
      generations,
      clock,
      ids,
      trust: options.trust,
      log,
      passkeys: passkeysAt(settings.publicUrl, store),
      assure: async (caller, request) => {
        const { assure } = await import('./assurance/assure.ts');
        const { toolCaller } = await import('./edge/assurance/call-tool.ts');
        return assure({ house, gateway, callTool: toolCaller(version) }, caller, request);
      },
      page: (path) => pageAddress(generations.current.settings.publicUrl, path),
      stateDir: options.stateDir,
      live: new Map(),
      state: { shuttingDown: false, unrecorded: 0, unproven: new Set() },
      witnessed: () => place.read('checkpoint.witnessed')?.toString() ?? null,
      lagging: () => [...(webhooks?.troubles() ?? []), ...(keeper?.troubles() ?? [])],
      tracing: watched.telemetry,
      ended: watched.ended,
      report: watched.report,
    };
    const tailer = await tail(store, settings, options.stateDir);
    opened.push(() => tailer.close());
    // Only where a gateway stays: one that comes and goes leaves the telling to the next that serves this state.
    if (options.trust === 'gateway') {
      webhooks = await webhooksOf(house, watched.telemetry, options.stateDir);
      keeper = await keeperOf(house, place, options.stateDir);
    }
    opened.push(() => webhooks?.close());
    opened.push(() => keeper?.close());
    const gateway = await openGateway(house, {
      announce: options.trust === 'gateway' ? 'now' : 'first-use',
      drainMs,
    });
    opened.push(() => gateway.close());
    const { openRunbooks } = await import('./runbooks/open-runbooks.ts');
    const runbooks = openRunbooks(house, gateway);
    opened.push(() => runbooks.close());
    const { whoOf } = await import('./gateway/who.ts');
    return {
      gateway,
      runbooks,
      who: whoOf(house),
      door: () => generations.current,
      pages: await pagesOf(house, settings.publicUrl),
      settings,
      warnings: first.warnings,
      token,
      capabilities: runner.capabilities,
      metrics: () => [
        ...watched.lines({ store, clock, runner, log, place }),
        ...(webhooks?.metrics() ?? []),
      ],
      telemetry: watched.telemetry,
      reopenAudit: () => tailer.reopen(),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Where people find a page of this gateway; a publicUrl may have a path of its own. */
function pageAddress(publicUrl: string | null, path: string): string | null {
  return publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}${path}`;
}

/** WebAuthn is loaded when the first passkey answers: most processes never see one. */
function passkeysAt(publicUrl: string | null, store: Store): PasskeyVerifier | null {
  if (publicUrl === null) return null;
  return {
    async verify(...answer) {
      const { passkeyVerifier } = await import('./edge/identity/passkeys.ts');
      return passkeyVerifier({ credentials: store.credentials, publicUrl }).verify(...answer);
    },
  };
}

/** Null where nobody is served pages. */
async function pagesOf(house: House, publicUrl: string | null): Promise<Pages | null> {
  if (publicUrl === null || house.trust !== 'gateway') return null;
  const { createPages } = await import('./edge/page/door.ts');
  const { readSecret } = await import('./gateway/secret-source.ts');
  const { store, generations } = house;
  return createPages({
    publicUrl,
    credentials: store.credentials,
    people: () => generations.current.people,
    oidc: () => generations.current.settings.identity.oidc,
    secretOf: (secret) => {
      const use = { name: 'identity.oidc.client.secret', as: 'variable' } as const;
      return readSecret(generations.current, use, secret).toString('utf8');
    },
    clock,
  });
}

async function webhooksOf(house: House, telemetry: Telemetry, stateDir: string): Promise<Webhooks> {
  const { startWebhooks } = await import('./edge/webhooks/webhooks.ts');
  const { readSecret } = await import('./gateway/secret-source.ts');
  const { tryLock } = await import('./store/exclusive.ts');
  const { store, generations, page, report } = house;
  return startWebhooks({
    store,
    endpoints: () => generations.current.settings.webhooks,
    secretOf: ({ name, secret }) => {
      const use = { name: `webhooks.${name}.secret`, as: 'variable' } as const;
      return readSecret(generations.current, use, secret).toString('utf8');
    },
    lock: () => tryLock(join(stateDir, 'webhooks.lock')),
    traceOf: (id) => telemetry.of(id) ?? store.approvals.state(id)?.request.trace ?? null,
    page,
    clock,
    report,
  });
}

async function keeperOf(house: House, place: LogPlace, stateDir: string): Promise<Keeper> {
  const { startKeeper } = await import('./edge/checkpoints/keeper.ts');
  const { tryLock } = await import('./store/exclusive.ts');
  const { log, store, generations, report } = house;
  return startKeeper({
    log,
    store,
    settings: () => generations.current.settings.audit,
    lock: () => tryLock(join(stateDir, 'checkpoints.lock')),
    publishCosigned: (note) => place.write('checkpoint.witnessed', Buffer.from(note)),
    clock,
    report,
  });
}

async function localToken(stateDir: string, store: Store): Promise<string> {
  const { ensureLocalToken } = await import('./edge/identity/local-token.ts');
  const { tokenCreated } = await import('./audit/entries.ts');
  const { token, created } = ensureLocalToken(stateDir);
  if (created) store.record([tokenCreated(clock.now(), 'local', 'local.token')]);
  return token;
}

async function verifiableLog(store: Store, stateDir: string) {
  const { openLog } = await import('./audit/log/log.ts');
  const { tryLock } = await import('./store/exclusive.ts');
  return openLog({
    store,
    stateDir,
    lock: tryLock,
    onError: (error) => tellOperator('the verifiable log cannot be written', error),
  });
}

async function tail(store: Store, { auditFile, auditRotation }: Settings, stateDir: string) {
  const { chooseAuditFile } = await import('./audit/audit-file.ts');
  const { startTailer } = await import('./audit/tailer.ts');
  const { tryLock } = await import('./store/exclusive.ts');
  const file = chooseAuditFile(auditFile, stateDir);
  return startTailer({
    store,
    file,
    lock: tryLock,
    rotation: auditRotation,
    onError: (error) => tellOperator('the audit file cannot be written; it is tried again', error),
  });
}

/** The operator's log is standard error: standard output carries answers and protocol only. */
function tellOperator(message: string, error?: unknown): void {
  const why =
    error instanceof ReeveError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : error === undefined
          ? ''
          : String(error);
  process.stderr.write(`reeve: ${message}${why === '' ? '' : `: ${why}`}\n`);
}

process.exitCode = await runCli(process.argv.slice(2), wiring, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
