/**
 * Observable failures, recognised by their wording. In: a `must_not` of a corpus and what was seen. Out: held, broken with
 * the observation, or unchecked. Each looks at the world (files, processes, bytes), not at what the gateway claims.
 */
import { existsSync, lstatSync } from 'node:fs';
import { nonce } from './arena.ts';
import { mapOf } from './corpus.ts';
import {
  broken,
  type Facts,
  held,
  heldIf,
  type Look,
  outputOf,
  ran,
  rejected,
  unchecked,
} from './facts.ts';
import { marker } from './gateway.ts';

type Recogniser = readonly [RegExp, (match: RegExpExecArray, facts: Facts) => Look | Promise<Look>];

/** Programs that Reeve itself puts around a command; `MainThread` is Node's own name between its fork and the first of them. */
const launchers = new Set(
  'bwrap setpriv prlimit unshare sh dash bash perl node reeve MainThread'.split(' '),
);
const interactive = /^(less|more|most|pager|vi|vim|vim\..*|nano|ed|emacs|editor|view|sensible-.*)$/;

const recognisers: readonly Recogniser[] = [
  [/^(\{[A-Z]+\}[^\s]*) exists$/, (match, facts) => exists(match[1]!, facts)],
  [/^(rejected|refused)$/, (_, facts) => notAny(facts, (r) => !ran(r), 'it was refused')],
  [/second program|another program (runs|starts)/, (_, facts) => secondProgram(facts)],
  [
    /^(?:the )?(output|stdout|stderr|answer|response|error|log)\b.* contains (.+?)( twice)?$/,
    (match, facts) => contains(match[1]!, match[2]!, match[3] === undefined ? 1 : 2, facts),
  ],
  [
    /(?:rss|memory) grows by more than (\d+) ?(MiB|MB|KiB|GiB)/i,
    (match, facts) => {
      const unit = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[match[2]![0]!.toLowerCase()]!;
      const saw = `the gateway grew by ${(facts.memoryGrowth / 2 ** 20).toFixed(1)} MiB`;
      return heldIf(facts.memoryGrowth <= Number(match[1]) * unit, saw);
    },
  ],
  [/response larger than the cap/, (_, facts) => withinCap(facts)],
  [/raw (ESC|U\+([0-9A-F]{4,6}))/i, (match, facts) => escapedForPeople(match[2], facts)],
  [/(second|another|extra|forged) frame/, (_, facts) => oneFrame(facts)],
  [/unhandled|stack trace|uncaught/i, (_, facts) => noCrash(facts)],
  [
    /(exit of the gateway|(gateway|server) (exits|dies|crashes|stops|is down|goes down))/,
    (_, facts) => heldIf(facts.killed || facts.gateway.alive(), 'the gateway is gone'),
  ],
  [
    /(alive|left|orphan|remains|still running)/,
    (_, facts) => heldIf(facts.left.length === 0, `left: ${sayLeft(facts)}`),
  ],
  [
    /answer later than (timeout \+ )?(\d+) ?s/,
    (match, facts) => {
      const base = match[1] === undefined ? 0 : (facts.command?.timeoutMs ?? 0);
      return within(facts, base + Number(match[2]) * 1000);
    },
  ],
  [
    /waits for the timeout|call hangs|hangs/,
    (_, facts) => within(facts, facts.command?.timeoutMs ?? 10_000, 0),
  ],
  [/another call .*more than (\d+) ?s/, (match, facts) => others(facts, Number(match[1]) * 1000)],
  [/limit .*silently (skipped|ignored)/, (_, facts) => limitsTold(facts)],
  [
    /(listener|socket).*(sees? a connection|is reached)|connects to/,
    (_, facts) => {
      const count = facts.listeners.connections();
      if (facts.listeners.port === null && facts.listeners.abstractName === null) {
        return unchecked('nothing in the case says where to listen');
      }
      return heldIf(count === 0, `${count} connections came`);
    },
  ],
  [/host (pids|processes) visible/, (_, facts) => ownProcessesOnly(facts)],
  [/reach the (gateway's )?terminal/, (_, facts) => quietTerminal(facts)],
  [
    /(pager|editor) (starts|process)/,
    (_, facts) => {
      const seen = [...facts.names].filter((name) => interactive.test(name));
      return heldIf(seen.length === 0, `seen: ${seen.join(', ')}`);
    },
  ],
  [
    /spawn ENOENT/,
    (_, facts) => notAny(facts, (r) => /ENOENT|spawn/.test(r.message), 'it says so'),
  ],
  [/sent to|leaves the host|exfiltrat/, (_, facts) => nothingSent(facts)],
  [/write accepted/, (_, facts) => notAny(facts, (r) => r.status === 'ok', 'it ended well')],
  [/the only control/, (_, facts) => sandboxed(facts)],
  [
    /(any tool|anything|a command|commands?) runs?\b/,
    (_, facts) => heldIf(!facts.started, 'it ran'),
  ],
];

export async function lookAtMustNot(clause: string, facts: Facts): Promise<Look> {
  for (const [pattern, look] of recognisers) {
    const match = pattern.exec(clause);
    if (match !== null) return look(match, facts);
  }
  return unchecked('nothing recognises this wording');
}

function notAny(
  facts: Facts,
  bad: (reply: Facts['replies'][number]) => boolean,
  saw: string,
): Look {
  const found = facts.replies.find(bad);
  return heldIf(found === undefined, `${saw}: ${found?.status} ${found?.errorCode ?? ''}`);
}

function exists(name: string, facts: Facts): Look {
  const path = facts.arena.pathOf(name);
  if (path === null) return unchecked(`${name} lies outside of what the harness looks at`);
  const there = existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return heldIf(!there, `${name} exists`);
}

/** A canary is looked at for every case; here what was seen running inside. */
function secondProgram(facts: Facts): Look {
  if (facts.variant !== 'declared') return held;
  const own = [facts.command?.program.run, facts.command?.program.source]
    .filter((path) => path != null)
    .map((path) => path!.slice(path!.lastIndexOf('/') + 1).slice(0, 15));
  const others = [...facts.names].filter((n) => !launchers.has(n) && !own.includes(n));
  return heldIf(others.length === 0, `seen running: ${others.join(', ')}`);
}

function contains(where: string, what: string, times: number, facts: Facts): Look {
  const wanted = what === 'environment of the gateway' ? marker : what.replace(/^"|"$/g, '');
  const text = facts.arena.inSandbox(wanted);
  for (const reply of facts.replies) {
    const place =
      where === 'stdout'
        ? (reply.stdout?.toString('utf8') ?? '')
        : where === 'stderr'
          ? (reply.stderr?.toString('utf8') ?? '')
          : where === 'log'
            ? facts.log()
            : `${outputOf(reply)}\n${text === nonce ? reply.wire : reply.message}`;
    if (place.split(text).length - 1 >= times) return broken(`${where} holds ${what}`);
  }
  return held;
}

function withinCap(facts: Facts): Look {
  const declared = mapOf(mapOf((facts.test.setup.catalog as never[])?.[0]));
  const cap = Number(declared.max_output_bytes ?? 2 ** 20);
  for (const reply of facts.replies) {
    // Each stream has the cap, and a line that says what was left out.
    for (const stream of [reply.stdout, reply.stderr]) {
      if ((stream?.length ?? 0) > cap + 1024) return broken(`${stream!.length} bytes of output`);
    }
    // On the wire text is escaped, and over MCP shown to a model a second time.
    if (reply.wireBytes > 4 * cap + 65_536) return broken(`an answer of ${reply.wireBytes} bytes`);
  }
  return held;
}

/**
 * What a person or a model reads: the CLI on a terminal, MCP's text, the audit file. `code` is one character; without it,
 * whatever sequences the command printed and whatever unseen marks the request holds.
 */
export async function escapedForPeople(code: string | undefined, facts: Facts): Promise<Look> {
  const request = JSON.stringify(facts.test.request);
  const raw =
    code !== undefined
      ? [String.fromCodePoint(Number.parseInt(code, 16))]
      : [
          // A terminal program may use sequences of its own; the command's are told by what follows them.
          ...facts.replies.flatMap(
            (r) => outputOf(r).match(/\u001b[\]P^_X][\s\S]|\u001b\[[\d;]*[A-Za-z]/g) ?? [],
          ),
          ...(request.match(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g) ?? []),
        ];
  const views = await facts.views();
  const where = [
    ['the text for models', facts.replies.map((reply) => reply.shown).join('\n')],
    ['what the CLI shows', views],
    ['the audit file', facts.auditText()],
  ].find(([, text]) => raw.some((sequence) => text!.includes(sequence)));
  return heldIf(where === undefined, `raw in ${where?.[0]}`);
}

function oneFrame(facts: Facts): Look {
  const stray = facts.replies.flatMap((reply) => reply.strayFrames);
  return heldIf(stray.length === 0, `on the channel: ${stray[0]?.slice(0, 200)}`);
}

export function noCrash(facts: Facts): Look {
  const line = /^.*(unhandled|uncaught|nobody foresaw|\.ts:\d+:\d+\)).*$/im.exec(facts.log());
  return heldIf(line === null, `in the gateway's log: ${line?.[0].slice(0, 200)}`);
}

export function sayLeft(facts: Facts): string {
  return facts.left.map((p) => `${p.pid} ${p.argv.slice(0, 60) || p.name}`).join(', ');
}

/** Times are taken loosely: other work may share the machine. */
function within(facts: Facts, limitMs: number, slackMs = 3000): Look {
  const slowest = Math.max(0, ...facts.replies.map((reply) => reply.milliseconds));
  return heldIf(slowest <= limitMs + slackMs, `answered after ${Math.round(slowest)} ms`);
}

function others(facts: Facts, limitMs: number): Look {
  if (facts.meanwhile.length === 0) return unchecked('it was over before another call was made');
  const slowest = Math.max(...facts.meanwhile);
  const limit = Math.max(limitMs, 8 * (facts.quiet ?? 0));
  return heldIf(slowest <= limit, `another call took ${Math.round(slowest)} ms`);
}

const limitWords: Readonly<Record<string, string>> = { cpuTime: 'cpuTimeMs' };

function limitsTold(facts: Facts): Look {
  const asked = (facts.command?.limitNames ?? []).map((name) => limitWords[name] ?? name);
  for (const reply of facts.replies.filter(ran)) {
    const missing = asked.filter((n) => !reply.enforced.includes(n) && !reply.degraded.includes(n));
    if (missing.length > 0) return broken(`nothing is said of ${missing.join(', ')}`);
  }
  return held;
}

async function ownProcessesOnly(facts: Facts): Promise<Look> {
  const { processes } = await facts.probe();
  if (processes.length === 0) return unchecked('the probe could not say what it sees');
  const host = processes.filter((line) => line.includes(facts.arena.state));
  return heldIf(host.length === 0 && processes.length < 20, `seen: ${processes.join(' | ')}`);
}

function quietTerminal(facts: Facts): Look {
  const stray = facts
    .log()
    .split(/\r?\n/)
    .filter(
      (line) => line !== '' && !/^(reeve|https?:|error|warning|\s|\{|[A-Za-z ]+:)/.test(line),
    );
  return heldIf(stray.length === 0, `on the terminal: ${JSON.stringify(stray.slice(0, 3))}`);
}

async function nothingSent(facts: Facts): Promise<Look> {
  if (!facts.started || facts.replies.every(rejected)) return held;
  const { interfaces } = await facts.probe();
  if (interfaces.length === 0) return unchecked('the probe could not say what it sees');
  return heldIf(
    interfaces.every((name) => name === 'lo'),
    `the sandbox has ${interfaces.join(', ')}`,
  );
}

async function sandboxed(facts: Facts): Promise<Look> {
  const { interfaces, processes, user } = await facts.probe();
  const alone = interfaces.every((name) => name === 'lo') && processes.length < 20;
  return heldIf(alone && user !== 0 && user !== null, 'the probe found no sandbox around it');
}
