/** `reeve reload`: the running gateway loads its configuration anew. A broken one changes nothing. */
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { printDiagnostics } from '../diagnostics-screen.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';

export async function run(context: Context): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    if (connection.mode === 'local') {
      throw new CliFailure(
        exitCodes.gatewayFailed,
        'No gateway runs on this state, so there is nothing to reload.',
        'Local mode loads the configuration anew each time.',
        'reeve lint checks it; --server URL names a gateway elsewhere',
      );
    }
    const report = await connection.gateway.reload(connection.caller());
    if (options.output === 'json') await screen.printJson(report);
    else {
      await printDiagnostics(report.diagnostics, (text) => screen.say(text), screen.err);
      await screen.print(
        report.loaded
          ? `Loaded: ${report.generation} is in force.\n`
          : `Not loaded: ${report.generation} stays in force, and /readyz fails until a reload succeeds.\n`,
      );
    }
    return report.loaded ? exitCodes.ok : exitCodes.failed;
  } finally {
    await connection.close();
  }
}
