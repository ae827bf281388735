/** `reeve lint`: every problem of settings, inventory and policy, with its line. Runs nothing, so it asks for no trust. */
import { resolve } from 'node:path';
import { visibleLine } from '../../../core/text.ts';
import { requireConfiguration } from '../configuration.ts';
import type { Context, VerbInput } from '../context.ts';
import { printDiagnostics } from '../diagnostics-screen.ts';
import { exitCodes } from '../exit-codes.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options, io, wiring } = context;
  const operand = input.operands[0];
  const { file } = requireConfiguration(
    operand === undefined ? options.config : resolve(operand),
    io.env,
  );
  const diagnostics = await wiring.check(file, io.env);
  const errors = diagnostics.filter((d) => d.severity === 'error').length;
  const warnings = diagnostics.filter((d) => d.severity === 'warning').length;
  const accepted = diagnostics.length - errors - warnings;
  const failed = errors > 0 || (input.options.strict === true && warnings > 0);
  if (options.output === 'json') {
    await screen.printJson({ ok: !failed, file, errors, warnings, accepted, diagnostics });
  } else {
    await printDiagnostics(diagnostics, (text) => screen.print(text), screen.out);
    const counted =
      diagnostics.length === 0
        ? screen.out.good('no problems')
        : [count(errors, 'error'), count(warnings, 'warning'), count(accepted, 'accepted finding')]
            .filter((t) => t !== '')
            .join(', ');
    await screen.print(`${visibleLine(file)}: ${counted}\n`);
  }
  return failed ? exitCodes.failed : exitCodes.ok;
}

function count(n: number, word: string): string {
  return n === 0 ? '' : `${n} ${word}${n === 1 ? '' : 's'}`;
}
