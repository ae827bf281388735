/** Executions, outcomes and entries for tests: complete values, of which a test says only what it is about. */
import type { Answer, ApprovalRequest, ChallengeContent } from '../../src/core/approval.ts';
import type { ApiToken, EnrolmentCode, Passkey } from '../../src/core/credentials.ts';
import type { EntryDraft } from '../../src/core/entry.ts';
import type { Execution, Outcome } from '../../src/core/execution.ts';

let made = 0;

export function anExecution(parts: Partial<Execution> = {}): Execution {
  made += 1;
  return {
    requestId: `request-${process.pid}-${made}`,
    status: 'queued',
    command: 'migrate-db',
    tool: 'migrate_db',
    environment: 'development',
    risk: 'high',
    principal: 'local',
    onBehalfOf: null,
    face: 'rest',
    client: 'curl/8',
    trust: 'gateway',
    arguments: { steps: 3, name: 'a\u0000b "quoted" ünï\u2028', nested: { list: [1, null, true] } },
    parametersHash: `sha256:${'a'.repeat(64)}`,
    argv: ['/usr/bin/env', '', 'x y'],
    digest: `sha256:${'d'.repeat(64)}`,
    workingDirectory: '/workspace',
    timeoutMs: 60_000,
    policies: ['policy0', 'policy1'],
    concurrencyKey: null,
    owner: 'owner-1',
    fence: 1,
    requestedAt: 1_790_000_000_000 + made,
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: null,
    salt: Buffer.alloc(32, 7).toString('base64url'),
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step: null,
    ...parts,
  };
}

export function anOutcome(parts: Partial<Outcome> = {}): Outcome {
  return {
    status: 'ok',
    exitCode: 0,
    signal: null,
    errorCode: null,
    errorMessage: null,
    stdout: { bytes: Uint8Array.of(0, 255, 10), total: 3, truncated: false },
    stderr: { bytes: new Uint8Array(0), total: 99, truncated: true },
    usage: { cpuMs: 1.5, peakMemory: null, peakProcesses: 2, stdoutBytes: 3, stderrBytes: 99 },
    sandbox: { tier: 'bubblewrap', enforced: ['cpuTimeMs'], degraded: ['memory'] },
    durationMs: 12.75,
    ...parts,
  };
}

export function aDraft(parts: Partial<EntryDraft> = {}): EntryDraft {
  return {
    kind: 'asked',
    at: 1_790_000_000_000,
    requestId: null,
    principal: 'local',
    body: { note: 'ünï', list: [1, 2] },
    ...parts,
  };
}

export function anApproval(
  execution: Pick<Execution, 'requestId' | 'digest' | 'principal'>,
  parts: Partial<ApprovalRequest> = {},
): ApprovalRequest {
  const { requestId, digest, principal } = execution;
  return {
    requestId,
    digest: digest ?? '',
    stages: [
      { role: 'ops_lead', count: 1, independent: true, policy: null },
      { role: 'security_officer', count: 2, independent: false, policy: 'two-officers' },
    ],
    expiresAt: 1_790_000_600_000,
    startBy: null,
    caller: {
      principal: { id: principal, kind: 'agent', roles: ['deployer'], onBehalfOf: 'eve' },
      face: 'rest',
      client: 'curl/8 "\u0000ü',
      credential: { kind: 'api-token', tokenId: 't1', scopes: ['run'] },
    },
    call: { command: 'migrate-db', arguments: { steps: 3 }, args: null },
    dossier: { argv: ['/usr/bin/env', '\u202e'], limits: { memory: null } },
    ...parts,
  };
}

export function aChallenge(parts: Partial<ChallengeContent> = {}): ChallengeContent {
  made += 1;
  return {
    requestId: 'request',
    stage: 0,
    verdict: 'approve',
    approver: 'ann',
    digest: `sha256:${'d'.repeat(64)}`,
    expiresAt: 1_000,
    nonce: `nonce-${process.pid}-${made}`,
    ...parts,
  };
}

export function anAnswer(
  request: Pick<ApprovalRequest, 'requestId' | 'digest'>,
  parts: Partial<Answer> = {},
): Answer {
  const { requestId, digest } = request;
  return {
    requestId,
    stage: 0,
    role: 'ops_lead',
    approver: 'ann',
    verdict: 'approve',
    reason: 'looks "right"\n',
    digest,
    at: 1_790_000_100_000,
    proof: {
      kind: 'passkey',
      credentialId: 'credential',
      publicKey: 'key',
      content: aChallenge({ requestId, digest }),
      clientDataJSON: 'client',
      authenticatorData: 'data',
      signature: 'signature',
      userVerified: true,
    },
    ...parts,
  };
}

export function aToken(parts: Partial<ApiToken> = {}): ApiToken {
  made += 1;
  return {
    id: `token-${made}`,
    hash: `${made}`.padStart(64, '0'),
    name: 'ci',
    principal: 'deployer',
    kind: 'agent',
    roles: ['deploy'],
    onBehalfOf: null,
    scopes: ['read', 'run'],
    createdAt: 1_000,
    createdBy: 'root',
    expiresAt: null,
    revokedAt: null,
    ...parts,
  };
}

export function aPasskey(parts: Partial<Passkey> = {}): Passkey {
  made += 1;
  return {
    credentialId: `credential-${made}`,
    person: 'ann',
    name: 'phone',
    publicKey: 'key',
    counter: 0,
    transports: ['internal', 'hybrid'],
    createdAt: 1_000,
    enrolledBy: 'root',
    revokedAt: null,
    ...parts,
  };
}

export function aCode(parts: Partial<EnrolmentCode> = {}): EnrolmentCode {
  made += 1;
  return {
    hash: `${made}`.padStart(64, 'c'),
    person: 'ann',
    createdAt: 500,
    createdBy: 'root',
    expiresAt: 2_000,
    ...parts,
  };
}
