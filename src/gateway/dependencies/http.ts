/**
 * A server that answers a GET with the status that it should. Never: a redirect followed, a certificate that is not checked,
 * a proxy of the environment used, or a body read.
 */
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { DependencyProbe } from '../../core/dependency.ts';
import { lookupWithin, wordsOf } from './connection.ts';
import { available, away, type Finding, type Progress } from './finding.ts';

/** Bytes of the head of an answer; the rest is not read at all. */
const headBytes = 64 * 1024;

export function lookAtHttp(
  { url, status }: DependencyProbe & { readonly kind: 'http' },
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  signal.throwIfAborted();
  const { hostname, protocol } = new URL(url);
  progress.doing =
    isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? 'looking up its name' : 'connecting';
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? secure : plain)(url, {
      agent: false,
      lookup: lookupWithin(signal),
      maxHeaderSize: headBytes,
      rejectUnauthorized: true,
      headers: { accept: '*/*', 'user-agent': 'reeve-probe', connection: 'close' },
      signal,
    });
    request.on('socket', (socket: Socket) => {
      socket.on('lookup', (error) => {
        if (!error) progress.doing = 'connecting';
      });
      socket.on(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        progress.doing = 'waiting for its answer';
      });
    });
    request.on('response', (response) => {
      resolve(told(response.statusCode ?? 0, status));
      response.on('error', () => {});
      request.destroy();
    });
    // It speaks another protocol from here on: no answer to a plain GET.
    request.on('upgrade', (_response, socket) => {
      resolve(away('it answered in another protocol'));
      socket.destroy();
    });
    request.on('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else resolve(away(failure(error)));
    });
    request.end();
  });
}

function told(got: number, wanted: number): Finding {
  if (got === wanted) return available;
  const redirects = got >= 300 && got < 400 ? '; redirects are not followed' : '';
  return away(`it answered with status ${got} instead of ${wanted}${redirects}`);
}

function failure(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code))
    return `its certificate does not hold (${code})`;
  if (/^ERR_SSL|^ERR_TLS|EPROTO/.test(code)) return `TLS with it failed (${code})`;
  if (code.startsWith('HPE_')) return `what answers does not speak HTTP as it should (${code})`;
  return wordsOf(error);
}
