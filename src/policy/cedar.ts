/**
 * The Cedar engine, loaded once and only when policy is first needed.
 * In: one synchronous piece of work. Out: its result. Never: an answer from an engine that has crashed.
 */
import type * as CedarModule from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = Pick<
  typeof CedarModule,
  | 'isAuthorizedPartial'
  | 'policySetTextToParts'
  | 'policyToJson'
  | 'preparsePolicySet'
  | 'preparseSchema'
  | 'schemaToText'
  | 'statefulIsAuthorized'
  | 'validate'
>;

export interface Engine {
  /**
   * Does the work with Cedar. Anything that Cedar throws is rethrown. Callers pass only values that Cedar can read:
   * an exception leaves WebAssembly without giving its stack back, and some thousand of them exhaust it for good.
   */
  use<T>(work: (cedar: Cedar) => T): T;
}

/** The engine ran out of stack or memory: its state is unknown, and nothing is decided by it any more. */
export class EngineCrashed extends Error {
  constructor(cause: unknown) {
    super(
      'The policy engine crashed, so nothing can be decided and everything is denied; restart the gateway, and look for a policy that is nested very deeply.',
      { cause },
    );
    this.name = 'EngineCrashed';
  }
}

/** An engine over a module. Once a call has trapped, every later one throws EngineCrashed. */
export function engineOver(cedar: Cedar): Engine {
  let crash: EngineCrashed | null = null;
  return Object.freeze({
    use<T>(work: (cedar: Cedar) => T): T {
      if (crash !== null) throw crash;
      try {
        return work(cedar);
      } catch (error) {
        // A trap (RuntimeError) or an overflow (RangeError) skips every clean-up inside WebAssembly.
        if (error instanceof Error && /^(RuntimeError|RangeError)$/.test(error.name)) {
          crash = new EngineCrashed(error);
          throw crash;
        }
        throw error;
      }
    },
  });
}

let opening: Promise<Engine> | null = null;

/** The one engine of this process. Rejects where the package or its .wasm file cannot be read; the next call tries again. */
export function engine(): Promise<Engine> {
  opening ??= import('@cedar-policy/cedar-wasm/nodejs').then(
    (module) => engineOver(functionsOf(module)),
    (error: unknown) => {
      opening = null;
      throw error;
    },
  );
  return opening;
}

/** Node finds the names of a CommonJS module by itself; a bundler leaves all of them in `default`. */
function functionsOf(module: typeof CedarModule): Cedar {
  const inner = (module as { readonly default?: unknown }).default;
  return typeof module.statefulIsAuthorized === 'function' ? module : (inner as Cedar);
}
