/** What a call was answered with, whichever face it came by. In: JSON of REST or MCP. Out: one shape to judge. */
import { isMap, type Json, type JsonMap, listOf, mapOf, numberOf, textOf } from './corpus.ts';

export const faces = ['rest', 'mcp-http', 'mcp-stdio'] as const;
export type FaceName = (typeof faces)[number];

export interface Reply {
  readonly face: FaceName;
  /** False where nothing came back: the connection ended, or nobody answered in time. */
  readonly answered: boolean;
  readonly status: string | null;
  readonly errorCode: string | null;
  readonly message: string;
  /** Names of the fields that a refusal names. */
  readonly fields: readonly string[];
  readonly requestId: string | null;
  readonly httpStatus: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer | null;
  readonly stderr: Buffer | null;
  readonly truncated: boolean;
  readonly outputBytes: number;
  /** What held the run: `bubblewrap+cgroup`, `bubblewrap`, `unsandboxed`. */
  readonly tier: string | null;
  readonly enforced: readonly string[];
  readonly degraded: readonly string[];
  readonly argv: readonly string[];
  /** All that came over the wire, and what of it a model reads as text. */
  readonly wire: string;
  readonly wireBytes: number;
  readonly shown: string;
  readonly milliseconds: number;
  /** Other frames that came on the same channel during the call. */
  readonly strayFrames: readonly string[];
}

export interface Wire {
  readonly face: FaceName;
  readonly httpStatus: number | null;
  readonly text: string;
  readonly body: Json;
  readonly shown: string;
  readonly milliseconds: number;
  readonly strayFrames?: readonly string[];
}

export function replyOf(wire: Wire): Reply {
  const whole = mapOf(wire.body);
  const result = mapOf(whole.result);
  const sandbox = mapOf(result.sandbox);
  const usage = mapOf(result.usage);
  return {
    face: wire.face,
    answered: isMap(wire.body),
    status: textOf(whole.executionStatus) ?? textOf(whole.status),
    errorCode: textOf(whole.errorCode) ?? textOf(result.errorCode),
    message: textOf(whole.message) ?? textOf(result.errorMessage) ?? '',
    fields: listOf(whole.details).map((detail) => textOf(mapOf(detail).field) ?? ''),
    requestId: textOf(whole.requestId) ?? textOf(result.requestId),
    httpStatus: wire.httpStatus,
    exitCode: numberOf(result.exitCode),
    signal: textOf(result.signal),
    stdout: bytesOf(result, 'stdout'),
    stderr: bytesOf(result, 'stderr'),
    truncated: result.truncated === true,
    outputBytes: (numberOf(usage.stdoutBytes) ?? 0) + (numberOf(usage.stderrBytes) ?? 0),
    tier: textOf(sandbox.tier),
    enforced: listOf(sandbox.enforced).map(String),
    degraded: listOf(sandbox.degraded).map(String),
    argv: listOf(result.argv).map(String),
    wire: wire.text,
    wireBytes: Buffer.byteLength(wire.text),
    shown: wire.shown,
    milliseconds: wire.milliseconds,
    strayFrames: wire.strayFrames ?? [],
  };
}

/** An MCP reply carries the answer as structure; a message that was not read is answered by an error with data. */
export function wireOfRpc(
  face: FaceName,
  httpStatus: number | null,
  text: string,
  frame: Json | undefined,
  milliseconds: number,
  strayFrames: readonly string[] = [],
): Wire {
  const reply = mapOf(frame);
  const result = mapOf(reply.result);
  const error = mapOf(reply.error);
  const shown = listOf(result.content).map((part) => textOf(mapOf(part).text) ?? '');
  const body: Json =
    reply.result !== undefined
      ? (result.structuredContent ?? null)
      : reply.error !== undefined
        ? { executionStatus: 'rejected', message: textOf(error.message), ...mapOf(error.data) }
        : null;
  return { face, httpStatus, text, body, shown: shown.join('\n'), milliseconds, strayFrames };
}

function bytesOf(result: JsonMap, stream: 'stdout' | 'stderr'): Buffer | null {
  const exact = textOf(result[`${stream}Base64`]);
  if (exact !== null) return Buffer.from(exact, 'base64');
  const text = textOf(result[stream]);
  return text === null ? null : Buffer.from(text, 'utf8');
}

/** How it ended, in a few words for a report. */
export function sayReply(reply: Reply): string {
  if (!reply.answered) return `no answer (${reply.wire.slice(0, 120)})`;
  const code = reply.errorCode === null ? '' : ` ${reply.errorCode}`;
  const exit = reply.exitCode === null ? '' : ` exit ${reply.exitCode}`;
  return `${reply.status}${code}${exit}`;
}
