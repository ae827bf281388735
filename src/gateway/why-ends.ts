/**
 * The causes that end a run, or that took its gateway away: which limit, what it is worth and what was used. In: what is
 * known. Out: plain words.
 */
import type { LimitName } from '../core/command.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import { formatDuration, formatSize } from '../core/units.ts';
import type { Cause, Known } from './why-known.ts';
import { again, named, plain } from './why-plain.ts';
import { time } from './why-waits.ts';

type EndCode = Extract<
  ErrorCode,
  | `COMMAND_${'TIMEOUT' | 'EXIT_NON_ZERO' | 'SIGNALLED' | 'CANCELLED'}`
  | `${'MEMORY' | 'CPU' | 'PROCESS' | 'OPEN_FILES' | 'FILE_SIZE' | 'WORKSPACE' | 'OUTPUT'}_LIMIT`
  | 'SYSCALL_DENIED'
  | 'HOST_LOST'
>;

function lost(known: Known): Cause {
  const { execution, command, generation } = known;
  if (execution.status !== 'unknown')
    return plain(
      known,
      `${named(known)} never ran: the gateway that took the request went away first.`,
      [again(known)],
    );
  const workspace =
    generation.settings.environments[execution.environment ?? '']?.workspace ?? null;
  const rollback = command?.rollback;
  return plain(
    known,
    `Nobody knows how ${named(known)} ended: its gateway went away while it ran. Its processes are gone.`,
    [
      `Look at what it may have done${workspace === null ? '' : `: the workspace ${workspace}`}${execution.workingDirectory === null ? '' : ` (it ran in ${visibleLine(execution.workingDirectory)})`}, and what it talks to.`,
      ...(rollback === undefined ? [] : [`If it has to be undone: ${visibleLine(rollback)}`]),
      'Only a person decides whether it is asked for again: it may have done all of it, or a part.',
    ],
    execution.argv === null
      ? []
      : [known.from('intent', `It was started as: ${execution.argv.map(visibleLine).join(' ')}`)],
  );
}

function ran({ execution: { startedAt, finishedAt } }: Known): string {
  return startedAt === null || finishedAt === null
    ? 'for a time that is not on record'
    : formatDuration(finishedAt - startedAt);
}

/** A limit that was reached: what it is worth, what was used, where it is written. */
function limit(
  name: LimitName,
  key: string,
  format: (value: number) => string,
  used: (known: Known) => number | null,
): (known: Known) => Cause {
  return (known) => {
    const { command, execution, declared } = known;
    const override = command?.environments[execution.environment ?? '']?.limits;
    const value = override?.[name] ?? command?.limits[name];
    const worth = value === undefined ? '' : ` of ${format(value)}`;
    const peak = used(known);
    return plain(
      known,
      `${named(known)} reached limits.${key}${worth}, and ${name === 'processes' || name === 'openFiles' ? 'failed' : 'was ended'}.`,
      [
        `Give it less to do, or raise limits.${key} of ${named(known)} in the inventory, then reeve reload.`,
        'Look at what it left half done before it is asked for again.',
      ],
      [
        {
          fact: `limits.${key} is ${value === undefined ? 'not known any more' : format(value)}${peak === null ? '' : `; it used ${format(peak)}`}.`,
          source: declared(`limits.${key}`),
        },
        ...(execution.sandbox?.degraded.includes(name)
          ? [
              known.from(
                'outcome',
                `This host could not hold the limit as a whole (sandbox ${execution.sandbox.tier}).`,
              ),
            ]
          : []),
      ],
    );
  };
}

export const endCauses: Readonly<Record<EndCode, (known: Known) => Cause>> = Object.freeze({
  COMMAND_TIMEOUT: (k) => {
    const { timeoutMs } = k.execution;
    const max = k.command?.timeout.maxMs ?? null;
    return plain(
      k,
      `${named(k)} ran into its time limit of ${time(timeoutMs)} and was ended.`,
      [
        'Look at what it left half done before it is asked for again.',
        max !== null && timeoutMs !== null && timeoutMs < max
          ? `More time may be asked for, up to ${time(max)}: reeve run ${named(k)} --timeout ${time(max)} …`
          : 'For more time the declaration has to allow it: timeout.max.',
      ],
      [
        {
          fact: `The limit was ${time(timeoutMs)}; it ran ${ran(k)}.`,
          source: k.declared('timeout'),
        },
      ],
    );
  },
  COMMAND_EXIT_NON_ZERO: (k) =>
    plain(k, `${named(k)} ran, and ended by itself with exit code ${k.execution.exitCode}.`, [
      `reeve logs ${k.execution.requestId} shows what it printed; --stderr only its errors.`,
    ]),
  COMMAND_SIGNALLED: (k) =>
    plain(
      k,
      `${named(k)} was ended by ${k.execution.signal ?? 'a signal'}, which Reeve did not send.`,
      [`reeve logs ${k.execution.requestId} shows how far it came; it may have crashed.`],
    ),
  COMMAND_CANCELLED: (k) => {
    const asked = k.last('cancel-asked');
    const by = asked === null ? 'the gateway, as it was stopped' : (asked.principal ?? 'somebody');
    const reason = String((asked?.body as JsonObject | undefined)?.reason ?? '');
    return plain(
      k,
      `${named(k)} was cancelled by ${visibleLine(by)}.`,
      [
        k.execution.startedAt === null
          ? 'Nothing ran.'
          : 'It had begun: look at what it left before it is asked for again.',
        again(k),
      ],
      asked === null || reason === ''
        ? []
        : [k.from('cancel-asked', `The reason that was given: ${visibleLine(reason)}`)],
    );
  },
  MEMORY_LIMIT: limit('memory', 'memory', formatSize, (k) => k.execution.usage?.peakMemory ?? null),
  CPU_LIMIT: limit('cpuTimeMs', 'cpuTime', formatDuration, (k) => k.execution.usage?.cpuMs ?? null),
  PROCESS_LIMIT: limit(
    'processes',
    'processes',
    String,
    (k) => k.execution.usage?.peakProcesses ?? null,
  ),
  OPEN_FILES_LIMIT: limit('openFiles', 'openFiles', String, () => null),
  FILE_SIZE_LIMIT: limit('fileSize', 'fileSize', formatSize, () => null),
  WORKSPACE_LIMIT: (k) =>
    k.message.includes('workspaceFiles')
      ? limit('workspaceFiles', 'workspaceFiles', String, () => null)(k)
      : limit('workspaceGrowth', 'workspaceGrowth', formatSize, () => null)(k),
  OUTPUT_LIMIT: limit('output', 'output', formatSize, ({ execution: { usage } }) =>
    usage === null ? null : usage.stdoutBytes + usage.stderrBytes,
  ),
  SYSCALL_DENIED: (k) =>
    plain(k, `${named(k)} made a system call that the sandbox forbids, and was ended.`, [
      'It needs a privilege that sandboxed commands do not have: use another program, or another way of calling it.',
    ]),
  HOST_LOST: lost,
});
