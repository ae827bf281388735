/**
 * Runs the commands of a page in order, each in the world that the page names. In: blocks and stages. Out: how many were run;
 * the first that does not do as the page says ends it. Never: a block passed over, or a command that is started and not looked at.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, isCommands, root } from './blocks.ts';
import { difference } from './console.ts';
import { asks, commandsOf, consoleOf, stays } from './shell.ts';
import { type Ran, type Stage, World } from './world.ts';

export interface Report {
  readonly blocks: number;
  readonly commands: number;
  readonly elsewhere: number;
  /** Blocks of stages that cannot be had on this machine, with the reason. */
  readonly skipped: readonly { readonly line: number; readonly why: string }[];
}

export interface Ways {
  readonly stages: ReadonlyMap<string, Stage>;
  /** For each block, in seconds. */
  readonly limit?: number;
  /** The text of a file of tests, relative to the repository; null where there is none. */
  readonly testFile?: (file: string) => string | null;
}

/** Runs all of them. Throws with page, line, command and output where one of them does not do as the page says. */
export async function runPage(blocks: readonly Block[], ways: Ways): Promise<Report> {
  let world: World | null = null;
  let inside = -1;
  const report = {
    blocks: 0,
    commands: 0,
    elsewhere: 0,
    skipped: [] as { line: number; why: string }[],
  };
  try {
    for (const block of blocks.filter(isCommands)) {
      if (block.annotation.elsewhere !== null) {
        assertElsewhere(block, ways.testFile ?? readTestFile);
        report.elsewhere += 1;
        continue;
      }
      const stage = stageOf(block, ways.stages);
      if (typeof stage.skip === 'string') {
        report.skipped.push({ line: block.line, why: stage.skip });
        continue;
      }
      if (world === null || inside !== block.world) {
        await world?.end();
        world = new World(stage);
        inside = block.world;
        for (const text of stage.given ?? []) await runGiven(world, block, text, ways.limit);
      }
      report.commands += await runBlock(world, block, ways.limit);
      report.blocks += 1;
    }
  } finally {
    await world?.end();
  }
  return report;
}

function stageOf(block: Block, stages: ReadonlyMap<string, Stage>): Stage {
  const stage = stages.get(block.stage ?? '');
  if (stage === undefined)
    throw new Error(
      `${block.page}:${block.line}: there is no stage "${block.stage}"; there are ${[...stages.keys()].join(', ')} (test/docs/stages)`,
    );
  return stage;
}

function readTestFile(file: string): string | null {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return null;
  }
}

/** The test that is named has to be there, and to take the block from the page: then neither can change without the other. */
function assertElsewhere(block: Block, testFile: (file: string) => string | null): void {
  const { title, file } = block.annotation.elsewhere!;
  const at = `${block.page}:${block.line}: `;
  const text = testFile(file);
  if (text === null) throw new Error(`${at}there is no ${file}`);
  if (!["'", '"', '`'].some((q) => text.includes(`${q}${title}${q}`)))
    throw new Error(`${at}${file} has no test "${title}"`);
  if (!text.includes('blocksOf') || !text.includes(block.page))
    throw new Error(
      `${at}${file} does not read the block: it needs blocksOf('${block.page}') of test/docs/blocks.ts`,
    );
}

async function runGiven(world: World, block: Block, text: string, limit = 120): Promise<Ran> {
  const ran = await world.run(started(text), limit);
  if (ran.exitCode !== 0)
    fail(block, text, 0, `what comes before it ended with ${ran.exitCode}`, ran);
  return ran;
}

async function runBlock(world: World, block: Block, limit = 120): Promise<number> {
  const { annotation } = block;
  const deadline = performance.now() + limit * 1000;
  const left = () => Math.max(1, (deadline - performance.now()) / 1000);
  for (const text of annotation.given) await runGiven(world, block, text, left());
  const known = new Map<string, string>();
  const commands = block.language === 'console' ? consoleOf(block.text) : commandsOf(block.text);
  const compared = commands.some(({ shown }) => shown.length > 0);
  for (const [i, command] of commands.entries()) {
    let text = command.text;
    for (const { word, by } of annotation.replace) {
      if (!wholeWord(word).test(text)) continue;
      if (!known.has(word)) {
        const said = await runGiven(world, block, `__by=${by}; printf %s "$__by"`, left());
        if (said.stdout === '' || said.stdout === 'null')
          fail(block, text, command.line, `what stands for ${word} is not there`, said);
        known.set(word, said.stdout);
      }
      text = text.replaceAll(wholeWord(word), () => known.get(word)!);
    }
    const wanted = command.exit ?? (i === commands.length - 1 ? annotation.exit : 0);
    const ran = await world.run(
      annotation.answering !== null && asks(text)
        ? atTerminal(text, annotation.answering)
        : started(text),
      left(),
      { together: compared },
    );
    if (ran.exitCode !== wanted)
      fail(block, text, command.line, `it ended with ${ran.exitCode}, not with ${wanted}`, ran);
    const other = compared ? difference(command.shown, ran.stdout) : null;
    if (other !== null)
      fail(block, text, command.line, `it wrote something else than the page shows: ${other}`, ran);
  }
  for (const { word } of annotation.replace)
    if (!known.has(word))
      throw new Error(`${block.page}:${block.line}: no command holds "${word}"`);
  return commands.length;
}

function wholeWord(word: string): RegExp {
  return new RegExp(`(?<![\\w])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w])`, 'g');
}

/** What stays goes to the background, and is waited for until it answers; another `reeve serve` takes the first one's place. */
function started(text: string): string {
  const kind = stays(text);
  if (kind === null) return text;
  const command = text.replace(/(?<=\s)#.*$/m, '').replace(/&\s*$/, '');
  return kind === 'serve' ? serveInBackground(command) : mcpInBackground(command);
}

function serveInBackground(command: string): string {
  return `if [ -n "\${__serving:-}" ]; then kill -TERM "$__serving" || true; wait "$__serving" || true; fi
__said=$(mktemp)
${command} >"$__said" &
__serving=$!
for __try in $(seq 300); do
  kill -0 "$__serving" 2>/dev/null || break
  __url=$(head -n 1 "$__said" | tr -d '\\n')
  case $__url in http*) if curl --silent --insecure --fail --output /dev/null "$__url/readyz"; then break; fi ;; esac
  sleep 0.1
done
cat "$__said"
kill -0 "$__serving" && curl --silent --show-error --insecure --fail --output /dev/null "$__url/readyz"`;
}

/** One exchange, as every client begins: what answers it serves. */
function mcpInBackground(command: string): string {
  const params =
    '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"docs","version":"1"}}';
  return `__said=$(mktemp)
printf '%s\\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":${params}}' | ${command} >"$__said"
cat "$__said"
grep -q '"serverInfo"' "$__said"`;
}

/** With a terminal of its own, on which the answers are typed. Variables that are not exported do not reach it. */
function atTerminal(text: string, answers: string): string {
  return `__asked=$(mktemp)
cat >"$__asked" <<'__END_OF_COMMAND'
${text}
__END_OF_COMMAND
printf '%s\\n' ${answers.split('\n').map(quoted).join(' ')} | script --quiet --return --command "bash $__asked" /dev/null`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fail(
  block: Block,
  command: string,
  line: number,
  what: string,
  { stdout, stderr }: Ran,
): never {
  throw new Error(
    `${block.page}:${block.line + line}: ${what}\n  command: ${command}\n  standard output:\n${indented(stdout)}\n  standard error:\n${indented(stderr)}`,
  );
}

function indented(text: string): string {
  const end = text.length > 4000 ? `… ${text.slice(-4000)}` : text;
  return end.trimEnd().replace(/^/gm, '    ');
}
