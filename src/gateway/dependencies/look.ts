/**
 * One look at one dependency. In: a probe, and where its address is if that is a secret. Out: what it came to, within the
 * probe's time limit. Throws the signal's reason where that comes first. Never: a process, a credential sent.
 */
import type { DependencyProbe, HostPort, ServerPlace } from '../../core/dependency.ts';
import { ReeveError } from '../../core/errors.ts';
import { Unreachable } from './connection.ts';
import { away, type Finding, overdue, type Progress } from './finding.ts';
import { lookAtHttp } from './http.ts';
import { lookAtDisk, lookAtFile } from './place.ts';
import { lookAtPostgres } from './postgres.ts';
import { lookAtRedis } from './redis.ts';
import { lookAtTcp } from './tcp.ts';

/** A probe that needs no process. */
export type PlainProbe = Exclude<DependencyProbe, { readonly kind: 'command' }>;

/** The value of a secret that holds an address; throws SECRET_UNAVAILABLE. */
export type ReadAddress = (secret: string) => Uint8Array;

export async function look(
  probe: PlainProbe,
  readAddress: ReadAddress,
  signal: AbortSignal,
): Promise<Finding> {
  signal.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), probe.timeoutMs);
  const progress: Progress = { doing: 'before anything was sent' };
  try {
    const either = AbortSignal.any([signal, limit.signal]);
    return await lookAt(probe, readAddress, progress, either);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.signal.aborted) return overdue(probe.timeoutMs, progress);
    if (error instanceof Unreachable) return error.finding;
    if (error instanceof ReeveError)
      return away(error.details[0]?.problem ?? 'its address is missing');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function lookAt(
  probe: PlainProbe,
  readAddress: ReadAddress,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  switch (probe.kind) {
    case 'tcp':
      return lookAtTcp(probe, progress, signal);
    case 'http':
      return lookAtHttp(probe, progress, signal);
    case 'file':
      return lookAtFile(probe, progress, signal);
    case 'disk':
      return lookAtDisk(probe, progress, signal);
    case 'postgres':
      return lookAtPostgres(placeOf(probe.at, readAddress, 5432), progress, signal);
    case 'redis':
      return lookAtRedis(placeOf(probe.at, readAddress, 6379), progress, signal);
  }
}

/** Of a URL the host and the port alone. Throws Unreachable, without a word of what the secret holds. */
function placeOf(at: ServerPlace, readAddress: ReadAddress, usualPort: number): HostPort {
  if (!('secret' in at)) return at;
  const url = URL.parse(Buffer.from(readAddress(at.secret)).toString('utf8'));
  if (url === null || url.hostname === '')
    throw new Unreachable(`the secret ${at.secret} holds no URL with a host`);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? usualPort : Number(url.port),
  };
}
