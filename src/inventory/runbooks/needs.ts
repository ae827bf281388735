/** What the steps of a runbook need. In: names and needs as written. Out: each step's needs, and whether they make a graph that can be run; findings where not. */
import { orderOf } from '../../core/runbook-graph.ts';
import type { Findings } from '../diagnose.ts';
import type { Path } from '../source.ts';
import { either, nearest, quote } from '../words.ts';
import { reservedSteps, type StepFields } from './runbook-schema.ts';

/** Names that are reserved or stand twice. */
export function checkNames(
  steps: readonly Partial<StepFields>[],
  at: Path,
  findings: Findings,
): void {
  const first = new Map<string, number>();
  steps.forEach(({ name }, index) => {
    if (name === undefined) return;
    const place = [...at, index, 'name'];
    if (reservedSteps.includes(name)) {
      const remedy = `${either(reservedSteps)} are kept; choose another name.`;
      findings.error(place, 'reserved-name', `${quote(name)} cannot be the name of a step`, remedy);
    }
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else {
      const message = `the step ${quote(name)} stands twice: here and as step ${before + 1} of the list`;
      findings.error(place, 'duplicate-name', message, 'Rename one of them.');
    }
  });
}

/** The needs of each step, in the order of the list; null where they cannot be run in any order. */
export function readNeeds(
  steps: readonly Partial<StepFields>[],
  at: Path,
  findings: Findings,
): readonly (readonly string[])[] | null {
  const names = steps.flatMap(({ name }) => (name === undefined ? [] : [name]));
  let sound = true;
  const complain = (place: Path, rule: string, message: string, remedy: string | null) => {
    sound = false;
    findings.error(place, rule, message, remedy);
  };
  const needs = steps.map(({ name, needs: written }, index) => {
    if (written === undefined) {
      const above = index === 0 ? undefined : steps[index - 1]!.name;
      return above === undefined ? [] : [above];
    }
    written.forEach((need, position) => {
      const place = [...at, index, 'needs', position];
      if (need === name)
        complain(place, 'circle', `the step ${quote(need)} needs itself`, 'Remove it.');
      else if (!names.includes(need)) {
        const close = nearest(need, names);
        const remedy =
          close === undefined ? `The steps are ${either(names)}.` : `Did you mean ${close}?`;
        complain(place, 'unknown-step', `there is no step ${quote(need)}`, remedy);
      } else if (written.indexOf(need) !== position)
        complain(place, 'bad-value', `${quote(need)} is named twice`, 'Remove one of them.');
    });
    return written;
  });
  // A step whose name is wrong has been complained of; the graph without it would say things that are not so.
  if (!sound || names.length !== steps.length || new Set(names).size !== names.length)
    return sound ? needs : null;
  const order = orderOf(names.map((name, index) => ({ name, needs: needs[index]! })));
  if (order.ok) return needs;
  const index = names.indexOf(order.circle[0]!);
  const said = steps[index]!.needs === undefined ? [...at, index] : [...at, index, 'needs'];
  findings.error(
    said,
    'circle',
    `these steps wait for one another: ${order.circle.join(' needs ')}`,
    'Remove one of these needs. A step without "needs" needs the one above it.',
  );
  return null;
}
