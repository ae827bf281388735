/** The command line: one process a call; SIGINT goes back on it. */
import type { Stage } from '../real/stage.ts';
import { type Face, toldBy } from './face.ts';
import type { Scenario } from './scenarios.ts';

export function cliFace(stage: Stage, state: string): Face {
  return {
    name: 'cli',
    async call(scenario, running) {
      const child = stage.start(argvOf(stage, state, scenario));
      let stdout = '';
      let stderr = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        stdout += chunk.toString('utf8');
      });
      child.stderr!.on('data', (chunk: Buffer) => {
        stderr += chunk.toString('utf8');
      });
      child.stdin!.end();
      const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
      if (scenario.cancel) {
        await running();
        child.kill('SIGINT');
      }
      await closed;
      const exitCode = child.exitCode;
      let told: ReturnType<typeof toldBy>;
      try {
        told = toldBy(JSON.parse(stdout));
      } catch {
        throw new Error(`no JSON on standard output (exit code ${exitCode}): ${stdout}${stderr}`);
      }
      const meant = exitCodeFor(told.status, told.errorCode);
      if (exitCode !== meant)
        throw new Error(`exit code ${exitCode} instead of ${meant}: ${stderr}`);
      return told;
    },
    async close() {},
  };
}

function argvOf(stage: Stage, state: string, scenario: Scenario): string[] {
  const { command, args, environment, timeoutSeconds } = scenario;
  return [
    ...stage.options(state),
    '--output',
    'json',
    'run',
    ...(environment === undefined ? [] : ['--env', environment]),
    ...(timeoutSeconds === undefined ? [] : ['--timeout', `${timeoutSeconds}s`]),
    ...(args === undefined ? [`--json=${scenario.arguments}`] : []),
    command,
    ...(args === undefined ? [] : ['--', ...args]),
  ];
}

/** Said here once more, on purpose: scripts rely on it. */
function exitCodeFor(status: string | null, errorCode: string | null): number {
  if (errorCode === 'APPROVAL_REQUIRED') return 4;
  const codes: Readonly<Record<string, number>> = {
    ok: 0,
    failed: 1,
    rejected: 3,
    timeout: 5,
    cancelled: 6,
    awaiting_approval: 4,
  };
  return codes[status ?? ''] ?? 7;
}
