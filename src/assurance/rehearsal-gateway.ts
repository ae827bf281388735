/**
 * A gateway for one call, on which a tool runs in a copy. In: the real gateway, and the one call that may be made. Out: a
 * gateway that faces can serve: everything is looked up where it is, and that call becomes a rehearsal. Never: a submission
 * of anything else, or of the same twice.
 */
import { ReeveError } from '../core/errors.ts';
import { canonicalJson, type JsonObject } from '../core/json.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Rehearsed } from '../gateway/rehearsals.ts';

export function rehearsalGateway(
  gateway: Gateway,
  call: { readonly command: string; readonly arguments: JsonObject; readonly environment: string },
  rehearse: () => Promise<Rehearsed>,
): Gateway {
  let done: Promise<Rehearsed> | null = null;
  const rehearsed = async (requestId: string): Promise<Rehearsed> => {
    const ended = done === null ? null : await done;
    if (ended?.execution.requestId === requestId) return ended;
    throw notThis();
  };
  return {
    ...gateway,
    submit: async (_caller, request) => {
      const same =
        done === null &&
        request.command === call.command &&
        request.environment === call.environment &&
        request.arguments !== null &&
        canonicalJson(request.arguments) === canonicalJson(call.arguments);
      if (!same) throw notThis();
      done = rehearse();
      return (await done).execution;
    },
    wait: async (_caller, requestId) => (await rehearsed(requestId)).execution,
    execution: async (_caller, requestId) => (await rehearsed(requestId)).execution,
    output: async (_caller, requestId) => (await rehearsed(requestId)).output,
    watch: async function* (_caller, requestId) {
      yield { kind: 'end', execution: (await rehearsed(requestId)).execution };
    },
    // It lives on.
    close: async () => {},
  };
}

function notThis(): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    'Only the one call of this parity run may be made here. The client changed the call on the way, or made it twice.',
  );
}
