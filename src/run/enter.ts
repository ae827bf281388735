/**
 * Puts a sandbox that is being set up into its run's control groups, then lets the command in. In: the groups, the run.
 * Out: once it has been let in, or has ended. Throws where a group cannot be entered. Never: a command let in before
 * the sandbox's first process, of which it will be the child, is in every group.
 */
import { closeSync, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { Group } from './cgroup.ts';
import type { Running } from './launch.ts';

const writeTo = promisify(write);

export async function enterGroups(group: Group, running: Running): Promise<void> {
  let over = false;
  const ended = running.ended.then(() => {
    over = true;
  });
  const enter = async (pid: number): Promise<boolean> => {
    for (const path of group.entries) {
      // Ended and waited for: its number may be another's by now.
      if (over || !(await moveInto(path, pid))) return false;
    }
    return true;
  };
  // The first move makes the kernel wait for all processors, some milliseconds: bubblewrap sets up meanwhile.
  if (!(await enter(running.pid))) return;
  await Promise.race([running.status.begun, ended]);
  const { childPid } = running.status;
  if (childPid === null || !(await enter(childPid))) return;
  running.letIn();
}

/** False if the process is gone. In a thread of its own: the kernel may take its time. */
async function moveInto(path: string, pid: number): Promise<boolean> {
  const fd = openSync(path, 'r+');
  try {
    await writeTo(fd, String(pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}
