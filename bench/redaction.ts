/**
 * What it costs to hide secrets in output: 100 MiB through the filter, as a ratio to copying them. Absolute numbers are
 * for information: they depend on the host. Runs without secrets pass no filter at all.
 */
import { createHash } from 'node:crypto';
import type { SecretValue } from '../src/core/secret.ts';
import { RedactingFilter, redactionOf } from '../src/run/redaction/filter.ts';

const chunk = 64 * 1024;
const total = 100 * 2 ** 20;

/** Bytes that are the same in every run of the bench. */
function noise(length: number, seed: string): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++)
    blocks.push(createHash('sha256').update(`${seed} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

const secret = (name: string, value: Buffer | string): SecretValue => ({
  name,
  as: 'variable',
  value: Buffer.from(value as string),
});
const token = (length: number) =>
  secret(`T${length}`, noise(length, 'token').toString('base64url').slice(0, length));
const pem = Array.from({ length: 50 }, (_, i) => noise(48, `pem ${i}`).toString('base64'));

const log = Buffer.from(
  Array.from(
    { length: 4000 },
    (_, i) =>
      `2026-01-0${i % 9} INFO request ${i * 7919} finished in ${i % 97} ms {"path":"/a/${i}"}`,
  ).join('\n'),
);
const base64 = Buffer.from(noise(96 * 1024, 'text').toString('base64'));
const same = Buffer.alloc(2 * chunk, 'a');

const cases: readonly [title: string, secrets: readonly SecretValue[], text: Buffer][] = [
  ['a token of 32 bytes, a log', [token(32)], log],
  ['a token of 32 bytes, base64', [token(32)], base64],
  ['five tokens, a log', [16, 24, 40, 64, 128].map(token), log],
  ['a key of 50 lines, base64', [secret('KEY', pem.join('\n'))], base64],
  ['worst: "aaaa" in nothing else', [secret('A', 'aaaa')], same],
  ['worst: 4 KiB of "a" and a "b"', [secret('A', `${'a'.repeat(4095)}b`)], same],
];

function through(text: Buffer, take: (part: Buffer) => number): number {
  const began = performance.now();
  for (let done = 0; done < total; done += chunk) {
    const at = done % (text.length - chunk);
    take(text.subarray(at, at + chunk));
  }
  return performance.now() - began;
}

for (const [title, secrets, text] of cases) {
  const began = performance.now();
  const redaction = redactionOf(secrets)!;
  const built = performance.now() - began;
  const filter = new RedactingFilter(redaction);
  const copied = through(text, (part) => Buffer.from(part).length);
  const filtered = through(text, (part) => filter.write(part).length);
  console.log(
    `${title.padEnd(32)} ${(filtered / copied).toFixed(1).padStart(6)} × a copy; ${((total / 2 ** 20 / filtered) * 1000).toFixed(0).padStart(4)} MiB/s; ${redaction.needles.length} forms, made in ${built.toFixed(1)} ms`,
  );
}
