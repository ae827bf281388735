/**
 * A run begins. In: who wants which runbook, with what. Out: the run on record, bound to the definition of this moment. Never:
 * two of one runbook in one environment, or one that is begun although its first look already says that it cannot end.
 */
import { randomBytes } from 'node:crypto';
import { runbookStarted } from '../audit/entries.ts';
import { saltBytes } from '../core/commitment.ts';
import { ReeveError } from '../core/errors.ts';
import { deepFreeze } from '../core/json.ts';
import { type Caller, hasScope } from '../core/principal.ts';
import type { FrozenRunbook, Runbook } from '../core/runbook.ts';
import type { BeginResult, RunbookRun } from '../core/runbook-ports.ts';
import type { Generation } from '../gateway/generation.ts';
import type { House } from '../gateway/house.ts';
import { idempotencyOf, keyConflict } from '../gateway/replay.ts';
import { closedBecause } from '../gateway/submit.ts';
import { compileValidator } from '../inventory/validator.ts';
import type { StartRequest } from './desk.ts';
import { newRun } from './machine/machine.ts';
import { runbookInSight } from './sight.ts';

/** What a run would be bound to. Throws REQUEST_NOT_FOUND, INVALID_REQUEST. */
export function freezeRunbook(house: House, caller: Caller, request: StartRequest): FrozenRunbook {
  const generation = house.generations.current;
  const runbook = runbookInSight(house, generation, caller, request.runbook);
  const environment = environmentOf(runbook, generation, request.environment);
  const checked = compileValidator(runbook.parameters, null).check(request.arguments);
  if (!checked.ok) {
    const problems = checked.problems.map(({ field, problem }) => `${field ?? 'it'} ${problem}`);
    throw new ReeveError(
      'INVALID_REQUEST',
      `The arguments do not fit the runbook ${runbook.name}: ${problems.join('; ')}. Nothing was started.`,
      checked.problems,
    );
  }
  return deepFreeze({ runbook, environment, arguments: checked.arguments });
}

function environmentOf(
  { name, environments, defaultEnvironment }: Runbook,
  { settings }: Generation,
  wanted: string | null,
): string {
  const chosen =
    wanted ??
    defaultEnvironment ??
    (environments.includes(settings.defaultEnvironment) ? settings.defaultEnvironment : null);
  if (chosen !== null && environments.includes(chosen)) return chosen;
  throw new ReeveError(
    'INVALID_REQUEST',
    `The runbook ${name} ${wanted === null ? 'has no default environment' : 'does not run in that environment'}; it runs in ${environments.join(', ')}. Nothing was started.`,
    [{ field: 'environment', problem: 'is none of its', expected: environments.join(', ') }],
  );
}

/**
 * The run on record, or an earlier one by its idempotency key. A crash right after the record holds it leaves a run that nobody
 * drives: the next gateway takes it up.
 */
export function beginRun(house: House, caller: Caller, request: StartRequest): RunbookRun {
  if (!hasScope(caller, 'run')) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      'This credential may not start anything: it needs the scope "run".',
    );
  }
  const at = house.clock.now();
  const { runbook, arguments: given, environment, idempotencyKey = null } = request;
  const idempotency = idempotencyOf({ runbook, arguments: given, environment, idempotencyKey }, at);
  if (idempotency !== null) {
    const earlier = house.store.runbooks.replay(caller.principal.id, idempotency);
    if (earlier !== null) return begunBefore(house, earlier, at);
  }
  const frozen = freezeRunbook(house, caller, request);
  const closed = closedBecause(house);
  if (closed !== null) throw closed;
  assertTrusted(house, frozen);
  const run: RunbookRun = deepFreeze({
    id: house.ids.requestId().replace(/^req_/, 'run_'),
    frozen: JSON.parse(JSON.stringify(frozen)) as FrozenRunbook,
    caller: JSON.parse(JSON.stringify(caller)) as Caller,
    trust: house.trust,
    state: newRun(frozen),
    revision: 1,
    owner: house.liveness.self,
    fence: 1,
    startedAt: at,
    updatedAt: at,
    finishedAt: null,
    activeMs: 0,
    activeSince: null,
    salt: randomBytes(saltBytes).toString('base64url'),
    payloadsExpiredAt: null,
  });
  const begun = house.store.runbooks.start(run, [runbookStarted(run)], idempotency);
  return begun.kind === 'begun' ? run : begunBefore(house, begun, at);
}

/** That it was asked for again is on record, too. */
function begunBefore(
  house: House,
  earlier: Exclude<BeginResult, { kind: 'begun' }>,
  at: number,
): RunbookRun {
  if (earlier.kind === 'conflict') throw keyConflict(earlier.requestId);
  house.store.record([runbookStarted(earlier.run, at)]);
  return earlier.run;
}

/** In local mode a step of too high a risk would be refused when its turn comes: half a runbook is worse than none. */
function assertTrusted(house: House, { runbook }: FrozenRunbook): void {
  if (house.trust === 'gateway') return;
  const { inventory, settings } = house.generations.current;
  const risky = Object.keys(runbook.commands).find((name) => {
    const risk = inventory.commands.get(name)?.risk;
    return risk !== undefined && !settings.localRisks.includes(risk);
  });
  if (risky === undefined) return;
  const risk = inventory.commands.get(risky)!.risk;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `The runbook ${runbook.name} runs ${risky}, which is of ${risk} risk, and this is local mode. Nothing was started. Run it through "reeve serve", or allow it with "localMode: { allowRisks: [${risk}] }" in ${settings.file}.`,
  );
}
