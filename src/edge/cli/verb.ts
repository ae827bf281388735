/** The form of a verb's declaration: what `--help`, docs/cli.md and the parser are made from. */
import type { VerbModule } from './context.ts';

export interface VerbOption {
  /** As commander writes it: `--env <environment>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times; its value is the list. */
  readonly many?: true;
}

export interface Verb {
  /** One word, or two for a verb within a group: `audit list`. */
  readonly name: string;
  readonly group: VerbGroup;
  readonly summary: string;
  /** As commander writes them: `<command>`, `[file]`. */
  readonly operands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly VerbOption[];
  /** True where arguments after `--` mean something. */
  readonly rest?: true;
  /** Shown under `--help`: how it is used, one a line. */
  readonly examples: readonly string[];
  readonly load: () => Promise<VerbModule>;
}

export const verbGroups = [
  'Serving',
  'Running',
  'Approving',
  'Looking',
  'Operating',
  'Setting up',
] as const;
export type VerbGroup = (typeof verbGroups)[number];

/** They may stand before or after the verb. */
export const globalOptions: readonly VerbOption[] = [
  {
    flags: '--config <file>',
    description:
      'configuration (default: REEVE_CONFIG, ./reeve.yaml if trusted, XDG folder, /etc/reeve)',
  },
  {
    flags: '--state <folder>',
    description: 'state folder (default: REEVE_STATE, XDG state folder; /var/lib/reeve for root)',
  },
  {
    flags: '--server <url>',
    description:
      "talk to this gateway (default: REEVE_SERVER), with REEVE_TOKEN or the state folder's local.token",
  },
  { flags: '--output <format>', description: 'text or json (default: text)' },
];
