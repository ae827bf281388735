/**
 * The cause behind each code of the error table: headline, facts with their sources, what to do. In: what is known. Out:
 * plain words. Every code has its own; the type says so, and a test asks each.
 */
import type { ErrorCode } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import { approvalCauses } from './why-approvals.ts';
import { assuranceCause } from './why-assurance.ts';
import { dependencyCause } from './why-dependencies.ts';
import { endCauses } from './why-ends.ts';
import type { Cause, Fact, Known } from './why-known.ts';
import { again, named, plain } from './why-plain.ts';
import { iso } from './why-waits.ts';

export function causeOf(code: ErrorCode, known: Known): Cause {
  return causes[code](known);
}

export const causes: Readonly<Record<ErrorCode, (known: Known) => Cause>> = Object.freeze({
  ...approvalCauses,
  ...endCauses,
  INVALID_REQUEST: invalid,
  UNAUTHENTICATED: (k) =>
    plain(k, 'Nobody was let in: no valid credential came with the request.', [
      'Send "Authorization: Bearer <token>": the token of local.token in the state folder, or one of "reeve token create".',
    ]),
  COMMAND_NOT_ALLOWED: notAllowed,
  WORKSPACE_ISOLATION_VIOLATION: (k) =>
    plain(k, `${named(k)} was refused because a path leads out of the workspace.`, [
      'Name a path inside the workspace, without .. and without symbolic links that lead out of it.',
      ...planAgain(k),
    ]),
  REQUEST_NOT_FOUND: (k) =>
    plain(k, 'It named a request that does not exist, or is somebody else’s.', [
      'reeve audit list shows the requests that are yours.',
    ]),
  CONFLICT: (k) =>
    plain(
      k,
      `${named(k)} was refused because it contradicts what is there already, or what has changed since it was asked.`,
      [
        again(k),
        'If it was an idempotency key that came before with another body: use a new key for a new request.',
      ],
    ),
  PAYLOAD_TOO_LARGE: (k) =>
    plain(k, `${named(k)} was refused because the request is larger than the gateway takes.`, [
      'Send less: put what is large into a file of the workspace and name that.',
    ]),
  RATE_LIMITED: (k) =>
    plain(k, `${named(k)} was refused because too many requests came in too short a time.`, [
      'Wait a minute, then ask again, less often.',
    ]),
  CONCURRENCY_LIMIT: (k) => {
    const { concurrency, approvals, file } = k.generation.settings;
    const patience = k.message.includes('waitingPerPrincipal');
    return plain(
      k,
      patience
        ? `${named(k)} was refused because as many requests of ${k.execution.principal} await approval as may.`
        : `${named(k)} was refused because as much work waits as may wait.`,
      patience
        ? ['Wait for an answer, or withdraw one: reeve approvals --waiting, reeve withdraw ID.']
        : ['reeve ps shows what runs and waits; ask again when some of it has ended.'],
      [
        patience
          ? {
              fact: `${approvals.waitingPerPrincipal} of one principal may await approval.`,
              source: `approvals.waitingPerPrincipal, ${file}`,
            }
          : {
              fact: `${concurrency.waiting} may wait and ${concurrency.running} run at once.`,
              source: `concurrency.waiting and concurrency.running, ${file}`,
            },
      ],
    );
  },
  COMMAND_EXECUTION_FAILED: (k) =>
    plain(k, `${named(k)} could not be started, or the gateway failed while it ran.`, [
      'reeve doctor checks the host, the state folder and the configuration.',
      "If the message names no cause, the gateway's own log (its standard error) does.",
    ]),
  SANDBOX_UNAVAILABLE: (k) =>
    plain(
      k,
      `${named(k)} did not run because the sandbox, or a limit of it, could not be set up.`,
      ['reeve doctor names what is missing and how to get it.', again(k)],
      [
        {
          fact: `The configuration says: sandbox ${k.generation.settings.sandbox}, limits ${k.generation.settings.limitsRequired ? 'required' : 'where the host can'}.`,
          source: `sandbox, limits.required, ${k.generation.settings.file}`,
        },
      ],
    ),
  DEPENDENCY_UNAVAILABLE: dependencyCause,
  SECRET_UNAVAILABLE: (k) =>
    plain(
      k,
      `${named(k)} did not run because a secret that it needs cannot be had.`,
      [
        `Name its source under "secrets" in ${k.generation.settings.file}, then reeve reload.`,
        again(k),
      ],
      k.command === null
        ? []
        : [
            {
              fact: `It needs ${k.command.secrets.map(({ name }) => name).join(', ') || 'no secret any more'}.`,
              source: k.declared('secrets'),
            },
          ],
    ),
  AUDIT_UNAVAILABLE: (k) =>
    plain(k, `${named(k)} was not carried out because the record could not be written.`, [
      'See to the space and the permissions of the state folder; reeve doctor checks them.',
      again(k),
    ]),
  ASSURANCE_STALE: assuranceCause,
  FROZEN: (k) => {
    const frozen = k.house.store.frozen();
    return plain(
      k,
      `${named(k)} was refused because an operator had frozen the gateway.`,
      frozen === null
        ? [`It is not frozen any more. ${again(k)}`]
        : ['The operator ends the freeze: reeve unfreeze.'],
      frozen === null
        ? []
        : [
            {
              fact: `It is still frozen, by ${frozen.by} since ${iso(frozen.at)} (${visibleLine(frozen.reason)}).`,
              source: 'the freeze, on record',
            },
          ],
    );
  },
  SHUTTING_DOWN: (k) =>
    plain(k, `${named(k)} did not run because the gateway was being stopped.`, [again(k)]),
});

function invalid(known: Known): Cause {
  const { execution, command, message } = known;
  if (execution.command === null)
    return plain(
      known,
      'The request was refused before a command could be made out: it could not be read.',
      [
        'Send {"command": …, "arguments": {…}} as docs/rest.md describes; the message names the field.',
      ],
    );
  const fields = Object.entries((command?.parameters.properties ?? {}) as JsonObject).filter(
    ([name]) => mentions(message, name),
  );
  const names = fields.map(([name]) => visibleLine(name));
  return plain(
    known,
    names.length === 0
      ? `${named(known)} was refused because the request does not fit its declaration.`
      : `${named(known)} was refused because of ${names.length === 1 ? 'its argument' : 'its arguments'} ${names.join(', ')}.`,
    planAgain(known),
    fields.map(([name, schema]) => ({
      fact: `${visibleLine(name)} is declared as ${visibleLine(JSON.stringify(schema)).slice(0, 500)}.`,
      source: known.declared(`parameters.${name}`),
    })),
  );
}

/** As a word of its own, also in a path such as `arguments.steps`. */
function mentions(message: string, name: string): boolean {
  const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(message);
}

function planAgain(known: Known): readonly string[] {
  const { command } = known.execution;
  if (command === null || known.command === null) return ['reeve list shows what may be run.'];
  return [`Correct it and try without running it: reeve plan ${visibleLine(command)} --json '{…}'`];
}

function notAllowed(known: Known): Cause {
  const { execution, generation, message, auditor } = known;
  const { command, environment, principal, policies } = execution;
  if (execution.tool === null) {
    return plain(
      known,
      `${command === null || command.trim() === '' ? 'The request named no command' : `${named(known)} is not among the commands that ${principal} may run`}.`,
      ['reeve list shows what may be run; ask the operator to declare or permit more.'],
      auditor && command !== null ? [sight(known, command)] : [],
    );
  }
  if (message.includes('localMode'))
    return plain(
      known,
      `${named(known)} was refused because it is of ${execution.risk} risk, and this was local mode.`,
      [
        'Run it through "reeve serve" under a user of its own.',
        `Or allow it in so many words: localMode: { allowRisks: [${execution.risk}] } in ${generation.settings.file}.`,
      ],
    );
  const where = environment === null ? '' : ` in ${environment}`;
  const who = `reeve policy table --principal ${visibleLine(principal)}`;
  return plain(
    known,
    policies.length === 0
      ? `${named(known)}${where} was refused because no policy permits it for ${principal}.`
      : `${named(known)}${where} was refused by policy: ${policies.map(visibleLine).join(', ')}.`,
    [
      `${who} shows what policy decides for this principal.`,
      'If it should be allowed: ask the operator to change the policy, then reeve reload.',
    ],
  );
}

/** Only for whoever may read everything: others are told the same of what there is not and what they may not see. */
function sight({ generation, execution }: Known, name: string): Fact {
  return generation.inventory.commands.has(name)
    ? {
        fact: `It is declared, and policy did not let ${execution.principal} see it: "reeve policy table --principal ${visibleLine(execution.principal)}" shows what it decides.`,
        source: 'inventory and policy as they are now',
      }
    : { fact: 'No command of this name is declared.', source: 'the inventory as it is now' };
}
