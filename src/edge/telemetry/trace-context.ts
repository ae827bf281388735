/**
 * W3C Trace Context. In: headers, `_meta`, variables, as anybody sent them. Out: a context, or null for whatever is not
 * exactly one. Never: a text passed on that was not checked character by character.
 */
import type { TraceContext } from '../../core/tracing.ts';

const parentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const noTrace = '0'.repeat(32);
const noSpan = '0'.repeat(16);

const stateLength = 512;
const stateMembers = 32;
const stateMember =
  /^[a-z0-9][a-z0-9_\-*/]{0,240}(?:@[a-z][a-z0-9_\-*/]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

export interface ParentIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The ids of a traceparent; null for one that is malformed, of version ff, or all zeros. */
export function idsOf(traceparent: string): ParentIds | null {
  // A later version may say more after these fields; none of it is passed on.
  const text = /^[0-9a-f]{2}-/.test(traceparent) ? traceparent : '';
  const known = text.startsWith('00-') || text[55] !== '-' ? text : text.slice(0, 55);
  if (text.length > 512) return null;
  const match = parentForm.exec(known);
  if (match === null) return null;
  const [, version, traceId, spanId, flags] = match;
  if (version === 'ff' || traceId === noTrace || spanId === noSpan) return null;
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

export function traceparentOf({ traceId, spanId, sampled }: ParentIds): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** What a caller sent, of whatever type. A tracestate that is not well-formed is left out; without a traceparent there is none. */
export function contextFrom(traceparent: unknown, tracestate: unknown): TraceContext | null {
  if (typeof traceparent !== 'string') return null;
  const ids = idsOf(traceparent.trim());
  if (ids === null) return null;
  return Object.freeze({
    traceparent: traceparentOf(ids),
    tracestate: typeof tracestate === 'string' ? stateFrom(tracestate) : null,
    origin: 'caller',
  });
}

function stateFrom(text: string): string | null {
  if (text.length > stateLength) return null;
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.split('=')[0]));
  const sound =
    members.length > 0 &&
    members.length <= stateMembers &&
    keys.size === members.length &&
    members.every((member) => stateMember.test(member));
  return sound ? members.join(',') : null;
}

/** As headers of a request that belongs to it. */
export function traceHeaders(context: TraceContext | null): Readonly<Record<string, string>> {
  if (context === null) return {};
  const { traceparent, tracestate } = context;
  return tracestate === null ? { traceparent } : { traceparent, tracestate };
}
