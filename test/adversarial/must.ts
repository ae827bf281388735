/**
 * What a good answer shows, recognised by its wording. In: one clause of a `must`. Out: held, broken with the observation,
 * or unchecked: many of them say how a gateway is built, which nothing outside of it can see.
 */
import { readFileSync } from 'node:fs';
import { expand } from './arena.ts';
import { listOf, mapOf, numberOf, textOf } from './corpus.ts';
import {
  broken,
  type Facts,
  held,
  heldIf,
  type Look,
  limitCodes,
  outputOf,
  ran,
  rejected,
  unchecked,
} from './facts.ts';
import { onlyText } from './message.ts';
import { escapedForPeople } from './must-not.ts';
import { audited, flaggedAsLost } from './must-record.ts';
import type { Reply } from './reply.ts';

type Recogniser = readonly [RegExp, (match: RegExpExecArray, facts: Facts) => Look | Promise<Look>];

const recognisers: readonly Recogniser[] = [
  [/stdout (equals the text|identical)/, (_, facts) => stdoutIsText(facts)],
  [
    /^stdout (?:is )?["“](.*)["”]/,
    (match, facts) => everyRun(facts, (r) => textOut(r) === `${match[1]}\n`, 'stdout differs'),
  ],
  [
    /^stdout (?:is )?(\w+)\b/,
    (match, facts) => everyRun(facts, (r) => textOut(r).trim() === match[1], 'stdout differs'),
  ],
  [/(both|all) lines returned/, (_, facts) => allLines(facts)],
  [
    /(unknown-command|typed) error|with a typed error|refused (before spawn|with)|is refused|fail closed|^40[13]$|deny-by-default|flag refused|refused$|^refuses /,
    (match, facts) => refusedOrBenign(match[0], facts),
  ],
  [/^audited$|has a record|is logged/, (_, facts) => audited(facts)],
  [/(server|gateway) stays up/, (_, facts) => heldIf(facts.gateway.alive(), 'the gateway is gone')],
  [/catalog loader (refuses|warns|refuses or warns)/, (_, facts) => loaderSpoke(facts)],
  [/refused at load or at call/, (_, facts) => everyReply(facts, rejected, 'it ran')],
  [
    /sandbox (keeps|holds)|stays in the (workspace|sandbox)/,
    (_, facts) => {
      const now = facts.arena.outsideNames().join(', ');
      return heldIf(now === facts.outsideBefore.join(', '), `outside there is now ${now}`);
    },
  ],
  [
    /timed?[_ ]out/,
    (_, facts) => everyReply(facts, (r) => r.status === 'timeout', 'it is no timeout'),
  ],
  [
    /\bexit (?:code )?(\d+)/,
    (match, facts) =>
      everyReply(facts, (r) => r.exitCode === Number(match[1]), `not exit ${match[1]}`),
  ],
  [
    /background .* gone|no orphan/,
    (_, facts) => heldIf(facts.left.length === 0, 'processes are left'),
  ],
  [/truncated flag|cut output marked/, (_, facts) => truncated(facts)],
  [/limit hit is named|CPU-seconds or wall limit/, (_, facts) => limitNamed(facts)],
  [/pids limit holds/, (_, facts) => pidsHeld(facts)],
  [/RLIMIT_NOFILE/, (_, facts) => filesBounded(facts)],
  [
    /maxLength\+1 rejected/,
    async (_, facts) => {
      const reply = await longer(facts);
      return reply === null
        ? unchecked('no one text to make longer')
        : heldIf(rejected(reply), 'one more character was accepted');
    },
  ],
  [/^accepted|must succeed/, (_, facts) => everyReply(facts, ran, 'it was refused')],
  [
    /directory is missing/,
    (_, facts) =>
      everyReply(
        facts,
        (r) => /director|folder/i.test(r.message) && /exist|missing|found/i.test(r.message),
        'the message does not say so',
      ),
  ],
  [/only the declared variables/, (_, facts) => declaredVariables(facts)],
  [
    /returned inside the tool result only/,
    (_, facts) => everyRun(facts, (r) => (r.stdout?.length ?? 0) > 0, 'the output is not there'),
  ],
  [
    /promptly|fails fast|at once/,
    (_, facts) =>
      everyReply(
        facts,
        (r) => r.milliseconds < (facts.command?.timeoutMs ?? 10_000) + 3000,
        'slow',
      ),
  ],
  [/start record without an end|flagged on restart/, (_, facts) => flaggedAsLost(facts)],
  [
    /command failure, not a gateway error/,
    (_, facts) =>
      everyReply(facts, (r) => r.errorCode === 'COMMAND_EXIT_NON_ZERO', 'another error code'),
  ],
  [/allow-list per command|may not begin with/, (match, facts) => refusedOrBenign(match[0], facts)],
  [
    /no tty|--new-session/,
    async (_, facts) => heldIf(!(await facts.probe()).terminal, 'the sandbox has a terminal'),
  ],
  [
    /(neutralised|escaped) .*(view|person|human|reads?)/,
    (_, facts) => escapedForPeople(undefined, facts),
  ],
  [/not visible in the sandbox|absent from the mount namespace/, (_, facts) => noSecret(facts)],
];

export async function lookAtMust(clause: string, facts: Facts): Promise<Look> {
  for (const [pattern, look] of recognisers) {
    const match = pattern.exec(clause);
    if (match !== null) return look(match, facts);
  }
  return unchecked('it says how, or in words that nothing recognises');
}

/** Clauses are set apart by semicolons. */
export function clausesOf(text: string): readonly string[] {
  return text
    .split(/;\s+/)
    .map((clause) => clause.replace(/^and /, '').trim())
    .filter((clause) => clause !== '');
}

function everyReply(facts: Facts, good: (reply: Reply) => boolean, saw: string): Look {
  const bad = facts.replies.find((reply) => !good(reply));
  const what = bad === undefined ? '' : `${bad.status} ${bad.errorCode ?? ''} ${bad.message}`;
  return heldIf(bad === undefined, `${saw}: ${what.slice(0, 160)}`);
}

function everyRun(facts: Facts, good: (reply: Reply) => boolean, saw: string): Look {
  const runs = facts.replies.filter(ran);
  const bad = runs.find((reply) => !good(reply));
  return heldIf(bad === undefined, `${saw}: ${JSON.stringify(bad && textOut(bad).slice(0, 120))}`);
}

const textOut = (reply: Reply) => reply.stdout?.toString('utf8') ?? '';

function stdoutIsText(facts: Facts): Look {
  const text = onlyText(facts.arena, facts.test);
  if (text === null) return unchecked('no one text among the parameters');
  return everyRun(facts, (r) => textOut(r) === `${text}\n`, 'stdout is not the text');
}

function allLines(facts: Facts): Look {
  const lines = listOf(facts.test.setup.files).flatMap((file) =>
    expand(textOf(mapOf(file).content) ?? '').split('\n'),
  );
  return everyRun(
    facts,
    (r) => lines.filter((l) => l !== '').every((line) => textOut(r).includes(line)),
    'a line is missing',
  );
}

/** "Naming the field": one that the declaration or the request knows. */
function refusedOrBenign(words: string, facts: Facts): Look {
  if (!facts.test.expected.outcome.startsWith('reject')) return held;
  const clauses = facts.test.expected.must.join(' ');
  const refused = facts.replies.filter((r) => !ran(r));
  const untyped = refused.find((reply) => !rejected(reply));
  if (untyped !== undefined) return broken(`the error has no code: ${untyped.wire.slice(0, 120)}`);
  if (/typed/.test(words) && /naming the field/.test(clauses)) {
    const names = [
      ...(facts.command?.parameters.keys() ?? []),
      ...Object.keys(mapOf(facts.test.request.params)),
      ...(textOf(facts.test.request.raw_params)?.match(/"([^"\\]+)"\s*:/g) ?? []).map((key) =>
        key.replace(/["\s:]/g, ''),
      ),
    ];
    const silent = refused.find(
      (r) => !names.some((name) => `${r.message} ${r.fields.join(' ')}`.includes(name)),
    );
    if (silent !== undefined) return broken(`no field is named: ${silent.message.slice(0, 160)}`);
  }
  return held;
}

function loaderSpoke(facts: Facts): Look {
  if (facts.variant !== 'declared') return held;
  return heldIf(facts.warnings.length > 0, 'it was loaded without a word');
}

function truncated(facts: Facts): Look {
  return everyRun(
    facts,
    (r) => r.truncated && r.outputBytes > (r.stdout?.length ?? 0),
    'it is not marked as cut',
  );
}

const met = /Resource temporarily unavailable|Too many open files|File size limit|Cannot allocate/;

/** A command may end well in spite of a limit that it met: then the answer says so in words. */
function limitNamed(facts: Facts): Look {
  const silent = facts.replies.filter(
    (r) =>
      !limitCodes.test(r.errorCode ?? '') && !(r.status === 'ok' && /\blimit\b/.test(r.message)),
  );
  const [first] = silent;
  if (first === undefined) return held;
  const byItself = silent.every((r) => r.status === 'ok');
  if (byItself && silent.every((r) => !met.test(r.stderr?.toString('utf8') ?? ''))) {
    return unchecked('it ended by itself, and nothing shows that it met a limit');
  }
  if (byItself && silent.every((r) => r.tier === 'bubblewrap')) {
    return unchecked('it ended well, and without control groups nobody counts what it was refused');
  }
  return broken(`no limit is named: ${first.status} ${first.errorCode ?? ''} ${first.message}`);
}

function pidsHeld(facts: Facts): Look {
  const [first] = listOf(facts.test.setup.catalog);
  const limit = numberOf(mapOf(mapOf(first).limits).pids);
  if (limit === null) return unchecked('the catalog names no number of processes');
  // bubblewrap's own and those that enter the sandbox come on top.
  return heldIf(facts.peakProcesses <= limit + 8, `${facts.peakProcesses} processes at once`);
}

async function filesBounded(facts: Facts): Promise<Look> {
  const { openFiles } = await facts.probe();
  if (openFiles === null) return unchecked('the probe could not say its limit');
  return heldIf(openFiles <= 4096, `${openFiles} open files are allowed`);
}

async function longer(facts: Facts): Promise<Reply | null> {
  const params = Object.entries(mapOf(facts.test.request.params));
  const [only, ...more] = params.filter(([, value]) => typeof value === 'string');
  if (only === undefined || more.length > 0) return null;
  return facts.again({ [only[0]]: `${only[1]}x` });
}

function declaredVariables(facts: Facts): Look {
  const declared = mapOf(mapOf(listOf(facts.test.setup.catalog)[0]).env);
  const known = new Set(['PATH', 'HOME', 'LANG', 'PWD', 'SHLVL', '_', ...Object.keys(declared)]);
  for (const reply of facts.replies.filter(ran)) {
    const names = textOut(reply).match(/^[A-Za-z_]\w*(?==)/gm) ?? [];
    const strange = names.filter((name) => !known.has(name) && !name.startsWith('REEVE_'));
    if (strange.length > 0) return broken(`the command saw ${strange.join(', ')}`);
  }
  return held;
}

function noSecret(facts: Facts): Look {
  const secret = readFileSync(facts.arena.secret, 'utf8');
  const shown = facts.replies.find((reply) => outputOf(reply).includes(secret));
  return heldIf(shown === undefined, 'the output holds the secret');
}
