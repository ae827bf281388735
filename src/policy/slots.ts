/**
 * Where Cedar keeps what it has parsed. Cedar never forgets an id, so a fixed handful of ids is used again and again.
 * In: what a generation parsed to. Out: the id under which Cedar holds exactly that. Never: another generation's policies.
 */
import type { Schema } from '@cedar-policy/cedar-wasm/nodejs';
import type { Cedar, Engine } from './cedar.ts';

/** Policies by the names that Cedar knows them by. Each call of `prepare` is a generation of its own. */
export interface Prepared {
  readonly generation: symbol;
  readonly schema: Schema;
  readonly policies: Readonly<Record<string, string>>;
}

export function prepare(schema: Schema, policies: Readonly<Record<string, string>>): Prepared {
  return Object.freeze({ generation: Symbol('generation'), schema, policies });
}

interface Slot {
  readonly id: string;
  holds: symbol | null;
  usedAt: number;
}

// One for the generation in force, one for the one that is being loaded or is still being decided against.
const slots: readonly Slot[] = ['reeve-a', 'reeve-b'].map((id) => ({ id, holds: null, usedAt: 0 }));
let uses = 0;
let holder: Engine | null = null;

/**
 * The id under which Cedar holds this generation now, parsing it again where its slot went to another. An old generation
 * thus decides by its own policies however many came after it. Good until control returns to the event loop.
 */
export function slotFor(engine: Engine, cedar: Cedar, prepared: Prepared): string {
  if (holder !== engine) {
    for (const slot of slots) slot.holds = null;
    holder = engine;
  }
  const slot =
    slots.find((s) => s.holds === prepared.generation) ??
    slots.reduce((oldest, s) => (s.usedAt < oldest.usedAt ? s : oldest));
  if (slot.holds !== prepared.generation) {
    slot.holds = null;
    for (const answer of [
      cedar.preparseSchema(slot.id, prepared.schema),
      cedar.preparsePolicySet(slot.id, { staticPolicies: prepared.policies }),
    ]) {
      if (answer.type !== 'success') {
        throw new Error(
          `Cedar refused policies that it had accepted: ${answer.errors.map((e) => e.message).join('; ')}`,
        );
      }
    }
    slot.holds = prepared.generation;
  }
  uses += 1;
  slot.usedAt = uses;
  return slot.id;
}
