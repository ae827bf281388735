/**
 * `reeve serve` itself for the suite: some of the tools and prompts that it asks for by name are commands and runbooks here, really
 * run in the sandbox. What it asks for besides, Reeve has not by its nature; not-reeve.json says of each why.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from '../real/stage.ts';
import { type TokenProxy, tokenProxy } from './token-proxy.ts';

const command = (name: string, run: string) => `  ${name.replaceAll('_', '-')}:
    tool: ${name}
    description: What the conformance suite calls.
    owner: tests
    risk: low
    run: ${run}
    mounts: [./bin]
    parameters: {}
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
`;
const runbook = (name: string, more: string) => `  ${name.replaceAll('_', '-')}-book:
    tool: ${name}
    description: What the conformance suite asks for.
    owner: tests
    environments: [development]
    steps: [{ name: look, command: test-simple-text }]
${more}`;

const inventory = `version: 1
commands:
${command('test_simple_text', '[/usr/bin/printf, "This is a simple text response for testing."]')}
${command('test_error_handling', '[bin/fail]')}
${command('test_tool_with_progress', '[bin/three-lines]')}
${command('test_reconnection', '[/usr/bin/true]')}`;
const runbooks = `version: 1
runbooks:
${runbook('test_simple_prompt', '')}
${runbook('test_prompt_with_arguments', '    parameters: { arg1: { type: string }, arg2: { type: string } }\n    required: [arg1, arg2]\n')}`;

export async function openRealServer(): Promise<TokenProxy> {
  const stage = new Stage('runbooks: runbooks.yaml\n');
  try {
    const lines = '#!/bin/sh\nfor n in 1 2 3; do echo "line $n"; sleep 0.3; done\n';
    writeFileSync(join(stage.folder, 'bin/three-lines'), lines, { mode: 0o755 });
    writeFileSync(join(stage.folder, 'inventory.yaml'), inventory);
    writeFileSync(join(stage.folder, 'runbooks.yaml'), runbooks);
    const gateway = await stage.serve();
    const proxy = await tokenProxy(gateway.url, stage.token());
    return {
      url: proxy.url,
      async close() {
        await proxy.close();
        await gateway.stop();
        await stage[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

if (import.meta.main) {
  const server = await openRealServer();
  process.stdout.write(`${server.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void server.close().then(() => process.exit()));
}
