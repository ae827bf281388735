/**
 * The ways in: REST, MCP over HTTP, MCP over standard input and output. In: a message. Out: what came back, byte for byte.
 * No client library: the bytes that go out are the harness's own.
 */
import { spawn } from 'node:child_process';
import type { Arena } from './arena.ts';
import type { Json } from './corpus.ts';
import { environmentOf, type GatewayProcess, optionsOf, reeve } from './gateway.ts';
import { type Message, mcpLine, restBody } from './message.ts';
import { type FaceName, type Reply, replyOf, wireOfRpc } from './reply.ts';

export interface Face {
  readonly name: FaceName;
  /** Never throws: a connection that ends is an observation. `tool` is the command's name as a tool. */
  call(message: Message, tool: string, limitMs: number): Promise<Reply>;
  close(): Promise<void>;
}

const initialize = Buffer.from(
  '{"jsonrpc":"2.0","id":"begin","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"adversarial","version":"1"}}}',
);
const initialized = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');

export async function openFace(
  name: FaceName,
  arena: Arena,
  gateway: GatewayProcess,
): Promise<Face> {
  switch (name) {
    case 'rest':
      return restFace(gateway);
    case 'mcp-http':
      return mcpHttpFace(gateway);
    case 'mcp-stdio':
      return mcpStdioFace(arena);
  }
}

const failed = (face: FaceName, error: unknown, milliseconds: number): Reply =>
  replyOf({
    face,
    httpStatus: null,
    text: `${error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : error}`,
    body: null,
    shown: '',
    milliseconds,
  });

export function restFace(gateway: GatewayProcess): Face {
  return {
    name: 'rest',
    async call(message, _tool, limitMs) {
      const began = performance.now();
      try {
        const response = await fetch(new URL('/v1/commands/execute', gateway.url), {
          method: 'POST',
          body: new Blob([new Uint8Array(restBody(message))]),
          headers: {
            authorization: `Bearer ${gateway.token}`,
            'content-type': 'application/json',
          },
          signal: AbortSignal.timeout(limitMs),
        });
        const text = await response.text();
        return replyOf({
          face: 'rest',
          httpStatus: response.status,
          text,
          body: jsonOf(text),
          shown: '',
          milliseconds: performance.now() - began,
        });
      } catch (error) {
        return failed('rest', error, performance.now() - began);
      }
    },
    async close() {},
  };
}

async function mcpHttpFace(gateway: GatewayProcess): Promise<Face> {
  let session: string | null = null;
  const post = (body: Buffer, limitMs: number) =>
    fetch(new URL('/mcp', gateway.url), {
      method: 'POST',
      body: new Blob([new Uint8Array(body)]),
      headers: {
        authorization: `Bearer ${gateway.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        ...(session === null ? {} : { 'mcp-session-id': session }),
      },
      signal: AbortSignal.timeout(limitMs),
    });
  const welcome = await post(initialize, 30_000);
  session = welcome.headers.get('mcp-session-id');
  await welcome.text();
  await (await post(initialized, 30_000)).text();
  let next = 1;
  return {
    name: 'mcp-http',
    async call(message, tool, limitMs) {
      const id = next++;
      const began = performance.now();
      try {
        const response = await post(mcpLine(id, message, tool), limitMs);
        const text = await response.text();
        const frames = framesIn(text);
        const answers = frames.filter(isAnswer);
        // A message whose id could not be read is answered without one.
        const reply =
          answers.find((frame) => isReply(frame, id)) ?? answers.find((f) => isReply(f, null));
        const stray = answers.filter((frame) => frame !== reply);
        const took = performance.now() - began;
        return replyOf(wireOfRpc('mcp-http', response.status, text, reply, took, stray.map(said)));
      } catch (error) {
        return failed('mcp-http', error, performance.now() - began);
      }
    },
    async close() {},
  };
}

async function mcpStdioFace(arena: Arena): Promise<Face> {
  const child = spawn(reeve, ['mcp', ...optionsOf(arena)], {
    cwd: arena.folder,
    env: environmentOf(arena),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let buffered = '';
  let complaints = '';
  const frames: { readonly text: string; readonly frame: Json }[] = [];
  let wake = () => {};
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  child.stdout.on('data', (chunk: Buffer) => {
    buffered += chunk.toString('utf8');
    for (let end = buffered.indexOf('\n'); end !== -1; end = buffered.indexOf('\n')) {
      const text = buffered.slice(0, end);
      frames.push({ text, frame: jsonOf(text) });
      buffered = buffered.slice(end + 1);
    }
    wake();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let gone = false;
  void ended.then(() => {
    gone = true;
    wake();
  });
  const replyTo = async (wanted: (frame: Json) => boolean, limitMs: number) => {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const found = frames.find(({ frame }) => wanted(frame));
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (gone || left <= 0) throw new Error(gone ? `reeve mcp ended: ${complaints}` : 'timed out');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const send = (line: Buffer) => child.stdin.write(Buffer.concat([line, Buffer.from('\n')]));
  let next = 1;
  send(initialize);
  await replyTo((frame) => isReply(frame, 'begin'), 30_000);
  send(initialized);
  return {
    name: 'mcp-stdio',
    async call(message, tool, limitMs) {
      const id = next++;
      const began = performance.now();
      const already = frames.length;
      try {
        send(mcpLine(id, message, tool));
        const wanted = (frame: Json) => isReply(frame, id) || (id === 1 && isReply(frame, null));
        const found = await replyTo(wanted, limitMs);
        const took = performance.now() - began;
        // Whatever else the command might have put on the channel comes within a moment.
        await new Promise((resolve) => setTimeout(resolve, 100));
        const stray = frames.slice(already).filter((f) => f !== found && !isNotification(f.frame));
        return replyOf(
          wireOfRpc(
            'mcp-stdio',
            null,
            found.text,
            found.frame,
            took,
            stray.map((f) => f.text),
          ),
        );
      } catch (error) {
        return failed('mcp-stdio', error, performance.now() - began);
      }
    },
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

const said = (frame: Json) => JSON.stringify(frame);

function isAnswer(frame: Json): boolean {
  return frame !== null && typeof frame === 'object' && ('result' in frame || 'error' in frame);
}

function isReply(frame: Json, id: number | string | null): boolean {
  return isAnswer(frame) && (frame as { id?: Json }).id === id;
}

function isNotification(frame: Json): boolean {
  return frame !== null && typeof frame === 'object' && 'method' in frame && !('id' in frame);
}

/** A body is one JSON text, or a stream of events. */
function framesIn(body: string): readonly Json[] {
  if (body.trimStart().startsWith('{')) return [jsonOf(body)];
  return body
    .split('\n')
    .filter((line) => line.startsWith('data:') && line.slice(5).trim() !== '')
    .map((line) => jsonOf(line.slice(5)));
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
