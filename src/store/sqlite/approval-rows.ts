/** Requests for approval and answers as rows. In: a value or a row. Out: the other, field for field, frozen. */
import type { SQLInputValue } from 'node:sqlite';
import type { Answer, ApprovalRequest } from '../../core/approval.ts';
import type { Execution } from '../../core/execution.ts';
import { deepFreeze } from '../../core/json.ts';
import type { ApprovalState } from '../../core/people-ports.ts';
import type { TraceContext } from '../../core/tracing.ts';
import type { Database, Row } from './database.ts';
import { executionColumns, readExecution } from './rows.ts';

const insertRequest = `insert into approval_requests
  (id, request_id, command, environment, digest, stages, expires_at, start_by, caller, call, dossier, trace)
  select id, request_id, command, environment, ?, ?, ?, ?, ?, ?, ?, ? from executions where request_id = ?`;

/** Only inside the transaction that has written the execution. */
export function insertApprovalRequest(db: Database, request: ApprovalRequest): void {
  db.write(
    'approval request',
    insertRequest,
    request.digest,
    JSON.stringify(request.stages),
    request.expiresAt,
    request.startBy,
    JSON.stringify(request.caller),
    JSON.stringify(request.call),
    JSON.stringify(request.dossier),
    request.trace == null ? null : JSON.stringify(request.trace),
    request.requestId,
  );
}

/** Only inside a transaction. An answer is never changed and never removed: the database refuses it. */
export function insertAnswer(db: Database, answer: Answer): void {
  db.write(
    'answer',
    `insert into approval_answers (request_id, stage, role, approver, verdict, reason, digest, at, proof)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    answer.requestId,
    answer.stage,
    answer.role,
    answer.approver,
    answer.verdict,
    answer.reason,
    answer.digest,
    answer.at,
    JSON.stringify(answer.proof),
  );
}

/** `from` and what follows it of a statement that names executions and approval_requests. Only inside one snapshot. */
export function statesBy(
  db: Database,
  clauses: string,
  ...values: readonly SQLInputValue[]
): readonly ApprovalState[] {
  return db
    .all(`select ${columns} from ${clauses}`, ...values)
    .map((row) => stateOf(db, readExecution(row), readRequest(row)));
}

const requestColumns = [
  'digest',
  'stages',
  'expires_at',
  'start_by',
  'caller',
  'call',
  'dossier',
  'trace',
];
const columns = [
  ...executionColumns.split(', ').map((name) => `executions.${name}`),
  ...requestColumns.map((name) => `approval_requests.${name} as asked_${name}`),
].join(', ');

function stateOf(db: Database, execution: Execution, request: ApprovalRequest): ApprovalState {
  const answers = db
    .all('select * from approval_answers where request_id = ? order by id', execution.requestId)
    .map(readAnswer);
  return Object.freeze({ execution, request, answers: Object.freeze(answers) });
}

function readRequest(row: Row): ApprovalRequest {
  return deepFreeze({
    requestId: String(row.request_id),
    digest: String(row.asked_digest),
    stages: JSON.parse(String(row.asked_stages)) as ApprovalRequest['stages'],
    expiresAt: Number(row.asked_expires_at),
    startBy: row.asked_start_by === null ? null : Number(row.asked_start_by),
    caller: JSON.parse(String(row.asked_caller)) as ApprovalRequest['caller'],
    call: JSON.parse(String(row.asked_call)) as ApprovalRequest['call'],
    dossier: JSON.parse(String(row.asked_dossier)) as ApprovalRequest['dossier'],
    ...(row.asked_trace === null
      ? {}
      : { trace: JSON.parse(String(row.asked_trace)) as TraceContext }),
  });
}

function readAnswer(row: Row): Answer {
  return deepFreeze({
    requestId: String(row.request_id),
    stage: Number(row.stage),
    role: String(row.role),
    approver: String(row.approver),
    verdict: String(row.verdict) as Answer['verdict'],
    reason: String(row.reason),
    digest: String(row.digest),
    at: Number(row.at),
    proof: JSON.parse(String(row.proof)) as Answer['proof'],
  });
}
