/**
 * The fixtures of revision 2026-07-28 that ask a client for something and are called again with it. In: what came back, which is
 * an attacker's to choose. Out: what is asked next, or the answer. For tests only.
 */
import { randomBytes } from 'node:crypto';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server';

type Step = { readonly step: number };
type Run = (ctx: ServerContext) => Promise<CallToolResult | InputRequiredResult>;

const codec = createRequestStateCodec<Step>({
  key: randomBytes(32),
  ttlSeconds: 60,
  bind: (ctx) => ctx.mcpReq.method,
});

const elicit = (message: string, property: string, type = 'string') => ({
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message,
    requestedSchema: {
      type: 'object',
      properties: { [property]: { type } },
      required: [property],
    },
  },
});
const sample = (text: string, maxTokens: number) => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens },
});
const roots = { method: 'roots/list', params: {} };

const asked = (inputRequests: object, requestState?: string) =>
  ({
    resultType: 'input_required',
    inputRequests,
    ...(requestState === undefined ? {} : { requestState }),
  }) as unknown as InputRequiredResult;
const told = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });

/** What came back under a key, if it is an object as answers are. */
function given(ctx: ServerContext, key: string): object | null {
  const all: unknown = ctx.mcpReq.inputResponses;
  if (all === null || typeof all !== 'object' || !Object.hasOwn(all, key)) return null;
  const one = (all as Record<string, unknown>)[key];
  return one !== null && typeof one === 'object' ? one : null;
}

async function stateOf(ctx: ServerContext): Promise<Step | null> {
  const state = ctx.mcpReq.requestState<string>();
  if (state === undefined) return null;
  try {
    return await codec.verify(state, ctx);
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'requestState is not one of ours');
  }
}

/** Asks for all of these until each of them is answered; `stateful` ones come back with a state. */
const until =
  (requests: Readonly<Record<string, object>>, text: string, stateful: boolean): Run =>
  async (ctx) => {
    const state = await stateOf(ctx);
    const complete = Object.keys(requests).every((key) => given(ctx, key) !== null);
    if (complete && (state !== null || !stateful)) return told(text);
    return asked(requests, stateful ? await codec.mint({ step: 1 }, ctx) : undefined);
  };

const confirm = { confirm: elicit('Please confirm', 'ok', 'boolean') };
const name = { user_name: elicit('What is your name?', 'name') };

export const inputRequiredTools: Readonly<Record<string, Run>> = {
  test_input_required_result_elicitation: until(name, 'Hello!', false),
  test_input_required_result_sampling: until(
    { capital_question: sample('What is the capital of France?', 100) },
    'Paris, as it was said.',
    false,
  ),
  test_input_required_result_list_roots: until({ client_roots: roots }, 'Roots came.', false),
  test_input_required_result_request_state: until(confirm, 'state-ok', true),
  test_input_required_result_tampered_state: until(confirm, 'state-ok', true),
  test_input_required_result_multiple_inputs: until(
    { ...name, greeting: sample('Generate a greeting', 50), client_roots: roots },
    'All of it came.',
    true,
  ),
  async test_input_required_result_multi_round(ctx) {
    const state = await stateOf(ctx);
    if (state?.step === 2 && given(ctx, 'step2') !== null) return told('Both steps are done.');
    if (state?.step === 1 && given(ctx, 'step1') !== null) {
      const second = { step2: elicit('Step 2: What is your favorite color?', 'color') };
      return asked(second, await codec.mint({ step: 2 }, ctx));
    }
    const first = { step1: elicit('Step 1: What is your name?', 'name') };
    return asked(first, await codec.mint({ step: 1 }, ctx));
  },
  async test_input_required_result_capabilities(ctx) {
    const envelope: Readonly<Record<string, unknown>> = ctx.mcpReq.envelope ?? {};
    const can = (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Record<string, unknown>;
    return asked({
      ...(can.sampling === undefined ? {} : { greeting: sample('Generate a greeting', 50) }),
      ...(can.elicitation === undefined ? {} : name),
      ...(can.roots === undefined ? {} : { client_roots: roots }),
    });
  },
};

export const inputRequiredPrompt = {
  name: 'test_input_required_result_prompt',
  description: 'A prompt that asks for its context',
};

/** Null once the context has come. */
export function askForContext(ctx: ServerContext): InputRequiredResult | null {
  if (given(ctx, 'user_context') !== null) return null;
  return asked({ user_context: elicit('What context should the prompt use?', 'context') });
}
