/** The desk of a gateway that has no runbooks. None is listed, and every other question is refused as one about a runbook that is not there. */
import { ReeveError } from '../core/errors.ts';
import type { RunbookDesk } from '../runbooks/desk.ts';

const nowhere = async (): Promise<never> => {
  throw new ReeveError(
    'REQUEST_NOT_FOUND',
    'This gateway has no runbooks. Name a file or folder of them in reeve.yaml (runbooks), or ask another gateway.',
    [{ field: 'runbook', problem: 'not found' }],
  );
};

export const noRunbooks: RunbookDesk = Object.freeze({
  list: async () => [],
  runs: async () => ({ runs: [], nextCursor: null }),
  plan: nowhere,
  rehearse: nowhere,
  start: nowhere,
  show: nowhere,
  entries: nowhere,
  // biome-ignore lint/correctness/useYield: it is refused before there is anything to tell.
  async *watch() {
    await nowhere();
  },
  pause: nowhere,
  resume: nowhere,
  cancel: nowhere,
  confirm: nowhere,
  retry: nowhere,
  skip: nowhere,
  resolve: nowhere,
  rollback: nowhere,
});
