/**
 * What happens beside the calls: something changed between load and call, a race in the workspace, the gateway killed. In:
 * the words of a case. Out: something to do, or null where nothing recognises the words. Never: a path outside the arena.
 */
import { lstatSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Arena } from './arena.ts';
import { type Case, listOf, mapOf, textOf } from './corpus.ts';

const place = /\{[A-Z]+\}[^\s,;"')]*/g;

/** Between load and call. */
export function changeFor(arena: Arena, test: Case, words: string): (() => void) | null {
  const [first] = listOf(test.setup.catalog);
  const exec = arena.pathOf(textOf(mapOf(first).exec) ?? '');
  const named = (words.match(place) ?? [])
    .filter((word) => !/\{(CANARY|SECRET)\}/.test(word))
    .map((word) => arena.pathOf(word));
  const target = named[0] ?? exec;
  if (target === null) return null;
  if (/script|touch/.test(words)) {
    const script = `#!/bin/sh\ntouch ${arena.canary}\n`;
    return () => replaceBy(target, () => writeFileSync(target, script, { mode: 0o755 }));
  }
  const to = /symlink to (\{[A-Z]+\}[^\s,;"')]*|\/[^\s,;"')]+)/.exec(words)?.[1];
  if (to !== undefined) {
    return () => replaceBy(target, () => symlinkSync(arena.onHost(to), target));
  }
  if (/\b(delete|remove|unlink)\b/.test(words)) return () => rmSync(target, { recursive: true });
  return null;
}

function replaceBy(path: string, make: () => void): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true });
  make();
}

/** A thread that goes on swapping a name in the workspace for a link that leads out. */
export function raceFor(arena: Arena, words: string): { start(): () => Promise<void> } | null {
  const [first, second] = words.match(place) ?? [];
  const swapped = first === undefined ? null : arena.pathOf(first);
  const to = second === undefined ? null : arena.onHost(second);
  if (swapped === null || to === null || !/swap|replac|toggl|alternat|exchang/.test(words)) {
    return null;
  }
  return {
    start() {
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(swapForEver, {
        eval: true,
        workerData: { swapped, to, stop: stop.buffer },
      });
      const ended = new Promise<void>((resolve) => {
        worker.once('exit', () => resolve());
        worker.once('error', () => resolve());
      });
      return async () => {
        Atomics.store(stop, 0, 1);
        await ended;
        const aside = `${swapped}.aside`;
        if (lstatSync(aside, { throwIfNoEntry: false })) {
          rmSync(swapped, { recursive: true, force: true });
          renameSync(aside, swapped);
        }
      };
    },
  };
}

/** In JavaScript of its own, because it must not share a loop with the calls. */
const swapForEver = `
const { renameSync, symlinkSync, rmSync, existsSync, mkdirSync } = require('node:fs');
const { swapped, to, stop } = require('node:worker_threads').workerData;
const flag = new Int32Array(stop);
const aside = swapped + '.aside', link = swapped + '.link';
if (!existsSync(swapped)) mkdirSync(swapped, { recursive: true });
while (Atomics.load(flag, 0) === 0) {
  symlinkSync(to, link);
  renameSync(swapped, aside);
  renameSync(link, swapped);
  Atomics.wait(flag, 0, 0, 1);
  rmSync(swapped);
  renameSync(aside, swapped);
  Atomics.wait(flag, 0, 0, 1);
}`;

/** Something done to the gateway after the call has gone out. */
export function afterwards(
  words: string,
): { readonly signal: NodeJS.Signals; readonly afterMs: number } | null {
  const match = /(SIG(?:KILL|TERM|INT|HUP)) the gateway(?: after (\d+) ?(ms|s))?/.exec(words);
  if (match === null) return null;
  const amount = Number(match[2] ?? 500);
  return {
    signal: match[1] as NodeJS.Signals,
    afterMs: match[3] === 's' ? amount * 1000 : amount,
  };
}
