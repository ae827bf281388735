/** The command line on a gateway in memory, as a program of its own: what src/main.ts is, without sandbox and store. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { keepEverything } from '../../../../src/core/retention.ts';
import {
  approvalDefaults,
  auditDefaults,
  rateDefaults,
  type Settings,
} from '../../../../src/core/settings.ts';
import { runCli } from '../../../../src/edge/cli/cli.ts';
import type { Wiring } from '../../../../src/edge/cli/wiring.ts';
import { ensureLocalToken } from '../../../../src/edge/identity/local-token.ts';
import { memoryGateway } from './memory-gateway.ts';

const wiring: Wiring = {
  version: '0.0.0-test',
  open: async (options) => {
    const gateway = memoryGateway(options.trust);
    const { token } = ensureLocalToken(options.stateDir);
    return {
      gateway,
      settings: settingsOf(options.configFile),
      warnings: [],
      token,
      close: () => gateway.close(),
    };
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
  capabilities: async () => ({
    tier: 'bubblewrap',
    bubblewrap: { path: '/usr/bin/bwrap', version: '0.8.0' },
    cgroup: null,
    seccomp: true,
    processLimit: 'rlimit',
    limits: { tier: 'bubblewrap', enforced: ['processes', 'output'], degraded: ['memory'] },
    spawner: { use: true, why: null },
    problems: [
      { what: 'memory is not limited', why: 'there is no control group', remedy: 'delegate one' },
    ],
  }),
};

function settingsOf(file: string): Settings {
  return {
    file,
    folder: dirname(file),
    inventory: 'inventory.yaml',
    runbooks: null,
    policy: null,
    listen: { host: '127.0.0.1', port: 0 },
    publicUrl: null,
    tls: null,
    proxy: { trusted: [] },
    rate: rateDefaults,
    allowedHosts: [],
    defaultEnvironment: 'development',
    environments: {},
    secrets: {},
    dependencies: {},
    sandbox: 'required',
    limitsRequired: false,
    concurrency: { running: 8, waiting: 100 },
    graceMs: 2_000,
    localRisks: [],
    auditFile: null,
    auditRotation: null,
    audit: auditDefaults,
    people: null,
    identity: { oidc: null },
    approvals: approvalDefaults,
    webhooks: [],
    retention: keepEverything,
  };
}

process.exitCode = await runCli(process.argv.slice(2), wiring, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
