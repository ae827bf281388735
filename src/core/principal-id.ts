/**
 * Names of principals. In: who a credential says it is. Out: an id that is theirs alone, bounded, without control
 * characters. Never: two of a provider's users under one id, or an id that looks like somebody of the people file.
 */
import { createHash } from 'node:crypto';
import { type People, personOf, type Subject } from './people.ts';

/** What people and API tokens may be called: no colon, which parts the ids that come from a provider's tokens. */
const plain = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;
export const plainIdHelp =
  'lower-case letters, digits and ". _ @ + -", beginning with a letter or digit, 64 characters at most';

export function isPlainId(id: string): boolean {
  return plain.test(id);
}

/** Principals that no credential may be issued to: the local user, the gateway itself, and whoever had none. */
export const reservedIds: readonly string[] = Object.freeze([
  'local',
  'gateway',
  'unauthenticated',
  'anonymous',
]);

/** Longest part that is written out; a longer one appears by its SHA-256. */
const longestPart = 80;

/**
 * The principal of a person whom an identity provider knows: the id in the people file, else `oidc:<sub>`. Throws
 * TypeError on a subject that is empty or not well-formed.
 */
export function subjectPrincipal(people: People, subject: Subject): string {
  return personOf(people, subject)?.id ?? `oidc:${part(subject.subject)}`;
}

/**
 * The principal of a program that came with a provider's token: `agent:<client>:<person>` where it acts for somebody
 * (`person` as of `subjectPrincipal`), `agent:<client>` where it acts for itself. Throws TypeError on a client that is
 * empty or not well-formed.
 */
export function agentPrincipal(client: string | null, person: string | null): string {
  // A provider that names no client: "~" alone is what no client's name is written as.
  const program = `agent:${client === null ? '~' : part(client)}`;
  return person === null ? program : `${program}:${person}`;
}

/** Different texts give different parts, and none holds a colon. */
function part(text: string): string {
  if (text === '' || !text.isWellFormed()) throw new TypeError('this is no name');
  const written = text.replace(/[^A-Za-z0-9._@+-]/gu, (c) =>
    [...Buffer.from(c)].map((b) => `%${b.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
  if (written.length <= longestPart) return written;
  return `~${createHash('sha256').update(text).digest('base64url')}`;
}
