/**
 * Secrets: which a command needs, how it is given them, where they come from, and their values on the way into a process.
 * Never: a value in JSON, in a digest, in a message, or in anything that is printed to look at.
 */
import type { JsonObject } from './json.ts';

/** `variable`: an environment variable of that name. `file`: a read-only file, whose path the variable NAME_FILE holds. */
export type SecretWay = 'variable' | 'file';

/** One secret that a command needs. In the digest as it stands: the name, and the way. */
export interface SecretUse {
  readonly name: string;
  readonly as: SecretWay;
}

/** Where the gateway gets a value, in words of the configuration. `path` is absolute; `arguments` are those of the command. */
export type SecretSource =
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'credential'; readonly credential: string }
  | {
      readonly kind: 'command';
      readonly command: string;
      readonly arguments: JsonObject;
    };

/** By the name of the secret, and then by the environment. */
export type SecretSources = Readonly<Record<string, Readonly<Record<string, SecretSource>>>>;

/** Bytes of a value: shorter ones cannot be told from ordinary output, longer ones are no secrets. */
export const secretBytes = Object.freeze({ fewest: 4, most: 64 * 1024 });

/** The folder of the sandbox that holds secrets given as files. */
export const secretFolder = '/run/secrets';

/** Which variable says where the file of a secret is. */
export function fileVariable(name: string): string {
  return `${name}_FILE`;
}

export interface SecretValue extends SecretUse {
  readonly value: Uint8Array;
}

/**
 * The values for one run, in memory only. Whoever prints, inspects, clones or serialises this gets names at most; the run
 * room alone opens it.
 */
export class SealedSecrets {
  readonly #values: readonly SecretValue[];

  constructor(values: readonly SecretValue[]) {
    this.#values = [...values];
    Object.freeze(this);
  }

  get uses(): readonly SecretUse[] {
    return this.#values.map(({ name, as }) => ({ name, as }));
  }

  /** The values themselves: for the plan of a process, and for the filter of its output. */
  open(): readonly SecretValue[] {
    return this.#values;
  }

  toString(): string {
    return `[secrets: ${this.#values.map((s) => s.name).join(', ')}]`;
  }

  toJSON(): never {
    throw new TypeError('secrets have no JSON form');
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

export const noSecrets = new SealedSecrets([]);

/** True where the sealed values are just those that are needed, each given the way it is to be. */
export function areFor(secrets: SealedSecrets, needed: readonly SecretUse[]): boolean {
  const key = ({ name, as }: SecretUse) => `${as} ${name}`;
  const had = new Set(secrets.uses.map(key));
  return had.size === needed.length && needed.every((use) => had.has(key(use)));
}
