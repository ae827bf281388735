/** What a REST operation is: one entry that routes, checks, refuses and documents. Nothing here does any of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import type { Caller, Scope } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';

/** An answer that is not a problem: either a JSON schema, or bytes of a media type. */
export interface ResponseShape {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
  readonly headers?: readonly string[];
}

export interface Operation<
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** As in OpenAPI: `{requestId}` is a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** `open` answers without a token. */
  readonly access: 'token' | 'open';
  /** What a credential must be good for; null where anybody's is, or none is needed. */
  readonly scope: Scope | null;
  readonly query: Query;
  /** Null where no body is read; `optional` takes an empty one for `{}`. */
  readonly body: { readonly schema: Body; readonly optional: boolean } | null;
  /** Request headers that mean something to it. */
  readonly headers?: readonly ('Idempotency-Key' | 'Prefer' | 'Last-Event-ID')[];
  /** Under each status every form that its answer may have. */
  readonly responses: Readonly<Record<number, ResponseShape | readonly ResponseShape[]>>;
  /** Codes of problems, besides those that every operation may answer with. */
  readonly errors: readonly ErrorCode[];
  /** True where asking is a call: one that cannot be read is put on record, too. */
  readonly isCall?: boolean;
}

/** One request, checked: what a handler works with. `signal` aborts when the client is gone or the server stops. */
export interface Call<Query, Body> {
  readonly gateway: Gateway;
  readonly runbooks: RunbookDesk;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly header: (name: string) => string | null;
  readonly signal: AbortSignal;
  readonly raw: { readonly request: IncomingMessage; readonly response: ServerResponse };
}

/** `streamed` says that the handler wrote to the raw response itself. */
export type Reply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly value: unknown;
      readonly headers?: ReplyHeaders;
    }
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly mediaType: string;
      readonly bytes: Uint8Array | string;
      readonly headers?: ReplyHeaders;
    }
  | { readonly kind: 'streamed' };
type ReplyHeaders = Readonly<Record<string, string>>;

export type Handler<O extends Operation> = (
  call: Call<
    z.output<O['query']>,
    O['body'] extends { schema: infer B extends z.ZodType } ? z.output<B> : null
  >,
) => Promise<Reply>;

export function json(status: number, value: unknown, headers: ReplyHeaders = {}): Reply {
  return { kind: 'json', status, value, headers };
}

/** Keeps the exact types of an entry. */
export function operation<Q extends z.ZodType, const O extends Operation<Q>>(entry: O): O {
  return Object.freeze(entry);
}
