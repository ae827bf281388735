/** The graph that the steps of a runbook make. In: names and what each needs. Out: an order, ancestors, or a circle. Never: an order that depends on anything but the declaration. */

export interface Node {
  readonly name: string;
  readonly needs: readonly string[];
}

/**
 * The names so that each comes after all that it needs, otherwise as declared; or one circle, its first name repeated at
 * the end. Needs that are no node are passed over.
 */
export function orderOf(
  nodes: readonly Node[],
):
  | { readonly ok: true; readonly order: readonly string[] }
  | { readonly ok: false; readonly circle: readonly string[] } {
  const known = new Map(nodes.map((node) => [node.name, node]));
  const placed = new Set<string>();
  const order: string[] = [];
  let waiting = [...known.values()];
  while (waiting.length > 0) {
    const next = waiting.find(({ needs }) => needs.every((n) => !known.has(n) || placed.has(n)));
    if (next === undefined) return { ok: false, circle: circleIn(waiting, known, placed) };
    placed.add(next.name);
    order.push(next.name);
    waiting = waiting.filter((node) => node !== next);
  }
  return { ok: true, order };
}

function circleIn(
  waiting: readonly Node[],
  known: ReadonlyMap<string, Node>,
  placed: ReadonlySet<string>,
): string[] {
  const walked: string[] = [];
  let at = waiting[0]!;
  // What waits needs something that waits: the walk must come back to where it was.
  while (!walked.includes(at.name)) {
    walked.push(at.name);
    at = known.get(at.needs.find((n) => known.has(n) && !placed.has(n))!)!;
  }
  return [...walked.slice(walked.indexOf(at.name)), at.name];
}

/** Everything that a step needs, and what that needs; without the step itself unless it stands in a circle. */
export function ancestorsOf(name: string, nodes: readonly Node[]): ReadonlySet<string> {
  const known = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const pending = [...(known.get(name)?.needs ?? [])];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next) || !known.has(next)) continue;
    found.add(next);
    pending.push(...known.get(next)!.needs);
  }
  return found;
}
