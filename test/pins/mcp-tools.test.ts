/** Tools, resources and prompts as MCP clients see them, through the real program: of the quickstart, and what comes with runbooks. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { reeve, root, Stage } from '../real/stage.ts';
import { pinned } from './pinned.ts';
import { withoutProse } from './without-prose.ts';

const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;

async function connect(
  t: TestContext,
  era: keyof typeof eras,
  options: readonly string[],
): Promise<Client> {
  const client = new Client(
    { name: 'pins', version: '1' },
    { versionNegotiation: { mode: eras[era] } },
  );
  const args = ['mcp', ...options];
  await client.connect(new StdioClientTransport({ command: reeve, args, stderr: 'ignore' }));
  t.after(() => client.close());
  return client;
}

test('the tools of the quickstart are these, in both eras', async (t) => {
  const state = mkdtempSync(join(tmpdir(), 'reeve-pins-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  const options = ['--config', join(root, 'examples/quickstart/reeve.yaml'), '--state', state];
  const listings = [];
  for (const era of ['legacy', 'modern'] as const) {
    const client = await connect(t, era, options);
    const { tools } = await client.listTools();
    for (const { description } of tools) assert.ok(description, 'models read it');
    listings.push(withoutProse(tools));
    await client.close();
  }
  assert.deepEqual(listings[0], listings[1]);
  pinned('mcp-quickstart', listings[0], 'MCP clients, and the permissions that users gave by tool');
});

test('tools, prompts and resources beside those of commands are these, in both eras', async (t) => {
  const stage = new Stage('runbooks: runbooks.yaml\n');
  t.after(() => stage[Symbol.asyncDispose]());
  writeFileSync(
    join(stage.folder, 'runbooks.yaml'),
    `version: 1
runbooks:
  greet:
    description: Says a text.
    owner: tests
    environments: [development]
    parameters: { text: { type: string, maxLength: 20 } }
    required: [text]
    steps: [{ name: a, command: say, with: { text: { from: parameters.text } } }]
`,
  );
  const all = [];
  for (const era of ['legacy', 'modern'] as const) {
    const client = await connect(t, era, stage.options());
    const { tools } = await client.listTools();
    const own = tools.filter(({ name }) => name.startsWith('reeve_') || name === 'greet');
    const { prompts } = await client.listPrompts();
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    all.push(withoutProse({ tools: own, prompts, resources, resourceTemplates }));
    await client.close();
  }
  assert.deepEqual(all[0], all[1]);
  pinned('mcp-own', all[0], 'MCP clients');
});
