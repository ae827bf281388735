/**
 * What is wrong with an argument in its role. In: the role, and what a caller may put there. Out: a rule and a clause, or
 * nothing. A pattern is judged by whether it takes one of a few hostile texts, never by how it looks.
 */
import type { Domain, OpenArgument } from './arguments.ts';
import type { Role } from './program-record.ts';
import type { LintRule } from './rules.ts';

export interface Objection {
  readonly rule: LintRule;
  readonly clause: string;
  readonly remedy: string;
}

const hostile = {
  program: [
    'sh',
    'bash',
    'env',
    'python3',
    'perl',
    'busybox',
    '/bin/sh',
    '/usr/bin/env',
    './x',
    'a/b',
    '../x',
  ],
  module: ['pip', 'pdb', 'code', 'http.server', 'timeit', 'venv'],
  code: [
    ';id',
    '$(id)',
    '`id`',
    "'",
    '"',
    '|id',
    'a(b)',
    '!id',
    '\\',
    'e id',
    'a;b',
    '$x',
    '{x}',
    '/e',
    'w /x',
    '&id',
    'a b',
  ],
  file: ['x', './x', 'a/b', '../x', '/workspace/x', '/tmp/x', 'x.y'],
  setting: ['x=y', 'a.b=c', 'x', 'ProxyCommand=x', 'core.pager=x', 'alias.x=!x'],
  place: [
    'evil.example',
    'https://evil.example/',
    '10.0.0.1',
    'a@evil.example',
    'evil.example:22',
    '//evil.example',
  ],
} as const;

/** What stands before the value names the host already: `https://host/…`, `host:/…`, `host:`. */
const fixedPlace = /:\/\/[^/]+\/|^(?!https?:|ftps?:|file:)[\w.@-]+:(?!\/\/)/i;

const namesPrograms =
  /pager|editor|command|program|cmd|helper|hook|exec|shell|alias|ssh|proxy|external|driver|filter|askpass|include|path|tool|browser|fsmonitor|invoke|plugin|library|engine|script|wrapper|linker|compiler|rustc|runner/i;

const bound = (domain: Domain) =>
  `Give ${domain.name} an enum, or declare one command for each use.`;

/** `network` says whether it could reach anything at all; `says` names the argument: `its operand`, `the value of -e`. */
export function objectionTo(
  role: Role | 'value',
  argument: OpenArgument,
  says: string,
  network: boolean,
): Objection | null {
  for (const domain of argument.domains) {
    const found = judge(role, domain, argument, says, network);
    if (found !== null) return found;
  }
  return null;
}

function judge(
  role: Role | 'value',
  domain: Domain,
  argument: OpenArgument,
  says: string,
  network: boolean,
): Objection | null {
  const { name } = domain;
  const taken = (texts: readonly string[]) =>
    domain.kind === 'choice' ? undefined : texts.find((text) => domain.accepts(text));
  const how = (text: string) =>
    domain.kind === 'free' ? `${name} may be any text` : `${name} may be ${JSON.stringify(text)}`;
  switch (role) {
    case 'data':
    case 'read':
    case 'value':
    case 'subcommand':
      return null;
    case 'program':
    case 'command':
    case 'module': {
      if (domain.kind === 'path')
        return {
          rule: 'code-from-workspace',
          clause: `starts ${says} as a program, and ${name} names a file of the workspace, where commands can write`,
          remedy: 'Name programs that lie in a mount.',
        };
      const sample = taken(role === 'module' ? hostile.module : hostile.program);
      if (sample === undefined || keptInFolder(domain, argument)) return null;
      const what = role === 'module' ? 'runs the module that' : 'starts the program that';
      return {
        rule: 'wrapper-with-free-arguments',
        clause: `${what} ${says} names, and ${how(sample)}`,
        remedy: bound(domain),
      };
    }
    case 'code':
      return judgeCode(domain, argument.whole, says, taken, how);
    case 'script':
    case 'load': {
      const what = role === 'script' ? 'runs' : 'loads code or settings from';
      if (domain.kind === 'path')
        return {
          rule: role === 'script' ? 'code-from-workspace' : 'loads-from-workspace',
          clause: `${what} the file that ${says} names, and ${name} names one of the workspace, where commands can write`,
          remedy: 'Keep such files in a mount, and let the caller choose by an enum.',
        };
      const sample = taken(hostile.file);
      if (sample === undefined || keptInFolder(domain, argument)) return null;
      return {
        rule: 'wrapper-with-free-arguments',
        clause: `${what} the file that ${says} names, and ${how(sample)}`,
        remedy: bound(domain),
      };
    }
    case 'setting':
    case 'bundle': {
      if (domain.kind === 'path') return null;
      const sample = taken(role === 'bundle' ? ['xf', 'x', 'cI'] : hostile.setting);
      if (sample === undefined) return null;
      // A fixed key before the value is one setting, and few of them name what runs.
      if (role === 'setting' && /=/.test(argument.prefix) && !namesPrograms.test(argument.prefix))
        return null;
      return {
        rule: 'free-flags',
        clause: `takes ${role === 'bundle' ? 'options' : 'settings that can name programs or files'} from ${says}, and ${how(sample)}`,
        remedy: bound(domain),
      };
    }
    case 'destination': {
      if (!network || fixedPlace.test(argument.prefix)) return null;
      const sample = taken(hostile.place);
      if (sample === undefined) return null;
      return {
        rule: 'free-destination',
        clause: `connects to what ${says} names, the command has the network of the host, and ${how(sample)}`,
        remedy: `Write the host into the argument, give ${name} an enum, or a pattern that takes your hosts alone.`,
      };
    }
    case 'write': {
      if (domain.kind !== 'free') return null;
      return {
        rule: 'free-output',
        clause: `writes to the file that ${says} names, and ${name} may be any text`,
        remedy: `Give ${name} format: workspace-path.`,
      };
    }
  }
}

/** With a fixed folder before it, a name that cannot leave the folder is a choice among the files that are there. */
function keptInFolder(domain: Domain, { prefix }: OpenArgument): boolean {
  if (domain.kind !== 'bounded' || !/^\/.*\/$/.test(prefix)) return false;
  if (/^\/(?:workspace|tmp|(?:usr\/)?(?:local\/)?s?bin)\/|\/\.\.\//.test(prefix)) return false;
  return !['a/b', '../x', '..'].some((text) => domain.accepts(text));
}

function judgeCode(
  domain: Domain,
  whole: boolean,
  says: string,
  taken: (texts: readonly string[]) => string | undefined,
  how: (text: string) => string,
): Objection | null {
  if (domain.kind === 'choice') return null;
  const remedy = `Keep the code fixed, and pass ${domain.name} as an argument of its own.`;
  if (domain.kind === 'path')
    return {
      rule: 'code-from-caller',
      clause: `runs ${says} as code, and the name of a file, which can hold anything, becomes a part of it`,
      remedy,
    };
  // As a part of code a plain word is harmless; as all of it, it is a program's name.
  const sample = taken(whole ? [...hostile.code, ...hostile.program] : hostile.code);
  if (sample === undefined)
    return {
      rule: 'code-with-parameter',
      clause: `runs ${says} as code, and ${domain.name} of a caller becomes a part of it`,
      remedy,
    };
  return { rule: 'code-from-caller', clause: `runs ${says} as code, and ${how(sample)}`, remedy };
}
