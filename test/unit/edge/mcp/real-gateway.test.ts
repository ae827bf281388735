/**
 * The quickstart as clients reach it: `bin/reeve mcp` alone, `bin/reeve serve` over HTTP, and `bin/reeve mcp` beside a
 * running `serve`. The real gateway, the real sandbox, the real record; the same answers on every way.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const reeve = join(root, 'bin/reeve');
const config = ['--config', join(root, 'examples/quickstart/reeve.yaml')];
const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;

interface Structure {
  readonly status?: unknown;
  readonly errorCode?: unknown;
  readonly meta?: { readonly requestId: string };
  readonly result?: {
    readonly stdout: string;
    readonly errorCode: string | null;
    readonly trust: string;
  };
}

const stdio = (state: string) =>
  new StdioClientTransport({
    command: reeve,
    args: ['mcp', ...config, '--state', state],
    stderr: 'ignore',
  });

const ways: readonly {
  readonly name: string;
  readonly serve: boolean;
  readonly trust: string;
  readonly face: string;
  readonly client: string;
  readonly transport: (state: string, url: string) => Promise<Transport>;
}[] = [
  {
    name: 'reeve mcp alone',
    serve: false,
    trust: 'same-user',
    face: 'mcp-stdio',
    client: 'real/1',
    transport: async (state) => stdio(state),
  },
  {
    name: 'reeve serve over HTTP',
    serve: true,
    trust: 'gateway',
    face: 'mcp-http',
    client: 'real/1',
    async transport(state, url) {
      const token = (await readFile(join(state, 'local.token'), 'utf8')).trim();
      const headers = { Authorization: `Bearer ${token}` };
      return new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } });
    },
  },
  {
    name: 'reeve mcp beside a running reeve serve',
    serve: true,
    trust: 'gateway',
    // The way in is REST; what forwards says what it is, and is believed no more than any client.
    face: 'rest',
    client: 'mcp-stdio; real/1',
    transport: async (state) => stdio(state),
  },
];

async function startServe(t: TestContext, state: string): Promise<string> {
  const child = spawn(reeve, ['serve', '--port', '0', ...config, '--state', state]);
  t.after(() => ended(child));
  child.stderr.resume();
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http://')) {
      child.stdout.resume();
      return line.trim();
    }
  }
  throw new Error('reeve serve ended before it said where it listens');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.kill('SIGTERM');
  await closed;
}

for (const way of ways) {
  for (const [era, mode] of Object.entries(eras)) {
    test(`${way.name}, a ${era} client`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'reeve-mcp-'));
      t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
      const state = join(folder, 'state');
      const url = way.serve ? await startServe(t, state) : '';
      const client = new Client({ name: 'real', version: '1' }, { versionNegotiation: { mode } });
      await client.connect(await way.transport(state, url));
      t.after(() => client.close());
      const call = async (name: string, args: Record<string, unknown> = {}) =>
        (await client.callTool({ name, arguments: args })).structuredContent as Structure;

      const counted = await call('count_lines', { paths: ['README.md'] });
      assert.equal(counted.status, 'ok');
      assert.equal(counted.result!.trust, way.trust);
      assert.match(counted.result!.stdout, /README\.md/);
      const outside = await call('list_files', { path: '../..' });
      assert.equal(outside.errorCode, 'WORKSPACE_ISOLATION_VIOLATION');
      assert.equal((await call('search_text', { pattern: 7 })).errorCode, 'INVALID_REQUEST');
      assert.equal((await call('search_text', { environment: 7 })).errorCode, 'INVALID_REQUEST');
      assert.equal((await call('rm_rf')).errorCode, 'COMMAND_NOT_ALLOWED');
      // The name of a command is not the name of a tool.
      assert.equal((await call('list-files')).errorCode, 'COMMAND_NOT_ALLOWED');
      const late = await call('slow_report', { seconds: 60, timeoutSeconds: 1 });
      assert.equal(late.result!.errorCode, 'COMMAND_TIMEOUT');

      const abort = new AbortController();
      const cancelled = await client
        .callTool(
          { name: 'slow_report', arguments: { seconds: 60 } },
          { signal: abort.signal, onprogress: () => abort.abort('enough') },
        )
        .then(JSON.stringify, () => 'nobody was answered');
      assert.equal(cancelled, 'nobody was answered');
      const records = async () => {
        const { contents } = await client.readResource({ uri: 'reeve://audit' });
        return JSON.parse((contents[0] as { text: string }).text).records as {
          requestId: string;
          status: string;
          face: string;
          client: string;
        }[];
      };
      const [left] = await records();
      const { requestId } = left!;
      assert.equal(
        (await call('reeve_status', { requestId, waitSeconds: 20 })).status,
        'cancelled',
      );

      const started = await call('reeve_start', {
        tool: 'slow_report',
        arguments: { seconds: 60 },
      });
      const ended = await call('reeve_cancel', { requestId: started.meta!.requestId });
      assert.equal(ended.status, 'cancelled');

      const { tools } = await client.listTools();
      assert.ok(tools.some(({ name }) => name === 'count_lines'));
      assert.deepEqual((await client.listResources()).resources.map(({ uri }) => uri).sort(), [
        'reeve://audit',
        'reeve://inventory',
      ]);
      const templates = (await client.listResourceTemplates()).resourceTemplates;
      assert.ok(
        templates.some(({ uriTemplate }) => uriTemplate === 'reeve://executions/{requestId}'),
      );
      const read = async (uri: string) => {
        const { contents } = await client.readResource({ uri });
        return JSON.parse((contents[0] as { text: string }).text) as Structure & {
          commands?: readonly { name: string }[];
        };
      };
      assert.ok((await read('reeve://inventory')).commands!.some(({ name }) => name === 'deploy'));
      const seen = await read(`reeve://executions/${counted.meta!.requestId}`);
      assert.match(seen.result!.stdout, /README\.md/);
      await assert.rejects(read('reeve://executions/req_absent'), /no resource/);

      const all = await records();
      const rejected = Array(5).fill('rejected');
      assert.deepEqual(
        all.map((r) => r.status),
        ['cancelled', 'cancelled', 'timeout', ...rejected, 'ok'],
      );
      assert.deepEqual([...new Set(all.map((r) => r.face))], [way.face]);
      assert.deepEqual([...new Set(all.map((r) => r.client))], [way.client]);
    });
  }
}

test('MCP Inspector lists and calls over stdio, in both eras', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reeve-mcp-'));
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  const inspector = join(root, 'node_modules/.bin/mcp-inspector');
  for (const era of Object.keys(eras)) {
    const ask = (...method: string[]) => {
      const server = [reeve, 'mcp', ...config, '--state', join(folder, 'state')];
      const options = ['--cli', '-q', '--format', 'json', '--protocol-era', era];
      const done = spawnSync(inspector, [...options, ...method, '--', ...server], {
        encoding: 'utf8',
        timeout: 60_000,
        cwd: folder,
      });
      assert.notEqual(done.stdout.trim(), '', done.stderr);
      return done.stdout;
    };
    assert.match(ask('--method', 'tools/list'), /"count_lines"/, era);
    const args = JSON.stringify({ paths: ['README.md'] });
    const said = ask(
      '--method',
      'tools/call',
      '--tool-name',
      'count_lines',
      '--tool-args-json',
      args,
    );
    assert.match(said, /"status": ?"ok"/, era);
  }
});
