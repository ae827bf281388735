/** The settings of a gateway, checked and complete: `reeve.yaml` with `REEVE_*` variables over it. All paths absolute. */
import type { ProofKind } from './approval.ts';
import type { Pace } from './buckets.ts';
import type { Environment, Risk } from './command.ts';
import type { DependencyProbes } from './dependency.ts';
import type { RetentionPolicy } from './retention.ts';
import type { SecretSources } from './secret.ts';

export interface Settings {
  /** The file that they were read from, and its folder. */
  readonly file: string;
  readonly folder: string;
  /** Inventory file, or folder of `*.yaml`. */
  readonly inventory: string;
  /** File, or folder of `*.yaml`, with runbooks; null: there are none. */
  readonly runbooks: string | null;
  /** Folder of `*.cedar`; null selects the built-in policy, for the local user alone. */
  readonly policy: string | null;
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl: string | null;
  /** Null: it listens without TLS. */
  readonly tls: TlsFiles | null;
  /** Addresses and networks (CIDR) whose X-Forwarded-For, -Proto and -Host count. */
  readonly proxy: { readonly trusted: readonly string[] };
  readonly rate: RateSettings;
  /** Host names that requests may name besides loopback's and publicUrl's. */
  readonly allowedHosts: readonly string[];
  readonly defaultEnvironment: string;
  readonly environments: Readonly<Record<string, Environment>>;
  /** Where secrets come from, for every environment in which they have a source. */
  readonly secrets: SecretSources;
  /** How what commands depend on is looked at, for every environment in which it has a probe. */
  readonly dependencies: DependencyProbes;
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
  /** Rotates the audit file once it has `size` bytes, and keeps so many rotated ones; null leaves that to others. */
  readonly auditRotation: { readonly size: number; readonly keep: number } | null;
  /** Where checkpoints of the log are kept besides the state directory. */
  readonly audit: AuditSettings;
  /** The people file; null: no person is known but the local user. */
  readonly people: string | null;
  readonly identity: { readonly oidc: OidcSettings | null };
  readonly approvals: ApprovalSettings;
  readonly webhooks: readonly WebhookSettings[];
  /** How long payloads are kept; taken up anew with each reload. */
  readonly retention: RetentionPolicy;
  /** Where traces go; null or left out: nowhere, unless OTEL_* variables say so. */
  readonly traces?: TraceSettings | null;
}

export interface TraceSettings {
  /** Where spans are sent by POST, path and all (OTLP over HTTP). */
  readonly endpoint: string;
  readonly service: string;
  /** The part of requests that is traced, from 0 to 1. */
  readonly sample: number;
  /** True takes a caller's word for whether its request is traced. */
  readonly followCallers: boolean;
}

/** Checkpoints that this gateway could not take back. `url` has no slash at its end. */
export interface AuditSettings {
  readonly everyMs: number;
  readonly checkpoints: readonly (
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'url'; readonly url: string }
  )[];
  readonly witnesses: readonly { readonly url: string; readonly key: string }[];
}

/** PEM files: a certificate with its chain, and its key. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** So many at once, so many a second after that. */
export interface RateSettings {
  /** Calls of one principal. */
  readonly perPrincipal: Pace;
  /** Its refusals that go on record one by one; the others are counted there. */
  readonly recordedRefusals: Pace;
}

export const rateDefaults: RateSettings = Object.freeze({
  perPrincipal: Object.freeze({ perSecond: 50, burst: 1_000 }),
  recordedRefusals: Object.freeze({ perSecond: 5, burst: 1_000 }),
});

/** An OpenID Connect provider: its JWTs are taken over HTTP; with `client`, people sign in there on the approval page. */
export interface OidcSettings {
  readonly issuer: string;
  /** What `aud` has to hold: this gateway's own identifier. */
  readonly audience: string;
  /** Claim with the roles; a dot leads into an object. */
  readonly rolesClaim: string;
  readonly client: { readonly id: string; readonly secret: WebhookSecret | null } | null;
}

/** Times in milliseconds. */
export interface ApprovalSettings {
  /** How long answers are taken after a request. */
  readonly expireAfterMs: number;
  /** How soon after the last grant it has to start. */
  readonly startWithinMs: number;
  /** Requests of one principal that may await approval at once. */
  readonly waitingPerPrincipal: number;
  /** How old a sign-in at the provider may be to count as fresh. */
  readonly loginFreshMs: number;
  /** Proofs that are taken, by role. */
  readonly proofs: Readonly<Record<string, readonly ProofKind[]>>;
  readonly defaultProofs: readonly ProofKind[];
}

/** Where the gateway itself finds a secret of its own. `path` is absolute. */
export type WebhookSecret =
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'credential'; readonly credential: string };

export const webhookEvents = [
  'approval.requested',
  'approval.answered',
  'approval.granted',
  'approval.closed',
  'execution.finished',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  readonly secret: WebhookSecret;
  readonly events: readonly WebhookEvent[];
}

export const auditDefaults: AuditSettings = Object.freeze({
  everyMs: 3_600_000,
  checkpoints: Object.freeze([]),
  witnesses: Object.freeze([]),
});

export const approvalDefaults: ApprovalSettings = Object.freeze({
  expireAfterMs: 24 * 3_600_000,
  startWithinMs: 15 * 60_000,
  waitingPerPrincipal: 10,
  loginFreshMs: 5 * 60_000,
  proofs: Object.freeze({}),
  defaultProofs: Object.freeze(['passkey'] as const),
});
