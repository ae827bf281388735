/**
 * Checkpoints that were kept outside of the log's reach, held against it. In: signed checkpoints, already opened. Out:
 * which of them the log begins with, and between which of them it was rewritten.
 */
import type { Findings } from './findings.ts';

export interface Outside {
  /** Where it was kept, for people: `remembered in FILE`. */
  readonly from: string;
  readonly size: number;
  readonly root: Buffer;
}

export interface OutsideCheck {
  /** To be called at every size on the way, from 0 on. */
  at(tree: { readonly size: number; readonly root: Buffer }): void;
  /** Reports those that the log is too short for, and the first that it contradicts. */
  finish(size: number): void;
  agreed(): readonly Outside[];
  /** In words: where something was changed, as far as the checkpoints tell. */
  between(size: number): string;
}

export function outsideCheck(outside: readonly Outside[], findings: Findings): OutsideCheck {
  const bySize = Map.groupBy(outside, ({ size }) => size);
  const sizes = [...bySize.keys()].sort((a, b) => a - b);
  let next = 0;
  const agreed: Outside[] = [];
  const contradicted: Outside[] = [];

  const between = (upTo: number): string => {
    const before = Math.max(0, ...agreed.map(({ size }) => size));
    const after = Math.min(upTo, ...contradicted.map(({ size }) => size));
    return outside.length === 0
      ? 'which entries are others cannot be said without a checkpoint kept elsewhere'
      : `what was changed lies in entries ${before + 1} to ${after}`;
  };

  return {
    at(tree) {
      if (tree.size !== sizes[next]) return;
      next += 1;
      const { root } = tree;
      for (const one of bySize.get(tree.size)!)
        (one.root.equals(root) ? agreed : contradicted).push(one);
    },
    finish(size) {
      const [first] = contradicted;
      if (first !== undefined) {
        findings.add(
          `the log was rewritten: its first ${first.size} entries are others than those of the checkpoint ${first.from}; ${between(first.size)}`,
          { entry: Math.max(0, ...agreed.map((one) => one.size)) + 1 },
        );
      }
      const longest = outside.reduce<Outside | null>(
        (most, one) => (one.size > size && one.size > (most?.size ?? 0) ? one : most),
        null,
      );
      if (longest !== null) {
        findings.add(
          `the log was cut: it ends with entry ${size}, and the checkpoint ${longest.from} has ${longest.size}`,
          { entry: size + 1 },
        );
      }
    },
    agreed: () => agreed,
    between,
  };
}
