/** Records of assurance for tests: complete values, of which a test says only what it is about. */
import type { AssuranceFacts, AssuranceRecord } from '../../src/core/assurance-record.ts';

let made = 0;

export function assuranceFacts(parts: Partial<AssuranceFacts> = {}): AssuranceFacts {
  made += 1;
  return {
    id: `asr_${process.pid}_${made}`,
    cli: ['/usr/bin/app', 'db', 'migrate'],
    runId: null,
    command: 'migrate-db',
    tool: 'migrate_db',
    environment: 'development',
    arguments: { steps: 1 },
    expectedChecksum: `sha256:${'a'.repeat(64)}`,
    actualChecksum: `sha256:${'a'.repeat(64)}`,
    varianceNotes: [],
    tester: 'local',
    onBehalfOf: null,
    startedAt: 1_790_000_000_000 + made,
    durationMs: 12,
    verdict: 'pass',
    approvalsVerified: true,
    approvals: [],
    commandHash: 'sha256:c',
    executableSha256: 'e',
    policyHash: 'sha256:p',
    differences: [],
    differencesLeftOut: 0,
    runs: { cli: 'req_cli', tool: null },
    ...parts,
  };
}

export function aRecord(parts: Partial<AssuranceRecord> = {}): AssuranceRecord {
  return { ...assuranceFacts(), auditEntry: 1, waiver: null, ...parts };
}
