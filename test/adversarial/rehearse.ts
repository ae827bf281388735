/**
 * One way of running a case, with everything around it: arena, listeners, gateway, calls. In: a case, a face, a variant of
 * its declaration. Out: a verdict, or the errors with which Reeve refused to load it.
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

export type Tried =
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  | { readonly kind: 'refused'; readonly errors: readonly Diagnostic[] };

/** `accepted` are the rules that the variant `waived` accepts the breaking of. */
export async function rehearse(
  test: Case,
  face: FaceName,
  variant: Variant,
  accepted: readonly string[] = [],
): Promise<Tried> {
  const arena = new Arena();
  const watcher = new Watcher(arena);
  const listeners = await listenFor(JSON.stringify([test.setup.catalog, test.request]));
  if (listeners.port !== null) arena.words.set('PORT', String(listeners.port));
  try {
    const unplanted = plant(arena, test.setup.files);
    const translation = translate(arena, test, variant, accepted);
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
      accepted,
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
