/**
 * What a caller may choose beside arguments: environment, timeout, working directory. In: the wish and what the command
 * allows. Out: the choice, or an objection. Never: a wish bent to fit; what is above a limit is refused.
 */
import type { Command } from '../core/command.ts';
import type { Settings } from '../core/settings.ts';
import { formatDuration } from '../core/units.ts';
import type { Objections } from './objections.ts';
import { either, nearest, quote } from './words.ts';
import { resolveInWorkspace } from './workspace-path.ts';

export function chooseEnvironment(
  command: Command,
  settings: Settings,
  asked: string | null,
  objections: Objections,
): string | null {
  const allowed = Object.keys(command.environments);
  const name = asked ?? command.defaultEnvironment ?? settings.defaultEnvironment;
  if (Object.hasOwn(command.environments, name) && Object.hasOwn(settings.environments, name))
    return name;
  const close = nearest(name, allowed);
  if (asked === null)
    objections.add(
      'environment',
      `is not given, and ${command.name} does not run in the default environment ${name}`,
      either(allowed),
    );
  else
    objections.add(
      'environment',
      `${quote(asked)} is not one in which ${command.name} runs`,
      close === undefined ? either(allowed) : `${either(allowed)}; perhaps ${close}`,
    );
  return null;
}

export function chooseTimeout(
  command: Command,
  limit: Command['timeout'],
  asked: number | null,
  environment: string,
  objections: Objections,
): number {
  if (asked === null) return limit.defaultMs;
  const { minMs } = limit;
  const least = minMs === undefined ? '' : `at least ${minMs / 1000} seconds and `;
  const longest = `${least}at most ${limit.maxMs / 1000} seconds (${formatDuration(limit.maxMs)}) for ${command.name} in ${environment}`;
  if (typeof asked !== 'number' || !Number.isFinite(asked) || asked <= 0) {
    objections.add('timeoutSeconds', 'must be a number above 0', longest);
    return limit.defaultMs;
  }
  const ms = Math.max(1, Math.round(asked * 1000));
  if (ms > limit.maxMs)
    objections.add(
      'timeoutSeconds',
      `${asked} is above the maximum of ${limit.maxMs / 1000}`,
      longest,
    );
  else if (minMs !== undefined && ms < minMs)
    objections.add('timeoutSeconds', `${asked} is below the minimum of ${minMs / 1000}`, longest);
  return ms;
}

export function chooseDirectory(
  command: Command,
  workspace: string,
  asked: string | null,
  objections: Objections,
): readonly string[] | null {
  if (asked === null) return [];
  if (command.workspace === 'none') {
    objections.add(
      'workingDirectory',
      `cannot be chosen: ${command.name} does not see the workspace`,
      'no workingDirectory',
    );
    return null;
  }
  const found = resolveInWorkspace(workspace, [], asked);
  switch (found.kind) {
    case 'inside':
      if (found.stat?.isDirectory() === true) return found.components;
      objections.add(
        'workingDirectory',
        found.stat === null
          ? `the directory ${quote(asked)} does not exist in the workspace`
          : `${quote(asked)} is not a directory`,
        'a directory that exists inside the workspace',
      );
      return null;
    case 'leads-out':
      objections.leadsOut = true;
      objections.add(
        'workingDirectory',
        `${quote(asked)} ${found.problem}`,
        'a directory inside the workspace, without ".."',
      );
      return null;
    case 'unusable':
      objections.add(
        'workingDirectory',
        `${quote(asked)} ${found.problem}`,
        'a directory that exists inside the workspace',
      );
      return null;
  }
}
