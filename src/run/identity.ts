/**
 * Whom a command runs as. In: the invocation, the workspace's owner, who the gateway is. Out: user and group ids.
 * Never root: a command that can rewrite the gateway's files would decide for itself.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';

/** `change` is true where the gateway, being root, has to become this user first. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly change: boolean;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Who this process is; -1 where the platform has no user ids. */
export function self(): { readonly uid: number; readonly gid: number } {
  return { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
}

/**
 * The rule: `runAs`, else the workspace's owner, else (root owns it) an id kept for this workspace. A gateway that is
 * not root can only be itself. Throws COMMAND_EXECUTION_FAILED where that contradicts `runAs`, or where it is root.
 */
export function chooseIdentity(
  invocation: Pick<Invocation, 'runAs' | 'workspace' | 'environment'>,
  owner: Owner | null,
  gateway: { readonly uid: number; readonly gid: number },
): Identity {
  const { runAs } = invocation;
  if (runAs === 0) {
    throw new ReeveError(
      'COMMAND_EXECUTION_FAILED',
      `Environment ${invocation.environment} says runAs: 0, and commands never run as root; nothing was started. Name another user.`,
    );
  }
  if (gateway.uid !== 0) {
    if (runAs !== null && runAs !== gateway.uid) {
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        `Environment ${invocation.environment} says runAs: ${runAs}, and a gateway that runs as user ${gateway.uid} cannot become that user; nothing was started. Start the gateway as user ${runAs} or as root, or leave runAs out.`,
      );
    }
    return { uid: gateway.uid, gid: gateway.gid, change: false };
  }
  if (runAs !== null) return { uid: runAs, gid: runAs, change: true };
  if (owner !== null && owner.uid !== 0) {
    return { uid: owner.uid, gid: owner.gid === 0 ? owner.uid : owner.gid, change: true };
  }
  const kept = keptId(invocation.workspace, mappedIds());
  return { uid: kept, gid: kept, change: true };
}

/**
 * The id kept for a root-owned workspace: the same one as long as its path is. Far above what systems give out;
 * where a container maps only 65536 ids, between those of people and those of systemd.
 */
export function keptId(workspace: string, mapped: number): number {
  const hash = createHash('sha256').update(workspace).digest().readUInt32BE(0);
  return mapped > 2_000_000_000 ? 1_900_000_000 + (hash % 90_000_000) : 60_600 + (hash % 500);
}

function mappedIds(): number {
  try {
    const lines = readFileSync('/proc/self/uid_map', 'latin1').trim().split('\n');
    return Math.max(
      ...lines.map((line) => {
        const [inside, , count] = line.trim().split(/\s+/).map(Number);
        return inside! + count!;
      }),
    );
  } catch {
    return 65_536;
  }
}

/** True where the mode bits give the identity all of `bits` (4 read, 2 write, 1 enter). */
export function mayAccess(owner: Owner, identity: Identity, bits: number): boolean {
  // A gateway that is not root may be let in by a further group or an access list: the kernel will say.
  if (!identity.change) return true;
  const shift = owner.uid === identity.uid ? 6 : owner.gid === identity.gid ? 3 : 0;
  return ((owner.mode >> shift) & bits) === bits;
}
