/**
 * One attempt. In: where to, headers, a body. Out: what came of it. Must never: follow a redirect, read more of an answer
 * than its beginning, or wait longer than it is told.
 */
import { type IncomingMessage, request as plain, type RequestOptions } from 'node:http';
import { request as encrypted } from 'node:https';

export type Reply =
  | { readonly kind: 'delivered' }
  /** 410: whoever is there wants nothing more. */
  | { readonly kind: 'gone' }
  /** `retryAfterMs` is null where the answer does not say. */
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs: number | null };

export interface Attempt {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970, for a Retry-After that names a moment. */
  readonly now: number;
}

/** Longer than this nobody is believed to want to be left alone. */
const longestRetryAfterMs = 24 * 3_600_000;
const mostOfAnswer = 65_536;

/** Never rejects. */
export async function post(attempt: Attempt): Promise<Reply> {
  const timeout = AbortSignal.timeout(attempt.timeoutMs);
  try {
    return replyOf(await answerTo(attempt, timeout), attempt.now);
  } catch (error) {
    const why = timeout.aborted
      ? `no answer within ${attempt.timeoutMs / 1_000} s`
      : `it cannot be reached (${reasonOf(error)})`;
    return { kind: 'failed', why, retryAfterMs: null };
  }
}

function answerTo(
  { url, headers, body, signal }: Attempt,
  timeout: AbortSignal,
): Promise<IncomingMessage> {
  const target = new URL(url);
  const bytes = Buffer.from(body);
  const options: RequestOptions = {
    method: 'POST',
    // A connection of its own: one that was kept may be dead, and its failure would count for this message.
    agent: false,
    signal: AbortSignal.any([signal, timeout]),
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(bytes.length),
      'user-agent': 'Reeve',
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = (target.protocol === 'https:' ? encrypted : plain)(target, options);
    outgoing.on('error', reject);
    outgoing.on('close', () => reject(new Error('the connection was closed without an answer')));
    outgoing.on('response', (answer) => {
      letGo(answer);
      resolve(answer);
    });
    outgoing.end(bytes);
  });
}

/** What the answer says besides its status interests nobody. Read a little, so that the other side sees it taken. */
function letGo(answer: IncomingMessage): void {
  let read = 0;
  answer.on('error', () => {});
  answer.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > mostOfAnswer) answer.destroy();
  });
}

function replyOf({ statusCode = 0, headers }: IncomingMessage, now: number): Reply {
  if (statusCode >= 200 && statusCode <= 299) return { kind: 'delivered' };
  if (statusCode === 410) return { kind: 'gone' };
  const redirect = statusCode >= 300 && statusCode <= 399;
  return {
    kind: 'failed',
    why: `it answered ${statusCode}${redirect ? ', and redirects are not followed: correct its url' : ''}`,
    retryAfterMs: retryAfterOf(headers['retry-after'], now),
  };
}

/** Seconds, or a moment in HTTP's form; null for anything else. */
function retryAfterOf(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  if (!Number.isFinite(seconds)) return null;
  return Math.min(Math.max(seconds, 0), longestRetryAfterMs);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message ?? String(error);
}
