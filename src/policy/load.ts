/**
 * Loads the policy of a generation. In: a folder of *.cedar files (or none), and what they may speak of. Out: a policy
 * that decides, or every diagnostic. Never: a policy of which some part was left out.
 */
import type { Command } from '../core/command.ts';
import type { Diagnostic, Loaded } from '../core/diagnostic.ts';
import { digestJson, sha256Hex } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import { builtInName, builtInPolicy } from './built-in.ts';
import { type Cedar, type Engine, engine } from './cedar.ts';
import { type PolicySource, readPolicyFolder } from './files.ts';
import { type ParsedPolicy, parsePolicies } from './parse.ts';
import { type Policy, policyOf } from './policy.ts';
import { policySchema } from './schema.ts';
import { type Prepared, prepare, slotFor } from './slots.ts';
import { liftedByGrant } from './stages.ts';

export type { Policy, PolicyFile, Verdict } from './policy.ts';

/**
 * The policy in `folder`; null selects the built-in policy, for the local user alone. The policies are validated,
 * strictly, against the commands and environments given, and decide about these only.
 */
export async function loadPolicy(
  folder: string | null,
  commands: readonly Command[],
  environments: readonly string[],
): Promise<Loaded<Policy>> {
  const place = folder ?? builtInName;
  let cedar: Engine;
  try {
    cedar = await engine();
  } catch (error) {
    return failed(
      place,
      'policy-engine',
      `Cedar, the policy engine, cannot be loaded: ${text(error)}`,
      'Install Reeve again: the package @cedar-policy/cedar-wasm or its .wasm file is missing or damaged.',
    );
  }
  const read =
    folder === null ? { sources: [builtInSource()], diagnostics: [] } : readPolicyFolder(folder);
  try {
    return loadSources(
      cedar,
      place,
      folder,
      read.sources,
      read.diagnostics,
      commands,
      environments,
    );
  } catch (error) {
    // Cedar trapped or contradicted itself. The generation in force is not touched; if the engine is lost, it denies.
    return failed(
      place,
      'policy-engine',
      `The policy could not be loaded: ${text(error)}`,
      'Simplify the policies; if it stays, restart the gateway.',
    );
  }
}

function loadSources(
  cedar: Engine,
  place: string,
  folder: string | null,
  sources: readonly PolicySource[],
  earlier: readonly Diagnostic[],
  commands: readonly Command[],
  environments: readonly string[],
): Loaded<Policy> {
  const schema = policySchema(commands, environments, 'author');
  const names = new Set(commands.map((c) => c.name));
  const diagnostics = [...earlier];
  const policies: ParsedPolicy[] = [];
  for (const source of sources) {
    const parsed = cedar.use((c) => parsePolicies(c, source, schema, names));
    diagnostics.push(...parsed.diagnostics);
    policies.push(...parsed.policies);
  }
  diagnostics.push(...duplicates(policies));
  if (policies.length === 0 && !diagnostics.some((d) => d.severity === 'error')) {
    diagnostics.push(
      error(
        place,
        'policy-folder-empty',
        'The policy files hold no policy, so nothing would be permitted.',
        'Write at least one permit, or leave "policy" out of reeve.yaml for the built-in policy.',
      ),
    );
  }
  if (diagnostics.some((d) => d.severity === 'error')) return { ok: false, diagnostics };

  // Cedar gets names of our own making: an @id may be any text, also one that means something to JavaScript.
  const forEngine = cedar.use((c) =>
    Object.fromEntries(
      policies.map(({ stage, text, json }, i) => {
        const name = `p${i}`;
        return [name, stage === null ? text : liftedByGrant(c, text, json, name)];
      }),
    ),
  );
  const prepared = prepare(policySchema(commands, environments, 'engine'), forEngine);
  diagnostics.push(...cedar.use((c) => contradictions(c, prepared, policies)));
  if (diagnostics.some((d) => d.severity === 'error')) return { ok: false, diagnostics };
  cedar.use((c) => slotFor(cedar, c, prepared));
  const hash = digestJson(sources.map(({ name, sha256 }) => ({ name, sha256 })));
  const files = folder === null ? [] : sources.map(({ file, sha256 }) => ({ file, sha256 }));
  return {
    ok: true,
    value: policyOf({ engine: cedar, prepared, policies, commands, files, hash }),
    warnings: diagnostics,
  };
}

/**
 * What is wrong with the policies as the engine gets them, and was not as they are written: one that compares the whole
 * context with something, in which the stages granted are not written down.
 */
function contradictions(
  cedar: Cedar,
  { schema, policies: staticPolicies }: Prepared,
  policies: readonly ParsedPolicy[],
): readonly Diagnostic[] {
  const validated = cedar.validate({ schema, policies: { staticPolicies: { ...staticPolicies } } });
  const errors =
    validated.type === 'success'
      ? validated.validationErrors.map((e) => ({ ...e.error, of: Number(e.policyId.slice(1)) }))
      : validated.errors.map((e) => ({ ...e, of: 0 }));
  return errors.map(({ message, of }) => ({
    severity: 'error',
    file: policies[of]?.file ?? builtInName,
    line: policies[of]?.line ?? 0,
    column: policies[of]?.column ?? 0,
    rule: 'policy-invalid',
    message: visibleLine(message).slice(0, 1000),
    remedy: 'Compare single fields of the context, never the context as a whole.',
  }));
}

function builtInSource(): PolicySource {
  return {
    name: builtInName,
    file: builtInName,
    sha256: sha256Hex(builtInPolicy),
    text: builtInPolicy,
  };
}

function duplicates(policies: readonly ParsedPolicy[]): readonly Diagnostic[] {
  const seen = new Map<string, ParsedPolicy>();
  const diagnostics: Diagnostic[] = [];
  for (const policy of policies) {
    const first = seen.get(policy.id);
    if (first === undefined) {
      seen.set(policy.id, policy);
      continue;
    }
    diagnostics.push({
      severity: 'error',
      file: policy.file,
      line: policy.line,
      column: policy.column,
      rule: 'policy-id-twice',
      message: `The id "${visibleLine(policy.id)}" is taken already, at ${first.file}:${first.line}:${first.column}.`,
      remedy:
        'Give each policy an @id of its own: the record names the policies that decided by it.',
    });
  }
  return diagnostics;
}

function error(file: string, rule: string, message: string, remedy: string): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, rule, message, remedy };
}

function failed(file: string, rule: string, message: string, remedy: string): Loaded<Policy> {
  return { ok: false, diagnostics: [error(file, rule, message, remedy)] };
}

function text(cause: unknown): string {
  return visibleLine(cause instanceof Error ? cause.message : String(cause)).slice(0, 500);
}
