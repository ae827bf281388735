/**
 * Dependencies: what a command needs to be up, and how that is found out. In words of the configuration: hosts, paths and
 * commands are the operator's, never a caller's value.
 */
import type { JsonObject } from './json.ts';
import { formatDuration, formatSize } from './units.ts';

/** `host` is a name or an address without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A server by its address, or by a secret whose value is its URL: of that only host and port are used. */
export type ServerPlace = HostPort | { readonly secret: string };

/** `path` is absolute. `within` is the workspace that it lies in, out of which no link may lead; null for none. */
export interface PlacedPath {
  readonly path: string;
  readonly within: string | null;
}

/** How one dependency is looked at. `timeoutMs` counts from the first step to the answer; `free` is in bytes. */
export type DependencyProbe = { readonly timeoutMs: number } & (
  | ({ readonly kind: 'tcp' } & HostPort)
  | { readonly kind: 'http'; readonly url: string; readonly status: number }
  | ({ readonly kind: 'file' } & PlacedPath)
  | ({ readonly kind: 'disk'; readonly free: number } & PlacedPath)
  | { readonly kind: 'postgres'; readonly at: ServerPlace }
  | { readonly kind: 'redis'; readonly at: ServerPlace }
  | { readonly kind: 'command'; readonly command: string; readonly arguments: JsonObject }
);

/** By the name of the dependency, and then by the environment. */
export type DependencyProbes = Readonly<Record<string, Readonly<Record<string, DependencyProbe>>>>;

/** Milliseconds that a probe may take. */
export const probeTime = Object.freeze({ least: 10, usual: 3_000, most: 30_000 });

/** The probe of a dependency in an environment; undefined where the settings name none. */
export function probeOf(
  { dependencies }: { readonly dependencies: DependencyProbes },
  name: string,
  environment: string,
): DependencyProbe | undefined {
  const own = Object.hasOwn(dependencies, name) ? dependencies[name]! : {};
  return Object.hasOwn(own, environment) ? own[environment] : undefined;
}

/** What is looked at, in words for the operator. */
export function describeProbe(probe: DependencyProbe): string {
  const within =
    probe.timeoutMs === probeTime.usual ? '' : ` within ${formatDuration(probe.timeoutMs)}`;
  switch (probe.kind) {
    case 'tcp':
      return `tcp ${describeAddress(probe)}${within}`;
    case 'http':
      return `http ${probe.url} answers ${probe.status}${within}`;
    case 'file':
      return `file ${probe.path}${within}`;
    case 'disk':
      return `disk of ${probe.path} has ${formatSize(probe.free)} free${within}`;
    case 'postgres':
    case 'redis':
      return `${probe.kind} ${'secret' in probe.at ? `at the address in the secret ${probe.at.secret}` : describeAddress(probe.at)}${within}`;
    case 'command':
      return `command ${probe.command} ends with 0${within}`;
  }
}

function describeAddress({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
