/**
 * The story: what is asked, by which client, and what has to come back. In: a stage with a running gateway.
 * Out: the request ids that the record must hold afterwards. Never: a check that only looks at whether something came.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { approve } from './approvals.ts';
import { type Answer, type Printed, parse, readAnswer, runLine } from './client.ts';
import { condense } from './condense.ts';
import { answer, ask, check, showCommand } from './page.ts';
import type { Stage } from './stage.ts';

const stdio =
  'mcp-inspector --cli -q --format json -e REEVE_CONFIG=$REEVE_CONFIG -e REEVE_STATE=$REEVE_STATE reeve mcp';
const http =
  'mcp-inspector --cli -q --format json $URL/mcp --transport http --header "Authorization: Bearer $TOKEN"';
/** curl prints the HTTP status behind the body, on a line of its own. */
const curl =
  'curl -sS -w "\\n%{http_code}" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"';

/** One request of the story, as the record should show it. */
export interface Told {
  readonly requestId: string;
  readonly status: string;
  readonly errorCode: string | null;
}

export async function tell(stage: Stage): Promise<readonly Told[]> {
  const told: Told[] = [];
  const run = async (line: string): Promise<Printed> => {
    showCommand(line);
    return runLine(stage, line.replaceAll(/\\\n\s*/g, ''));
  };
  /** Runs the line, shows the answer, checks status and code, and notes the request for the audit. */
  const call = async (line: string, status: string, errorCode: string | null): Promise<Answer> => {
    const printed = await run(line);
    const got = readAnswer(printed.stdout);
    answer(condense(got, printed));
    const wanted = errorCode === null ? status : `${status}, ${errorCode}`;
    const found = got.errorCode === null ? `${got.status}` : `${got.status}, ${got.errorCode}`;
    check(
      `the answer is ${wanted}, with a request id`,
      got.status === status && got.errorCode === errorCode && got.requestId !== null,
      `it is ${found}, request ${got.requestId}`,
    );
    if (got.requestId !== null) told.push({ requestId: got.requestId, status, errorCode });
    return got;
  };
  const mcp = (client: string, tool: string, args: object) =>
    `${client} \\\n  --method tools/call --tool-name ${tool} --tool-args-json '${JSON.stringify(args)}'`;
  const rest = (body: object, options = '') =>
    `${curl} $URL/v1/commands/execute ${options}\\\n  -d '${JSON.stringify(body)}'`;

  ask('What may be run here?', 'an agent, by MCP Inspector over stdio');
  const tools = toolNames((await run(`${stdio} --method tools/list`)).stdout);
  answer([tools.join(', ')]);
  check(
    'each declared command is a tool',
    ['list_files', 'search_text', 'deploy'].every((t) => tools.includes(t)),
  );
  check('there is no shell among them', !tools.some((t) => /shell|bash|exec$/.test(t)));

  ask('Allowed: which errors are in the logs?', 'an agent, by MCP Inspector over stdio');
  const errors = await call(
    mcp(stdio, 'search_text', { pattern: 'error', path: 'logs' }),
    'ok',
    null,
  );
  check(
    'the output is what grep found in the workspace',
    (errors.stdout.match(/503|4711/g) ?? []).length === 4,
  );

  ask('Allowed, and it writes: remove the temporary files', 'an agent, by MCP Inspector over HTTP');
  await call(mcp(http, 'clean_temp', {}), 'ok', null);
  const left = readdirSync(join(stage.workspace, 'tmp'));
  check('the *.tmp files are gone, and nothing else', left.join() === 'keep.txt', left.join());

  ask('Refused: a command that nobody declared', 'a program, by curl');
  const unknown = await call(
    rest({ command: 'rm', args: ['-rf', '/'] }),
    'rejected',
    'COMMAND_NOT_ALLOWED',
  );
  check('HTTP says 403', unknown.http === 403, `it says ${unknown.http}`);

  ask('Invalid argument: a text where a list belongs', 'an agent, by MCP Inspector over HTTP');
  const invalid = await call(
    mcp(http, 'count_lines', { paths: 'logs/app.log' }),
    'rejected',
    'INVALID_REQUEST',
  );
  check(
    'the message names the field',
    invalid.message?.includes('paths') === true,
    `${invalid.message}`,
  );

  ask('A dangerous argument stays an argument', 'an agent, by MCP Inspector over stdio');
  const literal = await call(
    mcp(stdio, 'search_text', { pattern: '--file=/etc/passwd; $(id)', path: 'logs' }),
    'failed',
    'COMMAND_EXIT_NON_ZERO',
  );
  check('grep looked for that text and found none (exit code 1)', literal.exitCode === 1);

  ask('Path escape: a folder outside of the workspace', 'an agent, by MCP Inspector over stdio');
  await call(
    mcp(stdio, 'list_files', { path: '../../..' }),
    'rejected',
    'WORKSPACE_ISOLATION_VIOLATION',
  );

  ask(
    'Timeout: a report of 30 seconds, and 2 seconds to do it',
    'an agent, by MCP Inspector over HTTP',
  );
  const overdue = await call(
    mcp(http, 'slow_report', { seconds: 30, timeoutSeconds: 2 }),
    'timeout',
    'COMMAND_TIMEOUT',
  );
  check('what it had written by then is kept', overdue.stdout.includes('second 1 of 30'));
  check('none of its processes is left', processesOf(stage, 'slow-report').length === 0);

  ask('Large output: 20,000 lines where 64 KiB are kept', 'a program, by curl');
  const large = await call(
    rest({ command: 'export-log', arguments: { lines: 20_000 } }),
    'ok',
    null,
  );
  check('the answer says that it is cut', large.truncated);
  check(
    'its beginning and its end are there',
    /^record 1:/.test(large.stdout) && large.stdout.includes('record 20000:'),
  );
  check(
    'and no more than the limit',
    Buffer.byteLength(large.stdout) < 80 * 1024,
    `${Buffer.byteLength(large.stdout)} bytes`,
  );

  ask('Cancel: start a long report, then think better of it', 'a program, by curl');
  await cancel(stage, run, rest, told);

  ask(
    'Approvals: a deployment that two people have to approve',
    'an agent, by MCP Inspector over HTTP',
  );
  const deployed = await call(
    mcp(http, 'deploy', { version: 'v1.2.3' }),
    'awaiting_approval',
    null,
  );
  await approve(run, deployed.requestId ?? '', told, curl);
  return told;
}

async function cancel(
  stage: Stage,
  run: (line: string) => Promise<Printed>,
  rest: (body: object, options?: string) => string,
  told: Told[],
): Promise<void> {
  const body = { command: 'slow-report', arguments: { seconds: 60 }, timeoutSeconds: 60 };
  const started = readAnswer((await run(rest(body, '-H "Prefer: wait=0" '))).stdout);
  answer([`${started.status} · request ${started.requestId}`]);
  check(
    'it is on its way',
    ['queued', 'running'].includes(started.status ?? ''),
    `${started.status}`,
  );
  const running = await eventually(() => processesOf(stage, 'slow-report').length > 0);
  check('its process is there', running);
  const line = `${curl} -X POST $URL/v1/commands/executions/${started.requestId}/cancel`;
  const printed = await run(line);
  const ended = readAnswer(printed.stdout);
  answer(condense(ended, printed));
  check(
    'the answer is cancelled, COMMAND_CANCELLED',
    ended.status === 'cancelled' && ended.errorCode === 'COMMAND_CANCELLED',
    `${ended.status}, ${ended.errorCode}`,
  );
  check('none of its processes is left', processesOf(stage, 'slow-report').length === 0);
  if (started.requestId !== null) {
    told.push({
      requestId: started.requestId,
      status: 'cancelled',
      errorCode: 'COMMAND_CANCELLED',
    });
  }
}

/** The record has to hold every request of the story, with the status and code that its client was told. */
export async function showAudit(stage: Stage, told: readonly Told[]): Promise<void> {
  ask('What does the record say?', 'the operator, by the command line');
  const line = 'reeve audit list';
  showCommand(line);
  const shown = await runLine(stage, line);
  answer(shown.stdout.trimEnd().split('\n'));
  const listed = await runLine(stage, 'reeve --output json audit list --limit 200');
  const { records } = (parse(listed.stdout) ?? {}) as { records?: readonly Told[] };
  const missing = told.filter(
    (t) =>
      !records?.some(
        (r) => r.requestId === t.requestId && r.status === t.status && r.errorCode === t.errorCode,
      ),
  );
  check(
    `all ${told.length} requests are on record, as their clients were told`,
    records !== undefined && missing.length === 0,
    missing.map((t) => t.requestId).join(', '),
  );

  const last = told.find((t) => t.errorCode === 'COMMAND_TIMEOUT');
  if (last === undefined) return;
  ask('Why did one of them end as it did?', 'the operator, by the command line');
  const why = `reeve why ${last.requestId}`;
  showCommand(why);
  const explained = await runLine(stage, why);
  answer(explained.stdout.trimEnd().split('\n').map(brief));
  check(
    'it names the limit and where it stands',
    /time limit[\s\S]*inventory\.yaml:\d+/.test(explained.stdout),
  );

  ask('Was the record touched?', 'an auditor, by the command line');
  const verify = 'reeve audit verify';
  showCommand(verify);
  const verified = await runLine(stage, verify);
  answer(`${verified.stdout}${verified.stderr}`.trimEnd().split('\n'));
  check('the log verifies', verified.exitCode === 0, `exit ${verified.exitCode}`);
}

/** One line of a long report; the whole of it is a command away. */
function brief(line: string): string {
  return line.length > 130 ? `${line.slice(0, 129)}…` : line;
}

function toolNames(printed: string): string[] {
  const body = (parse(printed) ?? {}) as {
    tools?: { name: string }[];
    result?: { tools?: { name: string }[] };
  };
  return (body.tools ?? body.result?.tools ?? []).map((t) => t.name);
}

/** Processes that run a program of this stage's example; those of another demo beside this one don't count. */
function processesOf(stage: Stage, program: string): string[] {
  const path = join(stage.folder, 'example/bin', program);
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(path);
    } catch {
      return false;
    }
  });
}

async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 100; i += 1) {
    if (condition()) return true;
    await sleep(50);
  }
  return false;
}
