/** The validator of each command, compiled once. In: a command. Out: its validator. A command is frozen, so one never goes stale. */
import type { Command } from '../core/command.ts';
import { compileValidator, type Validator } from './validator.ts';

const compiled = new WeakMap<Command, Validator>();

/** The parameter whose value is standard input byte for byte, and so may hold newlines or base64; null where there is none. */
export function bytesFrom({ stdin }: Pick<Command, 'stdin'>): string | null {
  return stdin?.kind === 'parameter' ? stdin.name : null;
}

export function validatorOf(command: Command): Validator {
  const known = compiled.get(command);
  if (known !== undefined) return known;
  const validator = compileValidator(command.parameters, bytesFrom(command));
  compiled.set(command, validator);
  return validator;
}
