/** Certificates as an operator makes them: by openssl. In: a folder. Out: PEM files there, and what a client has to trust. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

export interface Pair {
  /** PEM: a self-signed certificate is its own authority. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** `folder/name.pem` and `folder/name.key`, for localhost and 127.0.0.1. */
export function makePair(folder: string, name: string): Pair {
  mkdirSync(folder, { recursive: true });
  const certificate = join(folder, `${name}.pem`);
  const key = join(folder, `${name}.key`);
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync(
    'openssl',
    ['req', '-x509', ...made, ...subject, '-keyout', key, '-out', certificate],
    { stdio: 'pipe' },
  );
  chmodSync(key, 0o600);
  return { ca: readFileSync(certificate, 'utf8'), certificate, key };
}

/** As renewal does it: one file after the other, by renaming. */
export function putInPlace(from: Pair, to: Pair): void {
  renameSync(from.certificate, to.certificate);
  renameSync(from.key, to.key);
}
