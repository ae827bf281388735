/** What bubblewrap tells on its status descriptor. In: its bytes. Out: the sandbox's first process and the exit code. */
import { startOf } from './processes.ts';

export class SandboxStatus {
  #text = '';
  #childStart: string | null = null;
  #childPid: number | null = null;
  #exitCode: number | null = null;
  readonly #begun = Promise.withResolvers<void>();

  /** Pid, on the host, of the sandbox's first process; null until the sandbox's namespaces exist. */
  get childPid(): number | null {
    return this.#childPid;
  }

  /** Resolves once the sandbox's first process is known. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Its start time, so that a later process of the same pid is not taken for it; null if it had ended already. */
  get childStart(): string | null {
    return this.#childStart;
  }

  /** The command's exit code, 128 + n for a signal; null unless the command was started and has ended. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  add(chunk: Uint8Array): void {
    this.#text = (this.#text + Buffer.from(chunk).toString('latin1')).slice(-4096);
    // Only a number that has ended is a number: the bytes come in any pieces.
    const child = /"child-pid": (\d+)[^\d]/.exec(this.#text);
    if (child !== null && this.#childPid === null) {
      this.#childPid = Number(child[1]);
      this.#childStart = startOf(this.#childPid);
      this.#begun.resolve();
    }
    const exit = /"exit-code": (\d+)[^\d]/.exec(this.#text);
    if (exit !== null) this.#exitCode ??= Number(exit[1]);
  }
}
