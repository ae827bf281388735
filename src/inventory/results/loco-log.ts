/**
 * Migrations, from the JSON log that Loco's `db migrate`, `db down` and `db status` write (loco-rs with sea-orm-migration
 * 1.x and 2.x, `logger.format: json`). In: UTF-8. Out: what was done to which migration, in order. Never: a guess: a line
 * that is no log line, or that the migrator would not write there, makes the whole unreadable.
 */
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { linesOf, type Read, strictly, tooManyLines } from './json-forms.ts';

const names: JsonObject = { type: 'array', items: { type: 'string' } };
const nameOrNull: JsonObject = { type: ['string', 'null'] };

export const locoLogSchema: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    operation: { type: 'string', enum: ['migrate', 'down', 'status'] },
    applied: { ...names, description: 'Applied by this run, in order.' },
    rolledBack: { ...names, description: 'Rolled back by this run, in order.' },
    pending: {
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Not applied after this run; null where the log does not tell.',
    },
    unfinished: {
      ...nameOrNull,
      description: 'Begun, and its end is not in the log: the database may hold part of it.',
    },
    migrations: {
      type: 'array',
      description: 'What a status tells of each.',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          status: { type: 'string', enum: ['applied', 'pending'] },
        },
        required: ['name', 'status'],
        additionalProperties: false,
      },
    },
  },
  required: ['operation', 'applied', 'rolledBack', 'pending', 'unfinished', 'migrations'],
  additionalProperties: false,
});

const migrator = /^sea_orm_migration(?:::[a-z_]+)*$/;
const name = '([A-Za-z0-9_][A-Za-z0-9_.-]{0,199})';
const messages = {
  applying: /^Applying (?:all|\d{1,10}) pending migrations$/,
  rollingBack: /^Rolling back (?:all|\d{1,10}) applied migrations$/,
  checking: /^Checking migration status$/,
  nonePending: /^No pending migrations$/,
  noneApplied: /^No applied migrations$/,
  applies: new RegExp(`^Applying migration '${name}'$`),
  applied: new RegExp(`^Migration '${name}' has been applied$`),
  rollsBack: new RegExp(`^Rolling back migration '${name}'$`),
  // sea-orm-migration 1.x says "rollbacked".
  rolledBack: new RegExp(`^Migration '${name}' has been roll(?:ed back|backed)$`),
  stands: new RegExp(`^Migration '${name}'\\.\\.\\. (Applied|Pending)$`),
} as const;
type Message = keyof typeof messages;

export function readLocoLog(bytes: Buffer): Read {
  const lines = linesOf(bytes);
  if (lines === null) return { ok: false, problem: tooManyLines };
  const log = new MigrationLog();
  for (const [index, line] of lines.entries()) {
    const at = `line ${index + 1} of standard output`;
    const read = strictly(line, `${at} is no line of a JSON log`);
    if (!read.ok) return read;
    const entry = logLineOf(read.value);
    if (entry === null) return { ok: false, problem: `${at} is no line of Loco's JSON log` };
    // Others log, too: the framework, the app, the database. What they say is not about what was done to migrations.
    if (!migrator.test(entry.target)) continue;
    const problem = log.take(entry.message);
    if (problem !== null) return { ok: false, problem: `${at} ${problem}` };
  }
  const value = log.value();
  return value === null
    ? {
        ok: false,
        problem:
          'the log on standard output says nothing of migrations (logger.enable: true, format: json, and a level of at least info for sea_orm_migration are needed)',
      }
    : { ok: true, value };
}

/** Null where it is none: `timestamp`, `level`, `target`, and `fields` with a message; spans may come with it. */
function logLineOf(value: JsonValue): { readonly target: string; readonly message: string } | null {
  if (!isObject(value)) return null;
  const { timestamp, level, target, fields } = value;
  if (typeof timestamp !== 'string' || typeof target !== 'string' || typeof level !== 'string')
    return null;
  if (!/^(?:TRACE|DEBUG|INFO|WARN|ERROR)$/.test(level) || !isObject(fields ?? null)) return null;
  const { message } = fields as JsonObject;
  if (message !== undefined && typeof message !== 'string') return null;
  return { target, message: message ?? '' };
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What the migrator said so far. Each message may come only where the migrator writes it. */
class MigrationLog {
  #operation: 'migrate' | 'down' | 'status' | null = null;
  #none = false;
  #open: string | null = null;
  readonly #done: string[] = [];
  readonly #migrations: { name: string; status: 'applied' | 'pending' }[] = [];
  readonly #seen = new Set<string>();

  /** Null, or what is wrong with the message, as the end of a sentence. */
  take(message: string): string | null {
    for (const kind of Object.keys(messages) as Message[]) {
      const match = messages[kind].exec(message);
      if (match === null) continue;
      return this.#fits(kind, match[1] ?? '', match[2] ?? '')
        ? null
        : 'is a message of the migrator that cannot come there';
    }
    return 'is a message of the migrator that is not known';
  }

  #fits(kind: Message, subject: string, status: string): boolean {
    switch (kind) {
      case 'applying':
        return this.#begin('migrate');
      case 'rollingBack':
        return this.#begin('down');
      case 'checking':
        return this.#begin('status');
      case 'nonePending':
        return this.#nothing('migrate');
      case 'noneApplied':
        return this.#nothing('down');
      case 'applies':
        return this.#opens('migrate', subject);
      case 'rollsBack':
        return this.#opens('down', subject);
      case 'applied':
        return this.#closes('migrate', subject);
      case 'rolledBack':
        return this.#closes('down', subject);
      case 'stands':
        if (this.#operation !== 'status' || this.#seen.has(subject)) return false;
        this.#seen.add(subject);
        this.#migrations.push({
          name: subject,
          status: status === 'Applied' ? 'applied' : 'pending',
        });
        return true;
    }
  }

  #begin(operation: 'migrate' | 'down' | 'status'): boolean {
    if (this.#operation !== null) return false;
    this.#operation = operation;
    return true;
  }

  #nothing(operation: 'migrate' | 'down'): boolean {
    if (this.#operation !== operation || this.#none || this.#seen.size > 0) return false;
    this.#none = true;
    return true;
  }

  #opens(operation: 'migrate' | 'down', subject: string): boolean {
    const fits =
      this.#operation === operation &&
      !this.#none &&
      this.#open === null &&
      !this.#seen.has(subject);
    this.#open = subject;
    this.#seen.add(subject);
    return fits;
  }

  #closes(operation: 'migrate' | 'down', subject: string): boolean {
    if (this.#operation !== operation || this.#open !== subject) return false;
    this.#open = null;
    this.#done.push(subject);
    return true;
  }

  value(): JsonValue {
    const operation = this.#operation;
    if (operation === null) return null;
    return {
      operation,
      applied: operation === 'migrate' ? this.#done : [],
      rolledBack: operation === 'down' ? this.#done : [],
      pending: this.#pending(),
      unfinished: this.#open,
      migrations: this.#migrations,
    };
  }

  #pending(): readonly string[] | null {
    switch (this.#operation) {
      case 'status':
        return this.#migrations.flatMap((m) => (m.status === 'pending' ? [m.name] : []));
      case 'migrate':
      case 'down':
      case null:
        return null;
    }
  }
}
