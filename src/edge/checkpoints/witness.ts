/**
 * A witness (C2SP tlog-witness). In: a checkpoint, the log's tiles, the size that the witness knows. Out: its cosignature, by
 * its own key. Never: a line taken over that does not verify; more of its answer read than a few lines.
 */
import { openCheckpoint } from '../../audit/verify/checkpoint.ts';
import { parseSignature, parseVerifier, type Verifier } from '../../audit/verify/note.ts';
import { proveConsistencyFrom } from '../../audit/verify/prove.ts';
import type { LogSource } from '../../audit/verify/source.ts';

export interface Witnessing {
  readonly url: string;
  /** Its verifier key. */
  readonly key: string;
  readonly log: Verifier;
  readonly source: LogSource;
  readonly note: string;
  /** The size of the last checkpoint that it cosigned, as far as is known. */
  readonly known: number;
  readonly signal: AbortSignal;
}

const timeoutMs = 15_000;
const mostOfAnswer = 16_384;

/** The checkpoint with the witness's cosignature behind its own. Throws Error in words. */
export async function cosigned(
  asked: Witnessing,
): Promise<{ readonly note: string; readonly size: number }> {
  const key = parseVerifier(asked.key);
  if (key.kind !== 'cosigner') throw new Error('its key is not that of a witness (type 0x04)');
  const { size } = openCheckpoint(asked.note, asked.log);
  const first = await submit(asked, asked.known, size);
  const answer = first.status === 409 ? await submit(asked, sizeSaid(first, size), size) : first;
  if (answer.status !== 200) throw new Error(`it answered ${answer.status}`);
  const lines = answer.text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseSignature)
    .filter(({ name, id }) => name === key.name && id === key.id)
    .map(({ line }) => line);
  const note = asked.note + lines.join('');
  if (openCheckpoint(note, asked.log, [key]).witnesses.length === 0)
    throw new Error('its answer holds no signature by its key');
  return { note, size };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function submit(asked: Witnessing, old: number, size: number): Promise<Answer> {
  const { url, note, source, signal } = asked;
  // What it does not know, or knows wrong, it says itself; from 0 nothing has to be proven.
  const from = old <= size ? old : 0;
  const proof = await proveConsistencyFrom(source, from, size);
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
  const answer = await fetch(`${url}/add-checkpoint`, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'Reeve' },
    body: `old ${from}\n${hashes}\n${note}`,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const parts: Uint8Array[] = [];
  let read = 0;
  for await (const part of answer.body ?? []) {
    read += part.byteLength;
    if (read > mostOfAnswer) throw new Error('its answer is far too long');
    parts.push(part);
  }
  const type = (answer.headers.get('content-type') ?? '').split(';')[0]!.trim();
  return { status: answer.status, type, text: Buffer.concat(parts).toString('utf8') };
}

/** A witness that knows more than there is has seen a longer log: that is worth a person's look, not another try. */
function sizeSaid({ type, text }: Answer, size: number): number {
  if (type !== 'text/x.tlog.size' || !/^(0|[1-9]\d{0,15})\n$/.test(text))
    throw new Error('it answered 409: it knows another log of this name and size');
  const said = Number(text);
  if (said > size)
    throw new Error(
      `it has cosigned ${said} entries, and the log has only ${size}: the log was cut`,
    );
  return said;
}
