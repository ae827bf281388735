/**
 * Text of one policy file → its policies, or every diagnostic with its place. In: text and schema. Out: policies that
 * are valid, strictly, for this schema. Never: a template, or a policy whose id was guessed.
 */
import type {
  DetailedError,
  PolicyJson,
  Schema,
  ValidationError,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { ApprovalStage } from '../core/command.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import { forbiddenInArguments, visibleLine } from '../core/text.ts';
import { asksRolesBehind } from './behind.ts';
import type { Cedar } from './cedar.ts';
import type { PolicySource } from './files.ts';
import { type Layout, layOut, positionAt, positionAtByte } from './lexical.ts';
import { entitiesNamed } from './named.ts';
import { readStage, readsGranted } from './stages.ts';

/** One policy: its id (from `@id`, else `file:number`), its text as written, what Cedar read, the stage it adds, its place. */
export interface ParsedPolicy {
  readonly id: string;
  readonly text: string;
  readonly json: PolicyJson;
  readonly stage: ApprovalStage | null;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ParsedFile {
  readonly policies: readonly ParsedPolicy[];
  readonly diagnostics: readonly Diagnostic[];
}

const idLimit = 128;

export function parsePolicies(
  cedar: Cedar,
  source: PolicySource,
  schema: Schema,
  commands: ReadonlySet<string>,
): ParsedFile {
  const layout = layOut(source.text);
  const at = (
    severity: Diagnostic['severity'],
    index: number,
    rule: string,
    message: string,
    remedy: string | null,
  ) =>
    ({
      severity,
      file: source.file,
      ...positionAt(source.text, index),
      rule,
      message,
      remedy,
    }) satisfies Diagnostic;
  if (layout.tooDeep !== null) {
    const remedy = 'Split the policy into several, or use sets and "contains".';
    return {
      policies: [],
      diagnostics: [
        at(
          'error',
          layout.tooDeep,
          'policy-too-deep',
          'This expression is nested too deeply.',
          remedy,
        ),
      ],
    };
  }
  const parts = cedar.policySetTextToParts(source.text);
  if (parts.type !== 'success') {
    return { policies: [], diagnostics: parts.errors.flatMap((e) => syntaxErrors(source, e)) };
  }
  if (parts.policy_templates.length > 0) {
    const remedy = 'Write the principal or resource instead of ?principal or ?resource.';
    return {
      policies: [],
      diagnostics: parts.policy_templates.map((text) =>
        at(
          'error',
          Math.max(0, source.text.indexOf(text)),
          'policy-template',
          'This is a policy template; Reeve links none, so it would never hold.',
          remedy,
        ),
      ),
    };
  }
  const validated = cedar.validate({ schema, policies: { staticPolicies: source.text } });
  if (validated.type !== 'success') {
    return { policies: [], diagnostics: validated.errors.flatMap((e) => syntaxErrors(source, e)) };
  }
  const diagnostics = [
    ...found('error', source, layout, validated.validationErrors),
    ...found('warning', source, layout, validated.validationWarnings),
  ];
  const policies = inOrder(parts.policies).map((text, index): ParsedPolicy => {
    const start = layout.policies[index] ?? 0;
    const json = cedar.policyToJson(text);
    // Each part has been parsed as part of the whole; that it fails alone cannot be the author's mistake.
    if (json.type !== 'success') throw new Error(json.errors.map((e) => e.message).join('; '));
    const id = json.json.annotations?.id ?? null;
    if (id !== null && (id === '' || [...id].length > idLimit || forbiddenInArguments.test(id))) {
      diagnostics.push(
        at(
          'error',
          start,
          'policy-id',
          `@id must have 1 to ${idLimit} visible characters.`,
          'Give the policy a short name: @id("nobody-drops-production").',
        ),
      );
    }
    for (const name of new Set(entitiesNamed(json.json, 'Command'))) {
      if (!commands.has(name)) {
        diagnostics.push(
          at(
            'error',
            start,
            'policy-unknown-command',
            `This policy speaks of Reeve::Command::"${visibleLine(name)}", and the inventory declares no such command.`,
            'Correct the name, or remove the policy together with the command.',
          ),
        );
      }
    }
    const { stage, mistakes } = readStage(json.json);
    if (readsGranted(json.json)) {
      diagnostics.push(
        at(
          'error',
          start,
          'policy-granted',
          'This policy reads context.granted, which is for Reeve alone: it lifts each policy with @stage by its own grant.',
          'Remove it; a policy with @stage needs no condition of its own for that.',
        ),
      );
    }
    if (asksRolesBehind(json.json)) {
      diagnostics.push(
        at(
          'warning',
          start,
          'policy-suspicious',
          'This policy asks for a role of the person behind an agent, and policies know nothing but the id of that person: this never holds.',
          'Give the role to the agent’s credential, or name the person: principal.onBehalfOf == Reeve::Principal::"ann".',
        ),
      );
    }
    for (const { message, remedy } of mistakes) {
      diagnostics.push(at('error', start, 'policy-stage', message, remedy));
    }
    const place = positionAt(source.text, start);
    return Object.freeze({
      id: id ?? `${source.name}:${index + 1}`,
      text,
      json: json.json,
      stage,
      file: source.file,
      ...place,
    });
  });
  return { policies, diagnostics };
}

/** Cedar names policies policy0, policy1, … and hands them out sorted by that as text: 0, 1, 10, 2. */
function inOrder(parts: readonly string[]): readonly string[] {
  const ordered = new Array<string>(parts.length);
  parts
    .map((_, index) => `policy${index}`)
    .sort()
    .forEach((id, place) => {
      ordered[Number(id.slice('policy'.length))] = parts[place]!;
    });
  return ordered;
}

function syntaxErrors(source: PolicySource, error: DetailedError): readonly Diagnostic[] {
  const place = error.sourceLocations?.[0];
  const expected = place !== undefined && 'label' in place ? place.label : null;
  const own: Diagnostic = {
    severity: 'error',
    file: source.file,
    ...(place === undefined ? { line: 0, column: 0 } : positionAtByte(source.text, place.start)),
    rule: 'policy-syntax',
    message: sentence(error.message.replace(/^failed to parse policies from string: /, '')),
    remedy:
      error.help !== null ? sentence(error.help) : expected !== null ? sentence(expected) : null,
  };
  return [own, ...(error.related ?? []).flatMap((e) => syntaxErrors(source, e))];
}

/** A policy without a single action is checked once for each action; the same place is reported once. */
function found(
  severity: 'error' | 'warning',
  source: PolicySource,
  layout: Layout,
  errors: readonly ValidationError[],
): readonly Diagnostic[] {
  const places = new Map<string, { readonly first: Diagnostic; more: number }>();
  for (const { policyId, error } of errors) {
    const place = error.sourceLocations?.[0];
    const start = layout.policies[Number(policyId.slice('policy'.length))] ?? 0;
    const kind = error.message.replace(/`[^`]*`|"[^"]*"|\S*::\S*/g, '');
    const key = `${place?.start ?? `policy ${start}`}:${place?.end}:${kind}`;
    const before = places.get(key);
    if (before !== undefined) {
      before.more += 1;
      continue;
    }
    const first: Diagnostic = {
      severity,
      file: source.file,
      ...(place === undefined
        ? positionAt(source.text, start)
        : positionAtByte(source.text, place.start)),
      rule: severity === 'error' ? 'policy-invalid' : 'policy-suspicious',
      message: sentence(error.message),
      remedy: error.help === null ? speakOf[severity] : sentence(error.help),
    };
    places.set(key, { first, more: 0 });
  }
  return [...places.values()].map(({ first, more }) =>
    more === 0
      ? first
      : {
          ...first,
          message: `${first.message} The same holds for ${more} other action(s) that the policy applies to.`,
        },
  );
}

const speakOf = {
  error:
    'docs/policy.md lists what a policy can speak of. A policy holds for every action that its scope does not rule out.',
  warning: null,
} as const;

function sentence(text: string): string {
  const bare = visibleLine(text.replace(/^for policy `[^`]*`[,:] /, '')).slice(0, 1000);
  const full = bare.charAt(0).toUpperCase() + bare.slice(1);
  return /[.?!)]$/.test(full) ? full : `${full}.`;
}
