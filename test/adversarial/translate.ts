/**
 * A catalog as Reeve's inventory. In: `setup.catalog` and the request. Out: the inventory, the names under which its
 * commands are called, and notes on what was said and is not mapped. Generic: nothing here knows a case.
 */
import type { Arena } from './arena.ts';
import { type Case, isMap, type Json, type JsonMap, listOf, mapOf, textOf } from './corpus.ts';
import { approvalsOf, limitsOf, timeoutOf, variablesOf } from './declared.ts';
import { mapParameter, type ParameterMapping, requiredListOf } from './parameters.ts';
import { findProgram, harmless, type Program, probeName, renamed, writeProbe } from './programs.ts';
import { asFixedTokens, fixedArguments, tokensOf } from './template.ts';

/**
 * `declared`: as the catalog says. `waived`: that, with findings of the linter accepted. `other-shell`: bash for sh. `fixed`: the arguments of the request as an operator's own constants. `renamed`: those,
 * with a program whose name says nothing. `harmless`: as declared, with a program that nobody could object to.
 */
export type Variant = 'declared' | 'waived' | 'other-shell' | 'fixed' | 'renamed' | 'harmless';

export interface MappedCommand {
  readonly name: string;
  readonly tool: string;
  readonly parameters: ReadonlyMap<string, ParameterMapping>;
  readonly stdin: string | null;
  readonly program: Program;
  readonly limitNames: readonly string[];
  readonly timeoutMs: number;
  /** True where the arguments of the request are constants of the declaration. */
  readonly fixed: boolean;
}

export interface Translation {
  readonly inventory: JsonMap;
  /** By the name in the corpus. */
  readonly commands: ReadonlyMap<string, MappedCommand>;
  readonly notes: readonly string[];
  readonly problem: string | null;
}

const catalogFields = new Set(
  'name exec argv params required timeout_ms max_output_bytes limits approval approvals network env workspace risk description stdin'.split(
    ' ',
  ),
);
const common = {
  owner: 'corpus',
  risk: 'low',
  environments: ['development'],
  dependencies: [],
  approvals: [],
};

export function translate(
  arena: Arena,
  test: Case,
  variant: Variant,
  accepted: readonly string[] = [],
): Translation {
  const commands = new Map<string, MappedCommand>();
  const declarations: Record<string, Json> = {};
  const notes: string[] = [];
  let problem: string | null = null;
  let shared: JsonMap = {};
  for (const entry of listOf(test.setup.catalog)) {
    const made = isMap(entry) ? mapCommand(arena, test, entry, variant) : 'it is no object';
    if (typeof made === 'string') {
      problem ??= `an entry of the catalog cannot be said in Reeve's form: ${made}`;
      continue;
    }
    notes.push(...made.notes);
    let name = made.command.name;
    for (let n = 2; Object.hasOwn(declarations, name); n += 1) name = `${made.command.name}-${n}`;
    commands.set(textOf(mapOf(entry).name) ?? name, { ...made.command, name });
    declarations[name] = {
      ...made.declaration,
      tool: name.replaceAll('-', '_'),
      ...(variant === 'waived'
        ? { lint: { allow: accepted, reason: 'A corpus tries what it leads to.' } }
        : {}),
    };
    shared = { limits: mapOf(made.declaration.limits), network: made.declaration.network };
  }
  declarations[probeName] = {
    ...common,
    ...shared,
    description: 'Says what the sandbox around it is.',
    run: [writeProbe(arena)],
    mounts: [arena.programs],
    timeout: '30s',
  };
  return { inventory: { version: 1, commands: declarations }, commands, notes, problem };
}

interface Made {
  readonly command: MappedCommand;
  readonly declaration: JsonMap;
  readonly notes: readonly string[];
}

function mapCommand(arena: Arena, test: Case, entry: JsonMap, variant: Variant): Made | string {
  const written = textOf(entry.name) ?? 'command';
  const named = textOf(entry.exec);
  const exec = variant === 'other-shell' ? (named?.replace(/\/sh$/, '/bash') ?? null) : named;
  if (exec === null) return `${written} has no exec`;
  const notes = Object.keys(entry)
    .filter((key) => !catalogFields.has(key))
    .map((key) => `catalog.${key} is not mapped`);
  const mustRun = !/reject|pending|detect/.test(test.expected.outcome);
  const original = findProgram(arena, exec, mustRun);
  if (original.note !== null) notes.push(original.note);
  const program =
    variant === 'harmless'
      ? harmless(arena)
      : variant === 'renamed' && original.source !== null
        ? renamed(arena, original.source)
        : original;

  const parameters = new Map<string, ParameterMapping>();
  const requiredList = requiredListOf(entry);
  for (const [name, declared] of Object.entries(mapOf(entry.params))) {
    const mapped = mapParameter(name, declared, requiredList);
    if (!mapped.ok) return mapped.problem;
    notes.push(...mapped.notes);
    parameters.set(name, mapped.parameter);
  }
  const isFixed = variant === 'fixed' || variant === 'renamed';
  const template = isFixed
    ? {
        tokens: asFixedTokens(
          fixedArguments(arena, entry.argv, parameters, mapOf(test.request.params)),
        ),
        problem: null,
      }
    : tokensOf(arena, argvOf(test, entry, variant), parameters);
  if (template.problem !== null) return template.problem;

  const stdin = isFixed ? null : stdinOf(test, entry, parameters);
  const limits = limitsOf(entry, notes);
  const time = timeoutOf(test, entry);
  const name = slug(written);
  return {
    notes,
    command: {
      name,
      tool: name.replaceAll('-', '_'),
      parameters: isFixed ? new Map() : parameters,
      stdin,
      program,
      limitNames: Object.keys(mapOf(limits)),
      timeoutMs: time.defaultMs,
      fixed: isFixed,
    },
    declaration: {
      ...common,
      ...(typeof entry.risk === 'string' ? { risk: entry.risk } : {}),
      description: textOf(entry.description) ?? `${written}, of a corpus.`,
      run: [program.run, ...template.tokens],
      ...(program.mounts.length > 0 ? { mounts: program.mounts } : {}),
      ...(isFixed ? {} : schemaOf(parameters, stdin, variant)),
      timeout: time.written,
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
      network: entry.network === true || entry.network === 'host' ? 'host' : 'none',
      // What is not forbidden in the corpus is open: an attack is to meet the sandbox, not an accident of permissions.
      workspace: textOf(entry.workspace) ?? 'read-write',
      ...variablesOf(arena, entry, notes),
      ...approvalsOf(entry),
    },
  };
}

/** Typed into a shell, what went into the background would go on: here the shell itself must not end first. */
function argvOf(test: Case, entry: JsonMap, variant: Variant): Json | undefined {
  const argv = listOf(entry.argv);
  const script = argv.at(-1);
  const stays = variant === 'other-shell' && test.expected.outcome === 'terminate';
  if (!stays || typeof script !== 'string' || argv[0] !== '-c') return entry.argv;
  return [...argv.slice(0, -1), `${script}\nsleep 3`];
}

function schemaOf(
  parameters: ReadonlyMap<string, ParameterMapping>,
  stdin: string | null,
  variant: Variant,
): JsonMap {
  const list = [...parameters.values()];
  const properties = list.map(({ name, schema }): [string, Json] => {
    if (variant !== 'harmless') return [name, schema];
    const { pattern: _, ...rest } = schema;
    return [name, rest];
  });
  const own = stdin !== null && !list.some((p) => p.name === stdin);
  return {
    parameters: {
      ...Object.fromEntries(properties),
      ...(own ? { [stdin]: { type: 'string' } } : {}),
    },
    required: list.filter((p) => p.required).map((p) => p.name),
    ...(stdin === null ? {} : { stdin: `{${stdin}}` }),
  };
}

/** Standard input reaches a command of Reeve's only through a declared parameter. */
function stdinOf(
  test: Case,
  entry: JsonMap,
  parameters: ReadonlyMap<string, ParameterMapping>,
): string | null {
  const declared = /^\{(\w+)\}$/.exec(textOf(entry.stdin) ?? '')?.[1];
  const mapped = declared === undefined ? undefined : parameters.get(declared);
  if (mapped !== undefined) return mapped.name;
  const sends = typeof test.request.stdin === 'string' && test.expected.outcome !== 'reject';
  if (!sends && entry.stdin !== true) return null;
  return parameters.has('stdin') ? 'standardInput' : 'stdin';
}

function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return plain === '' ? 'command' : plain.slice(0, 60);
}
