/** Assurance over REST. In: what is asked of the desk. Out: the same values, times as numbers again. */
import type { AssuranceDesk } from '../../gateway/assurance.ts';
import { assuranceOf } from '../rest/convert-assurance.ts';
import * as shapes from '../rest/schemas-assurance.ts';
import type { Asking } from './approvals.ts';

export function remoteAssurance({ get, post }: Asking): AssuranceDesk {
  return {
    async run(caller, { command, environment, arguments: given }) {
      const body = {
        command,
        ...(environment === null ? {} : { environment }),
        ...(given === null ? {} : { arguments: given }),
      };
      return assuranceOf(await post(caller, shapes.assuranceReport, '/v1/assurance', body));
    },
    async list(caller, { command, environment, limit, before }) {
      const given = { command, environment, limit: String(limit), cursor: before };
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(given)) if (value !== null) query.set(name, value);
      const page = await get(caller, shapes.assurancePage, `/v1/assurance?${query}`);
      return { records: page.records.map(assuranceOf), nextCursor: page.meta.nextCursor };
    },
    show: async (caller, id) => assuranceOf(await get(caller, shapes.assuranceReport, pathOf(id))),
    async waive(caller, id, { reason, until }) {
      const body = {
        reason: reason.slice(0, 500).toWellFormed(),
        until: new Date(until).toISOString(),
      };
      return assuranceOf(await post(caller, shapes.assuranceReport, `${pathOf(id)}/waive`, body));
    },
  };
}

function pathOf(id: string): string {
  return `/v1/assurance/${encodeURIComponent(id.toWellFormed())}`;
}
