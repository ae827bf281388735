/**
 * A runbook drawn as Mermaid. In: its steps and, of a run, how each stands. Out: the text of a flowchart. Never: a title
 * that could end its label and begin something else; names of nodes are our own.
 */

import type { RunbookState, StepStatus } from '../core/runbook.ts';
import { orderOf } from '../core/runbook-graph.ts';
import { visibleLine } from '../core/text.ts';

/** What is drawn of a step: a declared or a planned one has all of it. */
export interface DrawnStep {
  readonly name: string;
  readonly title: string;
  readonly command: string;
  readonly needs: readonly string[];
  readonly confirm: boolean;
  readonly conditional: boolean;
  /** Null in a plan. */
  readonly status: StepStatus | null;
}

/** Steps as they are drawn: of a plan, and with a state, of a run. */
export function drawnSteps(
  steps: readonly {
    readonly name: string;
    readonly title: string;
    readonly command: string;
    readonly needs: readonly string[];
    readonly confirm: boolean | Readonly<Record<string, boolean>>;
    readonly when: unknown;
  }[],
  environment: string,
  state: RunbookState | null,
): readonly DrawnStep[] {
  const order = orderOf(steps);
  const names = order.ok ? order.order : steps.map(({ name }) => name);
  return names.map((name) => {
    const step = steps.find((each) => each.name === name)!;
    const { confirm } = step;
    return {
      name,
      title: step.title,
      command: step.command,
      needs: step.needs,
      confirm: typeof confirm === 'boolean' ? confirm : confirm[environment] === true,
      conditional: step.when !== null,
      status: state?.steps.find((each) => each.name === name)?.status ?? null,
    };
  });
}

/** How a status looks without its colour. */
export const statusMarks: Readonly<Record<StepStatus, string>> = Object.freeze({
  pending: '○',
  running: '▶',
  completed: '✓',
  failed: '✗',
  cancelled: '■',
  skipped: '↷',
  unknown: '?',
});

/** The text of a Mermaid flowchart. */
export function mermaidOf(steps: readonly DrawnStep[]): string {
  const ids = new Map(steps.map(({ name }, index) => [name, `s${index + 1}`]));
  const lines = steps.map((step) => {
    const marks = [
      step.status === null ? null : `${statusMarks[step.status]} ${step.status}`,
      step.confirm ? 'confirmed by a person' : null,
      step.conditional ? 'on a condition' : null,
    ].filter((mark) => mark !== null);
    const text = [step.title, step.command, ...marks].map(escaped).join('<br/>');
    const style = step.status === null ? '' : `:::${step.status}`;
    return `  ${ids.get(step.name)}["${text}"]${style}`;
  });
  const arrows = steps.flatMap(({ name, needs }) =>
    needs.flatMap((need) => (ids.has(need) ? [`  ${ids.get(need)} --> ${ids.get(name)}`] : [])),
  );
  const used = new Set(steps.flatMap(({ status }) => (status === null ? [] : [status])));
  const classes = [...used].map((status) => `  classDef ${status} ${classOf[status]}`);
  return `${['flowchart TD', ...lines, ...arrows, ...classes].join('\n')}\n`;
}

const classOf: Readonly<Record<StepStatus, string>> = {
  pending: 'stroke-dasharray:4 3',
  running: 'stroke:#1d6fd1,stroke-width:3px',
  completed: 'stroke:#2f8f46,stroke-width:2px',
  failed: 'stroke:#c62f2f,stroke-width:3px',
  cancelled: 'stroke:#8a6d1d,stroke-width:2px',
  skipped: 'stroke-dasharray:2 4',
  unknown: 'stroke:#b3541e,stroke-width:3px',
};

/** Letters, digits and a few signs as they are; everything else by its number, which Mermaid writes `#34;`. What cannot be seen is written out. */
function escaped(text: string): string {
  return [...visibleLine(text)]
    .slice(0, 200)
    .map((c) => (/^[\p{L}\p{N} .,_✓✗○▶■↷?/-]$/u.test(c) ? c : `#${c.codePointAt(0)};`))
    .join('');
}
