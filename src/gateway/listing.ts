/** What a principal may ask for, as every face lists it. No meaning here, only form. */
import type { LastVerified } from '../core/assurance-record.ts';
import type { ApprovalStage, Command, TimeLimit } from '../core/command.ts';
import type { JsonObject } from '../core/json.ts';
import type { ResultDeclaration } from '../core/result.ts';
import type { SecretUse } from '../core/secret.ts';

/** What a principal may ask for. `parameters` is the closed JSON Schema of the arguments object alone. */
export interface Listing {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly risk: Command['risk'];
  readonly priority: number | null;
  readonly usageFrequency: string | null;
  readonly automationCoverage: number | null;
  readonly complianceNotes: string | null;
  readonly reviewCadenceMs: number | null;
  /** When it is to be reviewed next (ISO 8601): so long after it was verified last; null where either is missing. */
  readonly reviewDueAt: string | null;
  /** The newest record of assurance of all; null where there is none. */
  readonly lastVerified: LastVerified | null;
  /** The newest of each environment that has one. */
  readonly verifications: readonly LastVerified[];
  /** Environments in which it runs only with evidence that is fresh. */
  readonly assuranceRequired: readonly string[];
  readonly rollback: string | null;
  readonly parameters: JsonObject;
  /** What its standard output is declared to be. */
  readonly result: ResultDeclaration | null;
  readonly environments: readonly string[];
  readonly defaultEnvironment: string | null;
  readonly timeout: TimeLimit;
  readonly approvals: readonly ApprovalStage[];
  readonly guardrails: readonly string[];
  readonly dependencies: readonly string[];
  /** What the gateway gives it besides its arguments: names, never values. */
  readonly secrets: readonly SecretUse[];
  readonly network: Command['network'];
  readonly workspace: Command['workspace'];
}
