/**
 * MCP without a client library, so that the exact bytes are ours. stdio: a line a message, `notifications/cancelled`
 * goes back on a call. HTTP: a POST a message, closing its stream goes back on it.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Stage } from '../real/stage.ts';
import { type Face, type Told, toldBy, toldNothing, toolArguments } from './face.ts';
import type { Scenario } from './scenarios.ts';

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'faces', version: '1' },
  },
});
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

interface Reply {
  readonly id?: unknown;
  readonly result?: { readonly structuredContent?: unknown };
  readonly error?: { readonly data?: Record<string, unknown> };
}

function callLine(id: number, scenario: Scenario): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${JSON.stringify(scenario.command)},"arguments":${toolArguments(scenario)}}}`;
}

type Conforms = (tool: string, content: unknown) => void;

/** Many clients hold every result, refusals too, to the tool's output schema: one that doesn't fit never reaches the agent. */
function outputSchemas(listed: Reply): Conforms {
  const ajv = new Ajv2020({ strict: false });
  const { tools } = listed.result as { tools: { name: string; outputSchema: object }[] };
  const checks = new Map(tools.map((tool) => [tool.name, ajv.compile(tool.outputSchema)]));
  return (tool, content) => {
    const check = checks.get(tool);
    if (check !== undefined && !check(content)) {
      throw new Error(
        `the result of ${tool} breaks its output schema: ${ajv.errorsText(check.errors)}`,
      );
    }
  };
}

const listTools = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`;

/** A tool result carries the answer as structure; a message that could not be read is answered by a JSON-RPC error. */
function toldByReply(reply: Reply, scenario: Scenario, conforms: Conforms): Told {
  if (reply.result !== undefined) {
    conforms(scenario.command, reply.result.structuredContent);
    return toldBy(reply.result.structuredContent);
  }
  return toldBy({ executionStatus: 'rejected', ...reply.error?.data });
}

export async function mcpStdioFace(stage: Stage, state: string): Promise<Face> {
  const child = stage.start(['mcp', ...stage.options(state)]);
  const waiting = new Map<number, (reply: Reply) => void>();
  let buffered = '';
  let complaints = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  child.stdout!.on('data', (chunk: Buffer) => {
    buffered += chunk.toString('utf8');
    for (let end = buffered.indexOf('\n'); end !== -1; end = buffered.indexOf('\n')) {
      const reply = JSON.parse(buffered.slice(0, end)) as Reply;
      buffered = buffered.slice(end + 1);
      const id = typeof reply.id === 'number' ? reply.id : [...waiting.keys()].at(-1);
      if (id === undefined || !('result' in reply || 'error' in reply)) continue;
      waiting.get(id)?.(reply);
      waiting.delete(id);
    }
  });
  const ended = new Promise<never>((_resolve, reject) =>
    child.once('exit', (code) => reject(new Error(`reeve mcp ended with ${code}: ${complaints}`))),
  );
  ended.catch(() => {});
  let next = 1;
  const send = (line: string) => child.stdin!.write(`${line}\n`);
  const replyTo = (id: number) =>
    Promise.race([new Promise<Reply>((resolve) => waiting.set(id, resolve)), ended]);

  const welcome = replyTo(0);
  send(initialize);
  await welcome;
  send(initialized);
  const listed = replyTo(next);
  send(listTools(next++));
  const conforms = outputSchemas(await listed);
  return {
    name: 'mcp-stdio',
    async call(scenario, running) {
      const id = next++;
      const reply = replyTo(id);
      // A call that was gone back on has no reply, and its server may end before anybody looks.
      reply.catch(() => {});
      send(callLine(id, scenario));
      if (!scenario.cancel) return toldByReply(await reply, scenario, conforms);
      await running();
      send(
        `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"no longer wanted"}}`,
      );
      waiting.delete(id);
      return toldNothing;
    },
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.stdin!.end();
      await gone;
    },
  };
}

export async function mcpHttpFace(url: string, token: string): Promise<Face> {
  let session: string | null = null;
  const post = (body: string, signal?: AbortSignal) =>
    fetch(new URL('/mcp', url), {
      method: 'POST',
      body,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
  const welcome = await post(initialize);
  session = welcome.headers.get('mcp-session-id');
  await welcome.text();
  await (await post(initialized)).text();
  let next = 1;
  const conforms = outputSchemas(replyIn(await (await post(listTools(next))).text(), next++));
  return {
    name: 'mcp-http',
    async call(scenario, running) {
      const id = next++;
      const line = callLine(id, scenario);
      if (!scenario.cancel) {
        const reply = replyIn(await (await post(line)).text(), id);
        return toldByReply(reply, scenario, conforms);
      }
      const closing = new AbortController();
      const stream = post(line, closing.signal).then((response) => response.text());
      stream.catch(() => {});
      await running();
      closing.abort();
      return toldNothing;
    },
    async close() {},
  };
}

/** The reply to a request, in a body that is JSON or a stream of events. */
function replyIn(body: string, id: number): Reply {
  const texts = body.trimStart().startsWith('{')
    ? [body]
    : body
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5))
        .filter((line) => line.trim() !== '');
  for (const text of texts) {
    const reply = JSON.parse(text) as Reply;
    if (('result' in reply || 'error' in reply) && (reply.id === id || reply.id === null)) {
      return reply;
    }
  }
  throw new Error(`no reply to ${id} in: ${body.slice(0, 500)}`);
}
