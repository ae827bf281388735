/**
 * Answers to MCP requests over HTTP that no handler was asked for. In: what is wrong. Out: a JSON-RPC error, sent.
 * Never: an answer to what was a call before that call is on record.
 */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { type Inspected, rpcError } from './message.ts';
import { recordAttempt } from './refusal.ts';

type Wrong = Pick<Extract<Inspected, { kind: 'malformed' }>, 'id' | 'error' | 'call'> & {
  readonly rpcCode: number;
};

export function errorAnswers(
  gateway: Gateway,
  report: (message: string, error?: unknown) => void,
): (response: ServerResponse, caller: Caller, httpStatus: number, wrong: Wrong) => Promise<void> {
  return async (response, caller, httpStatus, { id, rpcCode, error, call }) => {
    const requestId =
      call === null ? null : await recordAttempt(gateway, caller, error, call, report);
    const data: JsonObject = {
      errorCode: error.code,
      ...(requestId === null ? {} : { requestId }),
    };
    response.writeHead(httpStatus, { 'content-type': 'application/json' });
    response.end(JSON.stringify(rpcError(id, rpcCode, error.message, data)));
  };
}
