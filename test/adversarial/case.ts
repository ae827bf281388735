/**
 * One case from beginning to end: arena, gateway, calls, what was seen, verdict. In: a case and a face. Out: a verdict.
 * Never: a process, a folder or a listener left behind, whatever went wrong.
 */
import { Arena } from './arena.ts';
import { type Case, mapOf, textOf } from './corpus.ts';
import { type Diagnostic, lint, startGateway } from './gateway.ts';
import { listenFor } from './listeners.ts';
import { observe } from './observe.ts';
import { plant } from './plant.ts';
import { Watcher } from './processes.ts';
import type { FaceName } from './reply.ts';
import { writeInventory, writeSettings } from './settings.ts';
import { translate, type Variant } from './translate.ts';
import { type Verdict, verdict } from './verdict.ts';
import { featureOf, handTestFor, wordsOf } from './words.ts';

export async function runCase(test: Case, face: FaceName): Promise<Verdict> {
  const began = performance.now();
  const finish = (made: Verdict): Verdict => ({
    ...made,
    seconds: Math.round((performance.now() - began) / 10) / 100,
  });
  if (test.malformed !== null) {
    return finish(verdict(test, null, 'not-expressible', [`cannot be read: ${test.malformed}`]));
  }
  try {
    const words = wordsOf(test);
    return finish(words.length === 0 ? await attempt(test, face) : await told(test, face, words));
  } catch (error) {
    const saw = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return finish(verdict(test, face, 'fail', [`the harness failed: ${saw}`]));
  }
}

/** What is told in words is held by a test of its own; without one, what can be done of it is done. */
async function told(test: Case, face: FaceName, words: readonly string[]): Promise<Verdict> {
  const hand = handTestFor(test.id);
  if (hand !== null) return { ...verdict(test, null, 'by-hand', []), hand };
  const feature = featureOf(test);
  const reason =
    feature !== null
      ? `${feature} does not exist yet`
      : `it is told in words that nothing here can act on, and no test carries its id: ${words.join('; ')}`;
  if (typeof test.request.command !== 'string' || test.setup.catalog === undefined) {
    return verdict(test, null, 'not-expressible', [reason]);
  }
  // The call alone, expecting no more than that nothing gets out.
  const first = await attempt(
    { ...test, expected: { ...test.expected, outcome: 'contain' } },
    face,
  );
  if (first.verdict === 'fail') return first;
  return {
    ...verdict(test, face, 'not-expressible', [reason]),
    notes: [...first.notes, 'its first call was made, and nothing got out'],
    unchecked: first.unchecked,
  };
}

/** As declared; and where Reeve refuses the declaration, the ways in which an operator might have got round that. */
async function attempt(test: Case, face: FaceName): Promise<Verdict> {
  const declared = await tryVariant(test, face, 'declared');
  if (declared.kind === 'judged') return declared.verdict;
  const control = await tryVariant(test, face, 'harmless');
  const said = declared.errors.map((d) => `${d.rule}: ${d.message}`).join('; ');
  if (control.kind === 'refused') {
    return verdict(test, face, 'not-expressible', [
      `the mapping itself is refused, with a harmless program too (${said})`,
    ]);
  }
  const { outcome } = test.expected;
  if (['accept', 'literal', 'pending'].includes(outcome)) {
    return verdict(test, face, 'fail', [`the declaration is refused: ${said}`]);
  }
  const refused = `refused at load (${declared.errors.map((d) => d.rule).join(', ')})`;
  for (const variant of ['fixed', 'renamed'] as const) {
    // The sandbox is to hold anyway: an operator may declare the very same arguments as constants.
    const asked =
      outcome === 'terminate' ? outcome : outcome === 'contain' ? 'contain' : ('contain' as const);
    const anyway = await tryVariant(
      { ...test, expected: { ...test.expected, outcome: asked } },
      face,
      variant,
    );
    if (anyway.kind === 'refused') continue;
    const how = variant === 'fixed' ? 'as constants' : 'as constants under another name';
    return {
      ...anyway.verdict,
      outcome,
      refusedAtLoad: declared.errors,
      notes: [
        refused,
        `and declared ${how}: ${anyway.verdict.ending ?? ''}`,
        ...anyway.verdict.notes,
      ],
    };
  }
  return {
    ...verdict(test, face, 'pass', []),
    refusedAtLoad: declared.errors,
    notes: [refused, 'and in no form could it be made to run'],
  };
}

type Tried =
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  | { readonly kind: 'refused'; readonly errors: readonly Diagnostic[] };

async function tryVariant(test: Case, face: FaceName, variant: Variant): Promise<Tried> {
  const arena = new Arena();
  const watcher = new Watcher(arena);
  const listeners = await listenFor(JSON.stringify([test.setup.catalog, test.request]));
  if (listeners.port !== null) arena.words.set('PORT', String(listeners.port));
  try {
    const unplanted = plant(arena, test.setup.files);
    const translation = translate(arena, test, variant);
    if (unplanted.length > 0 || translation.problem !== null) {
      const why = [...unplanted, ...(translation.problem === null ? [] : [translation.problem])];
      return { kind: 'judged', verdict: verdict(test, face, 'not-expressible', why) };
    }
    writeSettings(arena);
    writeInventory(arena, translation.inventory);
    const variables = Object.fromEntries(
      Object.entries(mapOf(test.setup.server_env)).map(([name, value]) => [
        name,
        arena.onHost(textOf(value) ?? JSON.stringify(value)),
      ]),
    );
    const terminal = test.expected.mustNot.some((clause) => /gateway's terminal/.test(clause));
    if (variant === 'harmless') {
      const errors = (await lint(arena)).filter((d) => d.severity === 'error');
      if (errors.length > 0) return { kind: 'refused', errors };
      return { kind: 'judged', verdict: verdict(test, face, 'pass', []) };
    }
    const start = await startGateway(arena, variables, terminal);
    if (!start.ok) {
      const errors = (await lint(arena)).filter((d) => d.severity === 'error');
      if (errors.length > 0) return { kind: 'refused', errors };
      const why = `the gateway did not start: ${start.log.slice(0, 400)}`;
      return { kind: 'judged', verdict: verdict(test, face, 'fail', [why]) };
    }
    const observed = await observe({
      arena,
      test,
      face,
      variant,
      variables,
      translation,
      watcher,
      listeners,
      gateway: start.gateway,
    });
    return {
      kind: 'judged',
      verdict:
        typeof observed === 'string'
          ? verdict(test, face, 'not-expressible', [observed])
          : observed,
    };
  } finally {
    watcher.stop();
    watcher.endAll();
    await listeners.close();
    arena.dispose();
  }
}
