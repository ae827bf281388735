/**
 * Where standard input comes from. In: the field as written. Out: a parameter, or a JSON template whose every name is known.
 * Never: a name of a secret, a hole that could be empty where nothing can be left out, or a template without bounds.
 */
import type { JsonTemplate, StandardInput, TokenPart } from '../../core/command.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Findings } from '../diagnose.ts';
import type { CommandFields } from '../inventory-schema.ts';
import type { ParameterField } from '../parameter-schema.ts';
import type { Path } from '../source.ts';
import { type Declared, namesIn, parseText } from '../template.ts';
import { either, nearest, quote } from '../words.ts';

/** Levels and values of a template, and bytes of the fixed text in it. */
export const templateBounds = Object.freeze({ depth: 16, values: 2_000, bytes: 64 * 1024 });

/** Null where there is none, or it is wrong; the findings say why. `declared` is null where the parameters are wrong already. */
export function readStdin(
  fields: Partial<CommandFields>,
  declared: Declared | null,
  at: Path,
  findings: Findings,
): StandardInput | null {
  const { stdin } = fields;
  if (stdin === undefined) return null;
  const place = [...at, 'stdin'];
  if (typeof stdin === 'string')
    return readParameter(stdin, declared?.parameters ?? null, place, findings);
  if (declared === null) return null;
  const secrets = (fields.secrets ?? []).map((use) => (typeof use === 'string' ? use : use.name));
  const reader = new TemplateReader(declared, secrets, findings);
  const template = reader.read(stdin.json as JsonValue, [...place, 'json'], 1, false);
  const large = reader.tooLarge([...place, 'json']);
  if (template === null || large) return null;
  return { kind: 'json', template };
}

/** Names of the parameters that become standard input, each once. */
export function namesInStdin(stdin: StandardInput | null): readonly string[] {
  if (stdin === null) return [];
  return stdin.kind === 'parameter' ? [stdin.name] : [...new Set(namesInTemplate(stdin.template))];
}

function namesInTemplate(template: JsonTemplate): string[] {
  switch (template.kind) {
    case 'fixed':
      return [];
    case 'parameter':
      return template.name === 'environment' ? [] : [template.name];
    case 'text':
      return namesIn(template.parts);
    case 'list':
      return template.items.flatMap(namesInTemplate);
    case 'object':
      return template.members.flatMap(([, value]) => namesInTemplate(value));
  }
}

function readParameter(
  text: string,
  parameters: Readonly<Record<string, ParameterField>> | null,
  place: Path,
  findings: Findings,
): StandardInput | null {
  const parsed = parseText(text);
  const [part, ...more] = parsed.ok ? parsed.parts : [];
  if (part?.kind !== 'parameter' || more.length > 0) {
    findings.error(
      place,
      'stdin',
      'stdin must be exactly one parameter, or a JSON template',
      'Write stdin: "{name}", or stdin: { json: { … } }.',
    );
    return null;
  }
  const { name } = part;
  if (parameters === null) return { kind: 'parameter', name };
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (parameter === undefined) {
    const close = nearest(name, Object.keys(parameters));
    findings.error(
      place,
      'unknown-parameter',
      `there is no parameter ${quote(name)}`,
      close === undefined ? 'Declare it under "parameters".' : `Did you mean {${close}}?`,
    );
  } else if (parameter.type !== 'string') {
    findings.error(
      place,
      'stdin',
      `standard input takes a text parameter, and ${name} is of type ${parameter.type}`,
      `Pass it in JSON: stdin: { json: { ${name}: "{${name}}" } }.`,
    );
  }
  return { kind: 'parameter', name };
}

class TemplateReader {
  readonly #declared: Declared;
  readonly #secrets: readonly string[];
  readonly #findings: Findings;
  #values = 0;
  #bytes = 0;

  constructor(declared: Declared, secrets: readonly string[], findings: Findings) {
    this.#declared = declared;
    this.#secrets = secrets;
    this.#findings = findings;
  }

  /** `member`: it is the value of a member, which is left out where its parameter was not given. Null: the findings say why. */
  read(value: JsonValue, at: Path, depth: number, member: boolean): JsonTemplate | null {
    this.#values += 1;
    if (depth > templateBounds.depth) {
      this.#findings.error(
        at,
        'stdin',
        `the template is nested deeper than ${templateBounds.depth} levels`,
        'Write it flatter.',
      );
      return null;
    }
    // More is counted by nobody: the complaint comes once, in the end.
    if (this.#values > templateBounds.values) return null;
    if (typeof value === 'string') return this.#text(value, at, member);
    if (value === null || typeof value === 'boolean') return { kind: 'fixed', value };
    if (typeof value === 'number') {
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return { kind: 'fixed', value };
      this.#findings.error(
        at,
        'stdin',
        'this whole number cannot be passed on exactly',
        'Write a number from -9007199254740991 to 9007199254740991, or a text.',
      );
      return null;
    }
    if (Array.isArray(value)) {
      const items = (value as readonly JsonValue[]).map((item, index) =>
        this.read(item, [...at, index], depth + 1, false),
      );
      return items.includes(null) ? null : { kind: 'list', items: items as JsonTemplate[] };
    }
    const members = Object.entries(value).map(([key, item]) => {
      this.#bytes += Buffer.byteLength(key);
      return [key, this.read(item, [...at, key], depth + 1, true)] as const;
    });
    return members.some(([, item]) => item === null)
      ? null
      : { kind: 'object', members: members as [string, JsonTemplate][] };
  }

  tooLarge(at: Path): boolean {
    const { values, bytes } = templateBounds;
    if (this.#values <= values && this.#bytes <= bytes) return false;
    this.#findings.error(
      at,
      'stdin',
      `the template holds more than ${this.#values > values ? `${values} values` : `${bytes} bytes of text`}`,
      'Put what never changes into a file in a mount.',
    );
    return true;
  }

  #text(text: string, at: Path, member: boolean): JsonTemplate | null {
    this.#bytes += Buffer.byteLength(text);
    const parsed = parseText(text);
    if (!parsed.ok) {
      this.#findings.error(at, 'template', `this text ${parsed.problem}`, null);
      return null;
    }
    const [first, ...more] = parsed.parts;
    if (more.length === 0 && first?.kind === 'text') return { kind: 'fixed', value: first.text };
    const whole = more.length === 0;
    let sound = true;
    for (const part of parsed.parts)
      if (part.kind === 'parameter') sound = this.#known(part, at, whole, member) && sound;
    if (!sound) return null;
    return whole && first?.kind === 'parameter'
      ? { kind: 'parameter', name: first.name }
      : { kind: 'text', parts: parsed.parts };
  }

  #known(
    { name }: Extract<TokenPart, { kind: 'parameter' }>,
    at: Path,
    whole: boolean,
    member: boolean,
  ): boolean {
    if (name === 'environment') return true;
    const { parameters, always } = this.#declared;
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) {
      this.#findings.error(at, 'unknown-parameter', ...this.#unknown(name));
      return false;
    }
    if (!whole && parameter.type === 'array') {
      this.#findings.error(
        at,
        'wrong-parameter-type',
        `{${name}} is an array and cannot stand in a text`,
        `Let "{${name}}" be the whole value.`,
      );
      return false;
    }
    if (always.has(name) || (whole && member)) return true;
    this.#findings.error(
      at,
      'optional-in-text',
      `{${name}} may be absent, and this value would then ${whole ? 'be missing' : 'have a hole'}`,
      `Add ${name} to "required", give it a default, or let "{${name}}" be the whole value of a member, which is left out without it.`,
    );
    return false;
  }

  #unknown(name: string): [string, string] {
    if (this.#secrets.includes(name)) {
      return [
        `${quote(name)} is a secret, and a secret never becomes standard input, which is kept and shown to approvers`,
        `The command finds it in the variable ${name}, or in the file that ${name}_FILE names.`,
      ];
    }
    const known = [...Object.keys(this.#declared.parameters), 'environment'];
    const close = nearest(name, known);
    return [
      `there is no parameter ${quote(name)}`,
      close === undefined
        ? `Declared are ${either(known)}; write a brace as "{{".`
        : `Did you mean {${close}}?`,
    ];
  }
}
