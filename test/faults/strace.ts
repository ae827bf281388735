/**
 * System calls of a process that fail, or kill it: strace's fault injection. In: a process, and what is to happen to which
 * call. Out: strace at work on that process, until it is interrupted; on its main thread alone, but for syncs, which others
 * do, too. Never: a process left behind.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** Also of one that has ended already, whose events are over. */
export async function ended(child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) await sleep(2);
}

/** `expression` as of strace's `inject=`. Null, and the test skipped, where this host has no strace or does not let it. */
export async function inject(
  t: TestContext,
  pid: number,
  expression: string,
): Promise<ChildProcess | null> {
  if (spawnSync('strace', ['-V']).status !== 0) {
    t.skip('strace is not installed: apt-get install strace');
    return null;
  }
  const calls = /^[^:]+/.exec(expression)![0];
  const strace = spawn(
    'strace',
    [
      ...(calls.includes('sync') ? ['-f'] : []),
      ...[
        '-p',
        String(pid),
        '-o',
        '/dev/null',
        '-e',
        `trace=${calls}`,
        '-e',
        `inject=${expression}`,
      ],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  strace.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  while (!said.includes('attached')) {
    if (strace.exitCode !== null) {
      t.skip(`strace may not look at processes here: ${said.trim()}`);
      return null;
    }
    await sleep(5);
  }
  return strace;
}
