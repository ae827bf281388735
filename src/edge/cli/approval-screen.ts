/**
 * A request for approval as approvers read it: everything that would run, whole. In: a view. Out: labelled lines.
 * Never: something left out or cut, a character that hides, a value that could be taken for a line of ours.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { visibleLine } from '../../core/text.ts';
import { formatDuration, formatSize } from '../../core/units.ts';
import type { ApprovalView, StageView } from '../../gateway/gateway.ts';
import type { Paint } from './screen.ts';
import { facts } from './table.ts';
import { briefDuration, localIso } from './times.ts';
import { jsonLines, quoted } from './verbs/plan.ts';

type Lines = readonly string[];
type Fact = readonly [string, string | Lines | null];

/** What approvers look at first; whatever else the dossier holds follows in its own order. */
const first = ['argv', 'executable', 'stdin', 'inputs', 'arguments', 'environment', 'workspace'];
/** Told in the heading already. */
const told = new Set(['command', 'risk']);

/** Ends in a newline. `now` is milliseconds since 1970. */
export function describeApproval(view: ApprovalView, paint: Paint, now: number): string {
  const risk = view.risk === 'high' || view.risk === 'critical' ? paint.bad : paint.warn;
  const heading = `${paint.bold(visibleLine(view.command))} in ${visibleLine(view.environment)}: ${paint.bold(view.status)} · ${risk(`${view.risk} risk`)}\n`;
  return [
    heading,
    facts(standing(view, paint, now), paint),
    `${paint.bold('what would run')}\n`,
    facts(dossierFacts(view.dossier, paint), paint),
    `${paint.bold('against the last approved run')}\n`,
    facts(differences(view), paint),
  ].join('');
}

function standing(view: ApprovalView, paint: Paint, now: number): readonly Fact[] {
  const { requester } = view;
  const behind = requester.onBehalfOf === null ? '' : ` for ${visibleLine(requester.onBehalfOf)}`;
  const by = `${visibleLine(requester.principal)} (${requester.kind})${behind}`;
  const client = requester.client === null ? '' : ` (${visibleLine(requester.client)})`;
  const left = view.expiresAt - now;
  return [
    ['request', visibleLine(view.requestId)],
    ['asked', `${localIso(view.requestedAt)} by ${by}, by way of ${requester.face}${client}`],
    [
      'expires',
      `${localIso(view.expiresAt)}${left > 0 ? ` (in ${briefDuration(left)})` : ' (over)'}`,
    ],
    ['start by', view.startBy === null ? null : localIso(view.startBy)],
    ['stages', stageLines(view, paint)],
    [
      'identical',
      view.identical.length === 0
        ? null
        : view.identical.map((id) => `${visibleLine(id)} asks for exactly the same`),
    ],
    [
      'trust',
      view.trust === 'same-user'
        ? paint.bad('same-user: whoever asked could act as the gateway; no approval binds them')
        : view.trust,
    ],
    ['page', view.page === null ? null : visibleLine(view.page)],
    ['digest', visibleLine(view.digest)],
  ];
}

/** One line a stage, and one under it for each answer. */
export function stageLines(view: Pick<ApprovalView, 'stages'>, paint: Paint): Lines {
  return view.stages.flatMap((stage, index) => {
    const paints = {
      granted: paint.good,
      open: paint.bold,
      waiting: paint.dim,
      rejected: paint.bad,
    };
    const count = stage.count === 1 ? '' : ` × ${stage.count}`;
    const by = stage.proofs.length === 0 ? 'by no proof at all' : `by ${stage.proofs.join(' or ')}`;
    const own = stage.independent ? '' : ', also by the person behind the agent';
    const from = stage.policy === null ? '' : `, added by ${visibleLine(stage.policy)}`;
    return [
      `${index + 1}. ${visibleLine(stage.role)}${count}: ${paints[stage.state](stage.state)} (${by}${own}${from})`,
      ...stage.answers.map(answerLine),
    ];
  });
}

function answerLine({ approver, verdict, reason, at, proof }: StageView['answers'][number]) {
  const said = verdict === 'approve' ? 'approved' : 'rejected';
  const why = reason === '' ? '' : `: ${quoted(reason)}`;
  return `   ${said} by ${visibleLine(approver)}, ${localIso(at)}, by ${proof}${why}`;
}

function dossierFacts(dossier: JsonObject, paint: Paint): readonly Fact[] {
  const keys = [
    ...first.filter((key) => Object.hasOwn(dossier, key)),
    ...Object.keys(dossier).filter((key) => !first.includes(key) && !told.has(key)),
  ];
  return keys.map((key): Fact => [visibleLine(key), shown(key, dossier[key]!, paint)]);
}

function shown(key: string, value: JsonValue, paint: Paint): string | Lines {
  switch (key) {
    case 'argv':
      return Array.isArray(value) ? argvLines(value, paint) : linesOf(value);
    case 'stdin':
      return stdinLines(value, paint);
    case 'inputs':
      return value === 'unbound'
        ? paint.bad(
            'UNBOUND: the files that decide what it does are not declared, and may change after you approve',
          )
        : linesOf(value);
    case 'network':
      return value === 'none' ? 'none' : paint.warn(one(value));
    case 'timeoutMs':
      return typeof value === 'number' ? formatDuration(value) : one(value);
    default:
      return linesOf(value);
  }
}

/** `0  13 bytes  /usr/bin/echo`, so that nobody takes two arguments for one, or an empty one for none. */
function argvLines(argv: readonly JsonValue[], paint: Paint): Lines {
  const sizes = argv.map((a) => `${typeof a === 'string' ? Buffer.byteLength(a) : 0} bytes`);
  const numbers = String(argv.length - 1).length;
  const wide = Math.max(0, ...sizes.map((s) => s.length));
  return argv.flatMap((argument, index) => {
    const place = `${String(index).padStart(numbers)}  ${sizes[index]!.padStart(wide)}  `;
    const strange = strangersIn(typeof argument === 'string' ? argument : '');
    return [
      `${paint.dim(place)}${one(argument)}`,
      ...(strange === '' ? [] : [`${' '.repeat(place.length)}${paint.warn(strange)}`]),
    ];
  });
}

/** Of JSON every line, so that it can be read; how many bytes it makes and their digest before it. */
function stdinLines(stdin: JsonValue, paint: Paint): string | Lines {
  if (stdin === null || typeof stdin !== 'object' || !Object.hasOwn(stdin, 'json'))
    return linesOf(stdin);
  const { json, ...rest } = stdin as JsonObject;
  const strange = strangersIn(JSON.stringify(json));
  return [...linesOf(rest), ...jsonLines(json!), ...(strange === '' ? [] : [paint.warn(strange)])];
}

/** Letters that look like others are visible and deceive all the same: what is not ASCII is named by number. */
function strangersIn(text: string): string {
  const points = [...new Set(text.match(/[^\u0000-\u007f]/gu) ?? [])].map(
    (c) => `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  return points.length === 0 ? '' : `not ASCII: ${points.join(' ')}`;
}

/** A value on one line, or an object or list with a line for each of what it holds. */
function linesOf(value: JsonValue): string | Lines {
  if (value === null || typeof value !== 'object') return one(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return Array.isArray(value) ? 'none' : '{}';
  return entries.map(([key, item]) =>
    Array.isArray(value) ? one(item) : `${visibleLine(key)}: ${sized(key, item)}`,
  );
}

const inBytes = new Set(['memory', 'fileSize', 'workspaceGrowth', 'output']);

function sized(key: string, value: JsonValue): string {
  if (typeof value !== 'number') return one(value);
  if (inBytes.has(key)) return `${formatSize(value)} (${value})`;
  return key.endsWith('Ms') ? formatDuration(value) : String(value);
}

function one(value: JsonValue): string {
  return typeof value === 'string' ? quoted(value) : visibleLine(JSON.stringify(value));
}

function differences({ differences: found }: ApprovalView): readonly Fact[] {
  if (found === null) return [['new', 'this command was never approved and run here before']];
  if (found.fields.length === 0) return [['none', `all as in ${visibleLine(found.requestId)}`]];
  return [
    ['run', visibleLine(found.requestId)],
    ...found.fields.map(
      ({ field, before, after }): Fact => [
        visibleLine(field),
        [`was ${one(before)}`, `is  ${one(after)}`],
      ],
    ),
  ];
}
