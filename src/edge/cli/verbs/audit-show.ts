/** `reeve audit show`: entries of the record as they are, of one request or by number: to read, or exactly as stored. */
import type { Entry } from '../../../core/entry.ts';
import type { JsonValue } from '../../../core/json.ts';
import { visibleLine } from '../../../core/text.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Paint, Screen } from '../screen.ts';
import { facts } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const id = input.operands[0]!;
  const connection = await connect(context);
  try {
    const { gateway } = connection;
    const caller = connection.caller();
    const entries = /^[1-9]\d{0,15}$/.test(id)
      ? [await gateway.entry(caller, Number(id))]
      : await gateway.entries(caller, id);
    // One a line, byte for byte what is hashed into the log.
    if (options.output === 'json') for (const { text } of entries) await screen.print(`${text}\n`);
    else for (const entry of entries) await screen.print(describeEntry(entry, screen));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** Its head, then what it says, a field a line. Ends in a newline. */
export function describeEntry(entry: Entry, { out, width }: Screen): string {
  const who = entry.principal === null ? '' : ` by ${visibleLine(entry.principal)}`;
  const request = entry.requestId === null ? '' : `, request ${visibleLine(entry.requestId)}`;
  const head = `${out.bold(`#${entry.seq} ${visibleLine(entry.kind)}`)}  ${localIso(entry.at)}${who}${request}\n`;
  return head + facts(fields(entry.body, '', out), out, width);
}

/** Objects are opened, so that each value has a line of its own; lists stay on one. */
function fields(value: JsonValue, path: string, paint: Paint): [string, string][] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) =>
      fields(inner, path === '' ? visibleLine(name) : `${path}.${visibleLine(name)}`, paint),
    );
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return [[path, value === null ? paint.dim('none') : visibleLine(text)]];
}
