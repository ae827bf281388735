/**
 * `reeve init`: a small configuration that lints clean and runs. In: a folder. Out: files in it, trusted.
 * Never: anything overwritten.
 */
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { visibleLine } from '../../../core/text.ts';
import { builtInPolicy } from '../../../policy/built-in.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { firstInventory, firstSettings, ignoredFiles, welcome } from '../first-configuration.ts';
import { trust } from '../trusted.ts';
import type { Variables } from '../wiring.ts';

/** The user and group `nobody`: root's own commands run as somebody without rights. */
const nobody = 65_534;

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, io, options } = context;
  const folder = resolve(input.operands[0] ?? '.');
  assertFree(folder);
  const asRoot = process.getuid?.() === 0;
  const files: readonly (readonly [string, string])[] = [
    ['reeve.yaml', firstSettings(asRoot ? nobody : null)],
    ['inventory.yaml', firstInventory],
    [join('policy', 'local.cedar'), builtInPolicy],
    [join('workspace', 'welcome.txt'), welcome],
    ['.gitignore', ignoredFiles],
  ];
  const made: string[] = [];
  for (const [name, text] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    // What is there already (.gitignore, a welcome) is somebody's: it stays.
    if (existsSync(file)) continue;
    writeFileSync(file, text, { flag: 'wx' });
    made.push(name);
  }
  if (asRoot) {
    chownSync(join(folder, 'workspace'), nobody, nobody);
    if (made.includes(join('workspace', 'welcome.txt')))
      chownSync(join(folder, 'workspace', 'welcome.txt'), nobody, nobody);
  }
  const config = realpathSync(join(folder, 'reeve.yaml'));
  await trust(config, io.env, Date.now());
  const command = commandOf(io.env);
  if (options.output === 'json')
    await screen.printJson({
      folder,
      made,
      config,
      trusted: true,
      mcp: { command, args: ['mcp', '--config', config] },
    });
  else await screen.print(story(folder, made, config, command, screen.out));
  return exitCodes.ok;
}

function assertFree(folder: string): void {
  const taken = ['reeve.yaml', 'inventory.yaml'].filter((name) => existsSync(join(folder, name)));
  const policy = join(folder, 'policy');
  if (existsSync(policy) && readdirSync(policy).length > 0) taken.push('policy');
  if (taken.length === 0) return;
  throw new CliFailure(
    exitCodes.refused,
    `${folder} has ${taken.join(', ')} already; nothing was written.`,
    'reeve init never overwrites.',
    'name an empty folder: reeve init DIR',
  );
}

function story(
  folder: string,
  made: readonly string[],
  config: string,
  command: string,
  paint: Context['screen']['out'],
): string {
  const here = relative(process.cwd(), folder);
  const cd = here === '' ? '' : `  cd ${shellWord(here)}\n`;
  const args = ['mcp', '--config', config];
  const entry = JSON.stringify({ reeve: { command, args } });
  return `${visibleMade(made, folder, paint)}
${paint.bold('Try it')}
${cd}  ${command} list
  ${command} run greet --param name=Ada
  ${command} doctor

${paint.bold('Give it to an agent')}
  Claude Code   claude mcp add reeve -- ${[command, ...args].map(shellWord).join(' ')}
  Cursor        .cursor/mcp.json    {"mcpServers":${visibleLine(entry)}}
  VS Code       .vscode/mcp.json    {"servers":${visibleLine(entry)}}

${paint.bold('Go on')}
  Declare your own commands in inventory.yaml, then: ${command} lint && ${command} trust
`;
}

function visibleMade(
  made: readonly string[],
  folder: string,
  paint: Context['screen']['out'],
): string {
  return `Made and trusted in ${visibleLine(folder)}:\n${made.map((name) => `  ${paint.good(name)}\n`).join('')}`;
}

/** `reeve` where the PATH leads to it, else the path of the script that started us. */
function commandOf(env: Variables): string {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    try {
      accessSync(join(folder, 'reeve'), constants.X_OK);
      return 'reeve';
    } catch {
      // not in this one
    }
  }
  const beside = join(dirname(process.argv[1] ?? ''), 'reeve');
  return existsSync(beside) ? beside : 'reeve';
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
