/**
 * Requests to another gateway. In: a path and a body. Out: a checked answer. Never: the token sent to where a redirect
 * points, an answer believed that does not have the shape of the contract, a network failure without the URL in it.
 */
import type { z } from 'zod';
import { isErrorCode, ReeveError, Refusal } from '../../core/errors.ts';
import { visibleLine } from '../../core/text.ts';
import { problem as problemShape } from '../rest/schemas.ts';
import { currentTrace } from '../telemetry/around.ts';
import { traceHeaders } from '../telemetry/trace-context.ts';

export interface Wire {
  readonly url: string;
  readonly token: string;
  /** Ends everything that is under way when the gateway is closed. */
  readonly closing: AbortSignal;
}

export interface Ask {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly client: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses whose answer has the shape asked for. 200, 201 and 202 unless told. */
  readonly accept?: readonly number[];
}

const largestAnswer = 256 * 2 ** 20;

/** The answer in the shape asked for. Throws what the other gateway refused with, or COMMAND_EXECUTION_FAILED. */
export async function ask<S extends z.ZodType>(
  wire: Wire,
  shape: S,
  request: Ask,
): Promise<z.output<S>> {
  const response = await send(wire, request);
  const value = await jsonOf(wire, response);
  if (!(request.accept ?? [200, 201, 202]).includes(response.status))
    throw refusalOf(wire, response.status, value);
  const checked = shape.safeParse(value);
  if (!checked.success)
    throw strange(
      wire,
      `its answer to ${request.method} ${request.path.split('?')[0]} has another shape than this version knows`,
    );
  return checked.data;
}

/** The raw response, for streams. A refusal is thrown. */
export async function open(wire: Wire, request: Ask): Promise<Response> {
  const response = await send(wire, request);
  if (response.status === 200) return response;
  throw refusalOf(wire, response.status, await jsonOf(wire, response));
}

async function send(wire: Wire, request: Ask): Promise<Response> {
  const { method, path, client, body, headers, signal } = request;
  try {
    return await fetch(`${wire.url}${path}`, {
      method,
      redirect: 'error',
      headers: {
        Authorization: `Bearer ${wire.token}`,
        Accept: 'application/json, application/problem+json',
        ...(client === null ? {} : { 'Reeve-Client': headerText(client) }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...traceHeaders(currentTrace()),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? wire.closing : AbortSignal.any([wire.closing, signal]),
    });
  } catch (error) {
    throw unreachable(wire, error);
  }
}

async function jsonOf(wire: Wire, response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? '';
  const length = Number(response.headers.get('content-length') ?? 0);
  if (!/^application\/(?:problem\+)?json\b/i.test(type) || length > largestAnswer) {
    await response.body?.cancel().catch(() => {});
    throw strange(
      wire,
      `it answered ${response.status} with ${type === '' ? 'nothing that is JSON' : visibleLine(type.slice(0, 80))}`,
    );
  }
  try {
    return await response.json();
  } catch (error) {
    throw error instanceof SyntaxError
      ? strange(wire, 'its JSON cannot be read')
      : unreachable(wire, error);
  }
}

/** The other gateway's refusal, as if it had been thrown here. */
function refusalOf(wire: Wire, status: number, value: unknown): ReeveError {
  const checked = problemShape.safeParse(value);
  if (!checked.success || !isErrorCode(checked.data.errorCode)) {
    return strange(wire, `it refused with ${status} in a form that this version does not know`);
  }
  const { errorCode, message, details, requestId } = checked.data;
  const error = new ReeveError(errorCode, message, details);
  return requestId === undefined ? error : new Refusal(requestId, error);
}

export function strange(wire: Wire, what: string): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `What answers at ${wire.url} is not a gateway that this version can talk to: ${what}. Check the address, and that both are of the same version (reeve --version).`,
  );
}

/** Aborts are the caller's own doing and stay what they are. */
export function unreachable(wire: Wire, error: unknown): unknown {
  const { name } = error as Error;
  if (name === 'AbortError' || name === 'TimeoutError') return error;
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  const why = cause?.code ?? cause?.message ?? (error as Error).message;
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `No gateway answers at ${wire.url} (${why}). Start one with "reeve serve", or give the right address with --server. If a run was under way, "reeve show ID" tells how it went once the gateway is back.`,
    [],
    { cause: error },
  );
}

/** A header takes visible ASCII; anything else is shown as a question mark. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
