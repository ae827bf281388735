/**
 * Lists of requests for approval. In: who looks, and what for. Out: a page of views. Never: a cursor, or an empty page,
 * that tells of requests which are not the caller's to see.
 */
import type { ApprovalState } from '../../core/people-ports.ts';
import type { Caller } from '../../core/principal.ts';
import type { ApprovalFilter, ApprovalPage } from '../gateway.ts';
import type { House } from '../house.ts';
import { inSight, viewOf } from './view.ts';

/** Requests that are looked through for one page, newest first, and at a time. */
const mostScanned = 5_000;
const scannedAtOnce = 200;

/** The cursor is the last request id of the page before, which the caller has seen. */
export function listApprovals(house: House, caller: Caller, filter: ApprovalFilter): ApprovalPage {
  const after = afterCursor(filter.before);
  const views = [];
  for (const state of candidates(house, filter)) {
    if (!inSight(house, caller, state) || !after(state.request.requestId)) continue;
    const view = viewOf(house, caller, state);
    if (filter.state === 'mine' && !view.mine.mayAnswer) continue;
    if (views.length === filter.limit)
      return { approvals: views, nextCursor: views.at(-1)?.requestId ?? null };
    views.push(view);
  }
  return { approvals: views, nextCursor: null };
}

function* candidates(house: House, { state }: ApprovalFilter): Generator<ApprovalState> {
  if (state !== 'all') {
    yield* house.store.approvals.waiting();
    return;
  }
  let before: string | undefined;
  for (let scanned = 0; scanned < mostScanned; scanned += scannedAtOnce) {
    const page = house.store.approvals.page({
      limit: scannedAtOnce,
      ...(before === undefined ? {} : { before }),
    });
    yield* page.states;
    if (page.nextCursor === null) return;
    before = page.nextCursor;
  }
}

/** True for what comes after the cursor; for everything where there is none. */
function afterCursor(before: string | undefined): (requestId: string) => boolean {
  let passed = before === undefined;
  return (requestId) => {
    if (passed) return true;
    passed = requestId === before;
    return false;
  };
}
