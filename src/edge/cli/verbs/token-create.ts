/** `reeve token create`: the token on standard output, everything about it on standard error. Never: the token anywhere else. */
import { type PrincipalKind, type Scope, scopes } from '../../../core/principal.ts';
import { visibleLine } from '../../../core/text.ts';
import { parseDuration } from '../../../core/units.ts';
import type { TokenRequest } from '../../../gateway/gateway.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { localIso } from '../times.ts';

const usualMs = 90 * 86_400_000;

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const request = requestFrom(input);
  const connection = await connect(context);
  try {
    const made = await connection.gateway.credentials.createToken(connection.caller(), request);
    const { token, secret } = made;
    if (options.output === 'json') {
      const { tokenReportOf } = await import('../../rest/convert-credentials.ts');
      await screen.printJson({ token: tokenReportOf(token), secret });
      return exitCodes.ok;
    }
    await screen.print(`${secret}\n`);
    const ends =
      token.expiresAt === null ? 'it never expires' : `until ${localIso(token.expiresAt)}`;
    await screen.say(
      `Made ${token.id} for ${visibleLine(token.principal)} (${token.kind}; ${token.scopes.join(', ')}; ${ends}).\n` +
        `It is shown this once: only its hash is kept. reeve token revoke ${token.id} ends it.\n`,
    );
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

function requestFrom({ operands, options }: VerbInput): TokenRequest {
  const text = (name: string): string | null =>
    typeof options[name] === 'string' ? options[name] : null;
  const principal = text('for');
  if (principal === null) {
    throw usageFailure(
      'Whom is the token for?',
      'A token stands for one program or person.',
      'give --for PRINCIPAL, for example --for ci',
    );
  }
  return {
    name: operands[0]!,
    principal,
    kind: kindOf(text('kind') ?? 'agent'),
    roles: (options.role as string[] | undefined) ?? [],
    onBehalfOf: text('onBehalfOf'),
    scopes: scopesOf((options.scope as string[] | undefined) ?? ['read', 'run']),
    expiresInMs: lifetimeOf(text('expires')),
  };
}

function kindOf(text: string): PrincipalKind {
  if (text === 'agent' || text === 'person') return text;
  throw usageFailure(`--kind ${text} is no kind.`, null, '--kind agent or --kind person');
}

function scopesOf(texts: readonly string[]): readonly Scope[] {
  const given = texts.flatMap((text) => text.split(','));
  return given.map((text) => {
    const scope = scopes.find((known) => known === text);
    if (scope !== undefined) return scope;
    throw usageFailure(
      `--scope ${text} is no scope.`,
      null,
      `--scope ${scopes.join(', --scope ')}`,
    );
  });
}

function lifetimeOf(text: string | null): number | null {
  if (text === null) return usualMs;
  if (text === 'never') return null;
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw usageFailure(
    `--expires ${text} is no duration.`,
    'It is written with its unit, or never.',
    'for example: --expires 30d',
  );
}
