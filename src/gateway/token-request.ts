/** What a token may be asked for. In: a request from anywhere. Out: nothing, or INVALID_REQUEST with every field that is wrong. Never: a token that passes for the local user, the gateway, or a program of the identity provider. */
import { type ErrorDetail, ReeveError } from '../core/errors.ts';
import type { People } from '../core/people.ts';
import { scopes as allScopes } from '../core/principal.ts';
import { isPlainId, plainIdHelp, reservedIds } from '../core/principal-id.ts';
import { formatDuration } from '../core/units.ts';
import type { TokenRequest } from './gateway.ts';

const shortestMs = 60_000;
const longestMs = 3_650 * 86_400_000;
const mostRoles = 64;
const roleForm = /^[a-z][a-z0-9_-]{0,62}$/;
const nameForm =
  /^[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,100}$/u;

export function checkTokenRequest(request: TokenRequest, people: People): void {
  const details = problemsOf(request, people);
  if (details.length === 0) return;
  const lines = details.map((d) => `${d.field}: ${d.problem} (expected: ${d.expected}).`);
  throw new ReeveError('INVALID_REQUEST', `No token was made. ${lines.join(' ')}`, details);
}

function problemsOf(request: TokenRequest, people: People): readonly ErrorDetail[] {
  const { name, principal, kind, roles, onBehalfOf, scopes, expiresInMs } = request;
  const details: ErrorDetail[] = [];
  const wrong = (field: string, problem: string, expected: string) =>
    void details.push({ field, problem, expected });

  if (!nameForm.test(name) || name.trim() === '')
    wrong('name', 'cannot be a name', '1 to 100 visible characters');
  if (!isPlainId(principal)) wrong('principal', 'cannot be a principal', plainIdHelp);
  else if (reservedIds.includes(principal))
    wrong(
      'principal',
      `${principal} is no one to make a token for`,
      'the id of a program or person',
    );
  if (onBehalfOf !== null) {
    if (kind === 'person')
      wrong('onBehalfOf', 'a person acts for themselves', 'only with kind agent');
    else if (!isPlainId(onBehalfOf)) wrong('onBehalfOf', 'cannot be a person', plainIdHelp);
    else if (onBehalfOf === principal)
      wrong('onBehalfOf', 'is the principal itself', 'the person for whom the agent acts');
    else if (onBehalfOf !== 'local' && reservedIds.includes(onBehalfOf))
      wrong('onBehalfOf', `${onBehalfOf} is nobody to act for`, 'the id of a person');
    // A slip here would let the person behind the agent answer for it as somebody else.
    else if (onBehalfOf !== 'local' && people.file !== null && !people.persons.has(onBehalfOf))
      wrong(
        'onBehalfOf',
        `nobody is called ${onBehalfOf}`,
        'the id of a person of the people file',
      );
  }
  if (roles.length > mostRoles || !roles.every((role) => roleForm.test(role)))
    wrong(
      'roles',
      'are not all roles',
      `at most ${mostRoles}: lower-case letters, digits, "-" and "_"`,
    );
  if (scopes.length === 0 || !scopes.every((scope) => allScopes.includes(scope)))
    wrong('scopes', 'are not all scopes', `one or more of ${allScopes.join(', ')}`);
  else if (kind === 'agent' && scopes.includes('approve'))
    wrong('scopes', 'an agent never approves', 'approve only with kind person');
  const bounded =
    expiresInMs === null ||
    (Number.isSafeInteger(expiresInMs) && expiresInMs >= shortestMs && expiresInMs <= longestMs);
  if (!bounded)
    wrong(
      'expiresInMs',
      'is out of bounds',
      `${formatDuration(shortestMs)} to ${formatDuration(longestMs)}, or null for a token that does not expire`,
    );
  return details;
}
