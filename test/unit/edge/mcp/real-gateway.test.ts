/** `bin/reeve mcp` as a client starts it, on the quickstart: the real gateway, the real sandbox, the real record. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface Structure {
  readonly status?: unknown;
  readonly errorCode?: unknown;
  readonly meta?: { readonly requestId: string };
  readonly result?: { readonly stdout: string; readonly errorCode: string | null };
}

for (const [era, mode] of [
  ['legacy', 'legacy'],
  ['modern', { pin: '2026-07-28' }],
] as const) {
  test(`a ${era} client drives the quickstart`, async (t) => {
    const state = await mkdtemp(join(tmpdir(), 'reeve-mcp-'));
    const client = new Client({ name: 'real', version: '1' }, { versionNegotiation: { mode } });
    t.after(async () => {
      await client.close();
      await rm(state, { recursive: true, force: true });
    });
    await client.connect(
      new StdioClientTransport({
        command: join(root, 'bin/reeve'),
        args: [
          'mcp',
          '--config',
          join(root, 'examples/quickstart/reeve.yaml'),
          '--state',
          join(state, 's'),
        ],
        stderr: 'ignore',
      }),
    );
    const call = async (name: string, args: Record<string, unknown> = {}) =>
      (await client.callTool({ name, arguments: args })).structuredContent as Structure;

    const counted = await call('count_lines', { paths: ['README.md'] });
    assert.equal(counted.status, 'ok');
    assert.match(counted.result!.stdout, /README\.md/);
    assert.equal(
      (await call('list_files', { path: '../..' })).errorCode,
      'WORKSPACE_ISOLATION_VIOLATION',
    );
    assert.equal((await call('search_text', { pattern: 7 })).errorCode, 'INVALID_REQUEST');
    assert.equal((await call('rm_rf')).errorCode, 'COMMAND_NOT_ALLOWED');
    // The name of a command is not the name of a tool.
    assert.equal((await call('list-files')).errorCode, 'COMMAND_NOT_ALLOWED');
    const late = await call('slow_report', { seconds: 60, timeoutSeconds: 1 });
    assert.equal(late.result!.errorCode, 'COMMAND_TIMEOUT');

    const abort = new AbortController();
    await assert.rejects(
      client.callTool(
        { name: 'slow_report', arguments: { seconds: 60 } },
        { signal: abort.signal, onprogress: () => abort.abort('enough') },
      ),
    );
    const started = await call('reeve_start', { tool: 'slow_report', arguments: { seconds: 60 } });
    const { requestId } = started.meta!;
    assert.equal((await call('reeve_cancel', { requestId })).status, 'cancelled');

    const { contents } = await client.readResource({ uri: 'reeve://audit' });
    const { records } = JSON.parse((contents[0] as { text: string }).text) as {
      records: { status: string; client: string }[];
    };
    assert.deepEqual(
      records.map((r) => r.status),
      ['cancelled', 'cancelled', 'timeout', 'rejected', 'rejected', 'rejected', 'rejected', 'ok'],
    );
    assert.ok(records.every((r) => r.client === 'real/1'));
  });
}
