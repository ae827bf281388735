/** The settings of a gateway, checked and complete: `reeve.yaml` with `REEVE_*` variables over it. All paths absolute. */
import type { Environment, Risk } from './command.ts';
import type { SecretSources } from './secret.ts';

export interface Settings {
  /** The file that they were read from, and its folder. */
  readonly file: string;
  readonly folder: string;
  /** Inventory file, or folder of `*.yaml`. */
  readonly inventory: string;
  /** Folder of `*.cedar`; null selects the built-in policy, for the local user alone. */
  readonly policy: string | null;
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl: string | null;
  /** Host names that requests may name besides loopback's and publicUrl's. */
  readonly allowedHosts: readonly string[];
  readonly defaultEnvironment: string;
  readonly environments: Readonly<Record<string, Environment>>;
  /** Where secrets come from, for every environment in which they have a source. */
  readonly secrets: SecretSources;
  /** `required`: no sandbox, no run. `unsandboxed`: run without where the sandbox cannot be had, and say so everywhere. */
  readonly sandbox: 'required' | 'unsandboxed';
  /** True refuses to run where a limit cannot be enforced, instead of reporting it as degraded. */
  readonly limitsRequired: boolean;
  /** Runs at once over all commands, of one command that declares nothing itself, and how many may wait. */
  readonly concurrency: {
    readonly running: number;
    readonly waiting: number;
    readonly perCommand?: number;
  };
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Risks that may run in local mode (`trust: same-user`). */
  readonly localRisks: readonly Risk[];
  /** The JSON Lines audit file; null chooses /var/log/reeve/audit.log if writable, else the state directory. */
  readonly auditFile: string | null;
}
