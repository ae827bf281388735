/** Retention over REST. In: what is asked of the desk. Out: the same values, times as numbers again. */
import type { RetentionDesk } from '../../gateway/retention.ts';
import { checkOf, dueOf, holdOf, prunedOf } from '../rest/convert-retention.ts';
import * as shapes from '../rest/schemas-retention.ts';
import type { Asking } from './approvals.ts';

export function remoteRetention({ get, post }: Asking): RetentionDesk {
  return {
    due: async (caller) => dueOf(await get(caller, shapes.dueReport, '/v1/retention/due')),
    prune: async (caller) =>
      prunedOf(await post(caller, shapes.prunedReport, '/v1/retention/prune', undefined)),
    holds: async (caller) =>
      (await get(caller, shapes.holdsReport, '/v1/retention/holds')).holds.map(holdOf),
    async placeHold(caller, { reason, holds }) {
      const { since, until, ...named } = holds;
      const times = { since: timeOf(since), until: timeOf(until) };
      const given = Object.entries({ ...named, ...times }).filter(([, value]) => value !== null);
      const body = { reason: shortened(reason), ...Object.fromEntries(given) };
      return holdOf(await post(caller, shapes.holdReport, '/v1/retention/holds', body));
    },
    async releaseHold(caller, id, reason) {
      const path = `/v1/retention/holds/${part(id)}/release`;
      return holdOf(await post(caller, shapes.holdReport, path, { reason: shortened(reason) }));
    },
    async check(caller, requestId) {
      const path = `/v1/commands/executions/${part(requestId)}/commitments`;
      return checkOf(await get(caller, shapes.checkReport, path));
    },
  };
}

function timeOf(moment: number | null): string | null {
  return moment === null ? null : new Date(moment).toISOString();
}

function shortened(reason: string): string {
  return reason.slice(0, 500).toWellFormed();
}

function part(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}
