/**
 * What somebody trusts before they look at a log: keys, and checkpoints that were kept elsewhere. In: options. Out: those,
 * opened. Never: a checkpoint from outside believed that the key has not signed, or one of them silently left out.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  notesIn,
  openCheckpoint,
  originOf,
  type SignedCheckpoint,
} from '../../audit/verify/checkpoint.ts';
import { parseVerifier, type Verifier } from '../../audit/verify/note.ts';
import type { Outside } from '../../audit/verify/outside.ts';
import { type LogSource, readWhole } from '../../audit/verify/source.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import type { Memory } from './remembered-checkpoints.ts';

const largestKey = 65_536;
const largestList = 256 * 2 ** 20;

/** A key as it is written, or a file whose first line it is. */
export function keyFrom(option: string, name: '--key' | '--witness'): Verifier {
  const text = existsSync(option)
    ? (readWhole(resolve(option), largestKey)?.toString('utf8').split('\n')[0] ?? '').trim()
    : option;
  try {
    return parseVerifier(text);
  } catch (error) {
    throw usageFailure(
      `${name} ${option.slice(0, 120)} is no key, and no file that holds one.`,
      `As a key: ${(error as Error).message}.`,
      'give what reeve audit key printed: NAME+hash+key',
    );
  }
}

/** What is remembered, as checkpoints. Those of another key than the one that is trusted are told, not left out. */
export function fromMemory(
  memories: readonly Memory[],
  key: Verifier,
  problems: string[],
): readonly Outside[] {
  return memories.flatMap(({ file, remembered }) => {
    if (remembered.key !== key.text) {
      problems.push(
        `the key of the log is another: ${file} remembers ${remembered.key}, and now it would be ${key.text}`,
      );
      return [];
    }
    try {
      const { size, root } = openCheckpoint(remembered.note, key);
      return [{ from: `remembered in ${file}`, size, root }];
    } catch (error) {
      problems.push(`what ${file} remembers cannot be trusted: ${(error as Error).message}`);
      return [];
    }
  });
}

/** The checkpoints of a list that was kept elsewhere: of a file, or of an address. */
export async function fromList(
  place: string,
  key: Verifier,
  witnesses: readonly Verifier[],
  problems: string[],
): Promise<readonly Outside[]> {
  const notes = notesIn(await textOf(place));
  const own = notes.filter((note) => originOf(note) === key.name);
  if (own.length === 0) {
    problems.push(
      notes.length === 0
        ? `${place} holds no checkpoint`
        : `${place} holds ${notes.length} checkpoints, and none is of the log ${key.name}`,
    );
  }
  return own.flatMap((note) => {
    try {
      const { size, root } = openCheckpoint(note, key, witnesses);
      return [{ from: `kept in ${place}`, size, root }];
    } catch (error) {
      problems.push(`a checkpoint kept in ${place} cannot be trusted: ${(error as Error).message}`);
      return [];
    }
  });
}

/**
 * What each witness has cosigned: the newest checkpoint, or the one that is kept for it. A witness that was named and has
 * cosigned neither is a problem.
 */
export async function fromWitnesses(
  source: LogSource,
  key: Verifier,
  witnesses: readonly Verifier[],
  problems: string[],
): Promise<readonly Outside[]> {
  if (witnesses.length === 0) return [];
  const opened: SignedCheckpoint[] = [];
  for (const read of [source.checkpoint, source.witnessed]) {
    try {
      const note = (await read?.call(source)) ?? null;
      if (note !== null) opened.push(openCheckpoint(note, key, witnesses));
    } catch (error) {
      problems.push(`a cosigned checkpoint cannot be trusted: ${(error as Error).message}`);
    }
  }
  return witnesses.flatMap((witness) => {
    for (const { size, root, witnesses: signed } of opened) {
      const by = signed.find(({ verifier }) => verifier === witness);
      if (by === undefined) continue;
      const when = new Date(by.at! * 1_000).toISOString();
      return [{ from: `cosigned by ${witness.name} at ${when}`, size, root }];
    }
    problems.push(`the witness ${witness.name} has cosigned no checkpoint of this log`);
    return [];
  });
}

async function textOf(place: string): Promise<string> {
  const url = /^https?:\/\//.test(place) ? URL.parse(place) : null;
  try {
    if (url === null) {
      const bytes = readWhole(resolve(place), largestList);
      if (bytes === null) throw new Error('there is no such file');
      return bytes.toString('utf8');
    }
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(60_000) });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    const parts: Uint8Array[] = [];
    let read = 0;
    for await (const part of answer.body ?? []) {
      read += part.byteLength;
      if (read > largestList) throw new Error('it is far too long');
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    const cause = (error as Error).cause as Error | undefined;
    throw new CliFailure(
      exitCodes.failed,
      `The checkpoints in ${place} cannot be read.`,
      cause?.message ?? (error as Error).message,
      'give a file or an address that holds checkpoints, one after another',
    );
  }
}
