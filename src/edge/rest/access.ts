/**
 * Which Host and Origin a request may name: what keeps a web page, by DNS rebinding or by itself, away from a gateway on
 * loopback. In: headers. Out: null, or why not. Never: a host name that nobody configured.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { visibleLine } from '../../core/text.ts';
import { type Arrivals, arrivals } from './arrival.ts';

export interface AccessRules {
  readonly allowedHosts: readonly string[];
  readonly publicUrl: string | null;
}

/** What is wrong with a request before anything of it is looked at; `badHeader` is a header that is there twice. */
export type Objection =
  | { readonly kind: 'twice'; readonly header: string }
  | { readonly kind: 'host'; readonly value: string }
  | { readonly kind: 'origin'; readonly value: string };

export type AccessCheck = (request: IncomingMessage) => Objection | null;

/** Headers that decide, and of which Node would quietly take the first. */
const single = ['host', 'origin', 'authorization', 'content-length', 'content-type'];

export function accessCheck(rules: AccessRules, arrivalOf: Arrivals = arrivals()): AccessCheck {
  const names = new Set(rules.allowedHosts.map((host) => host.toLowerCase()));
  const origins = new Set<string>();
  const url = rules.publicUrl === null ? null : URL.parse(rules.publicUrl);
  if (url !== null) {
    names.add(bare(url.hostname));
    origins.add(url.origin);
  }
  return (request) => {
    for (const header of single) {
      if ((request.headersDistinct[header]?.length ?? 0) > 1) return { kind: 'twice', header };
    }
    const { host, origin } = request.headers;
    const { host: asked } = arrivalOf(request);
    // What a proxy says comes on top: a page that reaches us through it, or past it, can name no host of its own either way.
    for (const named of new Set([host, ...hostInTarget(request.url ?? ''), asked])) {
      const target = splitHost(named);
      if (target === null || !isOurs(target, names, request.socket.localAddress)) {
        return { kind: 'host', value: shown(named) };
      }
    }
    if (origin === undefined || origins.has(origin)) return null;
    const from = URL.parse(origin);
    const sameHost =
      from !== null &&
      ['http:', 'https:'].includes(from.protocol) &&
      origin === from.origin &&
      from.host === asked!.toLowerCase();
    return sameHost ? null : { kind: 'origin', value: shown(origin) };
  };
}

interface Target {
  /** Lower case, without brackets. */
  readonly name: string;
  readonly port: string | null;
}

/** A target such as `http://host/path` names a host too, and by HTTP's rules it wins over the header. */
function hostInTarget(target: string): readonly string[] {
  if (target.startsWith('/') || target === '*') return [];
  return [URL.parse(target)?.host ?? target];
}

function splitHost(host: string | undefined): Target | null {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/i.exec(host ?? '');
  if (match === null) return null;
  return { name: bare(match[1]!.toLowerCase()), port: match[2] ?? null };
}

function isOurs(target: Target, names: ReadonlySet<string>, local: string | undefined): boolean {
  const { name, port } = target;
  if (isLoopback(name)) return true;
  if (names.has(name) || (port !== null && names.has(`${name}:${port}`))) return true;
  // The very address that was connected to: an address in Host cannot have been rebound.
  return isIP(name) !== 0 && name === (local ?? '').replace(/^::ffff:/, '');
}

export function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

function bare(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1) : name;
}

function shown(value: string | undefined): string {
  return value === undefined ? '(none)' : visibleLine(value.slice(0, 200));
}
