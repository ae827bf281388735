/** Habits that end in trouble. In: a command as it is written. Out: warnings, each with what would be better. Never an error. */
import type { Command } from '../../core/command.ts';
import { reachesUnnamedFolders } from '../../core/input-patterns.ts';
import type { JsonObject } from '../../core/json.ts';
import { bytesFrom } from '../validators.ts';
import { domainOf } from './arguments.ts';
import { isDangerous } from './complaints.ts';
import type { Program } from './program-record.ts';
import { words } from './programs.ts';
import type { Report } from './rules.ts';
import type { Visit } from './walk.ts';

export interface Met {
  readonly program: Program;
  readonly visit: Visit;
}

export function reportHabits(command: Command, met: readonly Met[], report: Report): void {
  reportPatterns(command, report);
  reportNetwork(command, met, report);
  reportWriting(command, met, report);
  reportSecrets(command, report);
  reportExamples(command, report);
  reportInputs(command, report);
}

/** What no fixed folder holds can be added later in a folder that nobody thought of, and is seen. */
function reportInputs({ inputs }: Command, report: Report): void {
  if (inputs.kind !== 'files') return;
  inputs.patterns.forEach((pattern, index) => {
    if (!reachesUnnamedFolders(pattern)) return;
    report({
      rule: 'loose-inputs',
      steps: ['inputs', index],
      message: `${JSON.stringify(pattern)} begins with folders that have no name, so files which are added to other folders between the decision and the run are seen by the command, and nobody decided on them`,
      remedy:
        'Begin it with a folder (migrations/**): in that a run sees the declared files and no others.',
    });
  });
}

function reportPatterns(command: Command, report: Report): void {
  const properties = command.parameters.properties as Record<string, JsonObject>;
  for (const [name, property] of Object.entries(properties)) {
    const schema = (property.items as JsonObject | undefined) ?? property;
    if (typeof schema.pattern !== 'string' || name === bytesFrom(command)) continue;
    const steps = [
      'parameters',
      name,
      ...(property.items === undefined ? [] : ['items']),
      'pattern',
    ];
    const domain = domainOf(command, name);
    if (domain.kind === 'free')
      report({
        rule: 'wide-pattern',
        steps,
        message: `the pattern of ${name} takes spaces, slashes, semicolons and "..": it bounds nothing`,
        remedy:
          'Write what the values look like, such as [a-z][a-z0-9-]{0,62}; the whole value has to match.',
      });
    else if (domain.accepts('') && Number(schema.minLength ?? 0) === 0 && property.default !== '')
      report({
        rule: 'wide-pattern',
        steps,
        message: `the pattern of ${name} matches an empty value`,
        remedy: 'Add minLength: 1, or "+" in place of "*".',
      });
  }
}

function reportNetwork(command: Command, met: readonly Met[], report: Report): void {
  if (command.network !== 'host') return;
  const [first] = met;
  const local = first !== undefined && met.every(({ program }) => isLocal(program));
  const reason =
    command.guardrails.length > 0 ||
    command.complianceNotes !== undefined ||
    command.dependencies.length > 0;
  if (local)
    report({
      rule: 'needless-network',
      steps: ['network'],
      message: `${first.visit.name} reaches no network, and this command gives it every one that the host reaches`,
      remedy: 'Remove "network".',
    });
  else if (!reason && !met.some(({ program }) => words(program.can).includes('network')))
    report({
      rule: 'network-without-reason',
      steps: ['network'],
      message: 'this command reaches every network that the host reaches, and nothing says why',
      remedy: 'Name what it needs under dependencies, or say why in guardrails or complianceNotes.',
    });
}

/** Programs that only work on what they are given: no other program, no network. */
function isLocal(program: Program): boolean {
  return !words(program.can).some(
    (power) => power === 'exec' || power === 'network' || power === 'load',
  );
}

function reportWriting(command: Command, met: readonly Met[], report: Report): void {
  const [first] = met;
  if (command.workspace !== 'read-write' || first === undefined) return;
  if (met.some(({ program }) => isDangerous(program))) return;
  report({
    rule: 'needless-write',
    steps: ['workspace'],
    message: `${first.visit.name} only reads, and this command lets it write to the workspace`,
    remedy: 'Write workspace: read-only, or workspace: none if it needs no file.',
  });
}

const secretName =
  /(?:^|_)(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)(?:$|_)/i;
const notSecret = /^(?:|true|false|none|\d|\/\S*)$|_(?:FILE|PATH|URL|NAME|ID)$/i;

function reportSecrets(command: Command, report: Report): void {
  const layers: [(string | number)[], Readonly<Record<string, string>>][] = [
    [['variables'], command.variables],
    ...Object.entries(command.environments).map(
      ([name, override]): [(string | number)[], Readonly<Record<string, string>>] => [
        ['environments', name, 'variables'],
        override.variables ?? {},
      ],
    ),
  ];
  for (const [steps, variables] of layers) {
    for (const [name, value] of Object.entries(variables)) {
      if (!secretName.test(name) || notSecret.test(value) || notSecret.test(name)) continue;
      report({
        rule: 'secret-in-variables',
        steps: [...steps, name],
        message: `${name} looks like a secret, and variables are shown to everybody who may see a plan`,
        remedy: `Remove it here and name it under secrets: [${name}].`,
      });
    }
  }
}

function reportExamples(command: Command, report: Report): void {
  const { accept, reject } = command.examples;
  const parameters = Object.values(command.parameters.properties as Record<string, JsonObject>);
  const hasPattern = parameters.some(
    (p) => ((p.items as JsonObject | undefined) ?? p).pattern !== undefined,
  );
  if (!hasPattern || (accept.length > 0 && reject.length > 0)) return;
  report({
    rule: 'no-examples',
    steps: ['parameters'],
    message: `nothing shows what the patterns ${accept.length > 0 ? 'refuse' : reject.length > 0 ? 'take' : 'take and refuse'}`,
    remedy:
      'Add examples: { accept: [{ … }], reject: [{ … }] }: they are checked whenever the file is loaded.',
  });
}
