/**
 * How dependencies are looked at. In: `dependencies:` of the settings. Out: a probe for each environment, or what is
 * wrong with it, at its line. Never: a probe with a password in its address. Nothing is looked at here.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Environment } from '../core/command.ts';
import {
  type DependencyProbe,
  type DependencyProbes,
  type HostPort,
  type PlacedPath,
  probeTime,
  type ServerPlace,
} from '../core/dependency.ts';
import type { JsonObject } from '../core/json.ts';
import type { SecretSources } from '../core/secret.ts';
import { parseDuration, parseSize } from '../core/units.ts';
import type { Findings } from './diagnose.ts';
import { writableFrom } from './placement.ts';
import type { DependencyFields, ProbeField } from './settings-dependencies-schema.ts';
import type { Path } from './source.ts';
import { either, nearest, quote } from './words.ts';

interface Ground {
  readonly folder: string;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly secrets: SecretSources;
  readonly findings: Findings;
}

/** The probes as the settings say them, spelled out for each environment. */
export function readDependencies(
  written: DependencyFields | undefined,
  declared: readonly string[],
  ground: Ground,
): DependencyProbes {
  const found: Record<string, Record<string, DependencyProbe>> = {};
  for (const [name, field] of Object.entries(written ?? {})) {
    const own: Record<string, DependencyProbe> = {};
    found[name] = own;
    const at: Path = ['dependencies', name];
    if (!('environments' in field)) {
      const environments = [...ground.environments.keys()];
      const probe = readProbe(field, environments, at, ground);
      // Each its own: what is known of one environment's dependency says nothing of another's.
      if (probe !== null) for (const one of environments) own[one] = { ...probe };
      continue;
    }
    for (const [environment, each] of Object.entries(field.environments)) {
      const place = [...at, 'environments', environment];
      if (declared.includes(environment)) {
        const probe = readProbe(each, [environment], place, ground);
        if (probe !== null) own[environment] = probe;
        continue;
      }
      const close = nearest(environment, declared);
      ground.findings.error(
        place,
        'unknown-environment',
        `there is no environment ${quote(environment)}`,
        close === undefined ? `There are ${either(declared)}.` : `Did you mean ${close}?`,
        'key',
      );
    }
  }
  return found;
}

/** Null where it cannot be used, which the findings tell. `environments` are those that it is meant for. */
function readProbe(
  field: ProbeField,
  environments: readonly string[],
  at: Path,
  ground: Ground,
): DependencyProbe | null {
  const timeoutMs = field.timeout === undefined ? probeTime.usual : parseDuration(field.timeout)!;
  if ('tcp' in field) {
    const place = readAddress(field.tcp, [...at, 'tcp'], ground);
    return place && { kind: 'tcp', ...place, timeoutMs };
  }
  if ('http' in field) {
    const url = readUrl(field.http, [...at, 'http'], ground);
    return url === null ? null : { kind: 'http', url, status: field.status ?? 200, timeoutMs };
  }
  if ('file' in field) return { kind: 'file', ...placed(field.file, ground), timeoutMs };
  if ('disk' in field) {
    return { kind: 'disk', ...placed(field.disk, ground), free: parseSize(field.free)!, timeoutMs };
  }
  if ('postgres' in field) {
    const place = readServer(field.postgres, environments, [...at, 'postgres'], ground);
    return place && { kind: 'postgres', at: place, timeoutMs };
  }
  if ('redis' in field) {
    const place = readServer(field.redis, environments, [...at, 'redis'], ground);
    return place && { kind: 'redis', at: place, timeoutMs };
  }
  const args = (field.arguments ?? {}) as JsonObject;
  return { kind: 'command', command: field.command, arguments: args, timeoutMs };
}

/** HOST:PORT as written; a number that is no address (`1.2.3`, `0x7f.1`) is not left to a resolver's fancy. */
export function parseHostPort(text: string): HostPort | null {
  const match =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251})?)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) return null;
  const [, six, name] = match;
  if (six !== undefined) return isIP(six) === 6 ? { host: six, port } : null;
  const numeric = /^(?:0x[0-9a-f]*|\d+)$/i.test(name!.replace(/\.$/, '').split('.').at(-1)!);
  return numeric && isIP(name!) !== 4 ? null : { host: name!, port };
}

function readAddress(text: string, at: Path, { findings }: Ground): HostPort | null {
  const place = parseHostPort(text);
  if (place !== null) return place;
  const holds = text.includes('@')
    ? 'the address holds a user or a password, which would stand in plain sight here'
    : `${quote(text)} is not HOST:PORT`;
  findings.error(
    at,
    'bad-value',
    holds,
    'Write it as db.internal:5432, 10.0.0.5:5432 or [::1]:5432.',
  );
  return null;
}

function readServer(
  field: string | { readonly secret: string },
  environments: readonly string[],
  at: Path,
  ground: Ground,
): ServerPlace | null {
  if (typeof field === 'string') return readAddress(field, at, ground);
  const { secret } = field;
  const sources = Object.hasOwn(ground.secrets, secret) ? ground.secrets[secret]! : {};
  const without = environments.filter((one) => !Object.hasOwn(sources, one));
  const made = environments.filter((one) => sources[one]?.kind === 'command');
  if (without.length > 0) {
    ground.findings.error(
      [...at, 'secret'],
      'unknown-secret',
      `the settings say no source of ${secret} for ${without.join(', ')}`,
      `Name one: secrets: { ${secret}: { env: ${secret} } }.`,
    );
  } else if (made.length > 0) {
    ground.findings.error(
      [...at, 'secret'],
      'secret-command',
      `${secret} comes from a command in ${made.join(', ')}, and none is run to find an address`,
      'Write HOST:PORT here, or give the secret a source that is none of a command.',
    );
  } else return { secret };
  return null;
}

/** Without the address itself where it may hold a password. */
function readUrl(text: string, at: Path, { findings }: Ground): string | null {
  const url = URL.parse(text);
  const wrong =
    url === null
      ? `${quote(text)} is no address`
      : url.username !== '' || url.password !== ''
        ? 'the address holds a user or a password, which would stand in plain sight here'
        : text.includes('#')
          ? `${quote(text)} has a fragment, which is never sent`
          : /^https?:$/.test(url.protocol)
            ? null
            : `${quote(text)} is neither http nor https`;
  if (wrong === null) return url!.href;
  findings.error(at, 'bad-value', wrong, 'Write it as https://kms.internal/health.');
  return null;
}

/** In a workspace, or on its way through one, a command may have a say in where it leads. */
function placed(written: string, { folder, environments }: Ground): PlacedPath {
  const path = resolve(folder, written);
  return { path, within: writableFrom(path, environments.values())?.workspace ?? null };
}
