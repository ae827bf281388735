/**
 * Output that is a secret. In: the live output of a command that the settings name as a source. Out: its value, for who
 * needs it, and an outcome without any of it. Never: a byte of it stored, shown or hashed, whoever asked for the run.
 */
import type { Outcome, StreamOutput } from '../core/execution.ts';
import type { Settings } from '../core/settings.ts';

/** True where the output of the command is a secret somewhere: then it is withheld in every run. */
export function isSource(settings: Settings, command: string): boolean {
  return Object.values(settings.secrets).some((own) =>
    Object.values(own).some((source) => source.kind === 'command' && source.command === command),
  );
}

/** Takes standard output as it comes; standard error is dropped. */
export class Withheld {
  readonly #chunks: Uint8Array[] = [];

  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    if (stream === 'stdout') this.#chunks.push(chunk);
  }

  value(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

const note = Buffer.from('[withheld: the output of this command is a secret]\n');

/** The outcome as it goes on record: how long the output was, and nothing of it. */
export function withoutOutput(outcome: Outcome): Outcome {
  const emptied = (stream: StreamOutput): StreamOutput =>
    stream.total === 0 ? stream : { bytes: note, total: stream.total, truncated: true };
  return {
    ...outcome,
    stdout: emptied(outcome.stdout),
    stderr: emptied(outcome.stderr),
    // Of the messages this one may repeat a line of standard error.
    errorMessage:
      outcome.errorCode === 'COMMAND_EXECUTION_FAILED' && outcome.stderr.total > 0
        ? 'The command could not be started or did not get far. What it said is withheld, because its output is a secret; run the program by hand to see it.'
        : outcome.errorMessage,
  };
}
