/**
 * What two runs must have in common for one to use a sandbox that was started for the other: everything of the plan but
 * the command's own arguments, variables and folder, which are handed over. In: a run, prepared. Out: a text. Never: the
 * same text for places that are not the same files and folders at this moment.
 */
import { fstatSync, statSync } from 'node:fs';
import type { Invocation } from '../../core/invocation.ts';
import type { RunContext } from '../active-run.ts';
import { hostFiles } from '../bubblewrap.ts';
import { sandboxedPlan } from '../plan.ts';
import { type Prepared, planInputOf } from '../prepare.ts';

export function keyOf(context: RunContext, invocation: Invocation, prepared: Prepared): string {
  const plain = { ...invocation, variables: {}, argv: [], workingDirectory: '/' };
  const input = planInputOf(context, '', plain, prepared, {
    secrets: [],
    entries: context.cgroups === null ? [] : [''],
  });
  const plan = sandboxedPlan(input);
  return JSON.stringify([
    plan.file,
    plan.args,
    Buffer.from(plan.sandboxArguments ?? []).toString('latin1'),
    plan.user,
    prepared.identity,
    invocation.limits,
    prepared.places.map(({ fd, path, target, access }) => [path, target, access, identityOf(fd)]),
    // Bound one by one: a file that was replaced since would be the old one in there.
    hostFiles(invocation).map((path) => [path, atPath(path)]),
  ]);
}

function identityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}

function atPath(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
