/**
 * One parity run: the application's own command line in one copy of the workspace, the tool through MCP in another, and what
 * both showed held to each other. In: who asks, for which command. Out: a record that is kept. Never: a run outside a copy;
 * a record of runs that were broken off; a copy left behind.
 * A crash before the record is kept leaves two rehearsals on record, and no evidence: ask again.
 */
import { randomBytes } from 'node:crypto';
import { assuranceRecorded } from '../audit/entries.ts';
import type { ComparedPart } from '../core/assurance.ts';
import type { AssuranceFacts, AssuranceRecord } from '../core/assurance-record.ts';
import { httpStatusOf, isErrorCode, ReeveError, Refusal } from '../core/errors.ts';
import { deepFreeze } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { AssuranceRequest } from '../gateway/assurance.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { House } from '../gateway/house.ts';
import type { RehearsalCopy } from '../gateway/rehearsals.ts';
import { compareEvidence } from './compare.ts';
import { checksumOfEvidence, evidenceOf, type RunEnd } from './evidence.ts';
import { varianceNotes, varianceOf } from './normalise.ts';
import { rehearsalGateway } from './rehearsal-gateway.ts';
import { snapshotState } from './state.ts';
import { type Subject, subjectOf } from './subject.ts';

/** Calls a tool by a real MCP client of a server on this very gateway, and says how that ended. */
export type CallTool = (
  gateway: Gateway,
  caller: Caller,
  call: {
    readonly tool: string;
    readonly arguments: Subject['arguments'];
    readonly environment: string;
    /** Milliseconds that the run itself may take. */
    readonly timeoutMs: number;
  },
) => Promise<RunEnd>;

export interface AssurancePorts {
  readonly house: House;
  readonly gateway: Gateway;
  readonly callTool: CallTool;
}

export async function assure(
  ports: AssurancePorts,
  caller: Caller,
  request: AssuranceRequest,
): Promise<AssuranceRecord> {
  const { house } = ports;
  const id = `asr_${randomBytes(12).toString('hex')}`;
  const startedAt = house.clock.now();
  const began = house.clock.monotonic();
  const subject = await subjectOnRecord(ports, caller, request);
  const copies = await ports.gateway.rehearsals.prepare(caller, {
    commands: [subject.command.name],
    environment: subject.environment,
    copies: 2,
    for: 'assurance',
    of: id,
  });
  try {
    const [left, right] = copies as readonly [RehearsalCopy, RehearsalCopy];
    const facts = await hold(ports, caller, subject, { id, startedAt, began, left, right });
    return house.store.assurance.keep(facts, assuranceRecorded(facts));
  } finally {
    for (const copy of copies) await release(house, copy);
  }
}

/** What is refused before anything is copied is on record, too. */
async function subjectOnRecord(
  { house, gateway }: AssurancePorts,
  caller: Caller,
  request: AssuranceRequest,
): Promise<Subject> {
  try {
    return await subjectOf(house, gateway, caller, request);
  } catch (error) {
    if (!(error instanceof ReeveError) || error instanceof Refusal) throw error;
    throw await gateway.refuse(caller, error, request.command);
  }
}

interface Begun {
  readonly id: string;
  readonly startedAt: number;
  readonly began: number;
  readonly left: RehearsalCopy;
  readonly right: RehearsalCopy;
}

async function hold(
  { house, gateway, callTool }: AssurancePorts,
  caller: Caller,
  subject: Subject,
  { id, startedAt, began, left, right }: Begun,
): Promise<AssuranceFacts> {
  const { command, environment, declared } = subject;
  const called = { command: command.name, arguments: subject.arguments };
  const call = { ...called, environment };
  const rehearsal = ({ id: copy }: RehearsalCopy, cli: boolean) =>
    gateway.rehearsals.run(caller, { ...called, copy, cli, for: 'assurance', of: id });

  const standard = await rehearsal(left, true);
  const { execution, output } = standard;
  const cli: RunEnd = {
    ...execution,
    stdout: output.stdout,
    stderr: output.stderr,
    truncated: output.stdoutTruncated || output.stderrTruncated,
    structured: output.structured,
    structuredProblem: output.structuredProblem,
  };
  const inCopy = rehearsalGateway(gateway, call, () => rehearsal(right, false));
  const { timeoutMs } = subject;
  const tool = await callTool(inCopy, caller, { ...call, tool: command.tool, timeoutMs });
  assertEnded(cli);
  assertEnded(tool);

  const sides = [left, right].map((copy) => ({
    copy,
    variance: varianceOf([copy.workspace, subject.workspace], declared.normalise),
  })) as [Side, Side];
  const [expected, actual] = [
    evidenceOf(cli, await stateOf(sides[0], subject), declared.compare, sides[0].variance),
    evidenceOf(tool, await stateOf(sides[1], subject), declared.compare, sides[1].variance),
  ];
  const { differences, leftOut } = compareEvidence(expected, actual);
  return deepFreeze({
    id,
    cli: execution.argv ?? [],
    runId: tool.requestId,
    command: command.name,
    tool: command.tool,
    environment,
    arguments: subject.arguments,
    expectedChecksum: checksumOfEvidence(expected),
    actualChecksum: checksumOfEvidence(actual),
    varianceNotes: [
      ...varianceNotes(sides[0].variance, sides[1].variance),
      ...subject.notes,
      ...noted(declared.compare),
      ...expected.databases.flatMap(({ notes }) => notes),
    ],
    tester: caller.principal.id,
    onBehalfOf: caller.principal.onBehalfOf,
    startedAt,
    durationMs: Math.round(house.clock.monotonic() - began),
    verdict: differences.length === 0 ? 'pass' : 'fail',
    approvalsVerified: subject.approvalsVerified,
    approvals: subject.approvals,
    commandHash: command.hash,
    executableSha256: subject.executableSha256,
    policyHash: subject.policyHash,
    differences,
    differencesLeftOut: leftOut,
    runs: { cli: execution.requestId, tool: tool.requestId },
  });
}

interface Side {
  readonly copy: RehearsalCopy;
  readonly variance: ReturnType<typeof varianceOf>;
}

function stateOf({ copy, variance }: Side, { declared }: Subject) {
  return snapshotState(copy.workspace, copy.scratch, declared.ignore, variance);
}

function noted(compare: ComparedPart): readonly string[] {
  switch (compare) {
    case 'output':
      return [];
    case 'structured':
      return ['output: the declared results were compared, not the text of either stream'];
    case 'state':
      return ['output: not compared, as the inventory says'];
  }
}

/** A run that was broken off shows nothing about what either side does. */
function assertEnded({ status, requestId, errorCode }: RunEnd): void {
  // Refused for what the gateway is in, not for what the command is: frozen, stopping, full.
  const passing = status === 'rejected' && isErrorCode(errorCode) && httpStatusOf(errorCode) >= 429;
  if (status !== 'cancelled' && status !== 'unknown' && !passing) return;
  throw new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The run ${requestId ?? ''} was broken off (${errorCode ?? status}), so nothing was recorded about parity. Ask again.`,
  );
}

async function release(house: House, copy: RehearsalCopy): Promise<void> {
  try {
    await copy.release();
  } catch (error) {
    house.report('a copy of a workspace could not be removed', error);
  }
}
