/** What is wrong with one request. In: problems, one after the other. Out: one error with all of them, or none. */
import type { Command } from '../core/command.ts';
import { type ErrorDetail, ReeveError } from '../core/errors.ts';
import { words } from './examples.ts';

/** Everything that is wrong with one request. A path that leads out outweighs the rest. */
export class Objections {
  readonly details: ErrorDetail[] = [];
  leadsOut = false;

  add(field: string, problem: string, expected?: string): void {
    this.details.push({ field, problem, ...(expected === undefined ? {} : { expected }) });
  }

  throwIfAny(command: Command): void {
    if (this.details.length === 0) return;
    const told = this.details.slice(0, 5).map(words).join('; ');
    const more = this.details.length > 5 ? `; and ${this.details.length - 5} more` : '';
    const code = this.leadsOut ? 'WORKSPACE_ISOLATION_VIOLATION' : 'INVALID_REQUEST';
    throw new ReeveError(
      code,
      `${command.name} cannot be called like this: ${told}${more}.`,
      this.details,
    );
  }
}
