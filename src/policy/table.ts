/**
 * The decision table: principal × command × environment. In: a policy, what it decides about, for whom. Out: rows, in
 * order. For people to read and to compare: nothing runs because of a row.
 */
import type { ApprovalStage, Command } from '../core/command.ts';
import type { DecidedStage } from '../core/decision.ts';
import type { Principal } from '../core/principal.ts';
import type { Foresight } from './foresee.ts';
import type { Policy } from './policy.ts';
import type { OpenField } from './residual.ts';

/** A principal, and what the table calls it: no two of a table have one label. */
export interface Asker {
  readonly label: string;
  readonly principal: Principal;
}

export interface TableRow {
  readonly principal: string;
  readonly command: string;
  readonly environment: string;
  readonly foresight: Foresight;
  /** The foresight in words: `permit`, `deny`, `approval by …`, `depends on …`. */
  readonly outcome: string;
}

/** Rows by asker as given, command by name, environment as the command declares them, under `trust: gateway`. */
export function policyTable(
  policy: Policy,
  commands: readonly Command[],
  askers: readonly Asker[],
  stagesOf: (command: Command, environment: string) => readonly ApprovalStage[],
): readonly TableRow[] {
  const ordered = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const cells = (principal: Principal) =>
    ordered.flatMap((command) =>
      Object.keys(command.environments).map((environment) => {
        const stages = stagesOf(command, environment);
        const prospect = { environment, stages, trust: 'gateway' } as const;
        const foresight = policy.foresee(principal, command, prospect);
        return { command: command.name, environment, foresight, outcome: inWords(foresight) };
      }),
    );
  // Of two hundred people with the same roles one is worked out.
  const known = new Map<string, ReturnType<typeof cells>>();
  return askers.flatMap(({ label, principal }) => {
    const key = distinction(policy, principal);
    const found = known.get(key) ?? cells(principal);
    known.set(key, found);
    return found.map((cell): TableRow => ({ principal: label, ...cell }));
  });
}

/** Everything by which policies can tell a principal from another. */
function distinction({ named }: Policy, { id, kind, roles, onBehalfOf }: Principal): string {
  const telling = [...new Set(roles)].filter((role) => named.roles.includes(role)).sort();
  const own = named.principals.includes(id) ? id : null;
  return JSON.stringify([own, kind, telling, onBehalfOf, onBehalfOf === id]);
}

const fieldWords: Readonly<Record<OpenField, string>> = {
  arguments: 'arguments',
  timeoutSeconds: 'time limit',
  face: 'face',
};

export function inWords(foresight: Foresight): string {
  switch (foresight.kind) {
    case 'permit':
      return 'permit';
    case 'deny':
      return foresight.errors.length === 0 ? 'deny' : `deny (${foresight.errors.join('; ')})`;
    case 'needs-approval':
      return approvalBy(foresight.stages);
    case 'depends': {
      const { on, stages, perhaps, mayDeny } = foresight;
      const fields = on.map((field) => fieldWords[field]).join(' and ');
      const least = stages.length === 0 ? 'permit' : approvalBy(stages);
      const more = perhaps.length === 0 ? '' : `, perhaps ${approvalBy(perhaps)}`;
      return `depends on ${fields}: ${least}${more}${mayDeny ? ', or deny' : ''}`;
    }
  }
}

function approvalBy(stages: readonly DecidedStage[]): string {
  return `approval by ${stages.map(stageWords).join(', then ')}`;
}

function stageWords({ role, count, independent, policy }: DecidedStage): string {
  const people = count === 1 ? role : `${count} × ${role}`;
  const own = independent ? '' : ', not independent';
  const notes = policy === null ? own.slice(2) : `policy ${policy}${own}`;
  return notes === '' ? people : `${people} (${notes})`;
}
