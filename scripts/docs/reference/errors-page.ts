/** The page about errors: the table of src/core/errors.ts, and what the command line makes of it. Out: Markdown. */
import { type ErrorCode, errorTable, httpStatusOf } from '../../../src/core/errors.ts';
import type { ExecutionStatus } from '../../../src/core/execution.ts';
import { exitCodeMeanings, exitCodeOf, exitCodeOfError } from '../../../src/edge/cli/exit-codes.ts';
import { operations } from '../../../src/edge/rest/contract.ts';
import { cell, code, table } from './markdown.ts';

/** How an execution stands that carries the code, where it is not `failed`. */
const ends: Readonly<Partial<Record<ErrorCode, readonly ExecutionStatus[]>>> = {
  COMMAND_TIMEOUT: ['timeout'],
  COMMAND_CANCELLED: ['cancelled'],
  APPROVAL_REQUIRED: ['rejected'],
  APPROVAL_REJECTED: ['rejected'],
  APPROVAL_EXPIRED: ['rejected'],
  APPROVAL_WITHDRAWN: ['cancelled'],
  // What had not been started has not run; of what had, nobody knows.
  HOST_LOST: ['unknown', 'cancelled'],
};

const codes = Object.keys(errorTable) as ErrorCode[];
const link = (name: ErrorCode) => `[\`${name}\`](#${name.toLowerCase()})`;
const statusesOf = (name: ErrorCode): readonly ExecutionStatus[] => ends[name] ?? ['failed'];
const statusOf = (name: ErrorCode) => statusesOf(name).map(code).join(' or ');

/** Where an execution can stand in two ways, the codes are in the order of its statuses. */
function exitOf(name: ErrorCode): string {
  const codes =
    errorTable[name].http === null
      ? statusesOf(name).map((status) => exitCodeOf({ status, errorCode: name }))
      : [exitCodeOfError(name)];
  return [...new Set(codes)].join(' or ');
}

export function errorsPage(): string {
  const refusals = codes.filter((name) => errorTable[name].http !== null);
  const executions = codes.filter((name) => errorTable[name].http === null);
  return `# Reference: errors and exit codes

<!-- Made by \`npm run reference\` from src/core/errors.ts and src/edge/cli/exit-codes.ts: edit them, not this page. -->

For whoever met an error: every code that Reeve answers with, what happened, and what to do next. The codes are the same on every face.

- Over REST a refusal is a problem document with the HTTP status below and \`errorCode\`, \`message\`, \`details\`, \`requestId\`
  ([REST](../rest.md)). An execution that was carried out is answered with 200, and has \`errorCode\` in its result.
- Over MCP both are results with \`isError\`, with the code in \`structuredContent\` ([MCP](../mcp.md)).
- The command line shows code, message and what to do next, and ends with the exit code below.

What happened to a request, and why, is told by \`reeve why REQUEST\`.

## Refusals

Nothing ran. The same codes close an execution that had been taken on, waited, and could not be started; \`COMMAND_EXECUTION_FAILED\` also one that ran, where the gateway failed meanwhile.

${table(
  ['code', 'HTTP', 'exit code', 'what happened'],
  refusals.map((name) => [
    link(name),
    String(httpStatusOf(name)),
    exitOf(name),
    cell(errorTable[name].meaning),
  ]),
)}
## Ends of executions

The command ran, or its approvals were not given. Where one of these refuses a request, the HTTP status is 403.

${table(
  ['code', 'status of the execution', 'exit code', 'what happened'],
  executions.map((name) => [
    link(name),
    statusOf(name),
    exitOf(name),
    cell(errorTable[name].meaning),
  ]),
)}
## Exit codes of the command line

${table(
  ['exit code', 'meaning'],
  exitCodeMeanings.map(([number, meaning]) => [String(number), cell(meaning)]),
)}
## Each code

${codes.map(section).join('\n')}`;
}

function section(name: ErrorCode): string {
  const { http, meaning, remedy } = errorTable[name];
  const where =
    http === null ? `In an execution that is ${statusOf(name)}` : `HTTP ${http}, a refusal`;
  return `### ${name}

${where}; exit code ${exitOf(name)}.

- What happened: ${cell(meaning)}
- What to do next: ${cell(remedy)}
${operationsWith(name)}`;
}

/** Those of REST that name it; most codes that every operation may answer with are named by none. */
function operationsWith(name: ErrorCode): string {
  const own = operations.filter(({ errors }) => errors.includes(name));
  if (own.length === 0) return '';
  return `- Operations of REST that answer with it: ${own.map(({ id }) => code(id)).join(', ')}\n`;
}
