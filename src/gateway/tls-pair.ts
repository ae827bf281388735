/**
 * The certificate and key that a gateway is reached by. In: the files that the settings name. Out: both, proven to belong
 * together, or what is wrong. Never: a key that others on this host can read, or one of a pair without the other.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { TlsFiles } from '../core/settings.ts';
import { visibleLine } from '../core/text.ts';
import { fileError } from '../inventory/source.ts';

/** PEM, as it was read: a file that changes afterwards changes nothing until the next reload. */
export interface TlsPair {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Milliseconds since 1970. */
  readonly validTo: number;
}

const mostBytes = 256 * 1024;

/** Every file is opened once, links followed: certificates are commonly renewed by moving a link. */
export function readTlsPair(
  files: TlsFiles,
):
  | { readonly ok: true; readonly pair: TlsPair }
  | { readonly ok: false; readonly problem: Diagnostic } {
  const certificate = readPem(files.certificate, false);
  if ('rule' in certificate) return { ok: false, problem: certificate };
  const key = readPem(files.key, true);
  if ('rule' in key) return { ok: false, problem: key };
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificate);
  } catch {
    const remedy = 'Name a PEM file that begins with the certificate of this gateway.';
    const problem = broken(files.certificate, 'it holds no certificate that can be read', remedy);
    return { ok: false, problem };
  }
  const problem = problemOf(files, leaf, certificate, key);
  if (problem !== null) return { ok: false, problem };
  const validTo = Date.parse(leaf.validTo);
  return { ok: true, pair: Object.freeze({ certificate, key, validTo }) };
}

function problemOf(
  files: TlsFiles,
  leaf: X509Certificate,
  certificate: Buffer,
  key: Buffer,
): Diagnostic | null {
  let own: ReturnType<typeof createPrivateKey>;
  try {
    own = createPrivateKey(key);
  } catch {
    const remedy = 'Name a PEM file with a private key that asks for no passphrase.';
    return broken(files.key, 'it holds no private key that can be read', remedy);
  }
  if (!leaf.checkPrivateKey(own)) {
    const why = `it is not the key of ${visibleLine(files.certificate)}`;
    return broken(files.key, why, 'Put certificate and key of one pair in place, then reload.');
  }
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    const why = `TLS cannot be served with it (${(error as NodeJS.ErrnoException).code ?? 'refused'})`;
    const remedy = 'Use an RSA key of 2048 bits or more, or an elliptic one, and a whole chain.';
    return broken(files.certificate, why, remedy);
  }
  return null;
}

function readPem(path: string, secret: boolean): Buffer | Diagnostic {
  let fd: number;
  try {
    // Not to wait for a writer, should it be a pipe.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    return broken(path, why, 'Check the path, and that the gateway may read it.');
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return broken(path, 'this is not a regular file', 'Name a PEM file.');
    if (stat.size > mostBytes) return broken(path, 'it is larger than 256 KiB', 'Name a PEM file.');
    if (secret && (stat.mode & 0o007) !== 0) {
      const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
      const why = `others on this host may use this key (mode ${mode})`;
      return broken(path, why, `Take that away: chmod o= ${visibleLine(path)}`);
    }
    return readFileSync(fd);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return broken(path, `it cannot be read (${code})`, 'Check the disk that it lies on.');
  } finally {
    closeSync(fd);
  }
}

function broken(path: string, why: string, remedy: string): Diagnostic {
  return fileError(path, 'tls-pair', why, remedy);
}
