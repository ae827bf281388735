/**
 * A runbook drawn as SVG, by a small layout of our own: each step one row below the last that it needs. In: steps as drawn.
 * Out: markup for a page or a file: titled, told in words, legible on light and dark. Never: a text of a runbook as markup.
 */

import type { StepStatus } from '../core/runbook.ts';
import { ancestorsOf } from '../core/runbook-graph.ts';
import { unsafeCharacters } from '../core/text.ts';
import { type DrawnStep, statusMarks } from './graph.ts';

const box = { width: 220, height: 56, across: 28, down: 44, margin: 16 };

interface Placed {
  readonly step: DrawnStep;
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/**
 * The picture. `title` is what it is of. `id` begins the ids in it, so that several can stand on one page: letters, digits
 * and "-". Colours follow `prefers-color-scheme`, or the page's own `--runbook-…` variables. A page that takes no style
 * from within has `svgStyle` in its own stylesheet.
 */
export function svgOf(
  steps: readonly DrawnStep[],
  title: string,
  id = 'runbook',
  style: 'inside' | 'on the page' = 'inside',
): string {
  if (!/^[a-z][a-z0-9-]*$/.test(id)) throw new Error('an id is letters, digits and "-"');
  const { placed, width, height } = layout(steps);
  const at = new Map(placed.map((each) => [each.step.name, each]));
  const arrows = placed.flatMap((to) =>
    direct(to.step, steps).flatMap((need) => {
      const from = at.get(need);
      return from === undefined ? [] : [arrow(from, to, id)];
    }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-title ${id}-desc" class="runbook" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title id="${id}-title">${text(title, 200)}</title>`,
    `<desc id="${id}-desc">${steps.map((step, index) => sentence(step, index)).join(' ')}</desc>`,
    ...(style === 'inside' ? [`<style>${svgStyle}</style>`] : []),
    `<defs><marker id="${id}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>`,
    ...arrows,
    ...placed.map(boxOf),
    '</svg>',
    '',
  ].join('\n');
}

/** Rows by the longest way to each step; in a row as they come, the row in the middle. */
function layout(steps: readonly DrawnStep[]) {
  const rows = new Map<string, number>();
  for (const { name, needs } of steps)
    rows.set(name, Math.max(-1, ...needs.map((need) => rows.get(need) ?? -1)) + 1);
  const count = Math.max(0, ...[...rows.values()].map((row) => row + 1));
  const lists = Array.from({ length: count }, (_, row) =>
    steps.filter(({ name }) => rows.get(name) === row),
  );
  const widest = Math.max(1, ...lists.map((list) => list.length));
  const widthOf = (n: number) => n * box.width + (n - 1) * box.across;
  const inner = widthOf(widest);
  const placed = lists.flatMap((list, row): Placed[] =>
    list.map((step, index) => ({
      step,
      row,
      x: box.margin + (inner - widthOf(list.length)) / 2 + index * (box.width + box.across),
      y: box.margin + row * (box.height + box.down),
    })),
  );
  const height = 2 * box.margin + Math.max(1, count) * (box.height + box.down) - box.down;
  return { placed, width: inner + 2 * box.margin, height };
}

/** Needs that no other need of the step needs as well: the rest goes without saying. */
function direct(step: DrawnStep, steps: readonly DrawnStep[]): readonly string[] {
  return step.needs.filter(
    (need) => !step.needs.some((other) => other !== need && ancestorsOf(other, steps).has(need)),
  );
}

function arrow(from: Placed, to: Placed, id: string): string {
  const x1 = from.x + box.width / 2;
  const y1 = from.y + box.height;
  const x2 = to.x + box.width / 2;
  const bend = box.down / 2;
  const end = to.y - 2;
  return `<path class="way" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${end - bend} ${x2} ${end}" marker-end="url(#${id}-tip)"/>`;
}

function boxOf({ step, x, y }: Placed): string {
  const status = step.status ?? 'planned';
  const mark = step.status === null ? '' : `${statusMarks[step.status]} `;
  const more = [
    step.command,
    step.status,
    step.confirm ? 'confirmed' : null,
    step.conditional ? 'on a condition' : null,
  ].filter((each) => each !== null);
  return [
    `<g class="step ${status}" transform="translate(${x} ${y})">`,
    `<title>${sentence(step, null)}</title>`,
    `<rect width="${box.width}" height="${box.height}" rx="8"/>`,
    `<text class="name" x="12" y="24">${text(mark + step.title, 26)}</text>`,
    `<text class="more" x="12" y="43">${text(more.join(' · '), 34)}</text>`,
    '</g>',
  ].join('');
}

/** A step in words, for who cannot see the picture. */
function sentence(step: DrawnStep, index: number | null): string {
  const place = index === null ? '' : `${index + 1}. `;
  const needs = step.needs.length === 0 ? '' : `, after ${step.needs.join(', ')}`;
  const confirm = step.confirm ? ', confirmed by a person' : '';
  const conditional = step.conditional ? ', on a condition' : '';
  const status = step.status === null ? '' : `: ${step.status}`;
  return text(
    `${place}${step.title} (${step.name}, command ${step.command}${needs}${confirm}${conditional})${status}.`,
    1000,
  );
}

/** Text of an SVG: what is not drawn or turns text made visible, what XML cannot hold too, markup escaped, cut to a length. */
function text(value: string, longest: number): string {
  const characters = [
    ...value
      .toWellFormed()
      .replace(unsafeCharacters, '\ufffd')
      .replace(/[\t\n\ufffe\uffff]/g, '\ufffd'),
  ];
  const cut = characters.length > longest ? [...characters.slice(0, longest - 1), '…'] : characters;
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return cut.map((c) => names[c] ?? c).join('');
}

const lineOf: Readonly<Record<StepStatus, string>> = {
  pending: 'stroke-dasharray:5 4',
  running: 'stroke:var(--runbook-running,#2f81e0);stroke-width:3',
  completed: 'stroke:var(--runbook-completed,#2f9e4f);stroke-width:2',
  failed: 'stroke:var(--runbook-failed,#d64545);stroke-width:3',
  cancelled: 'stroke:var(--runbook-cancelled,#a07d1e);stroke-width:2',
  skipped: 'stroke-dasharray:2 4',
  unknown: 'stroke:var(--runbook-unknown,#c9622a);stroke-width:3',
};
/** What the classes of the picture look like. */
export const svgStyle = [
  '.runbook{--ink:#1c1f23;--soft:#59616b;--line:#8a929c;--face:#fff;font-family:system-ui,sans-serif;max-width:100%;height:auto}',
  '@media (prefers-color-scheme:dark){.runbook{--ink:#e8eaed;--soft:#a9b1bb;--line:#7b838d;--face:#1c1f24}}',
  '.runbook rect{fill:var(--runbook-face,var(--face));stroke:var(--runbook-line,var(--line));stroke-width:1.5}',
  '.runbook .way{fill:none;stroke:var(--runbook-line,var(--line));stroke-width:1.5}',
  '.runbook .tip{fill:var(--runbook-line,var(--line))}',
  '.runbook .name{font-size:14px;font-weight:600;fill:var(--runbook-ink,var(--ink))}',
  '.runbook .more{font-size:11px;fill:var(--runbook-soft,var(--soft))}',
  ...Object.entries(lineOf).map(([status, line]) => `.runbook .${status} rect{${line}}`),
].join('');
