/**
 * Invocations. In: a command, what a caller asks, and who asks. Out: exactly what would run, frozen and sealed with its
 * digest. Never: an invocation with anything in it that was not checked. Nothing is written and nothing starts here.
 */
import type { Command } from '../core/command.ts';
import { ReeveError } from '../core/errors.ts';
import { type Executable, type Invocation, sealInvocation } from '../core/invocation.ts';
import { deepFreeze, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { parseArgs } from './args-form.ts';
import { chooseDirectory, chooseEnvironment, chooseTimeout } from './choices.ts';
import { hashExecutable, NoFingerprint } from './fingerprint.ts';
import { hashInputs } from './inputs.ts';
import { mergeMounts } from './mounts.ts';
import { Objections } from './objections.ts';
import { renderKey, renderTemplate, sharedKey } from './render.ts';
import { renderStdin } from './stdin/render-stdin.ts';
import { parseText } from './template.ts';
import type { Validator } from './validator.ts';
import { validatorOf } from './validators.ts';
import { quote } from './words.ts';
import { resolveInWorkspace, sandboxPath, sandboxWorkspace } from './workspace-path.ts';

/** What a caller asks of a command. Exactly one of `arguments` and `args` is given; neither means no arguments. */
export interface Ask {
  readonly arguments: JsonObject | null;
  readonly args: readonly string[] | null;
  readonly environment: string | null;
  readonly workingDirectory: string | null;
  readonly timeoutSeconds: number | null;
}

/**
 * Makes the invocation. Throws ReeveError: INVALID_REQUEST with every field that is wrong, WORKSPACE_ISOLATION_VIOLATION
 * where a path leads out, COMMAND_EXECUTION_FAILED where the executable or an input cannot be read.
 */
export async function prepareInvocation(
  command: Command,
  settings: Settings,
  ask: Ask,
  who: { readonly id: string; readonly onBehalfOf: string | null },
): Promise<Invocation> {
  const objections = new Objections();
  const environmentName = chooseEnvironment(command, settings, ask.environment, objections);
  // Everything else depends on the environment: its workspace, its limits.
  if (environmentName === null) {
    objections.throwIfAny(command);
    throw new ReeveError('INVALID_REQUEST', 'No environment could be chosen.');
  }
  const environment = settings.environments[environmentName]!;
  const override = command.environments[environmentName]!;
  const timeoutMs = chooseTimeout(
    command,
    override.timeout ?? command.timeout,
    ask.timeoutSeconds,
    environmentName,
    objections,
  );
  const directory = chooseDirectory(
    command,
    environment.workspace,
    ask.workingDirectory,
    objections,
  );
  const validator = validatorOf(command);
  const given = readArguments(command, ask, environmentName, validator, objections);
  const values =
    given === null || directory === null
      ? null
      : resolvePaths(given, validator, environment.workspace, directory, objections);
  objections.throwIfAny(command);
  if (given === null || values === null || directory === null)
    throw new ReeveError('INVALID_REQUEST', 'The call cannot be read.');

  const filling = { values, environment: environmentName, properties: validator.properties };
  const rendered = renderTemplate(command.template, filling);
  if (!rendered.ok) {
    objections.details.push(...rendered.problems);
    objections.throwIfAny(command);
    throw new ReeveError('INVALID_REQUEST', 'The arguments cannot be passed on.');
  }
  const input = renderStdin(command.stdin, filling);
  if (!input.ok) {
    objections.details.push(...input.problems);
    objections.throwIfAny(command);
    throw new ReeveError('INVALID_REQUEST', 'The arguments cannot be passed on.');
  }
  const mounts = mergeMounts(command.mounts, environment.mounts);
  if (typeof mounts === 'string') {
    throw new ReeveError(
      'COMMAND_EXECUTION_FAILED',
      `Two mounts are to appear at ${mounts}; the configuration has to be corrected.`,
    );
  }
  const [executable, inputs] = await Promise.all([
    identify(command),
    hashInputs(command.inputs, environment.workspace),
  ]);
  const key = command.concurrency === null ? null : parseText(command.concurrency.key);
  return sealInvocation(
    deepFreezeExceptBytes({
      command: command.name,
      commandHash: command.hash,
      environment: environmentName,
      principal: who.id,
      onBehalfOf: who.onBehalfOf,
      arguments: given,
      argv: [command.executable.path, ...rendered.argv],
      executable,
      stdin: input.bytes,
      inputs,
      inputPatterns: command.inputs.kind === 'files' ? command.inputs.patterns : [],
      variables: { ...environment.variables, ...command.variables, ...override.variables },
      workspace: environment.workspace,
      workspaceAccess: command.workspace,
      workingDirectory: command.workspace === 'none' ? '/tmp' : sandboxPath(directory),
      mounts,
      limits: { ...command.limits, ...override.limits },
      timeoutMs,
      network: command.network,
      secrets: command.secrets,
      runAs: environment.runAs,
      concurrency:
        key?.ok === true
          ? renderKey(command, key.parts, filling)
          : sharedKey(command, settings.concurrency.perCommand),
    }),
  );
}

/** Typed arrays cannot be frozen; everything around them is. */
function deepFreezeExceptBytes<T extends { readonly stdin: Uint8Array | null }>(parts: T): T {
  for (const [name, value] of Object.entries(parts)) if (name !== 'stdin') deepFreeze(value);
  return parts;
}

function readArguments(
  command: Command,
  ask: Ask,
  environment: string,
  validator: Validator,
  objections: Objections,
): JsonObject | null {
  if (ask.arguments !== null && ask.args !== null) {
    objections.add('args', 'is given together with "arguments"', 'one of the two');
    return null;
  }
  let asked: JsonObject = ask.arguments ?? {};
  if (ask.args !== null) {
    const parsed = parseArgs(command, ask.args, environment, validator.properties, (candidate) => {
      const checked = validator.check(candidate);
      return checked.ok ? [] : checked.problems;
    });
    if (!parsed.ok) {
      objections.details.push(...parsed.problems);
      return null;
    }
    asked = parsed.arguments;
  }
  const checked = validator.check(asked);
  if (checked.ok) return checked.arguments;
  objections.details.push(...checked.problems);
  return null;
}

/** The values that fill the template: each workspace-path is replaced by where it really is. */
function resolvePaths(
  given: JsonObject,
  validator: Validator,
  workspace: string,
  directory: readonly string[],
  objections: Objections,
): JsonObject {
  const values: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(given)) {
    if (validator.properties.get(name)?.isPath !== true) {
      values[name] = value;
      continue;
    }
    const resolved = (Array.isArray(value) ? value : [value]).map((path: string, index: number) => {
      const found = resolveInWorkspace(workspace, directory, path);
      if (found.kind === 'inside') return sandboxPath(found.components);
      if (found.kind === 'leads-out') objections.leadsOut = true;
      const field = Array.isArray(value) ? `${name}/${index}` : name;
      objections.add(
        field,
        `${quote(path)} ${found.problem}`,
        `a path inside the workspace, relative or below ${sandboxWorkspace}`,
      );
      return sandboxWorkspace;
    });
    values[name] = Array.isArray(value) ? resolved : resolved[0]!;
  }
  return values;
}

async function identify(command: Command): Promise<Executable> {
  const { path, source } = command.executable;
  const failed = (reason: string) =>
    new ReeveError(
      'COMMAND_EXECUTION_FAILED',
      `The executable ${source} ${reason}, so nothing was started. Put it back, or run reeve reload after changing the inventory.`,
    );
  try {
    const { sha256, mode } = await hashExecutable(source);
    if ((mode & 0o111) === 0) throw failed('is no longer executable');
    return { path, source, sha256 };
  } catch (error) {
    if (!(error instanceof NoFingerprint)) throw error;
    switch (error.code) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw failed('does not exist any more');
      case 'NOT_A_FILE':
      case 'ELOOP':
        throw failed('is no longer a regular file');
      case 'CHANGED':
        throw failed('was changed while it was read');
      default:
        throw failed(`cannot be read (${error.code})`);
    }
  }
}
