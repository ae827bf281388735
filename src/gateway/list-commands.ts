/** What a principal may ask for. In: who. Out: listings by name, each with when it was verified last. Never: one out of sight. */
import type { LastVerified } from '../core/assurance-record.ts';
import type { Command } from '../core/command.ts';
import type { Caller } from '../core/principal.ts';
import { verificationsOf } from './assurance-standing.ts';
import type { Listing } from './gateway.ts';
import type { House } from './house.ts';
import { stagesOf } from './judge.ts';

export async function listCommands(house: House, caller: Caller): Promise<readonly Listing[]> {
  const generation = house.generations.current;
  const { inventory, policy } = generation;
  const at = { face: caller.face, trust: house.trust };
  const seen = [...inventory.commands.values()]
    .filter((command) => policy.see(caller.principal, command, at).allowed)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return Promise.all(
    seen.map(async (command) =>
      listingOf(command, await verificationsOf(house, generation, command)),
    ),
  );
}

function listingOf(command: Command, verifications: readonly LastVerified[]): Listing {
  const lastVerified = verifications.reduce<LastVerified | null>(
    (newest, each) => (newest === null || each.at > newest.at ? each : newest),
    null,
  );
  return {
    name: command.name,
    tool: command.tool,
    title: command.title,
    description: command.description,
    owner: command.owner,
    risk: command.risk,
    priority: command.priority ?? null,
    usageFrequency: command.usageFrequency ?? null,
    automationCoverage: command.automationCoverage ?? null,
    complianceNotes: command.complianceNotes ?? null,
    reviewCadenceMs: command.reviewCadenceMs ?? null,
    reviewDueAt: reviewDueAt(command, lastVerified),
    lastVerified,
    verifications,
    assuranceRequired: command.assurance?.required ?? [],
    rollback: command.rollback ?? null,
    parameters: command.parameters,
    result: command.result,
    environments: Object.keys(command.environments),
    defaultEnvironment: command.defaultEnvironment ?? null,
    timeout: command.timeout,
    approvals:
      command.defaultEnvironment === undefined
        ? command.approvals
        : stagesOf(command, command.defaultEnvironment),
    guardrails: command.guardrails,
    dependencies: command.dependencies,
    secrets: command.secrets,
    network: command.network,
    workspace: command.workspace,
  };
}

function reviewDueAt(
  { reviewCadenceMs }: Command,
  lastVerified: LastVerified | null,
): string | null {
  if (reviewCadenceMs === undefined || lastVerified === null) return null;
  const due = Date.parse(lastVerified.at) + reviewCadenceMs;
  // Beyond what a calendar can hold it is due at no time.
  return due <= 8.64e15 ? new Date(due).toISOString() : null;
}
