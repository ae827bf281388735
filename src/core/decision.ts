/** What policy says of an invocation, and the permit that alone can start a process. */
import type { ApprovalStage } from './command.ts';
import { ReeveError } from './errors.ts';
import type { Invocation } from './invocation.ts';

/** A stage of a decision. `policy` is the id of the policy that added it; null for one of the inventory. */
export interface DecidedStage extends ApprovalStage {
  readonly policy: string | null;
}

/** `policies` are the ids of the policies that decided; `errors` make every decision a denial. */
export type Decision =
  | {
      readonly kind: 'permit';
      readonly digest: string;
      readonly policies: readonly string[];
      /** It holds for a rehearsal and for nothing else: no approvals stand before one. */
      readonly rehearsal?: true;
    }
  | {
      readonly kind: 'deny';
      readonly digest: string;
      readonly policies: readonly string[];
      readonly errors: readonly string[];
    }
  | {
      readonly kind: 'needs-approval';
      readonly digest: string;
      readonly policies: readonly string[];
      /** The inventory's first, in its order, then those that policies added, by their ids. */
      readonly stages: readonly DecidedStage[];
    };

/** One person's answer to a stage, bound to the digest that it was given for. */
export interface Grant {
  readonly requestId: string;
  readonly stage: number;
  readonly approver: string;
  readonly digest: string;
}

const secret = Symbol('permit');

/**
 * The ticket to run. Only `issuePermit` makes one, only `redeem` opens it, and only once.
 * A crash between the two means that nothing ran.
 */
export class Permit {
  readonly requestId: string;
  readonly fence: number;
  readonly digest: string;
  #invocation: Invocation | null;

  constructor(key: symbol, requestId: string, fence: number, invocation: Invocation) {
    if (key !== secret) throw new TypeError('a permit is issued, never constructed');
    this.requestId = requestId;
    this.fence = fence;
    this.digest = invocation.digest;
    this.#invocation = invocation;
  }

  /** The invocation, once. A second call throws: a permit never starts two processes. */
  redeem(): Invocation {
    const invocation = this.#invocation;
    if (invocation === null) {
      throw new ReeveError(
        'COMMAND_EXECUTION_FAILED',
        'This permit has been used already; nothing was started.',
      );
    }
    this.#invocation = null;
    return invocation;
  }
}

/**
 * Issues the permit for an invocation. Throws unless the decision permits it, or every stage that it needs is granted
 * by enough different people, each for this very digest.
 */
export function issuePermit(
  requestId: string,
  fence: number,
  invocation: Invocation,
  decision: Decision,
  grants: readonly Grant[],
): Permit {
  if (decision.digest !== invocation.digest) {
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      'The decision was made for something else than what would run.',
    );
  }
  assertSameGround(invocation, decision);
  switch (decision.kind) {
    case 'permit':
      break;
    case 'deny':
      throw new ReeveError('COMMAND_NOT_ALLOWED', 'Policy does not permit this command here.');
    case 'needs-approval':
      assertGranted(requestId, invocation, decision.stages, grants);
      break;
  }
  return new Permit(secret, requestId, fence, invocation);
}

/**
 * What is decided without people because nothing outside a copy can be touched never starts anything in a workspace, and
 * no other decision starts anything in a copy.
 */
function assertSameGround(invocation: Invocation, decision: Decision): void {
  const inCopy = invocation.copyOf !== undefined;
  const forCopy = decision.kind === 'permit' && decision.rehearsal === true;
  if (decision.kind === 'deny' || inCopy === forCopy) return;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    inCopy
      ? 'The decision was made for a run in the workspace, and this would run in a copy of it.'
      : 'The decision was made for a run in a copy of the workspace, and this would run in the workspace itself.',
  );
}

/** One person has one vote in the whole sequence, never for a request of his own, nor of an agent of his unless the stage says so. */
function assertGranted(
  requestId: string,
  { digest, principal, onBehalfOf }: Invocation,
  stages: readonly ApprovalStage[],
  grants: readonly Grant[],
): void {
  const voted = new Set<string>();
  stages.forEach((stage, index) => {
    const people = new Set(
      grants
        .filter((g) => g.requestId === requestId && g.stage === index && g.digest === digest)
        .map((g) => g.approver)
        .filter((who) => who !== principal && !voted.has(who))
        .filter((who) => !stage.independent || who !== onBehalfOf),
    );
    if (people.size < stage.count) {
      throw new ReeveError(
        'APPROVAL_REQUIRED',
        `Stage ${index + 1} (${stage.role}) needs ${stage.count} approval(s) and has ${people.size}.`,
      );
    }
    for (const who of people) voted.add(who);
  });
}
