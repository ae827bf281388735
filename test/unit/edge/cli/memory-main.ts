/** The command line on a gateway in memory, as a program of its own: what src/main.ts is, without sandbox and store. */
import { readFileSync } from 'node:fs';
import { runCli } from '../../../../src/edge/cli/cli.ts';
import type { Wiring } from '../../../../src/edge/cli/wiring.ts';
import { memoryGateway } from './memory-gateway.ts';

const wiring: Wiring = {
  version: '0.0.0-test',
  open: async (options) => {
    const gateway = memoryGateway(options.trust);
    const settings = {} as never;
    return { gateway, settings, warnings: [], token: 'reeve_test', close: () => gateway.close() };
  },
  check: async (file) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    const line = lines.findIndex((l) => l.includes('BAD'));
    const place = { file, line: line + 1, column: (lines[line]?.indexOf('BAD') ?? 0) + 1 };
    return line < 0
      ? []
      : [
          {
            severity: lines[line]!.includes('BADLY') ? 'warning' : 'error',
            ...place,
            rule: 'bad-word',
            message: 'this is bad',
            remedy: 'write something good',
          },
        ];
  },
  capabilities: async () => ({}) as never,
};

process.exitCode = await runCli(process.argv.slice(2), wiring, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
