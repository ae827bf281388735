/**
 * The one error table: every code that Reeve answers with, anywhere.
 * Out: codes, their REST status, what they mean and what to do next. Never: a code that is not listed here.
 */

/** `http` is null for codes that only an execution carries: the request itself was carried out. */
export interface ErrorFacts {
  readonly http: number | null;
  readonly meaning: string;
  readonly remedy: string;
}

const table = {
  INVALID_REQUEST: {
    http: 400,
    meaning: 'The request is malformed, or an argument does not fit the declaration.',
    remedy: 'Correct the field that the message names and ask again.',
  },
  UNAUTHENTICATED: {
    http: 401,
    meaning: 'No valid credential came with the request.',
    remedy:
      'Send "Authorization: Bearer <token>"; the first start wrote local.token into the state directory.',
  },
  COMMAND_NOT_ALLOWED: {
    http: 403,
    meaning: 'No command of this name may be run by this principal here.',
    remedy:
      'List what may be run (reeve list, GET /v1/inventory); ask the operator to declare or permit more.',
  },
  WORKSPACE_ISOLATION_VIOLATION: {
    http: 403,
    meaning: 'A path leads out of the workspace.',
    remedy: 'Use a path inside the workspace, without .. or symbolic links that lead out of it.',
  },
  APPROVAL_NOT_ALLOWED: {
    http: 403,
    meaning: 'This principal may not answer this approval.',
    remedy: 'Somebody else who holds the role of the stage has to answer.',
  },
  REQUEST_NOT_FOUND: {
    http: 404,
    meaning: 'There is no such request, or it is not yours.',
    remedy: 'Check the request id; reeve ps and reeve audit list show yours.',
  },
  APPROVAL_OUT_OF_ORDER: {
    http: 409,
    meaning: 'An earlier stage of the approval sequence is still open.',
    remedy: 'Wait until the earlier stage is granted.',
  },
  CONFLICT: {
    http: 409,
    meaning: 'The request contradicts the state that something is in.',
    remedy: 'Look at the present state (reeve show ID) before asking again.',
  },
  PAYLOAD_TOO_LARGE: {
    http: 413,
    meaning: 'The request is larger than the gateway takes.',
    remedy: 'Send less; the message names the limit.',
  },
  RATE_LIMITED: {
    http: 429,
    meaning: 'Too many requests in too short a time.',
    remedy: 'Wait and ask again later.',
  },
  CONCURRENCY_LIMIT: {
    http: 429,
    meaning: 'As much work as may wait is waiting already.',
    remedy: 'Wait until some of it has finished and ask again.',
  },
  COMMAND_EXECUTION_FAILED: {
    http: 500,
    meaning: 'The command could not be run, or the gateway failed while running it.',
    remedy: 'Read the message; reeve doctor checks the host and the configuration.',
  },
  SANDBOX_UNAVAILABLE: {
    http: 503,
    meaning: 'The sandbox cannot be set up on this host, so nothing ran.',
    remedy: 'Run reeve doctor: it names what is missing and how to get it.',
  },
  DEPENDENCY_UNAVAILABLE: {
    http: 503,
    meaning: 'Something that the command depends on is not available, so nothing ran.',
    remedy: 'Bring the named dependency back and ask again.',
  },
  SECRET_UNAVAILABLE: {
    http: 503,
    meaning: 'A secret that the command needs cannot be had, so nothing ran.',
    remedy: 'Configure the named secret and ask again.',
  },
  AUDIT_UNAVAILABLE: {
    http: 503,
    meaning: 'The record cannot be written, and what cannot be recorded does not run.',
    remedy: 'Check the disk and the permissions of the state directory.',
  },
  ASSURANCE_STALE: {
    http: 503,
    meaning: 'The evidence that tool and CLI do the same is missing or too old.',
    remedy: 'Run reeve assure for the command.',
  },
  FROZEN: {
    http: 503,
    meaning: 'An operator has frozen this gateway: nothing starts.',
    remedy: 'Wait for the operator, or run reeve unfreeze if that is you.',
  },
  SHUTTING_DOWN: {
    http: 503,
    meaning: 'The gateway is stopping and takes no more work.',
    remedy: 'Ask again when it is back.',
  },
  COMMAND_TIMEOUT: {
    http: null,
    meaning: 'The time limit was reached; the whole process tree was ended.',
    remedy: 'Check what state the command left behind; ask for more time if the limit allows it.',
  },
  COMMAND_EXIT_NON_ZERO: {
    http: null,
    meaning: 'The command ended with an exit code other than 0.',
    remedy: "Read the command's output.",
  },
  COMMAND_SIGNALLED: {
    http: null,
    meaning: 'The command was ended by a signal that Reeve did not send.',
    remedy: "Read the command's output; it may have crashed.",
  },
  COMMAND_CANCELLED: {
    http: null,
    meaning: 'The run was cancelled.',
    remedy: 'Check what state the command left behind before asking again.',
  },
  MEMORY_LIMIT: {
    http: null,
    meaning: 'The memory limit was reached and the run was ended.',
    remedy: 'Raise limits.memory of the command, or give it less to do.',
  },
  CPU_LIMIT: {
    http: null,
    meaning: 'The limit of processor time was reached and the run was ended.',
    remedy: 'Raise limits.cpuTime of the command, or give it less to do.',
  },
  PROCESS_LIMIT: {
    http: null,
    meaning: 'The limit of processes was reached and the command failed.',
    remedy: 'Raise limits.processes of the command.',
  },
  OPEN_FILES_LIMIT: {
    http: null,
    meaning: 'The limit of open files was reached and the command failed.',
    remedy: 'Raise limits.openFiles of the command.',
  },
  FILE_SIZE_LIMIT: {
    http: null,
    meaning: 'A file grew past the limit and the run was ended.',
    remedy: 'Raise limits.fileSize of the command.',
  },
  WORKSPACE_LIMIT: {
    http: null,
    meaning: 'The workspace grew past the limit and the run was ended.',
    remedy:
      'Raise limits.workspaceGrowth or limits.workspaceFiles of the command, whichever the message names, or make it leave less behind.',
  },
  OUTPUT_LIMIT: {
    http: null,
    meaning: 'The command wrote far more output than may be kept and was ended.',
    remedy: 'Make the command write less, or raise limits.output.',
  },
  SYSCALL_DENIED: {
    http: null,
    meaning: 'The command made a system call that the sandbox forbids and was ended.',
    remedy: 'The command needs a privilege that sandboxed commands do not have.',
  },
  APPROVAL_REQUIRED: {
    http: null,
    meaning: 'The command demands approvals by people before it may run.',
    remedy: 'Have the named roles approve the request.',
  },
  APPROVAL_REJECTED: {
    http: null,
    meaning: 'An approver said no.',
    remedy: 'Read the reason that the approver gave.',
  },
  APPROVAL_EXPIRED: {
    http: null,
    meaning: 'The approvals did not come in time.',
    remedy: 'Ask again.',
  },
  APPROVAL_WITHDRAWN: {
    http: null,
    meaning: 'The request was withdrawn before it was approved.',
    remedy: 'Ask again if it is still wanted.',
  },
  HOST_LOST: {
    http: null,
    meaning: 'The gateway went away while the request was under way.',
    remedy: 'Look at what the command may have done before a person decides what next.',
  },
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof table;

/** Every code with its facts, in the order of the table. */
export const errorTable: Readonly<Record<ErrorCode, ErrorFacts>> = Object.freeze(table);

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** REST status of a refusal. Codes that only executions carry refuse with 403 where they refuse at all. */
export function httpStatusOf(code: ErrorCode): number {
  return errorTable[code].http ?? 403;
}

/** One thing that is wrong, with the field that it is wrong in, as JSON Pointer or plain name. */
export interface ErrorDetail {
  readonly field?: string;
  readonly problem: string;
  readonly expected?: string;
}

/** A refusal or failure that has a code. `message` says what happened and why, for an operator or a model to read. */
export class ReeveError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    message: string,
    details: readonly ErrorDetail[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ReeveError';
    this.code = code;
    this.details = Object.freeze([...details]);
  }
}

/** A refusal that is on record: `requestId` finds it in the audit. */
export class Refusal extends ReeveError {
  readonly requestId: string;

  constructor(requestId: string, error: ReeveError) {
    super(error.code, error.message, error.details, { cause: error });
    this.name = 'Refusal';
    this.requestId = requestId;
  }
}
