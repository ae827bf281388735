/** The real client of the SDK, in both eras, over a real child process and over real HTTP: the same everywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { openHttpDoor } from './http-door.ts';
import { type SmallGateway, smallGateway } from './small-gateway.ts';

const child = new URL('./stdio-child.ts', import.meta.url).pathname;
const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;
type Era = keyof typeof eras;

interface Connected {
  readonly client: Client;
  /** Null where the gateway is in another process. */
  readonly gateway: SmallGateway | null;
  close(): Promise<void>;
}

function newClient(era: Era): Client {
  return new Client(
    { name: 'tester', version: '9.9' },
    { versionNegotiation: { mode: eras[era] } },
  );
}

const ways: Readonly<Record<string, (era: Era) => Promise<Connected>>> = {
  async stdio(era) {
    const client = newClient(era);
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [child], stderr: 'ignore' }),
    );
    return { client, gateway: null, close: () => client.close() };
  },
  async http(era) {
    const gateway = smallGateway();
    const door = await openHttpDoor({ gateway });
    const client = newClient(era);
    await client.connect(new StreamableHTTPClientTransport(door.url));
    return {
      client,
      gateway,
      async close() {
        await client.close();
        await door.close();
      },
    };
  },
};

function textOf(result: unknown): string {
  return (result as { content: { text: string }[] }).content.map((c) => c.text).join('\n');
}
/** Of answers and problems, what these tests look at. */
interface Structure {
  readonly status: unknown;
  readonly errorCode?: string;
  readonly requestId?: string;
  readonly result: { readonly stdout: string; readonly exitCode: number };
  readonly meta: { readonly requestId: string };
}
function structureOf(result: unknown): Structure {
  return (result as { structuredContent: Structure }).structuredContent;
}

for (const [way, connect] of Object.entries(ways)) {
  for (const era of Object.keys(eras) as Era[]) {
    test(`${era} client over ${way}`, async (t) => {
      const { client, gateway, close } = await connect(era);
      t.after(close);

      await t.test('lists commands as tools, and the handle tools', async () => {
        const { tools } = await client.listTools();
        const say = tools.find((tool) => tool.name === 'say');
        assert.equal(say?.title, 'Do say');
        assert.equal(say?.annotations?.readOnlyHint, true);
        assert.equal(say?.inputSchema.additionalProperties, false);
        assert.equal(say?._meta?.['reeve/owner'], 'platform');
        assert.ok(tools.some((tool) => tool.name === 'reeve_start'));
      });

      await t.test('an allowed call answers with structure and with marked text', async () => {
        const result = await client.callTool({ name: 'say', arguments: { text: 'good day' } });
        assert.notEqual(result.isError, true);
        assert.equal(structureOf(result).status, 'ok');
        assert.equal(structureOf(result).result.stdout, 'good day\n');
        assert.match(textOf(result), /^ok: say in development ended with exit code 0/);
        assert.match(
          textOf(result),
          /<reeve-output-(\w+) stdout> .*\ngood day\n<\/reeve-output-\1 stdout>/,
        );
      });

      await t.test('a command that fails is an error with its output', async () => {
        const result = await client.callTool({ name: 'fail' });
        assert.equal(result.isError, true);
        assert.equal(structureOf(result).result.exitCode, 3);
        assert.match(textOf(result), /some useful output[\s\S]*it went wrong/);
      });

      await t.test('an unknown tool is refused as a result, and on record', async () => {
        const result = await client.callTool({ name: 'rm_rf' });
        assert.equal(result.isError, true);
        assert.equal(structureOf(result).errorCode, 'COMMAND_NOT_ALLOWED');
        assert.match(String(structureOf(result).requestId), /^req_/);
      });

      await t.test('a wrong type in a reserved argument is refused with the field', async () => {
        const result = await client.callTool({
          name: 'say',
          arguments: { timeoutSeconds: 'soon' },
        });
        assert.equal(structureOf(result).errorCode, 'INVALID_REQUEST');
        assert.match(textOf(result), /timeoutSeconds/);
      });

      await t.test('progress comes with the lines of the output', async () => {
        const messages: string[] = [];
        const steps: number[] = [];
        await client.callTool(
          { name: 'count' },
          {
            onprogress: ({ progress, message }) => {
              steps.push(progress);
              messages.push(message ?? '');
            },
          },
        );
        assert.match(messages.join('\n'), /line 1[\s\S]*line 3/);
        assert.ok(messages.length >= 2, 'the lines come as they are printed, not at the end');
        assert.deepEqual(
          steps,
          [...steps].sort((a, b) => a - b),
        );
      });

      await t.test('a cancelled call cancels the run', async () => {
        const abort = new AbortController();
        const call = client.callTool(
          { name: 'wait' },
          { signal: abort.signal, onprogress: () => abort.abort('changed my mind') },
        );
        await assert.rejects(call);
        if (gateway !== null) {
          await gateway.until((r) =>
            r.some((e) => e.command === 'wait' && e.status === 'cancelled'),
          );
          return;
        }
        const { contents } = await client.readResource({ uri: 'reeve://audit' });
        const { records } = JSON.parse((contents[0] as { text: string }).text);
        assert.equal(records[0].tool, 'wait');
      });

      await t.test('calls at once do not get in each other’s way', async () => {
        const texts = Array.from({ length: 12 }, (_, i) => `number ${i}`);
        const results = await Promise.all(
          texts.map((text) => client.callTool({ name: 'say', arguments: { text } })),
        );
        assert.deepEqual(
          results.map((r) => structureOf(r).result.stdout),
          texts.map((text) => `${text}\n`),
        );
      });

      await t.test('a long run is begun, looked at and ended by its handle', async () => {
        const started = await client.callTool({ name: 'reeve_start', arguments: { tool: 'wait' } });
        const { requestId } = structureOf(started).meta;
        assert.equal(structureOf(started).status, 'queued');
        const looked = await client.callTool({
          name: 'reeve_status',
          arguments: { requestId, waitSeconds: 0.1 },
        });
        assert.equal(structureOf(looked).status, 'running');
        const ended = await client.callTool({ name: 'reeve_cancel', arguments: { requestId } });
        assert.equal(structureOf(ended).status, 'cancelled');
      });

      await t.test('somebody else’s handle is not found', async () => {
        const result = await client.callTool({
          name: 'reeve_status',
          arguments: { requestId: 'req_x' },
        });
        assert.equal(structureOf(result).errorCode, 'REQUEST_NOT_FOUND');
      });

      await t.test('resources tell of the inventory, the audit and one execution', async () => {
        const read = async (uri: string) => {
          const { contents } = await client.readResource({ uri });
          return JSON.parse((contents[0] as { text: string }).text);
        };
        assert.ok((await read('reeve://inventory')).commands.length > 3);
        const { records } = await read('reeve://audit');
        assert.equal(records[0].client, 'tester/9.9');
        const one = await read(`reeve://executions/${records[0].requestId}`);
        assert.equal(one.meta.requestId, records[0].requestId);
        await assert.rejects(read('reeve://executions/req_nobody'), /There is no resource/);
        await assert.rejects(read('reeve://executions/../audit'), /There is no resource/);
      });
    });
  }
}

test('a client that disappears ends its direct calls and leaves what reeve_start began', async (t) => {
  for (const era of Object.keys(eras) as Era[]) {
    await t.test(era, async () => {
      const gateway = smallGateway();
      const door = await openHttpDoor({ gateway });
      const client = newClient(era);
      await client.connect(new StreamableHTTPClientTransport(door.url));
      await client.callTool({ name: 'reeve_start', arguments: { tool: 'wait' } });
      const lost = client.callTool({ name: 'wait' }).catch(() => 'lost');
      await gateway.until((r) => r.filter((e) => e.status === 'running').length === 2);
      await client.close();
      await gateway.until((r) => r.some((e) => e.status === 'cancelled'));
      await lost;
      assert.deepEqual(
        gateway.records().map((e) => e.status),
        ['running', 'cancelled'],
      );
      await gateway.cancel(gateway.callers[0]!, 'req_1', 'end of the test');
      await door.close();
    });
  }
});
