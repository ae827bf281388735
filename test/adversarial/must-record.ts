/** What a good answer leaves on record. In: what was seen. Out: held, or broken with the observation. */
import { isMap, listOf, mapOf, textOf } from './corpus.ts';
import { broken, type Facts, held, heldIf, type Look } from './facts.ts';

/** On record in the store, and in the file that SIEMs read. */
export async function audited(facts: Facts): Promise<Look> {
  for (const reply of facts.replies) {
    if (reply.requestId === null) {
      return broken(`an answer without a request id: ${reply.wire.slice(0, 120)}`);
    }
    const path = `/v1/commands/executions/${encodeURIComponent(reply.requestId)}/entries`;
    const entries = listOf(mapOf(await facts.look(path)).entries);
    if (entries.length === 0) return broken(`${reply.requestId} is not on record`);
    if (!(await appears(facts, reply.requestId))) {
      return broken(`${reply.requestId} is not in the audit file`);
    }
  }
  return held;
}

async function appears(facts: Facts, requestId: string): Promise<boolean> {
  for (let i = 0; i < 60; i += 1) {
    if (facts.auditText().includes(requestId)) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** After a restart: begun, not ended, and marked so. */
export async function flaggedAsLost(facts: Facts): Promise<Look> {
  for (let i = 0; i < 60; i += 1) {
    const page = mapOf(await facts.look('/v1/commands/audit?limit=50'));
    const mine = listOf(page.records)
      .map(mapOf)
      .find((record) => record.command === facts.command?.name);
    if (mine?.status === 'unknown') {
      const id = textOf(mine.requestId) ?? '';
      const entries = mapOf(await facts.look(`/v1/commands/executions/${id}/entries`)).entries;
      const kinds = listOf(entries).map((entry) => (isMap(entry) ? textOf(entry.kind) : null));
      const lost = kinds.includes('intent') && !kinds.includes('outcome');
      return heldIf(lost && kinds.includes('lost'), `its entries are ${kinds.join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return broken('no record of it is marked as unknown');
}
