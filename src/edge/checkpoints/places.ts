/**
 * Where a checkpoint is kept: appended to a file, or sent to an address. In: a place and a signed note. Out: that it is
 * there, or an Error in words. Never: a link followed, what was kept before changed, a redirect followed.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs';
import type { AuditSettings } from '../../core/settings.ts';

export type Place = AuditSettings['checkpoints'][number];

const timeoutMs = 10_000;

export function nameOf(place: Place): string {
  return place.kind === 'file' ? place.path : place.url;
}

export async function keepAt(place: Place, note: string, signal: AbortSignal): Promise<void> {
  if (place.kind === 'file') append(place.path, note);
  else await send(place.url, note, signal);
}

/** A crash within the write leaves a part of a note, which readers pass over; the next note begins on a line of its own. */
function append(file: string, note: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
  try {
    const facts = fstatSync(fd);
    if (!facts.isFile()) throw new Error('it is no plain file');
    const bytes = Buffer.from(`${facts.size === 0 ? '' : '\n'}${note}`);
    const written = writeSync(fd, bytes);
    if (written < bytes.byteLength) {
      ftruncateSync(fd, facts.size);
      throw new Error('there is no room for a whole checkpoint');
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function send(url: string, note: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'Reeve' },
    body: note,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
}
