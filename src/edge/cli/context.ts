/** What every verb is given: the wiring, the streams, the global options. */
import type { Screen } from './screen.ts';
import type { CliIo, Wiring } from './wiring.ts';

export interface GlobalOptions {
  readonly config: string | null;
  readonly state: string | null;
  readonly server: string | null;
  readonly output: 'text' | 'json';
}

export interface Context {
  readonly wiring: Wiring;
  readonly io: CliIo;
  readonly options: GlobalOptions;
  readonly screen: Screen;
}

/** What commander made of a verb's own part: operands, what stood after `--` (null without one), options. */
export interface VerbInput {
  readonly operands: readonly string[];
  readonly rest: readonly string[] | null;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Each verb's file exports this. The number is the exit code; failures are thrown. */
export interface VerbModule {
  run(context: Context, input: VerbInput): Promise<number>;
}
