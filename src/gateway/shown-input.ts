/**
 * Standard input as people are shown it before it is passed on. In: a command and its invocation. Out: how many bytes, their
 * digest, and the JSON that they are where the author wrote JSON. Never: less than all of it.
 */
import type { Command } from '../core/command.ts';
import type { Invocation } from '../core/invocation.ts';
import { type JsonValue, sha256Hex } from '../core/json.ts';
import { jsonOfStdin } from '../inventory/stdin/render-stdin.ts';

/** `sha256` is hexadecimal. Without `json` the bytes are those of an argument, which is shown as such. */
export interface ShownInput {
  readonly bytes: number;
  readonly sha256: string;
  readonly json?: JsonValue;
}

/** Null where there is none. */
export function shownInput(command: Command, { stdin }: Invocation): ShownInput | null {
  if (stdin === null) return null;
  return {
    bytes: stdin.byteLength,
    sha256: sha256Hex(stdin),
    ...jsonOfStdin(command.stdin, stdin),
  };
}
