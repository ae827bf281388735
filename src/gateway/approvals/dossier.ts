/**
 * What approvers are shown: everything that decides the effect, complete. In: a command and its invocation. Out: JSON
 * that is kept with the request. Never: something left out because it is long, a value of a secret.
 */
import type { Dossier } from '../../core/approval.ts';
import type { Command } from '../../core/command.ts';
import type { LimitReport } from '../../core/execution.ts';
import type { Invocation } from '../../core/invocation.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { shownInput } from '../shown-input.ts';

export function dossierOf(
  command: Command,
  invocation: Invocation,
  under: { readonly policies: readonly string[]; readonly sandbox: LimitReport },
): Dossier {
  return plain({
    command: command.name,
    title: command.title,
    description: command.description,
    owner: command.owner,
    risk: command.risk,
    guardrails: command.guardrails,
    rollback: command.rollback ?? null,
    complianceNotes: command.complianceNotes ?? null,
    environment: invocation.environment,
    argv: invocation.argv,
    arguments: invocation.arguments,
    stdin: shownInput(command, invocation),
    executable: invocation.executable,
    // Nothing declared is nothing bound: a policy may demand approval of a command whose author did not think of it.
    inputs: command.inputs.kind === 'none' ? 'unbound' : invocation.inputs,
    variables: invocation.variables,
    secrets: invocation.secrets,
    workspace: invocation.workspace,
    workspaceAccess: invocation.workspaceAccess,
    workingDirectory: invocation.workingDirectory,
    mounts: invocation.mounts,
    limits: invocation.limits,
    timeoutMs: invocation.timeoutMs,
    network: invocation.network,
    runAs: invocation.runAs,
    commandHash: invocation.commandHash,
    policies: under.policies,
    sandbox: under.sandbox,
  });
}

/** Of frozen values whose types say that they are JSON: what JSON cannot hold is dropped as JSON drops it. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** The fields in which two dossiers differ, one level deep where both hold an object; in the order of the later one. */
export function differencesOf(
  before: Dossier,
  after: Dossier,
): readonly { readonly field: string; readonly before: JsonValue; readonly after: JsonValue }[] {
  const found: { field: string; before: JsonValue; after: JsonValue }[] = [];
  const compare = (path: string, a: JsonValue, b: JsonValue, deep: boolean): void => {
    if (JSON.stringify(a) === JSON.stringify(b)) return;
    if (!deep || !isObject(a) || !isObject(b)) {
      found.push({ field: path, before: a, after: b });
      return;
    }
    for (const key of new Set([...Object.keys(b), ...Object.keys(a)]))
      compare(`${path}.${key}`, fieldOf(a, key), fieldOf(b, key), false);
  };
  for (const key of new Set([...Object.keys(after), ...Object.keys(before)]))
    compare(key, fieldOf(before, key), fieldOf(after, key), true);
  return found;
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function fieldOf(object: JsonObject, key: string): JsonValue {
  return Object.hasOwn(object, key) ? object[key]! : null;
}
