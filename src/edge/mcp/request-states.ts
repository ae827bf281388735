/**
 * What a client of the 2026 revision carries from one round of a call to the next. In: the request that awaits approval.
 * Out: a sealed text, good once, for this principal and this very call. Never: a second execution by a repeated call.
 */
import { randomBytes } from 'node:crypto';
import {
  createRequestStateCodec,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import { digestJson, type JsonObject } from '../../core/json.ts';

/** People may take a day; whoever comes back later still has the request id. */
const ttlSeconds = 24 * 3_600;
/** States that are out at once. The oldest ones are given up first. */
const mostOut = 10_000;

export interface Carried {
  readonly requestId: string;
  /** How often the client has come back for it. */
  readonly round: number;
}

interface Sealed extends Carried {
  readonly call: string;
  readonly nonce: string;
}

export class RequestStates {
  readonly #codec: RequestStateCodec<Sealed>;
  /** Of each request, by principal, the one state that is good: an earlier one is not, nor one that came back already. */
  readonly #out = new Map<string, string>();

  /** The key lives as long as this process: after a restart the client is told to look its request up. */
  constructor(principalOf: (ctx: ServerContext) => string) {
    this.#codec = createRequestStateCodec<Sealed>({
      key: randomBytes(32),
      ttlSeconds,
      bind: (ctx) => `${ctx.mcpReq.method}\0${principalOf(ctx)}`,
    });
  }

  async give(carried: Carried, call: string, ctx: ServerContext): Promise<string> {
    const nonce = randomBytes(16).toString('base64url');
    this.#out.delete(carried.requestId);
    this.#out.set(carried.requestId, nonce);
    if (this.#out.size > mostOut) this.#out.delete(this.#out.keys().next().value!);
    return this.#codec.mint({ ...carried, call, nonce }, ctx);
  }

  /** Throws INVALID_REQUEST unless it is one of ours, for this call and principal, and came back for the first time. */
  async take(state: string, call: string, ctx: ServerContext): Promise<Carried> {
    const sealed = await this.#codec.verify(state, ctx).catch(() => null);
    if (sealed === null) {
      throw invalid(
        'it is not one that this gateway gave you, or it is too old',
        'If the call asked for approval before, find its requestId in reeve://audit and follow it with reeve_status.',
      );
    }
    const { requestId, round } = sealed;
    if (sealed.call !== call) {
      throw invalid(
        'it belongs to a call of another tool or with other arguments',
        `Repeat that call as it was, or follow it with reeve_status and requestId ${requestId}.`,
      );
    }
    if (this.#out.get(requestId) !== sealed.nonce) {
      throw invalid(
        'it was used already',
        `Each is good once. Follow the request with reeve_status and requestId ${requestId}.`,
      );
    }
    this.#out.delete(requestId);
    return { requestId, round };
  }
}

/** What a call is known by when it is repeated. */
export function callDigest(tool: string, given: Readonly<Record<string, unknown>>): string {
  try {
    return digestJson({ tool, given: given as JsonObject });
  } catch {
    // What has no canonical form was refused when it was first asked, so nothing waits for it.
    return '';
  }
}

function invalid(problem: string, next: string): ReeveError {
  return new ReeveError(
    'INVALID_REQUEST',
    `requestState: ${problem}. Nothing was started. ${next} Calling the tool anew would be a new request.`,
    [{ field: 'requestState', problem }],
  );
}
