/**
 * How a process is given its secrets. In: the values. Out: bubblewrap's arguments (which travel in a pipe) and the files
 * that it reads from pipes; without a sandbox, variables. Pure. Never: a value on a command line or in a message.
 */
import { ReeveError } from '../core/errors.ts';
import { fileVariable, type SecretValue, secretFolder } from '../core/secret.ts';

/** A file in the sandbox's own memory: its content comes from a pipe that is the child's descriptor of this number. */
export interface SecretFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly as: number;
}

/** The secrets that are given as files, at descriptors from `first` on. */
export function secretFiles(secrets: readonly SecretValue[], first: number): readonly SecretFile[] {
  return secrets
    .filter((secret) => secret.as === 'file')
    .map(({ name, value }, index) => ({ name, bytes: value, as: first + index }));
}

/** Comes after what could lie over the folder and after `--clearenv`, and before the root becomes read-only. */
export function secretArguments(
  secrets: readonly SecretValue[],
  files: readonly SecretFile[],
): readonly string[] {
  return [
    ...(files.length === 0 ? [] : ['--perms', '0500', '--dir', secretFolder]),
    ...files.flatMap(({ name, as }) => [
      ...['--perms', '0400', '--ro-bind-data', String(as), `${secretFolder}/${name}`],
      ...['--setenv', fileVariable(name), `${secretFolder}/${name}`],
    ]),
    ...secrets.flatMap((secret) =>
      secret.as === 'variable' ? ['--setenv', secret.name, textOf(secret)] : [],
    ),
  ];
}

/** Variables of a process without a sandbox. Throws SECRET_UNAVAILABLE where one is to be a file. */
export function secretVariables(secrets: readonly SecretValue[]): Readonly<Record<string, string>> {
  const file = secrets.find((secret) => secret.as === 'file');
  if (file !== undefined) throw fileWithoutSandbox(file.name);
  return Object.fromEntries(secrets.map((secret) => [secret.name, textOf(secret)]));
}

export function fileWithoutSandbox(name: string): ReeveError {
  return new ReeveError(
    'SECRET_UNAVAILABLE',
    `The secret ${name} is given as a file, which only a sandbox can keep to one run, and this host has none; nothing was started. Give it as a variable, or set the sandbox up (reeve doctor).`,
    [{ field: `secrets.${name}`, problem: 'is given as a file, without a sandbox' }],
  );
}

function textOf({ name, value }: SecretValue): string {
  // Node would put a variable with a NUL into its message.
  if (!value.includes(0)) return Buffer.from(value).toString();
  throw new ReeveError(
    'SECRET_UNAVAILABLE',
    `The secret ${name} holds a NUL byte, which no variable can; nothing was started. Give it as a file.`,
  );
}
