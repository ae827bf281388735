/**
 * The calls of a case on its running gateway, and what could be seen meanwhile and afterwards. In: everything that stands
 * ready. Out: a verdict, or why the case cannot be acted out. The gateway is stopped at the end, whatever happened.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from './arena.ts';
import { type Case, type Json, type JsonMap, numberOf, textOf } from './corpus.ts';
import { type Face, openFace, restFace } from './faces.ts';
import type { Facts, Probe } from './facts.ts';
import { type GatewayProcess, lint, runVerb, startGateway } from './gateway.ts';
import { judge } from './judge.ts';
import type { Listeners } from './listeners.ts';
import { messageOf } from './message.ts';
import { afterwards, changeFor, raceFor } from './moments.ts';
import { memoryOf, tracesOfChildren, type Watcher } from './processes.ts';
import { probeName } from './programs.ts';
import type { FaceName, Reply } from './reply.ts';
import { writeInventory } from './settings.ts';
import { type Translation, translate, type Variant } from './translate.ts';
import type { Verdict } from './verdict.ts';

export interface Scene {
  readonly arena: Arena;
  readonly test: Case;
  readonly face: FaceName;
  readonly variant: Variant;
  readonly accepted: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly translation: Translation;
  readonly watcher: Watcher;
  readonly listeners: Listeners;
  readonly gateway: GatewayProcess;
}

export async function observe(scene: Scene): Promise<Verdict | string> {
  const { arena, test, translation, watcher, variables } = scene;
  let { gateway } = scene;
  const faces: Face[] = [];
  try {
    const problem = await prepare(scene);
    if (problem !== null) return problem;
    const command = translation.commands.get(textOf(test.request.command) ?? '');
    const tool = command?.tool ?? arena.onHost(textOf(test.request.command) ?? '');
    const face = await openFace(faceFor(scene), arena, gateway);
    faces.push(face);
    const beside = restFace(gateway);
    const clauses = [...test.expected.mustNot, ...test.expected.must].join(' ; ');
    const limitMs =
      Math.max(command?.timeoutMs ?? 0, numberOf(test.request.timeout_ms) ?? 0) + 30_000;

    // Code is loaded at the first call: growth is counted from after it.
    let quiet: number | null = null;
    if (/rss|memory grows|another call/i.test(clauses)) {
      await callProbe(beside);
      quiet = (await callProbe(beside)).milliseconds;
    }
    const race = textOf(test.setup.race);
    const racing = race === null ? null : raceFor(arena, race);
    if (race !== null && racing === null) return `nothing recognises the race: ${race}`;
    const then = textOf(test.request.then);
    const after = then === null ? null : afterwards(then);
    if (then !== null && after === null) return `nothing recognises what comes then: ${then}`;

    const outsideBefore = arena.outsideNames();
    const before = await settledTraces(gateway.pid);
    const memoryBefore = memoryOf(gateway.pid);
    watcher.watch(gateway.pid);
    const endRace = racing?.start();
    const meanwhile: number[] = [];
    let busy = true;
    const others = (async () => {
      if (!/another call/.test(clauses)) return;
      await sleep(300);
      while (busy) {
        const { milliseconds } = await callProbe(beside);
        if (busy) meanwhile.push(milliseconds);
        await sleep(300);
      }
    })();

    const message = messageOf(arena, test, command);
    const calls = callsOf(test, race !== null, () => face.call(message, tool, limitMs));
    if (after !== null) {
      await sleep(after.afterMs);
      gateway.signal(after.signal);
    }
    const replies = await calls;
    busy = false;
    const left = await leftAfter(watcher, 5_000);
    await others;
    await endRace?.();
    const started = (await settledTraces(gateway.pid)) !== before;
    watcher.stop();
    if (after !== null) {
      const again = await startGateway(arena, variables);
      if (!again.ok) throw new Error(`the gateway did not start again: ${again.log}`);
      gateway = again.gateway;
    }
    const facts: Facts = {
      arena,
      test,
      variant: scene.variant,
      command,
      gateway,
      replies,
      started,
      names: watcher.names,
      peakProcesses: watcher.peakProcesses,
      left,
      memoryGrowth: Math.max(watcher.peakGateway, memoryOf(gateway.pid)) - memoryBefore,
      meanwhile,
      quiet,
      outsideBefore,
      killed: after !== null,
      warnings: /loader|warns/.test(clauses) ? await lint(arena) : [],
      listeners: scene.listeners,
      log: () => `${scene.gateway.log()}${gateway === scene.gateway ? '' : gateway.log()}`,
      probe: async () => readProbe(await callProbe(restFace(gateway))),
      again: (overrides: JsonMap) =>
        face.call(messageOf(arena, test, command, overrides), tool, limitMs),
      look: (path) => get(gateway, path),
      views: () => viewsOf(arena, replies),
      auditText: () => readText(arena.auditFile),
    };
    const made = await judge(facts, translation.notes);
    if (watcher.outerLimit === null) return made;
    return { ...made, verdict: 'fail', reasons: [...made.reasons, watcher.outerLimit] };
  } finally {
    watcher.stop();
    for (const face of faces) await face.close();
    await gateway.stop();
  }
}

/** What is known only now, and what changes between load and call. */
async function prepare(scene: Scene): Promise<string | null> {
  const { arena, test, gateway } = scene;
  if (/\bGATEWAY_PID\b/.test(JSON.stringify(test.setup.catalog ?? null))) {
    arena.words.set('GATEWAY_PID', String(gateway.pid));
    writeInventory(arena, translate(arena, test, scene.variant, scene.accepted).inventory);
    const { exitCode, stderr } = await runVerb(arena, ['reload']);
    if (exitCode !== 0) return `the gateway did not take its own pid into the inventory: ${stderr}`;
  }
  const words = textOf(test.setup.between_load_and_call);
  if (words !== null) {
    const change = changeFor(arena, test, words);
    if (change === null) return `nothing recognises what is to happen: ${words}`;
    change();
  }
  return null;
}

/** A raw newline would end a line of standard input: such bytes go over HTTP. */
function faceFor({ test, face }: Scene): FaceName {
  if (test.expected.mustNot.some((c) => /MCP channel|MCP stdout/.test(c))) return 'mcp-stdio';
  const raw = textOf(test.request.raw_params) ?? '';
  return face === 'mcp-stdio' && /[\n\r]/.test(raw) ? 'mcp-http' : face;
}

async function callsOf(test: Case, race: boolean, call: () => Promise<Reply>): Promise<Reply[]> {
  const parallel = Math.min(numberOf(test.request.parallel) ?? 1, 1_000);
  const repeat = Math.min(numberOf(test.request.repeat) ?? (race ? 40 : 1), 1_000);
  const replies: Reply[] = [];
  for (let i = 0; i < repeat; i += 1) {
    replies.push(...(await Promise.all(Array.from({ length: parallel }, call))));
  }
  return replies;
}

/** Processes of the case that still live after so long. */
async function leftAfter(watcher: Watcher, milliseconds: number) {
  const deadline = performance.now() + milliseconds;
  let left = watcher.alive();
  while (left.length > 0 && performance.now() < deadline) {
    await sleep(50);
    left = watcher.alive();
  }
  return left;
}

/** Taken twice alike: what the gateway started for itself is not to be mistaken for the case's. */
async function settledTraces(pid: number): Promise<string> {
  let last = tracesOfChildren(pid);
  for (let i = 0; i < 30; i += 1) {
    await sleep(60);
    const now = tracesOfChildren(pid);
    if (now === last) break;
    last = now;
  }
  return last;
}

function callProbe(face: Face): Promise<Reply> {
  return face.call({ command: probeName, arguments: '{}', beside: {} }, probeName, 60_000);
}

function readProbe(reply: Reply): Probe {
  const lines = (reply.stdout?.toString('utf8') ?? '').split('\n');
  const all = (word: string) =>
    lines.filter((l) => l.startsWith(`${word} `)).map((l) => l.slice(word.length + 1));
  const number = (word: string) => {
    const value = Number(all(word)[0] ?? 'none');
    return Number.isFinite(value) ? value : null;
  };
  return {
    openFiles: number('nofile'),
    user: number('uid'),
    terminal: all('terminal')[0] === 'yes',
    interfaces: all('interface'),
    processes: all('process'),
  };
}

async function get(gateway: GatewayProcess, path: string): Promise<Json> {
  try {
    const response = await fetch(new URL(path, gateway.url), {
      headers: { authorization: `Bearer ${gateway.token}` },
      signal: AbortSignal.timeout(30_000),
    });
    return (await response.json()) as Json;
  } catch {
    return null;
  }
}

/** On a terminal of their own, where raw bytes would act. */
async function viewsOf(arena: Arena, replies: readonly Reply[]): Promise<string> {
  const shown: string[] = [];
  for (const { requestId } of replies.slice(0, 3)) {
    if (requestId === null) continue;
    for (const verb of ['show', 'logs']) {
      shown.push((await runVerb(arena, [verb, requestId], true)).stdout);
    }
  }
  shown.push((await runVerb(arena, ['audit', 'list'], true)).stdout);
  return shown.join('\n');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
