/** The small schemas that settings and inventory share. In: what YAML gave. Never a transformation: what is written stays as it is. */
import { z } from 'zod';
import { parseDuration, parseSize } from '../core/units.ts';

/** Writing durations and sizes as patterns keeps them in the JSON Schema for editors; the refinement bounds them. */
export const duration = z
  .string({ error: 'must be a duration with its unit, such as 500ms, 60s, 5m, 2h or 90d' })
  .regex(/^\d{1,12}(?:\.\d{1,3})?(?:ms|s|m|h|d)$/, {
    error: 'must be a duration with its unit, such as 500ms, 60s, 5m, 2h or 90d',
    abort: true,
  })
  .refine((text) => (parseDuration(text) ?? 0) >= 1, { error: 'must be at least 1ms' });

export const size = z
  .string({ error: 'must be a size with its unit, such as 64KiB, 256MiB or 1GiB' })
  .regex(/^\d{1,12}(?:\.\d{1,3})?(?:B|kB|MB|GB|KiB|MiB|GiB|TiB)$/, {
    error: 'must be a size with its unit, such as 64KiB, 256MiB or 1GiB',
    abort: true,
  })
  .refine((text) => (parseSize(text) ?? 0) >= 1, { error: 'must be at least 1B' });

/** One line of text without control characters: it ends up in listings, prompts and tool descriptions. */
export const line = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/u, {
    error: 'must be one line without control or bidirectional characters',
  });

/** Text of several lines, without any other control character. */
export const prose = z
  .string()
  .min(1)
  .max(10_000)
  .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/u, {
    error: 'must be text without control or bidirectional characters',
  });

/** A path as written: relative to the file that names it. */
export const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'must be a path without control characters' });

export const environmentName = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, {
  error:
    'is no environment name: lower-case letters, digits, "-" and "_", beginning with a letter, 63 characters at most',
});

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
    error: 'is no variable name: letters, digits and "_", not beginning with a digit',
  })
  .refine((name) => !/^LD_/i.test(name), {
    error: 'may not be set: LD_* variables make the loader run other code',
  });

export const variables = z
  .record(
    variableName,
    z
      .string({ error: 'must be text (put it in quotes)' })
      .max(32_768)
      .regex(/^[^\u0000]*$/, { error: 'must not hold a NUL character' }),
  )
  .describe(
    'Environment variables of the command, as text: variables: { LOG_LEVEL: info, PORT: "8080" }. Default {}.',
  );

/** What programs and loaders read for themselves, or what Reeve sets: a secret of that name would be something else as well. */
const takenNames =
  /^(?:PATH|HOME|LANG|LC_.*|TMPDIR|SHELL|SHELLOPTS|BASHOPTS|BASH_.*|IFS|ENV|PS[0-4]|CDPATH|GLIBC_TUNABLES|(?:NODE|PYTHON|PERL|RUBY|GIT|REEVE)_?(?:OPTIONS|PATH|HOME|STARTUP|5LIB|5OPT|OPT|LIB|EXEC_PATH|SSH_COMMAND)|REEVE_.*|JAVA_TOOL_OPTIONS)$/i;

export const secretName = variableName.refine((name) => !takenNames.test(name), {
  error: 'cannot be the name of a secret: programs or Reeve read a variable of that name',
});

const mountMap = z.strictObject({
  path: path.describe('The file or folder on this host: path: ./bin.'),
  at: path
    .regex(/^\//, { error: 'must be an absolute path: where it appears in the sandbox' })
    .optional()
    .describe(
      'Where it appears in the sandbox, an absolute path: at: /opt/bin. Default: the same absolute path.',
    ),
});
export const mounts = z
  .array(z.union([path, mountMap], { error: 'must be a path, or { path, at }' }))
  .max(64)
  .describe(
    'More places that the sandbox shows, read-only: mounts: [./bin], or mounts: [{ path: ./bin, at: /opt/bin }]. Default [].',
  );
export type MountField = z.infer<typeof mounts>[number];

export const roleName = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, {
  error: 'must be a role: lower-case letters, digits, "-" and "_"',
});

export const dependencyName = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, {
  error: 'must be a name: lower-case letters, digits, "-" and "_"',
});

export const riskName = z.enum(['low', 'medium', 'high', 'critical']);
