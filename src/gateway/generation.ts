/**
 * A generation: settings, inventory and policy that were loaded together and hold together.
 * In: the configuration file. Out: one frozen value, or every diagnostic. Never: a mix of old and new.
 */
import { readFileSync } from 'node:fs';
import { type Diagnostic, formatDiagnostic, type Loaded } from '../core/diagnostic.ts';
import { ReeveError } from '../core/errors.ts';
import { digestJson, sha256Hex } from '../core/json.ts';
import type { People } from '../core/people.ts';
import type { Trust } from '../core/principal.ts';
import type { Settings } from '../core/settings.ts';
import { type Inventory, loadInventory } from '../inventory/load.ts';
import { loadPeople } from '../inventory/people.ts';
import { loadRunbooks, type Runbooks } from '../inventory/runbooks/load.ts';
import { loadSettings } from '../inventory/settings.ts';
import { loadPolicy, type Policy } from '../policy/load.ts';
import { readTlsPair, type TlsPair } from './tls-pair.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface GenerationFile {
  readonly file: string;
  readonly sha256: string;
}

export interface Generation {
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly runbooks: Runbooks;
  readonly policy: Policy;
  readonly people: People;
  readonly files: readonly GenerationFile[];
  /** `sha256:…` over the hashes of all its files and the settings as they came out, variables included. */
  readonly hash: string;
  readonly warnings: readonly Diagnostic[];
  /** What it is reached by over TLS; null without, and in a process that nobody reaches over a network. */
  readonly tls: TlsPair | null;
  /** A variable of the gateway's own environment. A function, because values are shown and hashed nowhere. */
  readonly variable: (name: string) => string | undefined;
}

/** The configuration does not hold together; `diagnostics` says where and why. Nothing was started on it. */
export class ConfigurationError extends ReeveError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((d) => d.severity === 'error');
    super(
      'INVALID_REQUEST',
      `The configuration has ${errors.length} error(s):\n${errors.map(formatDiagnostic).join('\n')}`,
    );
    this.name = 'ConfigurationError';
    this.diagnostics = diagnostics;
  }
}

/**
 * Loads settings, then the inventory, its runbooks and the people that they name, then the policy over both. Only a gateway
 * that others reach (`trust: gateway`) has to be able to read the key of its certificate.
 */
export async function loadGeneration(
  configFile: string,
  variables: Variables,
  trust: Trust = 'same-user',
): Promise<Loaded<Generation>> {
  const settings = loadSettings(configFile, variables);
  if (!settings.ok) return settings;
  const inventory = loadInventory(settings.value.inventory, settings.value);
  const people = loadPeople(settings.value.people, settings.value);
  // What runbooks call is checked against commands that are right themselves.
  const runbooks = inventory.ok
    ? loadRunbooks(settings.value.runbooks, settings.value, inventory.value)
    : null;
  const loaded = [
    ...settings.warnings,
    ...found(inventory),
    ...(runbooks === null ? [] : found(runbooks)),
    ...found(people),
  ];
  if (!inventory.ok || !people.ok || !runbooks?.ok) return { ok: false, diagnostics: loaded };
  const policy = await loadPolicy(
    settings.value.policy,
    [...inventory.value.commands.values()],
    Object.keys(settings.value.environments),
  );
  if (!policy.ok) return { ok: false, diagnostics: [...loaded, ...policy.diagnostics] };

  const { tls: keys } = settings.value;
  const tls = keys === null || trust === 'same-user' ? null : readTlsPair(keys);
  if (tls !== null && !tls.ok) return { ok: false, diagnostics: [...loaded, tls.problem] };

  const files = [
    fileHash(settings.value.file),
    ...inventory.value.files,
    ...runbooks.value.files,
    ...(people.value.file === null ? [] : [people.value.file]),
    ...policy.value.files,
  ];
  const hash = digestJson({
    files: files.map((f) => ({ file: f.file, sha256: f.sha256 })),
    settings: JSON.parse(JSON.stringify(settings.value)),
    policy: policy.value.hash,
  });
  return {
    ok: true,
    warnings: [...loaded, ...policy.warnings],
    value: Object.freeze({
      settings: settings.value,
      inventory: inventory.value,
      runbooks: runbooks.value,
      policy: policy.value,
      people: people.value,
      files: Object.freeze(files),
      hash,
      warnings: Object.freeze([...loaded, ...policy.warnings]),
      tls: tls?.pair ?? null,
      variable: (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
    }),
  };
}

function found(loaded: Loaded<unknown>): readonly Diagnostic[] {
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}

function fileHash(file: string): GenerationFile {
  return { file, sha256: sha256Hex(readFileSync(file)) };
}

/** The generation in force. A broken reload keeps the old one and is remembered until one succeeds. */
export class Generations {
  /** The one that this process started with. */
  readonly first: Generation;
  #current: Generation;
  #broken: readonly Diagnostic[] | null = null;
  #loading: Promise<Loaded<Generation>> | null = null;
  readonly #load: () => Promise<Loaded<Generation>>;

  constructor(first: Generation, load: () => Promise<Loaded<Generation>>) {
    this.first = first;
    this.#current = first;
    this.#load = load;
  }

  get current(): Generation {
    return this.#current;
  }

  /** What was wrong with the last reload, or null. */
  get broken(): readonly Diagnostic[] | null {
    return this.#broken;
  }

  /** Loads anew. `admit` runs before the new generation holds: if it throws (the record cannot be written), the old one stays. */
  async reload(admit: (loaded: Loaded<Generation>) => void): Promise<Loaded<Generation>> {
    // Reloads that overlap would race on which one holds in the end: a second one waits for the first.
    while (this.#loading !== null) await this.#loading;
    this.#loading = this.#load();
    try {
      const loaded = await this.#loading;
      admit(loaded);
      if (loaded.ok) {
        this.#current = loaded.value;
        this.#broken = null;
      } else {
        this.#broken = loaded.diagnostics;
      }
      return loaded;
    } finally {
      this.#loading = null;
    }
  }
}
