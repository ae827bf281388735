/** `REEVE_*` variables over the settings file. In: the process's environment. Out: the fields they set, paths made absolute from the current folder. Never: a bad value taken silently. */
import { resolve } from 'node:path';
import type { Diagnostic } from '../core/diagnostic.ts';
import { type SettingsFile, settingsSchema } from './settings-schema.ts';
import { fileError } from './source.ts';
import { nearest, quote } from './words.ts';

/** What each variable sets. `.env.example` lists the same names. */
export const overrideNames = [
  'REEVE_LISTEN',
  'REEVE_PUBLIC_URL',
  'REEVE_INVENTORY',
  'REEVE_RUNBOOKS',
  'REEVE_POLICY',
  'REEVE_DEFAULT_ENVIRONMENT',
  'REEVE_SANDBOX',
  'REEVE_AUDIT_FILE',
  'REEVE_ALLOWED_HOSTS',
  'REEVE_CONCURRENCY_RUNNING',
  'REEVE_CONCURRENCY_WAITING',
  'REEVE_GRACE',
] as const;
type OverrideName = (typeof overrideNames)[number];
/** The command line reads these itself. */
const othersNames = ['REEVE_CONFIG', 'REEVE_STATE', 'REEVE_SERVER', 'REEVE_TOKEN'];

export type Overridden = keyof SettingsFile | 'concurrency.running' | 'concurrency.waiting';
export interface Overrides {
  readonly fields: Partial<SettingsFile>;
  /** Which variable set a field, for messages about its value. */
  readonly from: ReadonlyMap<Overridden, OverrideName>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the variables. An empty one counts as not set. */
export function readOverrides(env: Readonly<Record<string, string | undefined>>): Overrides {
  const fields: Record<string, unknown> = {};
  const from = new Map<Overridden, OverrideName>();
  const diagnostics: Diagnostic[] = [];
  const concurrency: { running?: number; waiting?: number } = {};
  const bad = (name: OverrideName, message: string, remedy: string | null) =>
    void diagnostics.push(fileError(name, 'bad-variable', message, remedy));

  for (const name of overrideNames) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    const set = (field: keyof SettingsFile, value: unknown) => {
      const result = settingsSchema.shape[field].safeParse(value);
      if (result.success) {
        fields[field] = value;
        from.set(field, name);
        return;
      }
      const issue = result.error.issues[0]!;
      const reason =
        issue.code === 'invalid_value'
          ? `must be ${issue.values.map(String).join(' or ')}`
          : issue.code === 'custom' || issue.code === 'invalid_format'
            ? issue.message
            : 'cannot be used';
      const help = settingsSchema.shape[field].description ?? null;
      bad(name, `the variable ${name} ${reason}, and is ${quote(text)}`, help);
    };
    switch (name) {
      case 'REEVE_LISTEN':
        set('listen', text);
        break;
      case 'REEVE_PUBLIC_URL':
        set('publicUrl', text);
        break;
      case 'REEVE_INVENTORY':
        set('inventory', resolve(text));
        break;
      case 'REEVE_RUNBOOKS':
        set('runbooks', resolve(text));
        break;
      case 'REEVE_POLICY':
        set('policy', resolve(text));
        break;
      case 'REEVE_AUDIT_FILE':
        set('auditFile', resolve(text));
        break;
      case 'REEVE_DEFAULT_ENVIRONMENT':
        set('defaultEnvironment', text);
        break;
      case 'REEVE_SANDBOX':
        set('sandbox', text);
        break;
      case 'REEVE_GRACE':
        set('grace', text);
        break;
      case 'REEVE_ALLOWED_HOSTS':
        set(
          'allowedHosts',
          text
            .split(',')
            .map((host) => host.trim())
            .filter(Boolean),
        );
        break;
      case 'REEVE_CONCURRENCY_RUNNING':
      case 'REEVE_CONCURRENCY_WAITING': {
        const [key, least, most] =
          name === 'REEVE_CONCURRENCY_RUNNING'
            ? (['running', 1, 1024] as const)
            : (['waiting', 0, 100_000] as const);
        const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
        if (number >= least && number <= most) {
          concurrency[key] = number;
          from.set(`concurrency.${key}`, name);
        } else
          bad(
            name,
            `the variable ${name} must be a whole number from ${least} to ${most}, and is ${quote(text)}`,
            null,
          );
        break;
      }
    }
  }
  if (Object.keys(concurrency).length > 0) fields.concurrency = concurrency;
  for (const name of Object.keys(env)) {
    if (!name.startsWith('REEVE_')) continue;
    const known = [...overrideNames, ...othersNames];
    if (known.includes(name)) continue;
    const close = nearest(name, known);
    if (close === undefined) continue;
    const message = `the variable ${quote(name)} sets nothing`;
    diagnostics.push({
      ...fileError(name.slice(0, 80), 'unknown-variable', message, `Did you mean ${close}?`),
      severity: 'warning',
    });
  }
  return { fields: fields as Partial<SettingsFile>, from, diagnostics };
}
