/**
 * Settings that a gateway takes up once, when it starts. In: the settings it started with, and those of a reload. Out:
 * a warning for each that is written differently now. Never: a reload that says "in force" of what is not.
 */
import type { Diagnostic } from '../core/diagnostic.ts';
import type { Settings } from '../core/settings.ts';

/** Named as in the settings file. */
const takenUpOnce: readonly (readonly [string, (settings: Settings) => unknown])[] = [
  ['listen', (s) => s.listen],
  ['publicUrl', (s) => s.publicUrl],
  ['tls', (s) => s.tls !== null],
  ['allowedHosts', (s) => s.allowedHosts],
  ['concurrency', (s) => [s.concurrency.running, s.concurrency.waiting]],
  ['grace', (s) => s.graceMs],
  ['sandbox', (s) => s.sandbox],
  ['auditFile', (s) => s.auditFile],
  ['auditRotation', (s) => s.auditRotation],
  ['telemetry', (s) => s.traces ?? null],
];

export function restartNeeded(started: Settings, loaded: Settings): readonly Diagnostic[] {
  return takenUpOnce
    .filter(([, read]) => JSON.stringify(read(started)) !== JSON.stringify(read(loaded)))
    .map(([name]) => ({
      severity: 'warning',
      file: loaded.file,
      line: 0,
      column: 0,
      rule: 'restart-needed',
      message: `${name} was changed, and this gateway keeps the one that it started with`,
      remedy: 'It holds from the next start on: stop reeve serve and start it again.',
    }));
}
