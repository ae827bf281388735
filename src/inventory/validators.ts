/** The validator of each command, compiled once. In: a command. Out: its validator. A command is frozen, so one never goes stale. */
import type { Command } from '../core/command.ts';
import { compileValidator, type Validator } from './validator.ts';

const compiled = new WeakMap<Command, Validator>();

export function validatorOf(command: Command): Validator {
  const known = compiled.get(command);
  if (known !== undefined) return known;
  const validator = compileValidator(command.parameters, command.stdin);
  compiled.set(command, validator);
  return validator;
}
